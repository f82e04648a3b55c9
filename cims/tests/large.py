"""Large tables for tests about the ways the database takes, gone with the test.

A temporary table has the name and the indexes of the real one and hides it: what Frappe asks is asked of it.
"""

from contextlib import contextmanager

import frappe

ROWS = 30_000
# One row in so many has the rare value of a field.
RARE = 1_000
VALUES = 40
DAYS = 1_500


def value(fieldname: str, at: int) -> str:
	"""The value that every `VALUES`th row has in a text field, by its number; 0 is the rare one. Nothing that LIKE reads
	as a pattern."""
	return f"{fieldname.replace('_', ' ')} {at}"


@contextmanager
def table(doctype: str, rows: int = ROWS):
	"""Inside of it the DocType's table is a large one; outside it is as it was. Nothing is committed."""
	name = f"tab{doctype}"
	columns = frappe.db.sql(f"SHOW COLUMNS FROM `{name}`", as_dict=True)
	fields = {df.fieldname: df for df in frappe.get_meta(doctype).fields}
	apart = _apart(name, {column.Field: column.Type for column in columns})
	terms = {column.Field: _term(column, fields.get(column.Field), apart) for column in columns}
	run = frappe.db._cursor.execute  # past Frappe's check for statements that commit: these don't
	run(f"CREATE TEMPORARY TABLE `large` LIKE `{name}`")
	run(f"ALTER TABLE `large` RENAME `{name}`")
	try:
		head = ", ".join(f"`{field}`" for field in terms)
		run(f"INSERT INTO `{name}` ({head}) SELECT {', '.join(terms.values())} FROM seq_1_to_{rows}")
		run(f"ANALYZE TABLE `{name}`")
		frappe.db._cursor.fetchall()
		yield
	finally:
		run(f"DROP TEMPORARY TABLE `{name}`")


def _apart(table: str, types: dict[str, str]) -> set[str]:
	"""For each unique key one column that no two rows share: a date where it has one, else the last text."""
	keys: dict[str, list[str]] = {}
	for row in frappe.db.sql(f"SHOW INDEX FROM `{table}` WHERE Non_unique = 0", as_dict=True):
		keys.setdefault(row.Key_name, []).append(row.Column_name)
	return {
		min(columns, key=lambda name: (types[name] != "date", "name" not in name))
		for columns in keys.values()
	}


def _term(column, df, apart: set[str]) -> str:
	"""SQL for the value of a column in row number `seq`."""
	kind, name = column.Type, column.Field
	mixed = f"CRC32(CONCAT('{name}', seq))"  # by chance, as it were: columns go neither with the rows nor with each other
	if name in apart and kind == "date":
		return "ADDDATE('1945-01-01', seq)"
	if name in apart:
		return "CONCAT('N', LPAD(seq, 8, '0'))"
	if name in ("creation", "modified"):
		return f"TIMESTAMPADD(SECOND, {mixed} % {DAYS * 86_400}, '2022-01-01')"
	if name == "docstatus":
		return "1"
	if kind == "date":
		return f"ADDDATE('2022-01-01', {mixed} % {DAYS})"
	if kind.startswith(("datetime", "time")):
		return "'2025-01-01'"
	if df is None:
		return "NULL" if kind.startswith(("varchar", "text", "longtext")) else "0"
	if df.fieldtype == "Check":
		return f"{mixed} % {RARE} = 0"
	if kind.startswith(("int", "decimal", "bigint", "tinyint")):
		return f"{mixed} % 1000"
	if df.fieldtype == "Select":
		options = [option for option in (df.options or "").split("\n") if option]
		listed = ", ".join(frappe.db.escape(option) for option in options)
		return f"ELT(1 + {mixed} % {len(options)}, {listed})" if options else "''"
	if kind.startswith("varchar"):
		rare, common = value(name, 0), value(name, 1)[:-1]
		return f"IF({mixed} % {RARE} = 0, '{rare}', CONCAT('{common}', 1 + {mixed} % {VALUES}))"
	return "NULL"


def rows_read(sql: str, values=()) -> int:
	"""How many rows the database looked at to answer."""

	def count() -> tuple[int, int]:
		rows = frappe.db.sql("SHOW SESSION STATUS LIKE 'Handler\\_read%'")
		return sum(int(row[1]) for row in rows), len(rows)

	before, own = count()
	frappe.db.sql(sql, values)
	# Showing the status reads rows of its own.
	return count()[0] - before - own
