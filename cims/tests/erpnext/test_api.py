"""The button: what it says of a site, who may press it, and what comes of it."""

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.api import erpnext as api
from cims.cims.doctype.cims_import.test_cims_import import ImportCase
from cims.erpnext import LINK, OURS
from cims.erpnext import job as adopting
from cims.imports import job
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
		few, adopting.FEW = adopting.FEW, 0
		try:
			self.assertEqual(api.adopt(), {"running": True})
		finally:
			adopting.FEW = few
		self.assertTrue(frappe.db.exists(OURS, {LINK: customer.name}))

	def test_who_may(self):
		frappe.set_user(ours_records.user("CIMS Sales"))
		for ask in (api.state, api.adopt):
			with self.assertRaises(frappe.PermissionError):
				ask()


class TestImports(ImportCase):
	def test_the_fast_lane_leaves_erpnexts_customers_alone(self):
		customer = records.customer(customer_name="Kept by ERPNext")
		code = frappe.db.get_value(OURS, {LINK: customer.name})
		file = f"code,customer_name\n{code},Written by a file\n,Quite new\n"
		options = {"kind": "Customers", "update_customers": 1}
		doc = self.check(file, lane="Fast", **options)
		self.assertEqual((doc.rows_new, doc.rows_updated, doc.rows_rejected), (1, 0, 1))
		doc = self.run_import(file, lane="Strict", **options)
		self.assertEqual((doc.rows_new, doc.rows_updated, doc.rows_rejected), (1, 1, 0))
		self.assertEqual(frappe.db.get_value("Customer", customer.name, "customer_name"), "Written by a file")
		with self.assertRaisesRegex(frappe.ValidationError, "ERPNext"):
			job.enqueue(doc, job.UNDO)
