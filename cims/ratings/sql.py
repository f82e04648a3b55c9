"""Sets of rows: written with few statements, in the order in which every writer locks them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import frappe
from frappe.utils import now

Item = TypeVar("Item")
ROWS_AT_ONCE = 1000


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
	"""`items` in lists of at most `size`."""
	iterator = iter(items)
	while part := list(islice(iterator, size)):
		yield part


def customers(size: int, among: Iterable[str] | None = None) -> Iterator[list[str]]:
	"""The site's customers, or those `among` them, in lists of at most `size`, by name."""
	if among is not None:
		yield from chunks(sorted(set(among)), size)
		return
	last = ""
	while part := frappe.get_all(
		"CIMS Customer", {"name": (">", last)}, pluck="name", order_by="name", limit=size
	):
		yield part
		last = part[-1]


def new_name() -> str:
	"""A random name. 80 bits, since millions of rows are inserted where a name that is taken would pass unseen."""
	return frappe.generate_hash(length=20)


def insert(
	doctype: str,
	fields: Sequence[str],
	rows: Iterable[Sequence[Any]],
	update: Sequence[str] = (),
	size: int = ROWS_AT_ONCE,
) -> int:
	"""Insert rows of a DocType, many with one statement. Returns how many are new.

	fields: of each row, `name` among them; creation, modified, owner and modified_by are added. update: the fields that a
	row takes over where a unique key says that it is there already; without any, such a row stays as it is.
	"""
	stamp, user = now(), frappe.session.user
	head = ", ".join(f"`{field}`" for field in ("creation", "modified", "owner", "modified_by", *fields))
	one = "(" + ", ".join(["%s"] * (len(fields) + 4)) + ")"
	takes = (
		", ".join(f"`{field}` = VALUES(`{field}`)" for field in ("modified", *update))
		if update
		else "`name` = `name`"
	)
	new = 0
	for part in chunks(rows, size):
		values = [value for row in part for value in (stamp, stamp, user, user, *row)]
		frappe.db.sql(
			f"INSERT INTO `tab{doctype}` ({head}) VALUES {', '.join([one] * len(part))} ON DUPLICATE KEY UPDATE {takes}",
			values,
		)
		new += frappe.db._cursor.rowcount
	return new


def commit() -> None:
	"""Keep what a long job has done so far. Tests roll everything back and therefore never come here."""
	if not frappe.flags.in_test:
		frappe.db.commit()  # nosemgrep: frappe-manual-commit -- chunks of a long job must survive its interruption
