import frappe
from frappe.utils import fmt_money, strip_html

from cims.cims.number_card.figures import (
	NOTHING,
	customers,
	falling,
	mean_trust,
	new_customers,
	on_watch,
	overdue_amount,
)
from cims.cims.report.testing import GROUP, OUTSIDER, SEES_GROUP, ReportTestCase


class TestFigures(ReportTestCase):
	def setUp(self):
		super().setUp()
		frappe.db.set_single_value("CIMS Settings", "default_currency", "CNY")

	def test_mean_trust_leaves_out_who_is_not_rated(self):
		frappe.set_user(SEES_GROUP)
		# 850, 600, 500 and 700; neither the 0 of the one that is not rated nor the archived one.
		self.assertEqual(mean_trust()["value"], 662.5)

	def test_overdue_amounts_of_two_currencies_stand_side_by_side(self):
		frappe.set_user(SEES_GROUP)
		expected = " + ".join(
			fmt_money(amount, precision=0, currency=currency)
			for currency, amount in (("CNY", 1250), ("USD", 80))
		)
		self.assertEqual(strip_html(overdue_amount()), expected)

	def test_overdue_amount_of_one_currency(self):
		frappe.db.set_value("CIMS Customer", "RT-F", "overdue_amount", 0)
		frappe.set_user(SEES_GROUP)
		self.assertEqual(strip_html(overdue_amount()), fmt_money(1250, precision=0, currency="CNY"))

	def test_counts_leave_out_the_archived(self):
		frappe.db.set_value("CIMS Customer", "RT-C", "creation", frappe.utils.now(), update_modified=False)
		frappe.set_user(SEES_GROUP)
		for method, expected in ((customers, 5), (on_watch, 1), (falling, 1), (new_customers, 1)):
			with self.subTest(method.__name__):
				figure = method()
				self.assertEqual(figure["value"], expected)
				# The card leads to just those.
				filters = {key.split(".")[1]: value for key, value in figure["route_options"].items()}
				self.assertEqual(len(frappe.get_list("CIMS Customer", filters)), expected)

	def test_without_customers(self):
		frappe.db.set_value(
			"CIMS Customer", {"customer_group": GROUP}, {"trust_grade": "NR", "overdue_amount": 0}
		)
		frappe.set_user(SEES_GROUP)
		self.assertEqual(mean_trust(), NOTHING)
		self.assertEqual(strip_html(overdue_amount()), fmt_money(0, precision=0, currency="CNY"))

	def test_outsider_is_refused(self):
		frappe.set_user(OUTSIDER)
		for method in (mean_trust, overdue_amount, customers, on_watch, falling, new_customers):
			with self.subTest(method.__name__), self.assertRaises(frappe.PermissionError):
				method()
