"""Finding customers: candidates from the lists of the index, a look at their texts, and only those that may be read."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import frappe
from frappe.model.db_query import DatabaseQuery

from cims.ratings.sql import LISTED, chunks
from cims.search import filed, query, tables
from cims.search.query import Fit, Sought
from cims.search.texts import CONTACT, CUSTOMER, FIELDS, LINES, READINGS, squeezed

# How many candidates are looked at in one go, and in the next; and last, at least, or for each customer wanted.
LOOKS = (100, 400)
LAST_LOOK, LOOKED_AT_FOR_EACH = 1500, 30
# How many more customers than are wanted are asked for in one go, some of which may not be read.
SPARE = 10
READABLE_AT_ONCE = 5000
RECENT_AT_ONCE = 500
# What is found by its number alone, and only where the number is complete.
PROTECTED = ("credit_code", "resident_id")
PROTECTED_LENGTH = 18


@dataclass(frozen=True)
class Hit:
	customer: str
	matched: str
	row: dict


def customers(
	text: str,
	limit: int,
	start: int = 0,
	filters: Sequence = (),
	reference_doctype: str | None = None,
	fields: Sequence[str] = ("name",),
) -> tuple[list[Hit], bool]:
	"""Customers whom the user may read and whom the text fits, best first, from the `start`th on, at most `limit`; and
	whether there are more. A mistyped word counts only where nobody fits the text as it is.

	filters: further conditions, as `frappe.get_list` takes them. fields: what to tell of each, `name` among them.
	"""
	sought = Sought.of(text)
	search = Search(list(filters), reference_doctype, fields, start + limit + 1)
	hits = search.by_number(text)
	if not hits and sought.enough:
		hits = search.exactly(sought)
		if not hits and (read := sought.read()).words != sought.words:
			hits = search.exactly(read)
		if not hits:
			hits = search.nearly(sought)
	return hits[start : start + limit], len(hits) > start + limit


class Search:
	"""One search by the user: what it may see, and how many hits are wanted."""

	def __init__(self, filters: list, reference_doctype: str | None, fields: Sequence[str], wanted: int):
		self.user = frappe.session.user
		self.filters, self.reference_doctype, self.fields, self.wanted = (
			filters,
			reference_doctype,
			fields,
			wanted,
		)
		right = "read" if frappe.has_permission(CUSTOMER, "read") else "select"
		frappe.has_permission(CUSTOMER, right, throw=True)
		permitted = set(frappe.get_meta(CUSTOMER).get_permitted_fieldnames(permission_type=right))
		if frappe.has_permission("Contact", "read"):
			permitted.add(CONTACT)
		permitted |= {line for line, field in READINGS.items() if field in permitted}
		self.permitted = permitted
		self.looks = (*LOOKS, max(LAST_LOOK, LOOKED_AT_FOR_EACH * wanted))
		self.hidden = [at for at, line in enumerate(LINES) if line not in permitted]

	def by_number(self, text: str) -> list[Hit]:
		"""The customer with this resident ID or credit code."""
		number = squeezed(text).upper()
		if len(number) != PROTECTED_LENGTH or not number.isascii():
			return []
		return [
			Hit(row.name, field, row)
			for field in PROTECTED
			if field in self.permitted
			for row in self._readable([[CUSTOMER, field, "=", number]])
		]

	@cached_property
	def lists(self) -> filed.Lists:
		return filed.Lists()

	def exactly(self, sought: Sought) -> list[Hit]:
		ids = filed.exactly(self.lists, sought, self.user, LOOKS[0], sum(self.looks))
		rows = _recent(sought.words)
		if len(ids) > LOOKS[0]:
			rows += _of_customers(_with_value(sought.whole), sought.words)
		fits = partial(query.fit, sought)
		hits = self._hits(rows, ids, partial(_filed_under, words=sought.words), fits)
		if len(hits) < self.wanted and len(ids) > sum(self.looks) and self._is_narrowed():
			readable = [row.name for row in self._readable()]
			hits |= self._ranked(_of_customers(readable, sought.words), fits)
		return list(hits.values())

	def nearly(self, sought: Sought) -> list[Hit]:
		if not any(query.may_be_mistyped(form) for form, *_others in sought.words):
			return []
		fits = partial(query.close_fit, sought)

		def close(ids: Sequence[int]) -> list[tuple]:
			return _close(sought, _filed_under(ids))

		rows = _close(sought, _recent([_pieces(form) for form, *_others in sought.words]))
		return list(self._hits(rows, filed.nearly(self.lists, sought), close, fits).values())

	def _hits(
		self, rows: list[tuple], ids: Sequence[int], texts: Callable[[Sequence[int]], list[tuple]], fits
	) -> dict[str, Hit]:
		"""The best of these rows of texts and of the customers filed under the ids, looked at a few at a time."""
		hits: dict[str, Hit] = {}
		first = 0
		for look in self.looks:
			some = ids[first : first + look]
			if first and not some:
				break
			hits |= self._ranked([*rows, *texts(some)], fits)
			rows = []
			if len(hits) >= self.wanted:
				break
			first += look
		return hits

	def _ranked(self, rows: list[tuple], fits) -> dict[str, Hit]:
		"""Those of the rows that fit and may be read, best first, as many as are wanted."""
		ranked: list[tuple[tuple, Fit]] = []
		for customer, manager, text in {row[0]: row for row in rows}.values():
			lines = text.split("\n")
			for at in self.hidden:
				lines[at] = ""
			if found := fits(lines):
				order = (found.level, found.line, manager != self.user, len(lines[1]), customer)
				ranked.append((order, found))
		ranked.sort(key=lambda row: row[0])
		hits: dict[str, Hit] = {}
		for some in chunks(ranked, self.wanted + SPARE):
			names = [order[-1] for order, _found in some]
			readable = {row.name: row for row in self._readable([[CUSTOMER, "name", "in", names]])}
			for order, found in some:
				if row := readable.get(order[-1]):
					hits[row.name] = Hit(row.name, found.field, row)
			if len(hits) >= self.wanted:
				break
		return hits

	def _is_narrowed(self) -> bool:
		"""Whether there may be customers whom the user may not see, or whom the filters leave out."""
		asked = DatabaseQuery(CUSTOMER, user=self.user)
		asked.reference_doctype = self.reference_doctype or CUSTOMER
		return bool(self.filters or asked.build_match_conditions())

	def _readable(self, filters: Sequence = ()) -> list[dict]:
		"""The customers that the user may read and the filters let pass, in no order."""
		return frappe.get_list(
			CUSTOMER,
			filters=[*self.filters, *filters],
			fields=list(self.fields),
			order_by=None,
			limit_page_length=READABLE_AT_ONCE,
			reference_doctype=self.reference_doctype,
		)


def _pieces(word: str) -> list[str]:
	"""Parts of which one is intact where the word has one mistake; the word itself where it may have none."""
	if not query.may_be_mistyped(word):
		return [word]
	middle = len(word) // 2
	return [word[: middle - 1] or word[:1], word[middle + 1 :] or word[-1:], word[:middle], word[middle:]]


# --- rows of texts: customer, account manager, text ---


TEXTS = "SELECT customer, manager, text FROM cims_search_text"


def _filed_under(ids: Sequence[int], words: Sequence[Sequence[str]] = ()) -> list[tuple]:
	return _texts("id", ids, words)


def _of_customers(names: Iterable[str], words: Sequence[Sequence[str]]) -> list[tuple]:
	return _texts("customer", names, words)


def _texts(column: str, values: Iterable, words: Sequence[Sequence[str]]) -> list[tuple]:
	"""Those in which each word, in one of its forms, is a part: the others needn't leave the database."""
	has, parts = _has(words)
	return [
		row
		for some in chunks(values, LISTED)
		for row in frappe.db.sql(f"{TEXTS} WHERE {column} IN %s {has}", [some, *parts])
	]


