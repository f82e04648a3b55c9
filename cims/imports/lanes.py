"""The two lanes. Fast: sets of rows, our own validations, none of the framework's hooks for each document. Strict: a document
for each row, through the framework.

The fast lane would pass by what others have attached to a DocType, so it refuses, and names what that is.
"""

from collections.abc import Iterator

import frappe
from frappe import _

from cims.ratings import alerts

FAST, STRICT = "Fast", "Strict"
# What one app attaches to every DocType, and which documents of it show that it concerns this one.
HARMLESS_UNLESS = {
	"erpnext.support.doctype.service_level_agreement.service_level_agreement.apply": (
		"Service Level Agreement",
		"document_type",
		{"enabled": 1},
	),
	"erpnext.setup.doctype.transaction_deletion_record.transaction_deletion_record.check_for_running_deletion_job": None,
}
# DocType with rules for others' documents -> the field that names these, and which rules are in force.
RULES = {
	"Server Script": ("reference_doctype", {"script_type": "DocType Event", "disabled": 0}),
	"Webhook": ("webhook_doctype", {"enabled": 1}),
	"Workflow": ("document_type", {"is_active": 1}),
	"Assignment Rule": ("document_type", {"disabled": 0}),
	"Notification": (
		"document_type",
		# Ours follow ratings, whatever wrote the customer.
		{
			"enabled": 1,
			"event": ("not in", ("Days Before", "Days After")),
			"method": ("not in", alerts.METHODS),
		},
	),
	"Document Naming Rule": ("document_type", {"disabled": 0}),
	"Milestone Tracker": ("document_type", {"disabled": 0}),
	"Energy Point Rule": ("reference_doctype", {"enabled": 1}),
}
OURS = ("frappe", "cims")


def check_fast(doctypes: tuple[str, ...]) -> None:
	"""Raises ValidationError, with what is attached to these DocTypes, where the fast lane would pass it by."""
	held = [what for doctype in doctypes for what in attached(doctype)]
	if held:
		frappe.throw(
			_(
				"The fast lane would pass by what is attached to these documents: {0}. Choose the strict lane."
			).format("; ".join(held))
		)


def attached(doctype: str) -> Iterator[str]:
	"""What others have attached to the documents of a DocType, in words."""
	said = _(doctype)
	for app in frappe.get_installed_apps():
		if app not in OURS:
			yield from (_("{0}: {1} of {2}").format(said, what, app) for what in _hooks(doctype, app))
	for rules, (field, filters) in RULES.items():
		if not frappe.db.table_exists(rules):
			continue
		for name in frappe.get_all(rules, {field: doctype, **filters}, pluck="name", limit=3):
			yield _("{0}: {1} {2}").format(said, _(rules), name)
	meta = frappe.get_meta(doctype)
	for df in meta.fields:
		if df.fetch_from and df.get("is_custom_field"):
			yield _("{0}: field {1} is fetched from another document").format(said, _(df.label))
		if df.permlevel:
			yield _("{0}: field {1} has a permission level").format(said, _(df.label))


def _hooks(doctype: str, app: str) -> Iterator[str]:
	events = frappe.get_hooks("doc_events", {}, app_name=app)
	for key in (doctype, "*"):
		for event, paths in (events.get(key) or {}).items():
			for path in paths if isinstance(paths, list) else [paths]:
				if not _is_harmless(path, doctype):
					yield f"{event} {path}"
	for hook in ("override_doctype_class", "has_permission"):
		for path in frappe.get_hooks(hook, {}, app_name=app).get(doctype) or ():
			yield f"{hook} {path}"


def _is_harmless(path: str, doctype: str) -> bool:
	if path not in HARMLESS_UNLESS:
		return False
	unless = HARMLESS_UNLESS[path]
	return not unless or not frappe.db.exists(unless[0], {unless[1]: doctype, **unless[2]})
