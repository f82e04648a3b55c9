"""Fields that DocTypes have only where CIMS and ERPNext are together. ERPNext's own get none that holds data."""

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model import no_value_fields

from cims.erpnext import CUSTOMER, LINK, OURS

# DocType -> its fields, as Frappe's Custom Field has them.
FIELDS: dict[str, list[dict]] = {
	OURS: [
		{
			"fieldname": LINK,
			"fieldtype": "Link",
			"options": CUSTOMER,
			"label": "ERPNext Customer",
			"insert_after": "code",
			"unique": 1,
			"read_only": 1,
			"no_copy": 1,
			"ignore_user_permissions": 1,
		},
	],
	# Shown where the server has said whose rating it is (`standing.load`), which it does to who may see it.
	CUSTOMER: [
		{
			"fieldname": "cims_trust_tab",
			"fieldtype": "Tab Break",
			"label": "Trust",
			"insert_after": "customer_details",
			"depends_on": "eval:doc.__onload && doc.__onload.cims_customer",
		},
		{"fieldname": "cims_trust_panel", "fieldtype": "HTML", "insert_after": "cims_trust_tab"},
		{"fieldname": "cims_trust_terms", "fieldtype": "HTML", "insert_after": "cims_trust_panel"},
	],
}


def bring() -> None:
	"""Make the fields, or bring them up to date."""
	create_custom_fields(FIELDS, ignore_validate=True)


def take_away() -> None:
	"""Remove the fields, and the columns that they had."""
	for doctype, fields in FIELDS.items():
		for field in fields:
			_remove(doctype, field)
		frappe.clear_cache(doctype=doctype)


def _remove(doctype: str, field: dict) -> None:
	name = f"{doctype}-{field['fieldname']}"
	frappe.delete_doc(
		"Custom Field",
		name,
		ignore_missing=True,
		ignore_permissions=True,
		force=True,
		delete_permanently=True,
	)
	frappe.db.delete("Version", {"ref_doctype": "Custom Field", "docname": name})
	if field["fieldtype"] not in no_value_fields and frappe.db.table_exists(doctype):
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP COLUMN IF EXISTS `{field['fieldname']}`")
