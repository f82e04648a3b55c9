"""Rows on their way into the database: new documents straight into their table, everything else by way of temporary tables
of this connection.

The temporary tables are InnoDB's, which fills indexes of text ten times faster than Aria and keeps its temporary rows in a file of its
own: files in the machine's folder for temporary ones are deleted by any other MariaDB that starts there.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence

import frappe
from frappe import _

from cims.ratings import sql

# What LOAD DATA would take for the end of a cell or a row.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
ROWS_AT_ONCE = 1000


def create(table: str, columns: str) -> None:
	"""An empty table of this connection. columns: their definitions."""
	# Not through frappe.db.sql, which takes every CREATE for the end of the transaction; this one is not.
	run(f"CREATE OR REPLACE TEMPORARY TABLE `{table}` ({columns}) ENGINE=InnoDB COLLATE utf8mb4_unicode_ci")


def create_like(table: str, other: str, columns: Sequence[str]) -> None:
	"""An empty table of this connection with some of another one's columns."""
	chosen = ", ".join(f"`{column}`" for column in columns)
	run(f"CREATE OR REPLACE TEMPORARY TABLE `{table}` ENGINE=InnoDB SELECT {chosen} FROM `{other}` LIMIT 0")


def drop(table: str) -> None:
	run(f"DROP TEMPORARY TABLE IF EXISTS `{table}`")


def run(statement: str, values: Sequence | dict | None = None) -> int:
	"""Run a statement. Returns how many rows it took."""
	if not frappe.db._conn:
		frappe.db.connect()
	frappe.db._cursor.execute(statement, values)
	return frappe.db._cursor.rowcount


def rows(query: str, values: Sequence | dict | None = None) -> Sequence[tuple]:
	run(query, values)
	return frappe.db._cursor.fetchall()


def may_load() -> bool:
	"""Whether both ends allow LOAD DATA LOCAL."""
	return bool(frappe.conf.local_infile) and bool(frappe.db.sql("SELECT @@local_infile")[0][0])


def load(
	table: str, names: Sequence[str], columns: Sequence[Sequence], same: Mapping[str, object] | None = None
) -> int:
	"""Load rows, given as columns of text and numbers (None for nothing), into a table. Returns how many.

	same: what all of the rows have besides. With LOAD DATA LOCAL where the server takes it, else with INSERTs of many rows.
	"""
	count = len(columns[0])
	if not count:
		return 0
	if may_load():
		_load_file(table, names, columns, count, same or {})
	else:
		_insert(table, names, columns, same or {})
	return count


def _load_file(
	table: str, names: Sequence[str], columns: Sequence[Sequence], count: int, same: Mapping[str, object]
) -> None:
	head = ", ".join(f"`{name}`" for name in names)
	sets = "SET " + ", ".join(f"`{name}` = %s" for name in same) if same else ""
	with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".tsv") as file:
		file.writelines("\t".join(row) + "\n" for row in zip(*map(_texts, columns), strict=True))
		file.flush()
		loaded = run(
			f"LOAD DATA LOCAL INFILE %s INTO TABLE `{table}` CHARACTER SET utf8mb4"
			f" LINES TERMINATED BY '\\n' ({head}) {sets}",
			(file.name, *same.values()),
		)
	# LOCAL turns what is wrong into warnings: a row that is left out, a text that is cut off.
	warnings = frappe.db._conn.show_warnings()
	if loaded != count or warnings:
		said = "; ".join(str(warning[2]) for warning in warnings[:3])
		raise frappe.ValidationError(
			_("The database took {0} of {1} rows as they are ({2}).").format(loaded, count, said)
		)


def _texts(column: Sequence) -> Iterable[str]:
	texts = ["\\N" if value is None else value if type(value) is str else str(value) for value in column]
	joined = "".join(texts)
	if not any(sign in joined for sign in "\t\n\r\0") and joined.count("\\") == column.count(None):
		return texts
	return ["\\N" if value is None else str(value).translate(ESCAPES) for value in column]


def _insert(
	table: str, names: Sequence[str], columns: Sequence[Sequence], same: Mapping[str, object]
) -> None:
	head = ", ".join(f"`{name}`" for name in (*names, *same))
	one = "(" + ", ".join(["%s"] * (len(names) + len(same))) + ")"
	for part in sql.chunks(zip(*columns, strict=True), ROWS_AT_ONCE):
		run(
			f"INSERT INTO `{table}` ({head}) VALUES {', '.join([one] * len(part))}",
			[value for row in part for value in (*row, *same.values())],
		)
