"""Finding customers: candidates from the lists of the index, a look at their texts, and only those that may be read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

import frappe

from cims.ratings.sql import chunks
from cims.search import grams, query, tables
from cims.search.query import Fit, Sought
from cims.search.texts import CONTACT, CUSTOMER, FIELDS, LINES, READINGS, squeezed

# How many candidates are looked at in one go, and in the next; and last, at least, or for each customer wanted.
LOOKS = (100, 400)
LAST_LOOK, LOOKED_AT_FOR_EACH = 1500, 30
# How many more customers than are wanted are asked for in one go, some of which may not be read.
SPARE = 10
READABLE_AT_ONCE = 5000
RECENT_AT_ONCE = 500
# So many of the best guesses at a mistyped word are looked at.
GUESSES = 400
# An edit destroys three keys of three letters; in Chinese, a character and the two pairs it is in.
DESTROYED = 3
# A customer who begins with what is sought counts two, the user's own one.
SCORES = 4
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

	def exactly(self, sought: Sought) -> list[Hit]:
		ids = _filed(sought, self.user, sum(self.looks))
		rows = _recent(sought.words)
		if len(ids) > LOOKS[0]:
			rows += _of_customers(_with_value(sought.whole))
		fits = partial(query.fit, sought)
		hits = self._hits(rows, ids, fits)
		if len(hits) < self.wanted and len(ids) > sum(self.looks):
			hits |= self._ranked(_of_customers(row.name for row in self._readable()), fits)
		return list(hits.values())

	def nearly(self, sought: Sought) -> list[Hit]:
		if not any(query.may_be_mistyped(form) for form, *_others in sought.words):
			return []
		rows = _recent([_pieces(form) for form, *_others in sought.words]) + _filed_under(
			_filed_nearly(sought)
		)
		close = [rows[at] for at in query.may_be_close(sought, [row[2] for row in rows])]
		return list(self._ranked(close, partial(query.close_fit, sought)).values())

	def _hits(self, rows: list[tuple], ids: Sequence[int], fits) -> dict[str, Hit]:
		"""The best of these rows of texts and of the customers filed under the ids, looked at a few at a time."""
		hits: dict[str, Hit] = {}
		first = 0
		for look in self.looks:
			some = ids[first : first + look]
			if first and not some:
				break
			hits |= self._ranked([*rows, *_filed_under(some)], fits)
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


def _filed_under(ids: Sequence[int]) -> list[tuple]:
	if not len(ids):
		return []
	return list(
		frappe.db.sql("SELECT customer, manager, text FROM cims_search_text WHERE id IN %s", [list(ids)])
	)


def _of_customers(names: Iterable[str]) -> list[tuple]:
	names = list(names)
	if not names:
		return []
	return list(
		frappe.db.sql("SELECT customer, manager, text FROM cims_search_text WHERE customer IN %s", [names])
	)


def _recent(words: Iterable[Sequence[str]]) -> list[tuple]:
	"""The recent customers of whose text each word, in one of its forms, is a part."""
	words = list(words)
	has = " AND ".join("(" + " OR ".join(["text LIKE %s"] * len(forms)) + ")" for forms in words)
	return list(
		frappe.db.sql(
			f"""SELECT customer, manager, text FROM cims_search_text
			WHERE id >= %s AND {has} ORDER BY id DESC LIMIT {RECENT_AT_ONCE}""",
			[tables.RECENT, *(f"%{form}%" for forms in words for form in forms)],
		)
	)


def _with_value(whole: str) -> list[str]:
	"""Customers of whom the text is the very code or name: many candidates may hide them."""
	one = " UNION ".join(
		f"(SELECT name FROM `tab{CUSTOMER}` WHERE {field} = %s LIMIT 20)" for field in FIELDS[:3]
	)
	return [row[0] for row in frappe.db.sql(one, [whole] * 3)]


# --- ids from the lists of the segments ---


def _filed(sought: Sought, user: str, most: int) -> list[int]:
	"""Ids of the customers that have every key of every word: those first of whom a value begins with the first word,
	then the user's own, then the latest. One more than `most`, where there are more."""
	words = [forms for forms in sought.words if any(len(form) > 1 or not form.isascii() for form in forms)]
	begins, owned = grams.beginning(words[0][0]), grams.owned_by(user)
	keys = {key for forms in words for form in forms for key in _parts(form)}
	spans = [grams.span(form) for forms in words for form in forms if _short(form)]
	found, enough, held = [], 0, np.zeros(SCORES, int)
	for segment, lists in _lists(keys | {begins, owned}, spans):
		fitting = np.logical_and.reduce([_having_one(lists, forms) for forms in words])
		if fitting.any():
			score = 2 * _counts(lists, [begins]) + _counts(lists, [owned])
			slots = np.flatnonzero(fitting & (score >= enough))
			found.append(_ids(segment, slots, score[slots]))
			# Once there are enough of the better ones, the others needn't be kept.
			held += np.bincount(score[slots], minlength=SCORES)
			while enough < SCORES - 1 and held[enough + 1 :].sum() > most:
				enough += 1
			if enough == SCORES - 1:
				break
	return _best(found, most + 1)


