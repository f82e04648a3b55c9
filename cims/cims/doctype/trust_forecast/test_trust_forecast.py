import frappe
from frappe.tests.utils import FrappeTestCase

from cims.ratings import forecasts
from cims.tests.read_only import ReadOnly, rated_customer


class TestTrustForecast(ReadOnly, FrappeTestCase):
	doctype, field, value = "Trust Forecast", "settled", 1

	def existing(self) -> str:
		frappe.db.delete("Trust Rating")
		rated_customer()
		return forecasts.refit()

	def test_a_thin_history_falls_back_and_says_so(self):
		doc = frappe.get_doc("Trust Forecast", self.existing())
		self.assertTrue(doc.fallback)
		self.assertEqual(doc.lateness, [])