def _recent(words: Sequence[Sequence[str]]) -> list[tuple]:
	"""The recent customers of whose text each word, in one of its forms, is a part."""
	has, parts = _has(words)
	return list(
		frappe.db.sql(
			f"{TEXTS} WHERE id >= %s {has} ORDER BY id DESC LIMIT {RECENT_AT_ONCE}", [tables.RECENT, *parts]
		)
	)


def _has(words: Sequence[Sequence[str]]) -> tuple[str, list[str]]:
	"""What a statement says of a text that has each word in one of its forms, and the values for it."""
	has = "".join(" AND (" + " OR ".join(["text LIKE %s"] * len(forms)) + ")" for forms in words)
	return has, [f"%{form}%" for forms in words for form in forms]


def _close(sought: Sought, rows: list[tuple]) -> list[tuple]:
	"""Those of the rows that are worth a closer look."""
	return [rows[at] for at in query.may_be_close(sought, [row[2] for row in rows])] if rows else []


def _with_value(whole: str) -> list[str]:
	"""Customers of whom the text is the very code or name: many candidates may hide them."""
	one = " UNION ".join(
		f"(SELECT name FROM `tab{CUSTOMER}` WHERE {field} = %s LIMIT 20)" for field in FIELDS[:3]
	)
	return [row[0] for row in frappe.db.sql(one, [whole] * 3)]
