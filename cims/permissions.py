"""Roles, and what they may do with doctypes that aren't ours.

Our own doctypes carry their permissions themselves. Contact, Address and Currency belong to Frappe and know nothing of
our roles: the rules that we add there are taken back, and Frappe's own restored, when the app goes.
"""

import frappe
from frappe.model import no_value_fields
from frappe.model.db_query import requires_owner_constraint
from frappe.permissions import (
	get_role_permissions,
	get_user_permissions,
	reset_perms,
	setup_custom_perms,
)

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
# Where we note which of these had rules of the site's own before us.
CUSTOM_BEFORE = "cims_custom_rules_before"
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
	_note_custom()
	for doctype, rules in ON_FOREIGN.items():
		setup_custom_perms(doctype)
		for role, rights in rules.items():
			if frappe.db.exists("Custom DocPerm", {"parent": doctype, "role": role, "permlevel": 0}):
				continue
			rule = frappe.new_doc("Custom DocPerm")
			rule.update({"parent": doctype, "role": role, "permlevel": 0, **dict.fromkeys(rights, 1)})
			rule.insert(ignore_permissions=True)
		frappe.clear_cache(doctype=doctype)


def _note_custom() -> None:
	"""Which of these have rules of the site's own before us: these stay, even where they say what Frappe's say."""
	if not frappe.db.exists("Custom DocPerm", {"role": ("in", ROLES)}):
		custom = [
			doctype for doctype in ON_FOREIGN if frappe.db.exists("Custom DocPerm", {"parent": doctype})
		]
		frappe.db.set_default(CUSTOM_BEFORE, ",".join(custom))


def revoke() -> None:
	"""Take our rules back; where nobody else changed anything, Frappe's own rules apply again."""
	custom = (frappe.db.get_default(CUSTOM_BEFORE) or "").split(",")
	frappe.db.delete("Custom DocPerm", {"role": ("in", ROLES)})
	for doctype in ON_FOREIGN:
		if doctype not in custom and _rules("Custom DocPerm", doctype) == _rules("DocPerm", doctype):
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


# --- rows of a list --------------------------------------------------------------------------------


def rows_of(user: str | None = None, doctype: str = "") -> str:
	"""What User Permissions leave of a list of ours, once more, in a form that an index serves.

	Frappe writes `ifnull(column, '') = '' or column in (...)`, for which the database reads the whole table when few rows
	are left. This says the same of the column itself; Frappe joins the two with AND, so nothing more or less is seen. A
	hook of `permission_query_conditions`. Returns "" where Frappe adds no condition of its own, or one that is good as it is.
	"""
	user = user or frappe.session.user
	granted = get_user_permissions(user)
	if not granted:
		return ""
	meta = frappe.get_meta(doctype)
	rights = get_role_permissions(meta, user=user)
	if requires_owner_constraint(rights) or not (rights.get("read") or rights.get("select")):
		return ""
	conditions = [_named(doctype, granted)]
	if not frappe.get_system_settings("apply_strict_user_permissions"):
		conditions += [
			_linked(doctype, df, granted) for df in meta.get_link_fields() if not df.ignore_user_permissions
		]
	return " and ".join(filter(None, conditions))


def _named(doctype: str, granted: dict) -> str:
	"""The rows whose own name is granted. Only where that holds for every list: a search for a link to one of them
	honours other rules than the list does, and always those that apply everywhere."""
	rules = granted.get(doctype, ())
	if not any(not rule.get("applicable_for") for rule in rules):
		return ""
	return f"`tab{doctype}`.`name` in ({_quoted(rule.get('doc') for rule in rules)})"


def _linked(doctype: str, df, granted: dict) -> str:
	"""The rows that link to what is granted, and those that link to nothing."""
	docs = [
		rule.get("doc")
		for rule in granted.get(df.options, ())
		if rule.get("applicable_for") in (None, "", doctype)
	]
	if not docs:
		return ""
	column = f"`tab{doctype}`.`{df.fieldname}`"
	return f"({column} in ({_quoted(['', *docs])}) or {column} is null)"


def _quoted(values) -> str:
	return ", ".join(frappe.db.escape(value, percent=False) for value in values)
