"""A page of a timeline: the next entries before a point in time, however long the history.

Every branch gives its next few by its own index, the database merges them; so a page costs the same for a customer with a
hundred thousand entries. The key is (moment, DocType, name), each downwards: entries of the same moment are neither lost nor
shown twice where a page ends between them.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions

from cims.timeline import storage, wording
from cims.timeline.branches import CUSTOMER, Branch, all_branches

SIGN = "|"


@dataclass(frozen=True)
class Key:
	"""The place of an entry in a timeline."""

	moment: datetime
	doctype: str
	name: str

	def __str__(self) -> str:
		return SIGN.join((self.moment.isoformat(" ", "microseconds"), self.doctype, self.name))

	@classmethod
	def read(cls, text: str) -> "Key":
		"""The key in a text, as `next` of an earlier page has it. Raises frappe.ValidationError for anything else."""
		moment, *rest = text.split(SIGN, 2)
		try:
			return cls(datetime.fromisoformat(moment), *rest)
		except (ValueError, TypeError):
			frappe.throw(
				_("{0} is no place in a timeline. Give what an earlier page has in next.").format(text)
			)


def page(customer: str, before: Key | None = None, kinds: Collection[str] = (), limit: int = 20) -> dict:
	"""The next `limit` entries of a customer before a key, of some kinds or all, that the user may read.

	The customer itself must be the user's to read. Returns {"entries": [...], "next": the key to go on from, or None, "kinds":
	those that the user may see here}; there may be fewer entries than asked for, and still a next page.
	"""
	known = [branch for branch in all_branches() if may_read(branch)]
	branches = [branch for branch in known if not kinds or branch.kind in kinds]
	rows = _keys(customer, before, branches, limit + 1)
	more = len(rows) > limit
	rows = rows[:limit]
	return {
		"entries": _entries(customer, rows, branches),
		"kinds": sorted({branch.kind for branch in known}),
		"next": str(Key(rows[-1].moment, rows[-1].doctype, rows[-1].name)) if more else None,
	}


def statement(before: Key | None, branches: Collection[Branch]) -> str | None:
	"""The query for the keys of a page, with places for the customer, the key's parts and the limit."""
	doctypes = sorted({branch.doctype for branch in branches})
	indexes = storage.there()
	parts = []
	for branch in branches:
		moment, name = f"`tab{branch.doctype}`.`{branch.moment}`", f"`tab{branch.doctype}`.`name`"
		order = f"{moment} DESC, {name} DESC LIMIT %(limit)s"
		where = " AND ".join(
			filter(
				None,
				(f"({branch.where})", _readable(branch), f"{moment} IS NOT NULL", _bound(branch, before)),
			)
		)
		parts.append(
			f"(SELECT CAST({moment} AS DATETIME(6)) AS moment, {doctypes.index(branch.doctype)} AS place, "
			f"'{branch.kind}' AS kind, '{branch.doctype}' AS doctype, {name} AS name FROM `tab{branch.doctype}` "
			f"{f'FORCE INDEX ({branch.index})' if branch.index in indexes else ''} WHERE {where} ORDER BY {order})"
		)
	if not parts:
		return None
	return (
		f"SELECT moment, kind, doctype, name FROM ({' UNION ALL '.join(parts)}) AS timeline "
		"ORDER BY moment DESC, place DESC, name DESC LIMIT %(limit)s"
	)


def values(customer: str, before: Key | None, limit: int) -> dict:
	"""What goes into the places of `statement`."""
	found = {"customer": customer, "limit": limit}
	if before:
		found |= {"moment": before.moment, "day": before.moment.date(), "name": before.name}
	return found


def _keys(customer: str, before: Key | None, branches: Collection[Branch], limit: int) -> list[dict]:
	query = statement(before, branches)
	return frappe.db.sql(query, values(customer, before, limit), as_dict=True) if query else []


def may_read(branch: Branch) -> bool:
	return branch.with_customer or frappe.has_permission(branch.doctype, "read")


def _readable(branch: Branch) -> str:
	"""SQL for the rows of a branch that the user may read; "" for all of them."""
	conditions = "" if branch.with_customer else build_match_conditions(branch.doctype)
	return conditions and f"({conditions})"


def _bound(branch: Branch, before: Key | None) -> str:
	"""SQL for the rows of a branch that come after a key, going back in time; on the column itself, for its index."""
	if not before:
		return ""
	table = f"`tab{branch.doctype}`"
	moment = f"{table}.`{branch.moment}`"
	limit = "%(moment)s"
	of_a_day = frappe.get_meta(branch.doctype).get_field(branch.moment)
	if of_a_day and of_a_day.fieldtype == "Date":
		limit = "%(day)s"
		# A day is its first moment: on the key's own day it comes after every later one.
		if before.moment.time() != datetime.min.time():
			return f"{moment} <= {limit}"
	if branch.doctype < before.doctype:
		return f"{moment} <= {limit}"
	if branch.doctype > before.doctype:
		return f"{moment} < {limit}"
	return f"{moment} <= {limit} AND ({moment} < {limit} OR {table}.`name` < %(name)s)"


def _entries(customer: str, rows: list[dict], branches: Collection[Branch]) -> list[dict]:
	"""The entries of a page in words; what the documents say is asked for once for each DocType."""
	fields = {branch.doctype: branch.fields for branch in branches}
	wanted = defaultdict(list)
	for row in rows:
		wanted[row.doctype].append(row.name)
	found = {
		doctype: {
			record.name: record
			for record in frappe.get_all(
				doctype, {"name": ("in", names)}, ["name", "owner", *fields[doctype]], limit=0
			)
		}
		for doctype, names in wanted.items()
	}
	hidden = _elsewhere(customer, found.get("Communication", {}))
	entries = []
	for row in rows:
		record = found[row.doctype].get(row.name)
		if record and not (row.doctype == "Communication" and row.name in hidden):
			entries.append(wording.entry(row, record))
	return entries


def _elsewhere(customer: str, mails: Mapping[str, dict]) -> set[str]:
	"""The e-mails that are about other documents, which the user may not read."""
	about = defaultdict(lambda: defaultdict(set))
	for name, mail in mails.items():
		if mail.reference_doctype and (mail.reference_doctype, mail.reference_name) != (CUSTOMER, customer):
			about[mail.reference_doctype][mail.reference_name].add(name)
	hidden = set()
	for doctype, documents in about.items():
		readable = set()
		if frappe.db.table_exists(doctype) and frappe.has_permission(doctype, "read"):
			readable = set(
				frappe.get_list(doctype, {"name": ("in", list(documents))}, pluck="name", limit_page_length=0)
			)
		for document in set(documents) - readable:
			hidden |= documents[document]
	return hidden
