"""Roles, and what they may do with doctypes that aren't ours.

Our own doctypes carry their permissions themselves. Contact, Address and Currency belong to Frappe and know nothing of
our roles: the rules that we add there are taken back, and Frappe's own restored, when the app goes.
"""

import frappe
from frappe.model import no_value_fields
from frappe.permissions import reset_perms, setup_custom_perms

MANAGER, SALES, SERVICE, VIEWER, AUDITOR = (
	"CIMS Manager", "CIMS Sales", "CIMS Service", "CIMS Viewer", "CIMS Auditor",
)  # fmt: skip
ROLES = (MANAGER, SALES, SERVICE, VIEWER, AUDITOR)

READ = ("read", "report", "print")
WRITE = (*READ, "write", "create", "email", "share")
ON_FOREIGN = {
	**{
		doctype: {MANAGER: (*WRITE, "delete"), SALES: WRITE, SERVICE: WRITE, VIEWER: READ, AUDITOR: READ}
		for doctype in ("Contact", "Address")
	},
	# Every order and payment names one.
	"Currency": dict.fromkeys(ROLES, ("read",)),
}
# Where a rule's own identity and history live; the rest is what it allows.
BOOKKEEPING = (
	"name",
	"creation",
	"modified",
	"modified_by",
	"owner",
	"docstatus",
	"idx",
	"parent",
	"parentfield",
	"parenttype",
)


def grant() -> None:
	"""Let our roles work with contacts and addresses. Rules that are there already stay as they are."""
	for doctype, rules in ON_FOREIGN.items():
		setup_custom_perms(doctype)
		for role, rights in rules.items():
			if frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0}):
				continue
			rule = frappe.new_doc("Custom DocPerm")
			rule.update({"parent": doctype, "role": role, "permlevel": 0, **dict.fromkeys(rights, 1)})
			rule.insert(ignore_permissions=True)
		frappe.clear_cache(doctype=doctype)


def revoke() -> None:
	"""Take our rules back; where nobody else changed anything, Frappe's own rules apply again."""
	frappe.db.delete("Custom DocPerm", {"role": ("in", ROLES)})
	for doctype in ON_FOREIGN:
		if _rules("Custom DocPerm", doctype) == _rules("DocPerm", doctype):
			reset_perms(doctype)
		frappe.clear_cache(doctype=doctype)


def _rules(kind: str, doctype: str) -> list[list[tuple]]:
	"""The rules of a doctype in comparable form."""
	meta, standard = frappe.get_meta("Custom DocPerm"), frappe.get_meta("DocPerm")
	common = [
		df.fieldname
		for df in meta.fields
		if df.fieldtype not in no_value_fields
		and df.fieldname not in BOOKKEEPING
		and standard.has_field(df.fieldname)
	]
	rows = frappe.get_all(kind, filters={"parent": doctype}, fields=common)
	return sorted([(field, str(row[field] or 0)) for field in common] for row in rows)


def delete_roles() -> None:
	"""Take our roles from every user and delete them."""
	frappe.db.delete("Has Role", {"role": ("in", ROLES)})
	for role in ROLES:
		frappe.delete_doc("Role", role, ignore_missing=True, force=True, ignore_permissions=True)


def may_open_app() -> bool:
	"""Whether the app is on the user's apps screen: one of its roles, or the site's managers."""
	return bool({*ROLES, "System Manager"}.intersection(frappe.get_roles()))
