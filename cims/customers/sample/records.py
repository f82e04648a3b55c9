"""The sample data in the database: put in as sets of rows, exactly as if every document had been submitted on its day,
and taken out again without touching anything that people have added since.

Sample customers, orders and payments carry the mark `sample_data`, which no form, import or request can set. What else
was made is noted in the site's defaults.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import frappe
from frappe.model.rename_doc import get_link_fields
from frappe.query_builder import DocType
from frappe.utils import getdate, nowdate

from cims.customers import derived
from cims.customers.sample import logins
from cims.customers.sample.rows import CUSTOMER, EVENT, ORDER, PAYMENT, Maker

SEED = 20240501
MARKED = (CUSTOMER, ORDER, PAYMENT)
NOTED = "cims_sample_data"
AT_ONCE = 1000
# Where people's own words and files hang on a document: doctype, its two fields, and which rows of it are theirs.
ATTACHED = (
	("Comment", "reference_doctype", "reference_name", {"comment_type": "Comment"}),
	("Communication", "reference_doctype", "reference_name", {}),
	("ToDo", "reference_type", "reference_name", {}),
	("File", "attached_to_doctype", "attached_to_name", {}),
	("Event Participants", "reference_doctype", "reference_docname", {}),
	("Dynamic Link", "link_doctype", "link_name", {}),
)
# What Frappe itself keeps about a document, and deletes with it.
TRACES = (
	("Comment", "reference_doctype", "reference_name"),
	("Version", "ref_doctype", "docname"),
	("View Log", "reference_doctype", "reference_name"),
	("DocShare", "share_doctype", "share_name"),
	("Document Follow", "ref_doctype", "ref_docname"),
	("Tag Link", "document_type", "document_name"),
	("Notification Log", "document_type", "document_name"),
)


def noted() -> dict:
	"""What is known of the sample data on this site; empty without any."""
	return json.loads(frappe.db.get_global(NOTED) or "{}")


def _note(what: dict | None) -> None:
	frappe.db.set_global(NOTED, json.dumps(what) if what else None)


def count() -> dict[str, int]:
	"""How many sample records there are, by doctype."""
	return {doctype: frappe.db.count(doctype, {"sample_data": 1}) for doctype in MARKED}


def insert(customers: int = 500, last_day: date | None = None, seed: int = SEED) -> None:
	"""Make the sample data, unless it is there already.

	last_day: the last of the three years, today by default. The same number, day and seed make the same
	records.
	"""
	if noted():
		return
	made = Maker(customers, last_day or getdate(nowdate()), seed).make()
	frappe.db.set_value("Currency", made.currency, "enabled", 1)
	users = logins.add()
	made.choose_managers()
	series = made.take_numbers()
	for doctype, fields, rows in made.tables():
		_put(doctype, fields, rows)
	derived.refresh([sample.name for sample in made.samples])
	_note({"last_day": str(made.last_day), "users": users, "series": series, "contacts": made.contact_names})
	_record_conduct(made)


def rate() -> None:
	"""Rate the sample customers, unless that has been done."""
	from cims.ratings import forecasts, rerate, store

	state = noted()
	if state and not state.get("rated"):
		store.backfill(rate=False)
		forecasts.first_fit()
		rerate.rate_waiting()
		_note({**state, "rated": 1})


def _put(doctype: str, fields: Sequence[str], rows: Sequence[tuple]) -> None:
	"""Insert rows a thousand at a time. frappe.db.bulk_insert spends three times as long on putting the text together."""
	columns, one = ", ".join(f"`{field}`" for field in fields), f"({', '.join(['%s'] * len(fields))})"
	for part in _chunks(rows):
		values = [value for row in part for value in row]
		frappe.db.sql(f"INSERT INTO `tab{doctype}` ({columns}) VALUES {', '.join([one] * len(part))}", values)


def _record_conduct(made: Maker) -> None:
	from cims.ratings import store

	store.record(made.conduct(), rate=False)


# --- taking it out again ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Removed:
	"""How many rows went, and which sample customers stayed because people added something to them."""

	counts: dict[str, int]
	kept: dict[str, list[str]]
	users_kept: list[str]


def remove() -> Removed:
	"""Remove the sample data. A sample customer to which people have added anything stays, with its orders and payments."""
	from cims.ratings import store

	state = noted()
	names = set(frappe.get_all(CUSTOMER, filters={"sample_data": 1}, pluck="name"))
	kept = added_by_people(names, set(state.get("contacts", ())))
	gone = sorted(names - set(kept))
	counts = dict.fromkeys(MARKED, 0)
	for part in _chunks(gone):
		documents = _documents_of(part)
		_delete_contacts(part)
		store.forget(part)
		for doctype, found in documents.items():
			counts[doctype] += len(found)
			_delete(doctype, found)
		derived.refresh(part)
	users_kept = logins.remove(state.get("users", ()))
	_rewind(state.get("series", {}))
	_note({**state, "users": users_kept, "contacts": _existing_contacts(state)} if kept else None)
	return Removed(counts, kept, users_kept)


def added_by_people(customers: Collection[str], own_contacts: Collection[str] = ()) -> dict[str, list[str]]:
	"""Sample customer -> the doctypes of what people have added to it or to its orders and payments."""
	found = defaultdict(set)
	for part in _chunks(sorted(customers)):
		for link in get_link_fields(CUSTOMER):
			_linked(link, part, found)
		for doctype, documents in _documents_of(part).items():
			for holder, type_field, name_field, filters in ATTACHED:
				_attached(holder, type_field, name_field, filters, doctype, documents, own_contacts, found)
	return {name: sorted(doctypes) for name, doctypes in found.items()}


def _linked(link: dict, customers: Sequence[str], found: dict[str, set]) -> None:
	doctype, field = link["parent"], link["fieldname"]
	if link["issingle"] or doctype == "Trust Rating":
		return
	filters = {field: ("in", customers)}
	if doctype in MARKED:
		filters["sample_data"] = 0
	elif doctype == "Trust Evidence":
		filters |= {"source_event": ("not like", f"{EVENT}%"), "source_doctype": ("not in", [ORDER])}
	for name in frappe.get_all(doctype, filters=filters, pluck=field, distinct=True):
		found[name].add(doctype)


def _attached(
	holder: str, type_field: str, name_field: str, filters: dict, doctype: str, documents: dict[str, str],
	own_contacts: Collection[str], found: dict[str, set],
) -> None:  # fmt: skip
	fields = [name_field, "parent"] if frappe.get_meta(holder).istable else [name_field]
	for part in _chunks(sorted(documents)):
		for row in frappe.get_all(
			holder, filters={type_field: doctype, name_field: ("in", part), **filters}, fields=fields
		):
			if row.get("parent") not in own_contacts:
				found[documents[row[name_field]]].add(holder)


def _documents_of(customers: Sequence[str]) -> dict[str, dict[str, str]]:
	"""doctype -> the sample documents of these customers -> their customer."""
	found = {CUSTOMER: {name: name for name in customers}}
	for doctype in (ORDER, PAYMENT):
		filters = {"customer": ("in", customers), "sample_data": 1}
		found[doctype] = dict(
			frappe.get_all(doctype, filters=filters, fields=["name", "customer"], as_list=True)
		)
	return found


def _delete(doctype: str, names: Collection[str]) -> None:
	for part in _chunks(sorted(names)):
		for df in frappe.get_meta(doctype).get_table_fields():
			frappe.db.delete(df.options, {"parenttype": doctype, "parent": ("in", part)})
		for holder, type_field, name_field in TRACES:
			frappe.db.delete(holder, {type_field: doctype, name_field: ("in", part)})
		frappe.db.delete("__global_search", {"doctype": doctype, "name": ("in", part)})
		frappe.db.delete(doctype, {"name": ("in", part)})


def _delete_contacts(customers: Sequence[str]) -> None:
	"""The contacts that came with these customers; one that was linked to anything else loses this link only."""
	own = set(noted().get("contacts", ()))
	filters = {"parenttype": "Contact", "link_doctype": CUSTOMER, "link_name": ("in", customers)}
	linked = [name for name in frappe.get_all("Dynamic Link", filters=filters, pluck="parent") if name in own]
	if not linked:
		return
	frappe.db.delete("Dynamic Link", {**filters, "parent": ("in", linked)})
	elsewhere = frappe.get_all(
		"Dynamic Link", filters={"parenttype": "Contact", "parent": ("in", linked)}, pluck="parent"
	)
	_delete("Contact", set(linked) - set(elsewhere))


def _existing_contacts(state: dict) -> list[str]:
	return frappe.get_all("Contact", filters={"name": ("in", state.get("contacts") or [""])}, pluck="name")


def _rewind(series: dict[str, list[int]]) -> None:
	"""Give the numbers back where nobody has counted on since."""
	for prefix, (before, now) in series.items():
		table = DocType("Series")
		if before:
			frappe.qb.update(table).set(table.current, before).where(
				(table.name == prefix) & (table.current == now)
			).run()
		else:
			frappe.qb.from_(table).delete().where((table.name == prefix) & (table.current == now)).run()


def _chunks(items: Sequence) -> Iterable[list]:
	for start in range(0, len(items), AT_ONCE):
		yield list(items[start : start + AT_ONCE])
