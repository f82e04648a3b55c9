"""Keeping the search index in step with the customers, always in the transaction that changes them.

Many customers at once become a segment: their texts, and for each key the list of those that have it. Few at once are
only noted as recent; whoever searches reads these, and `tidy` makes segments of them. A customer that comes again gets
a new id, which takes it out of the lists of its old segment without touching them. So a change costs one row however
large the index is, changes at the same time don't wait for each other, and what a transaction rolls back was never
there.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import frappe

from cims.customers import derived
from cims.ratings import sql
from cims.search import grams, tables, texts

# So many at once are worth a segment.
MANY = 1000
# So many recent customers are worth tidying; reading them costs a search about a millisecond.
RECENT_AT_MOST = 2048
# Segments with fewer customers are put together.
SMALL = grams.SEGMENT // 2
SEVERAL = 8


def refresh(names: Iterable[str]) -> None:
	"""Bring the index in line with these customers as they are now; one that is gone goes from the index.

	For everyone who writes or deletes customers other than through their documents. Ten thousand and more at once are
	best. Belongs to the caller's transaction.
	"""
	for part in sql.chunks(dict.fromkeys(names), grams.SEGMENT):
		found = texts.of(part)
		_forget([name for name in part if name not in found])
		if len(found) < MANY:
			_note(found)
		else:
			_add_segment(found)


def note(customer: str, manager: str, text: str) -> None:
	"""Put one customer's text in, in place of whatever there was."""
	_note({customer: (manager, text)})


def _note(found: dict[str, tuple[str, str]]) -> None:
	if not found:
		return
	frappe.db.sql(
		f"""INSERT INTO cims_search_text (customer, id, manager, text)
		VALUES {", ".join(["(%s, UUID_SHORT(), %s, %s)"] * len(found))}
		ON DUPLICATE KEY UPDATE id = VALUES(id), manager = VALUES(manager), text = VALUES(text)""",
		[value for customer, (manager, text) in found.items() for value in (customer, manager, text)],
	)


def _forget(names: Sequence[str]) -> None:
	"""Looked up first: deleting what isn't there would lock the gap where others are about to insert."""
	if not names:
		return
	there = frappe.db.sql_list("SELECT customer FROM cims_search_text WHERE customer IN %s", [list(names)])
	if there:
		frappe.db.sql("DELETE FROM cims_search_text WHERE customer IN %s", [there])


def _add_segment(found: dict[str, tuple[str, str]]) -> None:
	_write_segment(found, _postings(found))


def _postings(found: dict[str, tuple[str, str]]) -> list[tuple[int, str]]:
	"""Each key of a segment to be, with the places of the customers that have it."""
	managers, made = zip(*found.values(), strict=True)
	return list(grams.lists(grams.entries(made, managers, len(texts.LINES), texts.BEGINS)))


def _write_segment(found: dict[str, tuple[str, str]], postings: list[tuple[int, str]]) -> None:
	frappe.db.sql("INSERT INTO cims_search_segment (customers) VALUES (%s)", [len(found)])
	segment = frappe.db.sql("SELECT LAST_INSERT_ID()")[0][0]
	first, _beyond = _ids(segment)
	tables.load(
		"cims_search_text",
		("customer", "id", "manager", "text"),
		((name, first + slot, *found[name]) for slot, name in enumerate(found)),
	)
	rows = ((segment, key, slots) for key, slots in postings)
	tables.load("cims_search_posting", ("segment", "gram", "slots"), rows, "slots")


class NewTexts(derived.OfNew):
	"""The texts of new customers, from what was written of them: nothing is read back."""

	def __init__(self):
		self.found: dict[str, tuple[str, str]] = {}
		self.postings: list[tuple[int, str]] = []

	def take(self, columns: Mapping[str, Sequence]) -> None:
		nothing = [None] * len(columns["name"])
		managers = [manager or "" for manager in columns["account_manager"]]
		made = texts.of_columns([*(columns[field] for field in texts.FIELDS), nothing])
		self.found |= zip(columns["name"], zip(managers, made, strict=True), strict=True)

	def get_ready(self) -> None:
		self.found = dict(sorted(self.found.items()))
		self.postings = _postings(self.found) if len(self.found) >= MANY else []

	def write(self) -> None:
		# Whom a contact knew before there was a customer.
		known = texts.with_contacts(list(self.found))
		if self.postings:
			_write_segment(self.found, self.postings)
		else:
			_note(self.found)
		if known:
			refresh(known)


def ensure() -> None:
	"""After installing and migrating: the tables are there, and all customers in them."""
	if not tables.exist():
		tables.create()
		rebuild()


def rebuild(progress: Callable[[int, int], None] | None = None) -> int:
	"""Make the index of all customers anew and return how many there are.

	Searching goes on meanwhile, and so may everyone else: each segment takes the place of what was there in one step.
	Interrupted, it has done a part of its work; nothing is lost. progress: called with how many are done, of how many.
	"""
	total, done = frappe.db.count(texts.CUSTOMER), 0
	for part in sql.customers(grams.SEGMENT):
		refresh(part)
		sql.commit()
		done += len(part)
		if progress:
			progress(done, total)
	clean()
	return done


def tidy() -> None:
	"""Make segments of the recent customers and of small segments, once there are many."""
	recent = frappe.db.sql("SELECT COUNT(*) FROM cims_search_text WHERE id >= %s", [tables.RECENT])[0][0]
	small = [segment for segment, customers in _sizes().items() if customers < SMALL]
	if recent < RECENT_AT_MOST and len(small) < SEVERAL:
		return
	names = [
		row[0]
		for first, beyond in (*map(_ids, small), (tables.RECENT, (1 << 64) - 1))
		for row in frappe.db.sql(
			"SELECT customer FROM cims_search_text WHERE id >= %s AND id < %s", [first, beyond]
		)
	]
	for part in sql.chunks(names, grams.SEGMENT):
		refresh(part)
		sql.commit()
	clean()


def clean() -> None:
	"""Drop the texts of customers that are gone without a word to us, and segments that nobody is in any more."""
	gone = frappe.db.sql(
		f"""SELECT text.customer FROM cims_search_text text
		LEFT JOIN `tab{texts.CUSTOMER}` customer ON customer.name = text.customer WHERE customer.name IS NULL"""
	)
	_forget([row[0] for row in gone])
	living = _sizes()
	for (segment,) in frappe.db.sql("SELECT segment FROM cims_search_segment"):
		if segment not in living:
			frappe.db.sql("DELETE FROM cims_search_posting WHERE segment = %s", [segment])
			frappe.db.sql("DELETE FROM cims_search_segment WHERE segment = %s", [segment])
			sql.commit()


def _sizes() -> dict[int, int]:
	"""Segment -> how many customers are still in it."""
	return dict(
		frappe.db.sql(
			f"SELECT id >> {grams.SLOT_BITS} AS segment, COUNT(*) FROM cims_search_text WHERE id < %s GROUP BY segment",
			[tables.RECENT],
		)
	)


def _ids(segment: int) -> tuple[int, int]:
	"""The first id of a segment, and the first beyond it."""
	return segment << grams.SLOT_BITS, (segment + 1) << grams.SLOT_BITS
