"""The keys of names, by which customers are looked for, in a narrow table beside the customers.

One row for each customer, a second one where the legal name is another name. Telephone numbers, e-mail addresses, credit
codes and resident IDs need none: they are kept in one form and have their indexes on the customer itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter

import frappe

from cims.customers import derived
from cims.duplicates import names
from cims.ratings import sql

CUSTOMER = "CIMS Customer"
TABLE = "__cims_customer_key"
READ = ("name", "customer_name", "legal_name", "customer_type", "birth_date")


def make_table() -> None:
	"""Make the table where it is missing. echo: the sound from its end, for names that differ near their beginning."""
	frappe.db.sql_ddl(
		f"""CREATE TABLE IF NOT EXISTS `{TABLE}` (
			`customer` varchar(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL,
			`part` tinyint NOT NULL,
			`sound` varchar({names.LONGEST}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
			`echo` varchar({names.LONGEST}) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
			PRIMARY KEY (`customer`, `part`), KEY `sound` (`sound`), KEY `echo` (`echo`)
		) ENGINE=InnoDB"""
	)


def drop_table() -> None:
	frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `{TABLE}`")


def sounds(customer) -> list[str]:
	"""The sounds of a customer's names (document or row): none, one, or two where the legal name is another."""
	return names.sounds([tuple(customer[field] for field in READ[1:])])[0]


def echo(sound: str) -> str | None:
	"""The sound from its end; None for a person's, which are compared as a whole only."""
	return None if sound.startswith(names.PERSON) else sound[::-1]


def refresh(customers: Sequence[str]) -> None:
	"""Bring the keys of these customers in line with them, also of those that are gone. A few statements for every
	thousand."""
	for part in sql.chunks(sorted(set(customers)), sql.ROWS_AT_ONCE):
		there = frappe.db.sql(
			f"SELECT {', '.join(READ)} FROM `tab{CUSTOMER}` WHERE name IN %(names)s ORDER BY name",
			{"names": part},
		)
		frappe.db.sql(f"DELETE FROM `{TABLE}` WHERE customer IN %(names)s", {"names": part})
		if there:
			_insert(list(rows(list(zip(*there, strict=True)))))
		if len(there) < len(part):
			_forget_pairs(sorted(set(part) - {row[0] for row in there}))


def rows(columns: Sequence[Sequence]) -> Iterator[tuple[str, int, str | None, str | None]]:
	"""The rows of customers given by the columns of READ; one without a sound where there is nothing to go by, so that
	it counts as seen."""
	codes, *told = columns
	for code, found in zip(codes, names.sounds(list(zip(*told, strict=True))), strict=True):
		if not found:
			yield code, 0, None, None
		for at, one in enumerate(found):
			yield code, at, one, echo(one)


def _insert(made: Sequence[tuple]) -> None:
	if made:
		frappe.db.sql(
			f"INSERT INTO `{TABLE}` (customer, part, sound, echo) VALUES {', '.join(['(%s, %s, %s, %s)'] * len(made))}",
			[value for row in made for value in row],
		)


class NewKeys(derived.OfNew):
	"""The keys of new customers, from what was written of them."""

	def __init__(self):
		self.made: list[tuple] = []

	def take(self, columns: Mapping[str, Sequence]) -> None:
		self.made += rows([columns[field] for field in READ])

	def get_ready(self) -> None:
		self.made.sort(key=itemgetter(0, 1))

	def write(self) -> None:
		customers, parts, heard, back = zip(*self.made, strict=True)
		sql.load(TABLE, {"customer": customers, "part": list(map(str, parts)), "sound": heard, "echo": back})
		self.made = []


def _forget_pairs(gone: Sequence[str]) -> None:
	"""Pairs of customers that are gone wait for nobody; what was decided about them goes along."""
	for field in ("customer", "other"):
		frappe.db.delete("Duplicate Candidate", {field: ("in", gone), "status": ("!=", "Merged")})


def missing() -> int:
	"""How many customers have no keys yet."""
	have = frappe.db.sql(f"SELECT COUNT(*) FROM `{TABLE}` WHERE part = 0")[0][0]
	return max(frappe.db.count(CUSTOMER) - have, 0)


def fill() -> Iterator[int]:
	"""Make the keys of customers that have none, a few thousand at a time; says how many so far."""
	done, last = 0, ""
	while part := frappe.db.sql_list(
		f"""SELECT c.name FROM `tab{CUSTOMER}` c LEFT JOIN `{TABLE}` k ON k.customer = c.name AND k.part = 0
		WHERE k.customer IS NULL AND c.name > %s ORDER BY c.name LIMIT 5000""",
		last,
	):
		refresh(part)
		sql.commit()
		done, last = done + len(part), part[-1]
		yield done


def on_update(doc, method=None) -> None:
	"""Document event: the keys follow their customer in the same transaction."""
	changed = not doc.get_doc_before_save() or any(doc.has_value_changed(field) for field in READ[1:])
	if changed and not derived.is_noted(doc.name):
		refresh([doc.name])


def on_trash(doc, method=None) -> None:
	frappe.db.sql(f"DELETE FROM `{TABLE}` WHERE customer = %s", doc.name)
	_forget_pairs([doc.name])
