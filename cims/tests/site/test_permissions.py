"""What our roles may do with doctypes that aren't ours, and that it is all taken back."""

import frappe
from frappe.tests.utils import FrappeTestCase

from cims import permissions
from cims.tests import records


class TestForeignDoctypes(FrappeTestCase):
	def rules(self, doctype):
		return permissions._rules("Custom DocPerm", doctype)

	def test_what_the_roles_may_do(self):
		permissions.grant()
		users = records.users()
		writers = {permissions.MANAGER, permissions.SALES, permissions.SERVICE}
		for role, user in users.items():
			for doctype in ("Contact", "Address"):
				for right in ("write", "create"):
					self.assertEqual(
						frappe.has_permission(doctype, right, user=user),
						role in writers or right == "create",
						role,
					)
				self.assertTrue(frappe.has_permission(doctype, "read", user=user))
			self.assertTrue(frappe.has_permission("Currency", "read", user=user))
			self.assertTrue(frappe.has_permission("Country", "read", user=user))
			self.assertTrue(frappe.has_permission("User", "select", user=user))

	def test_granting_twice_changes_nothing(self):
		permissions.grant()
		before = self.rules("Contact")
		permissions.grant()
		self.assertEqual(self.rules("Contact"), before)

	def test_frappe_s_own_rules_come_back(self):
		permissions.grant()
		permissions.revoke()
		for doctype in permissions.ON_FOREIGN:
			self.assertFalse(frappe.db.exists("Custom DocPerm", {"parent": doctype}), doctype)

	def test_others_changes_stay(self):
		permissions.grant()
		frappe.db.set_value("Custom DocPerm", {"parent": "Contact", "role": "Sales User"}, "export", 1)
		permissions.revoke()
		self.assertTrue(
			frappe.db.exists("Custom DocPerm", {"parent": "Contact", "role": "Sales User", "export": 1})
		)
		self.assertFalse(frappe.db.exists("Custom DocPerm", {"role": ("in", permissions.ROLES)}))
