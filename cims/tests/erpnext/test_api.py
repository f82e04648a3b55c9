"""The button: what it says of a site, who may press it, and what comes of it."""

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.api import erpnext as api
from cims.erpnext import LINK, OURS, job, write_through
from cims.tests import records as ours_records
from cims.tests.erpnext import records


class TestButton(FrappeTestCase):
	def tearDown(self):
		frappe.set_user("Administrator")

	def test_it_adopts_who_is_missing(self):
		customer = records.customer()
		frappe.db.delete(OURS, {LINK: customer.name})
		before = api.state()
		self.assertTrue(before["installed"])
		self.assertEqual(before["customers"], frappe.db.count("Customer"))
		self.assertGreater(before["missing"], 0)
		outcome = api.adopt()
		self.assertEqual((outcome["running"], outcome["made"]), (False, before["missing"]))
		self.assertEqual(api.state()["missing"], 0)
		self.assertEqual(api.adopt()["made"], 0)

	def test_many_are_adopted_in_the_background(self):
		customer = records.customer()
		frappe.db.delete(OURS, {LINK: customer.name})
		few, job.FEW = job.FEW, 0
		try:
			self.assertEqual(api.adopt(), {"running": True})
		finally:
			job.FEW = few
		self.assertTrue(frappe.db.exists(OURS, {LINK: customer.name}))

	def test_who_may(self):
		frappe.set_user(ours_records.user("CIMS Sales"))
		for ask in (api.state, api.adopt):
			with self.assertRaises(frappe.PermissionError):
				ask()

	def test_the_fast_lane_keeps_away_from_what_erpnext_owns(self):
		records.customer()
		with self.assertRaisesRegex(frappe.ValidationError, "strict lane"):
			write_through.check_sets()
