"""Documents written as sets, and what is kept to undo it: an import's ID on the rows that it made, the former values of those
that it changed (CIMS Import Change)."""

import json
from collections.abc import Iterator, Mapping, Sequence

import frappe
from frappe.utils import get_datetime

from cims.imports import bulk
from cims.ratings import sql

CHANGE = "CIMS Import Change"
# The rows to be written, in a table of this connection.
ROWS = "cims_import_rows"
AT_ONCE = 5000


def insert(
	doctype: str, columns: Mapping[str, Sequence], constants: Mapping[str, object], stamp: str
) -> None:
	"""Insert documents, given as columns (`name` among them), and what is the same for all of them. Who made them and when is
	this user and `stamp`, unless a column says it."""
	user = frappe.session.user
	same = {"creation": stamp, "modified": stamp, "owner": user, "modified_by": user, **constants}
	names = list(columns)
	same = {name: value for name, value in same.items() if name not in columns}
	bulk.create_like(ROWS, f"tab{doctype}", names)
	count = bulk.load(ROWS, names, list(columns.values()))
	head = ", ".join(f"`{name}`" for name in (*names, *same))
	chosen = ", ".join((*(f"`{name}`" for name in names), *["%s"] * len(same)))
	written = bulk.run(
		f"INSERT INTO `tab{doctype}` ({head}) SELECT {chosen} FROM `{ROWS}`", list(same.values())
	)
	if written != count:
		raise frappe.ValidationError(f"{written} of {count} rows of {doctype} were written")
	bulk.drop(ROWS)


def update(doctype: str, names: Sequence[str], columns: Mapping[str, Sequence], stamp: str) -> None:
	"""Set columns of the named documents."""
	bulk.create_like(ROWS, f"tab{doctype}", ["name", *columns])
	bulk.load(ROWS, ["name", *columns], [names, *columns.values()])
	sets = ", ".join(f"there.`{name}` = new.`{name}`" for name in columns)
	bulk.run(
		f"UPDATE `{ROWS}` new JOIN `tab{doctype}` there ON there.name = new.name"
		f" SET {sets}, there.modified = %s, there.modified_by = %s",
		(stamp, frappe.session.user),
	)
	bulk.drop(ROWS)


def mark(doctype: str, names: Sequence[str], own: str) -> None:
	"""Put an import's ID on documents that it has made one by one."""
	for part in sql.chunks(names, sql.ROWS_AT_ONCE):
		frappe.db.sql(f"UPDATE `tab{doctype}` SET import_id = %s WHERE name IN %s", (own, tuple(part)))


def keep(own: str, doctype: str, names: Sequence[str], former: Sequence[Mapping], stamp) -> None:
	"""Keep the former values of documents that an import changes. stamp: their time of change from then on."""
	rows = [
		(
			sql.new_name(),
			own,
			doctype,
			name,
			get_datetime(stamp),
			json.dumps(values, default=str, ensure_ascii=False),
		)
		for name, values in zip(names, former, strict=True)
	]
	fields = ("name", "import_id", "reference_doctype", "reference_name", "changed_on", "former")
	sql.insert(CHANGE, fields, rows)


def kept(own: str, doctype: str) -> Iterator[list[frappe._dict]]:
	"""What is kept of an import's changes to documents of a DocType, some thousands at a time."""
	last = ""
	while part := frappe.get_all(
		CHANGE,
		{"import_id": own, "reference_doctype": doctype, "name": (">", last)},
		["name", "reference_name", "changed_on", "former"],
		order_by="name",
		limit=AT_ONCE,
	):
		yield part
		last = part[-1].name


def made(own: str, doctype: str) -> Iterator[list[str]]:
	"""The documents that an import has made, some thousands at a time; each time those that are still there."""
	last = ""
	while part := frappe.get_all(
		doctype, {"import_id": own, "name": (">", last)}, pluck="name", order_by="name", limit=AT_ONCE
	):
		yield part
		last = part[-1]
