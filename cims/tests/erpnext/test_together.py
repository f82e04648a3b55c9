"""What CIMS and ERPNext have of each other on a site."""

import frappe
from frappe.tests.utils import FrappeTestCase

from cims import erpnext
from cims.erpnext import custom_fields, install


class TestTogether(FrappeTestCase):
	def test_coming_again_changes_nothing(self):
		self.assertTrue(erpnext.installed())
		before = frappe.get_all("Custom Field", fields=["name", "dt", "fieldtype"], order_by="name")
		install.bring()
		self.assertEqual(
			frappe.get_all("Custom Field", fields=["name", "dt", "fieldtype"], order_by="name"), before
		)

	def test_erpnexts_doctypes_hold_no_data_of_ours(self):
		from frappe.model import no_value_fields

		module = dict(frappe.get_all("DocType", fields=["name", "module"], as_list=True))
		for doctype, fields in custom_fields.FIELDS.items():
			if module[doctype] != "CIMS":
				for field in fields:
					self.assertIn(field["fieldtype"], no_value_fields, f"{doctype}.{field['fieldname']}")