def _filed_nearly(sought: Sought) -> list[int]:
	"""Ids of the customers that have so many keys of every word that one mistake may explain the others; those first
	that have most."""
	words = [
		(form, grams.all_parts(form), query.may_be_mistyped(form))
		for form, *_others in sought.words
		if len(form) > 1 or not form.isascii()
	]
	if not any(mistyped for _form, _keys, mistyped in words):
		return []
	found = []
	spans = [grams.span(form) for form, _keys, _mistyped in words if _short(form)]
	for segment, lists in _lists({key for _form, keys, _mistyped in words for key in keys}, spans):
		fitting, score = np.ones(grams.SEGMENT, bool), np.zeros(grams.SEGMENT, int)
		for form, keys, mistyped in words:
			if mistyped:
				counts = _counts(lists, keys)
				fitting &= counts >= max(1, len(keys) - 1 - DESTROYED)
				score += counts
			else:
				fitting &= _having(lists, form)
		slots = np.flatnonzero(fitting)
		if len(slots) > GUESSES:
			slots = slots[np.argpartition(score[slots], -GUESSES)[-GUESSES:]]
		if len(slots):
			found.append(_ids(segment, slots, score[slots]))
	return _best(found, GUESSES)


def _short(form: str) -> bool:
	return form.isascii() and len(form) == 2


def _parts(form: str) -> list[int]:
	return grams.parts(form) if len(form) > 2 or not form.isascii() else []


def _having_one(lists: dict[int, bytes], forms: Sequence[str]) -> np.ndarray:
	"""Which slots of a segment have one of the forms."""
	return np.logical_or.reduce([_having(lists, form) for form in forms])


def _having(lists: dict[int, bytes], form: str) -> np.ndarray:
	"""Which slots of a segment have every key of the form."""
	if _short(form):
		first, last = grams.span(form)
		return grams.count(data for key, data in lists.items() if first <= key <= last) > 0
	keys = _parts(form)
	if not all(key in lists for key in keys):
		return np.zeros(grams.SEGMENT, bool)
	return _counts(lists, keys) == len(keys)


def _counts(lists: dict[int, bytes], keys: Iterable[int]) -> np.ndarray:
	return grams.count(lists[key] for key in keys if key in lists)


def _ids(segment: int, slots: np.ndarray, score: np.ndarray) -> np.ndarray:
	"""Two rows: score, and id."""
	return np.stack((score.astype(np.int64), slots + (segment << grams.SLOT_BITS)))


def _best(found: list[np.ndarray], most: int) -> list[int]:
	"""The ids with the highest scores, at most so many; of equals, the latest."""
	if not found:
		return []
	score, ids = np.concatenate(found, axis=1)
	return ids[np.lexsort((-ids, -score))[:most]].tolist()


def _lists(keys: Iterable[int], spans: list[tuple[int, int]]) -> Iterator[tuple[int, dict[int, bytes]]]:
	"""Each segment with its lists for the keys and spans of keys, the latest segment first."""
	segments = [row[0] for row in frappe.db.sql("SELECT segment FROM cims_search_segment")]
	if not segments:
		return
	wanted = ["gram IN %s", *["gram BETWEEN %s AND %s"] * len(spans)]
	values = [list(keys), *(bound for span in spans for bound in span)]
	rows = frappe.db.sql(
		f"""SELECT segment, gram, slots FROM cims_search_posting
		WHERE segment IN %s AND ({" OR ".join(wanted)})""",
		[segments, *values],
	)
	found: dict[int, dict[int, bytes]] = defaultdict(dict)
	for segment, key, slots in rows:
		found[segment][key] = slots
	yield from sorted(found.items(), reverse=True)
