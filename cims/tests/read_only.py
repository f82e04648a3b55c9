"""What holds of every document that only its own code writes."""

import frappe
from frappe import client

from cims.permissions import ROLES
from cims.ratings import rerate
from cims.tests import records


def rated_customer() -> str:
	"""A customer with orders, payments and a rating."""
	customer = records.customer().name
	for days_ago in (200, 150, 100, 50):
		order = records.order(customer, 1000, days_ago=days_ago, credit_days=10)
		records.payment(customer, 1000, (order.name, 1000), days_ago=days_ago - 20)
	rerate.rate(customer)
	return customer


class ReadOnly:
	"""For a FrappeTestCase: nobody makes, changes, renames or deletes such a document. doctype; a field to change."""

	doctype: str
	field: str
	value: object

	def existing(self) -> str:
		return frappe.get_all(self.doctype, {"customer": rated_customer()}, pluck="name", limit=1)[0]

	def refused(self, act, *args, **kwargs):
		frappe.db.savepoint("refused")
		with self.assertRaises(frappe.PermissionError):
			act(*args, **kwargs)
		frappe.db.rollback(save_point="refused")

	def test_not_even_the_administrator_writes_it(self):
		name = self.existing()
		doc = frappe.get_doc(self.doctype, name)
		before = doc.as_dict()
		copy = frappe.copy_doc(doc)
		self.refused(copy.insert, ignore_permissions=True)
		self.refused(client.insert, {**copy.as_dict(), "doctype": self.doctype})
		doc.set(self.field, self.value)
		self.refused(doc.save, ignore_permissions=True)
		doc = frappe.get_doc(self.doctype, name)
		doc.flags.ignore_validate = True
		doc.set(self.field, self.value)
		self.refused(doc.save)
		self.refused(doc.db_set, self.field, self.value)
		self.refused(client.set_value, self.doctype, name, self.field, self.value)
		self.refused(frappe.delete_doc, self.doctype, name, force=True)
		self.refused(client.delete, self.doctype, name)
		self.refused(frappe.rename_doc, self.doctype, name, "another", force=True)
		self.assertEqual(frappe.get_doc(self.doctype, name).as_dict(), before)

	def test_roles_read_and_never_write(self):
		for role in ROLES:
			with self.set_user(records.user(role)):
				self.assertTrue(frappe.has_permission(self.doctype, "read"), role)
				for right in ("write", "create", "delete", "import"):
					self.assertFalse(frappe.has_permission(self.doctype, right), f"{role} {right}")
		with self.set_user(records.user("CIMS Auditor")):
			self.assertTrue(frappe.has_permission(self.doctype, "report"))
			self.assertTrue(frappe.has_permission(self.doctype, "export"))
		with self.set_user(records.user("CIMS Viewer")):
			self.assertFalse(frappe.has_permission(self.doctype, "export"))
