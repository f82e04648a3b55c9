"""Sets of rows: written with few statements, in the order in which every writer locks them."""

import re
import secrets
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import pymysql
from pymysql.constants import CR, ER

import frappe
from frappe.utils import now

Item = TypeVar("Item")
ROWS_AT_ONCE = 1000
# Disk full and errors in writing; the server going down; connections killed, lost and closed (0).
OUT_OF_ORDER = (
	ER.DISK_FULL, ER.ERROR_ON_WRITE, ER.GET_ERRNO, ER.RECORD_FILE_FULL, ER.SERVER_SHUTDOWN, 1927,
	CR.CR_CONN_HOST_ERROR, CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST, CR.CR_SERVER_LOST_EXTENDED, 0,
)  # fmt: skip


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


class Run(list):
	"""Customers in the order of their names, with nobody left out between the first and the last: a range of the index."""


def run_of(doctype: str, first: str, last: str) -> Run:
	"""The names of a DocType's rows from one to another."""
	return Run(
		frappe.db.sql_list(
			f"SELECT name FROM `tab{doctype}` WHERE name BETWEEN %s AND %s ORDER BY name", (first, last)
		)
	)


def runs_of(doctype: str, size: int) -> Iterator[Run]:
	"""The names of all rows of a DocType, so many at a time."""
	last = ""
	while part := frappe.db.sql_list(
		f"SELECT name FROM `tab{doctype}` WHERE name > %s ORDER BY name LIMIT {int(size)}", last
	):
		yield Run(part)
		last = part[-1]


# MariaDB makes a table of a longer list, and reads the index for each of its rows.
LISTED = 900


def among(field: str, customers: Sequence[str]) -> Iterator[tuple[str, dict]]:
	"""Conditions, with their parameters, which together say that `field` is one of the customers."""
	if isinstance(customers, Run):
		if customers:
			yield f"{field} BETWEEN %(first)s AND %(last)s", {"first": customers[0], "last": customers[-1]}
		return
	for part in chunks(customers, LISTED):
		yield f"{field} IN %(listed)s", {"listed": part}


def load(table: str, columns: Mapping[str, Sequence[str | None]]) -> None:
	"""Put rows, given by column, into a table at the speed of the database: by LOAD DATA where the site allows it
	(`local_infile`), else with many rows in each statement. Every value is text as the database reads it, or None."""
	names = ", ".join(f"`{field}`" for field in columns)
	if not frappe.conf.local_infile:
		one = "(" + ", ".join(["%s"] * len(columns)) + ")"
		for part in chunks(zip(*columns.values(), strict=True), ROWS_AT_ONCE):
			values = [value for row in part for value in row]
			frappe.db.sql(f"INSERT INTO `{table}` ({names}) VALUES {', '.join([one] * len(part))}", values)
		return
	with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="\n") as file:
		for row in zip(*map(_loadable, columns.values()), strict=True):
			file.write("\t".join(row) + "\n")
		file.flush()
		frappe.db.sql(
			f"LOAD DATA LOCAL INFILE %s INTO TABLE `{table}` CHARACTER SET utf8mb4 ({names})", file.name
		)


# What LOAD DATA would take for the end of a value or a row.
_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})
_SPECIAL = re.compile(r"[\\\t\n\r\0]")


def _loadable(values: Sequence[str | None]) -> list[str]:
	if None in values:
		return [r"\N" if value is None else value.translate(_ESCAPED) for value in values]
	return (
		[value.translate(_ESCAPED) for value in values] if _SPECIAL.search("".join(values)) else list(values)
	)


def scratch(name: str, doctype: str, fields: Sequence[str], besides: str = "") -> str:
	"""An empty table of this connection alone with these columns of a DocType, `name` its key. Returns its name.

	besides: more columns, as SQL.
	"""
	frappe.db.sql(f"/* only for this connection */ DROP TEMPORARY TABLE IF EXISTS `{name}`")
	columns = ", ".join(f"`{field}`" for field in fields)
	more = f", {besides}" if besides else ""
	frappe.db.sql(
		f"/* only for this connection */ CREATE TEMPORARY TABLE `{name}` (PRIMARY KEY (name){more}) SELECT {columns} FROM `tab{doctype}` LIMIT 0"
	)
	return name


def update(
	table: str,
	new: str,
	changes: Sequence[str],
	span: tuple[str, str] | None = None,
	where: str = "TRUE",
	**values,
) -> None:
	"""Update the rows `k` of a table from those of a scratch table, `t`, of the same names. changes, where: as SQL, `values` their
	parameters. span: the first and the last name, where most names between them are among the new ones."""
	if span is None:
		statement = f"UPDATE `{new}` t STRAIGHT_JOIN `{table}` k ON k.name = t.name SET {', '.join(changes)} WHERE {where}"
	else:
		# Only the table that is read first is updated as it is read; else MariaDB puts all new values aside before.
		values |= {"first": span[0], "last": span[1]}
		statement = f"""UPDATE `{table}` k STRAIGHT_JOIN `{new}` t ON t.name = k.name SET {", ".join(changes)}
			WHERE k.name BETWEEN %(first)s AND %(last)s AND {where}"""
	frappe.db.sql(statement, values)


def new_name() -> str:
	"""A name that nobody else gives: the time in milliseconds, so that new rows lie together at the end of their table and
	not on a page each, and 60 random bits."""
	return f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)[:15]}"


def insert(
	doctype: str,
	fields: Sequence[str],
	rows: Iterable[Sequence[Any]],
	update: Sequence[str] = (),
	size: int = ROWS_AT_ONCE,
	touch: bool = True,
) -> int:
	"""Insert rows of a DocType, many with one statement. Returns how many are new.

	fields: of each row, `name` among them; creation, modified, owner and modified_by are added. update: the fields that a
	row takes over where a unique key says that it is there already; without any, such a row stays as it is. touch: such a row
	counts as modified now.
	"""
	stamp, user = now(), frappe.session.user
	head = ", ".join(f"`{field}`" for field in ("creation", "modified", "owner", "modified_by", *fields))
	one = "(" + ", ".join(["%s"] * (len(fields) + 4)) + ")"
	takes = (
		", ".join(f"`{field}` = VALUES(`{field}`)" for field in (*(("modified",) if touch else ()), *update))
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


def is_out_of_order(error: Exception) -> bool:
	"""Whether an error tells of the database as a whole (a full disk, a connection that is gone) and not of the statement."""
	return isinstance(error, pymysql.MySQLError) and bool(error.args) and error.args[0] in OUT_OF_ORDER
