"""Taking an import back: what it made goes, what it changed gets its former values, as long as nothing builds on either.

Everything goes in one transaction. What is derived (ratings, evidence of documents, search) follows: with customers that go
their whole rating goes, and for those that stay the evidence of documents that are gone is reversed, as always.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator

import frappe
from frappe import _
from frappe.model.rename_doc import get_link_fields

from cims.customers import derived
from cims.customers.guards import DERIVED
from cims.erpnext import write_through
from cims.imports import changes
from cims.ratings import policies, store

CUSTOMER, ORDER, PAYMENT, EVIDENCE = "CIMS Customer", "CIMS Order", "CIMS Payment", "Trust Evidence"
# What imports make, in the order in which it can go, with the tables that belong to it.
MADE = {PAYMENT: "CIMS Payment Allocation", ORDER: "CIMS Order Item", CUSTOMER: None}
# Documents of the framework that name others by type and name, with a condition for those that people made.
NAMING = (
	("Dynamic Link", "link_doctype", "link_name", "1"),
	("Comment", "reference_doctype", "reference_name", "there.comment_type = 'Comment'"),
	("Communication", "reference_doctype", "reference_name", "1"),
	("ToDo", "reference_type", "reference_name", "1"),
	("Event Participants", "reference_doctype", "reference_docname", "1"),
	("File", "attached_to_doctype", "attached_to_name", "1"),
)
# SQL: our customers that an import changed. ERPNext, which has them too, can't take it back by sets.
CHANGED_BY = f"""ours.name IN (SELECT reference_name FROM `tab{changes.CHANGE}`
	WHERE import_id = %(own)s AND reference_doctype = '{CUSTOMER}')"""
# What the framework notes about documents goes with them.
NOTES = (("Comment", "reference_doctype", "reference_name"), ("Version", "ref_doctype", "docname"))


def check(doc) -> None:
	"""Raises PermissionError unless the user may undo the import; ValidationError, saying what, where something builds on it."""
	if doc.owner != frappe.session.user:
		for doctype in MADE:
			frappe.has_permission(doctype, "delete", throw=True)
	held = list(what_builds_on(doc))
	if held:
		frappe.throw(
			_("This import can't be undone any more, because something builds on it: {0}.").format(
				"; ".join(held)
			)
		)


def what_builds_on(doc) -> Iterator[str]:
	"""What was done since with the documents that an import made or changed, in words with counts."""
	own = {"own": doc.name, "end": doc.finished_on}
	for doctype in MADE:
		if not frappe.db.exists(doctype, {"import_id": doc.name}):
			continue
		changed = _count(
			f"`tab{doctype}` mine WHERE mine.import_id = %(own)s AND mine.modified > %(end)s", own
		)
		if changed:
			yield _("{0} × {1}, changed since").format(changed, _(doctype))
		yield from _links_to(doctype, own)
	for doctype in _changed_doctypes(doc.name):
		if doctype == CUSTOMER and (owned := write_through.linked_among(CHANGED_BY, own)):
			yield _("{0} × {1} of ERPNext, changed by the import").format(owned, _(CUSTOMER))
		changed = _count(
			f"`tab{changes.CHANGE}` kept JOIN `tab{doctype}` mine ON mine.name = kept.reference_name"
			" WHERE kept.import_id = %(own)s AND kept.reference_doctype = %(doctype)s AND mine.modified > %(end)s",
			{**own, "doctype": doctype},
		)
		if changed:
			yield _("{0} × {1}, changed by the import and again since").format(changed, _(doctype))


def _links_to(doctype: str, own: dict) -> Iterator[str]:
	"""What names the documents of a type that the import made, and wasn't made by it."""
	for link in get_link_fields(doctype):
		other, field = link["parent"], link["fieldname"]
		if link["issingle"] or other in DERIVED:
			continue
		count = _count(
			f"`tab{other}` there JOIN `tab{doctype}` mine ON mine.name = there.`{field}`"
			f" WHERE mine.import_id = %(own)s AND {_not_own(other)}",
			own,
		)
		if count:
			yield _("{0} × {1} of {2}").format(count, _(other), _(doctype))
	for other, type_field, name_field, condition in NAMING:
		count = _count(
			f"`tab{other}` there JOIN `tab{doctype}` mine ON mine.name = there.`{name_field}`"
			f" WHERE mine.import_id = %(own)s AND there.`{type_field}` = %(doctype)s AND {condition}",
			{**own, "doctype": doctype},
		)
		if count:
			yield _("{0} × {1} of {2}").format(count, _(other), _(doctype))


