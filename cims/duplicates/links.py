"""Everything on the site that points at a customer: links, dynamic links, attachments, versions, rows of child tables.

Found through the framework's own description of its DocTypes, so custom fields and other apps' DocTypes are among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.dynamic_links import dynamic_link_queries
from frappe.model.rename_doc import get_link_fields
from frappe.utils.caching import request_cache

from cims.customers import guards
from cims.ratings import sql

CUSTOMER = "CIMS Customer"
# What is worked out anew, and what tells of merges.
LEFT_ALONE = (*guards.DERIVED, "Customer Merge")
# Where the framework keeps a document's name without saying so in the DocType: (doctype, type field, name field).
UNDECLARED = (
	("File", "attached_to_doctype", "attached_to_name"),
	("Version", "ref_doctype", "docname"),
	("Notification Log", "document_type", "document_name"),
	("Email Queue", "reference_doctype", "reference_name"),
	("Energy Point Log", "reference_doctype", "reference_name"),
)
PARENT = "parent"
ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Pointer:
	"""A column that can name a customer. type_field: the column that says of which DocType the name is, None where it
	can only be a customer's. single: of a DocType that has one document."""

	doctype: str
	field: str
	type_field: str | None = None
	single: bool = False

	@property
	def key(self) -> str:
		return f"{self.doctype}|{self.field}"

	@property
	def condition(self) -> str:
		"""SQL, for a row that points at %(customer)s."""
		if self.single:
			return f"`doctype` = '{self.doctype}' AND `field` = '{self.field}' AND `value` = %(customer)s"
		return f"`{self.field}` = %(customer)s" + (
			f" AND `{self.type_field}` = '{CUSTOMER}'" if self.type_field else ""
		)

	@property
	def table(self) -> str:
		return "tabSingles" if self.single else f"tab{self.doctype}"

	@property
	def id(self) -> str:
		return "doctype" if self.single else "name"

	@property
	def column(self) -> str:
		return "value" if self.single else self.field


@request_cache
def pointers() -> list[Pointer]:
	"""Every column of this site that can point at a customer."""
	found = [
		Pointer(link["parent"], link["fieldname"], single=bool(link["issingle"]))
		for link in get_link_fields(CUSTOMER)
	]
	for query in dynamic_link_queries:
		for df in frappe.db.sql(query, as_dict=True):
			found.append(Pointer(df.parent, df.fieldname, df.options, bool(df.issingle)))
	found += [Pointer(doctype, name, kind) for doctype, kind, name in UNDECLARED]
	found += [
		Pointer(table.options, PARENT, "parenttype") for table in frappe.get_meta(CUSTOMER).get_table_fields()
	]
	return [one for one in dict.fromkeys(found) if _is_stored(one)]


def _is_stored(pointer: Pointer) -> bool:
	if pointer.doctype in LEFT_ALONE:
		return False
	if pointer.single:
		# Which DocType a single's dynamic link is of stands in another row: rare, and never a customer's home.
		return pointer.type_field is None
	columns = _columns(pointer.doctype)
	return pointer.field in columns and (pointer.type_field is None or pointer.type_field in columns)


@request_cache
def _columns(doctype: str) -> frozenset[str]:
	return frozenset(frappe.db.get_table_columns(doctype)) if frappe.db.table_exists(doctype) else frozenset()


def counts(customers: Sequence[str]) -> dict[str, list[int]]:
	"""DocType -> how many of its rows point at each of the customers. One statement for each customer."""
	found: dict[str, list[int]] = {}
	for at, customer in enumerate(customers):
		for pointer, many in _each(customer, "COUNT(DISTINCT {0})", " HAVING COUNT(*) > 0"):
			row = found.setdefault(pointer.doctype, [0] * len(customers))
			# Where two columns of a row point at the customer, it is still one row.
			row[at] = max(row[at], many)
	return dict(sorted(found.items(), key=lambda item: (-sum(item[1]), item[0])))


def rows(customer: str) -> dict[Pointer, list[str]]:
	"""The names of all rows that point at the customer. One statement."""
	found: dict[Pointer, list[str]] = {}
	for pointer, name in _each(customer, "{0}"):
		found.setdefault(pointer, []).append(name)
	return found


def _each(customer: str, select: str, having: str = "") -> Iterator[tuple[Pointer, object]]:
	"""What is selected of every column that points at the customer, all in one statement."""
	known = pointers()
	parts = (
		f"(SELECT {at} AS pointer, {select.format(f'`{one.id}`')} AS found FROM `{one.table}` WHERE {one.condition}{having})"
		for at, one in enumerate(known)
	)
	for at, found in frappe.db.sql(" UNION ALL ".join(parts), {"customer": customer}):
		yield known[at], int(found) if having else found


def repoint(pointer: Pointer, names: Sequence[str], old: str, new: str) -> tuple[int, list[dict]]:
	"""Let rows that point at `old` point at `new`. Returns how many do now, and the rows that had to go, because the very
	same row is there for `new` already."""
	moved, gone = 0, []
	for part in sql.chunks(names, ROWS_AT_ONCE):
		try:
			moved += _update(pointer, part, old, new)
		except Exception as error:
			if not frappe.db.is_duplicate_entry(error):
				raise
			moved += _update(pointer, part, old, new, "IGNORE ")
			gone += _take_out(pointer, part, old)
	_forget_cached(pointer, names)
	return moved, gone


def _update(pointer: Pointer, names: Sequence[str], old: str, new: str, how: str = "") -> int:
	frappe.db.sql(
		f"UPDATE {how}`{pointer.table}` SET `{pointer.column}` = %(new)s WHERE {pointer.condition} AND `{pointer.id}` IN %(names)s",
		{"new": new, "customer": old, "names": list(names)},
	)
	return frappe.db._cursor.rowcount


def _take_out(pointer: Pointer, names: Sequence[str], old: str) -> list[dict]:
	values = {"customer": old, "names": list(names)}
	where = f"{pointer.condition} AND `{pointer.id}` IN %(names)s"
	found = frappe.db.sql(f"SELECT * FROM `{pointer.table}` WHERE {where}", values, as_dict=True)
	frappe.db.sql(f"DELETE FROM `{pointer.table}` WHERE {where}", values)
	return found


def _forget_cached(pointer: Pointer, names: Sequence[str]) -> None:
	"""Documents that other requests keep in the cache still point at the former customer."""
	keys = [frappe.get_document_cache_key(pointer.doctype, name) for name in names]
	if pointer.doctype == "User Permission":
		keys.append("user_permissions")
	forget = lambda: frappe.cache.delete_value(keys)  # noqa: E731 -- needed twice
	forget()
	frappe.db.after_commit.add(forget)


def label(doctype: str) -> str:
	"""What a person calls the rows of a DocType that belongs to another one: its parent's."""
	return _(doctype)
