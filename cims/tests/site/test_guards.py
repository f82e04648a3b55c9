"""Who can't be deleted, and what the message offers instead."""

import json

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.api import customers as api
from cims.tests import records


class TestGuards(FrappeTestCase):
	def message(self, act, *args) -> dict:
		frappe.clear_messages()
		self.assertRaises(frappe.LinkExistsError, act, *args)
		return frappe.local.message_log[-1]

	def test_a_customer_without_history_goes_with_its_rating(self):
		doc = records.customer()
		doc.delete()
		self.assertFalse(frappe.db.exists("CIMS Customer", doc.name))
		self.assertFalse(frappe.db.exists("Trust Rating", {"customer": doc.name}))

	def test_what_holds_a_customer_is_counted_linked_and_archived_instead(self):
		doc = records.customer(customer_name="<b>Bold</b> & Sons")
		order = records.order(doc.name)
		records.order(doc.name, submit=False)
		records.payment(doc.name, 10, (order.name, 10))
		shown = self.message(frappe.delete_doc, "CIMS Customer", doc.name)
		self.assertIn(f'<a href="/app/cims-order?customer={doc.name}">2 CIMS Order</a>', shown["message"])
		self.assertIn(f'<a href="/app/cims-payment?customer={doc.name}">1 CIMS Payment</a>', shown["message"])
		self.assertIn("Archive the customer instead", shown["message"])
		self.assertNotIn("<b>Bold", shown["message"])
		action = shown["primary_action"]
		self.assertEqual(action["args"], {"customer": doc.name})
		frappe.get_attr(action["server_action"])(json.dumps(action["args"]))
		self.assertEqual(frappe.db.get_value("CIMS Customer", doc.name, "status"), "Archived")
		self.assertNotIn("primary_action", self.message(frappe.delete_doc, "CIMS Customer", doc.name))

	def test_archiving_needs_the_right_to_write(self):
		doc = records.customer()
		with self.set_user(records.user("CIMS Viewer")):
			self.assertRaises(frappe.PermissionError, api.archive, doc.name)
		with self.set_user(records.user("CIMS Sales")):
			self.assertEqual(api.archive(doc.name), {"customer": doc.name, "status": "Archived"})

	def test_an_account_manager_can_t_be_deleted(self):
		manager = records.user("CIMS Sales")
		records.customer(account_manager=manager)
		doc = records.customer(account_manager=manager)
		shown = self.message(frappe.delete_doc, "User", manager)
		self.assertIn("/app/cims-customer?account_manager=cims-sales%40cims.example.com", shown["message"])
		self.assertIn("2 CIMS Customer", shown["message"])
		frappe.db.set_value("CIMS Customer", {"account_manager": manager}, "account_manager", None)
		frappe.delete_doc("User", manager)
		self.assertFalse(frappe.db.exists("User", manager))
		self.assertFalse(frappe.db.get_value("CIMS Customer", doc.name, "account_manager"))