def _not_own(other: str) -> str:
	"""The condition that a document is not this import's own."""
	if other in MADE:
		return "(there.import_id IS NULL OR there.import_id != %(own)s)"
	if other == EVIDENCE:
		# What the import's orders are evidence of goes with them.
		mine = f"SELECT name FROM `tab{ORDER}` WHERE import_id = %(own)s"
		return f"NOT (there.source_doctype = '{ORDER}' AND there.source_name IN ({mine}))"
	parent = next((parent for parent, table in MADE.items() if table == other), None)
	if parent:
		return f"there.parent NOT IN (SELECT name FROM `tab{parent}` WHERE import_id = %(own)s)"
	return "1"


def _count(source: str, values: dict) -> int:
	return frappe.db.sql(f"SELECT COUNT(*) FROM {source}", values)[0][0]


def _changed_doctypes(own: str) -> list[str]:
	return frappe.get_all(changes.CHANGE, {"import_id": own}, pluck="reference_doctype", distinct=True)


def undo(doc, progress: Callable[[int, int], None]) -> None:
	"""Take back what an import has written, in the caller's transaction. Raises what `check` raises."""
	check(doc)
	touched = set(_customers_of_orders(doc.name))
	total = sum(frappe.db.count(doctype, {"import_id": doc.name}) for doctype in MADE)
	done = 0
	for doctype, table in MADE.items():
		for names in changes.made(doc.name, doctype):
			_delete(doctype, table, names)
			done += len(names)
			touched.difference_update(names)
			progress(done, total)
	for doctype in _changed_doctypes(doc.name):
		_restore(doc.name, doctype)
	frappe.db.delete(changes.CHANGE, {"import_id": doc.name})
	if touched:
		_evidence_again(sorted(touched))


def _customers_of_orders(own: str) -> list[str]:
	from cims.receivables.importing import customers_of

	return customers_of(own)


def _delete(doctype: str, table: str | None, names: list[str]) -> None:
	if doctype == CUSTOMER:
		store.forget(names)
	for other, type_field, name_field in NOTES:
		frappe.db.delete(other, {type_field: doctype, name_field: ("in", names)})
	if table:
		frappe.db.delete(table, {"parenttype": doctype, "parent": ("in", names)})
	frappe.db.delete(doctype, {"name": ("in", names)})
	if doctype == CUSTOMER:
		derived.refresh(names)


def _restore(own: str, doctype: str) -> None:
	"""Give the documents that the import changed, each once, their former values."""
	for part in changes.kept(own, doctype):
		former = {row.reference_name: json.loads(row.former) for row in part}
		by_fields = defaultdict(list)
		for name, values in former.items():
			by_fields[tuple(values)].append(name)
		for fields, names in by_fields.items():
			if fields:
				columns = {field: [former[name][field] for name in names] for field in fields}
				changes.update(doctype, names, columns, frappe.utils.now())
		if doctype == CUSTOMER:
			segment = policies.segment_field()
			store.segments_changed([name for name, values in former.items() if segment in values])
			derived.refresh(list(former))


def _evidence_again(customers: list[str]) -> None:
	frappe.enqueue(
		"cims.ratings.store.backfill",
		queue="long",
		timeout=6 * 3600,
		enqueue_after_commit=True,
		now=frappe.flags.in_test,
		customers=customers,
	)
