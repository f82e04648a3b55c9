"""Rows of numbers out of the database, thousands of customers at a time.

The driver makes a Python object of every value, which takes longer than the database takes to find it. So the database
joins the numbers of a customer's rows into one text, and NumPy reads the texts of all customers at once: 10 times faster.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import frappe

from cims.ratings import sql

# The longest text that a customer's rows may become, in bytes; MariaDB stops at max_allowed_packet in any case.
LONGEST = 256 << 20
# Before a SELECT: it may join as many values into one text as it takes.
LONG_ANSWER = f"SET STATEMENT group_concat_max_len = {LONGEST} FOR"
# TO_DAYS of 1970-01-01.
EPOCH = 719_528


@dataclass(frozen=True)
class Packed:
	"""The rows of some customers. owner: of each row, place in the customers asked for; columns: (expressions, rows) as
	floats; texts: of each customer that has rows, by place, the texts that were asked for besides."""

	owner: np.ndarray
	columns: np.ndarray
	texts: dict[int, str | None]


def read(
	customers: Sequence[str],
	expressions: Sequence[str],
	source: str,
	field: str,
	text: str = "NULL",
	**values,
) -> Packed:
	"""The numbers that `expressions` give for each row of `source` (FROM and WHERE, as SQL) of these customers.

	field: the customer's column. text: an expression; its values are joined by line ends. Rows of a customer come in the
	order in which the database reads them, the same every time. values: parameters of the statement.
	"""
	place = {name: at for at, name in enumerate(customers)}
	numbers = ", ' ', ".join(expressions)
	owner, counts, parts, texts = [], [], [], {}
	for condition, among in sql.among(field, customers):
		rows = frappe.db.sql(
			f"""{LONG_ANSWER} SELECT {field}, COUNT(*), GROUP_CONCAT({numbers} SEPARATOR ' '), GROUP_CONCAT({text} SEPARATOR '\\n')
			{source} AND {condition} GROUP BY {field}""",
			{**values, **among},
		)
		for name, count, joined, named in rows:
			if (at := place.get(name)) is not None:
				owner.append(at)
				counts.append(count)
				parts.append(joined)
				texts[at] = named
	table = np.fromstring(" ".join(parts), sep=" ")
	width = len(expressions)
	if len(table) != sum(counts) * width:
		raise frappe.ValidationError(
			"A customer has more rows than fit into one answer of the database. Raise max_allowed_packet in its settings."
		)
	owner, counts = np.array(owner, dtype=np.int64), np.array(counts, dtype=np.int64)
	return Packed(np.repeat(owner, counts), table.reshape(-1, width).T, texts)


def day(expression: str) -> str:
	"""A date as days since 1970, as `to_day` counts."""
	return f"TO_DAYS({expression}) - {EPOCH}"


# No day, among the days of packed rows.
NO_DAY = -(10**6)


def day_or_none(expression: str) -> str:
	"""The same of a date that may be missing; `with_nan` reads it."""
	return f"COALESCE({day(expression)}, {NO_DAY})"


def with_nan(numbers: np.ndarray) -> np.ndarray:
	"""Numbers out of packed rows, NaN where there is no day."""
	return np.where(numbers == NO_DAY, np.nan, numbers)
