"""The tables of the search index: raw InnoDB tables, for a DocType's row would cost more than what it holds.

cims_search_text: what is searched of each customer, once. Its id says where it is filed: segment and slot, or, from
RECENT on, that it isn't filed yet and has to be read. cims_search_posting: for each segment and key (see `grams`) the
slots of the customers that may have it; those that have changed or gone since are still named there, and their ids are
no longer in cims_search_text. cims_search_segment: which segments there are.

The customer is the primary key, so that giving one a new id locks no other's row.
"""

import tempfile
from collections.abc import Iterable, Sequence

import frappe

from cims.ratings.sql import chunks

# The ids of customers that no segment holds: UUID_SHORT() is above this, and each of its numbers comes once.
RECENT = 1 << 56
COLLATION = "COLLATE utf8mb4_bin"
TABLES = {
	"cims_search_text": f"""
		customer VARCHAR(140) NOT NULL PRIMARY KEY,
		id BIGINT UNSIGNED NOT NULL,
		manager VARCHAR(140) NOT NULL DEFAULT '',
		text TEXT {COLLATION} NOT NULL,
		UNIQUE KEY id (id)""",
	"cims_search_posting": """
		segment INT UNSIGNED NOT NULL,
		gram BIGINT UNSIGNED NOT NULL,
		slots BLOB NOT NULL,
		PRIMARY KEY (segment, gram)""",
	"cims_search_segment": """
		segment INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
		customers INT UNSIGNED NOT NULL""",
}
FIELD, LINE = "\x1f", "\x1e"
ROWS_AT_ONCE = 2000


def create() -> None:
	"""Make the tables that aren't there yet. Ends the transaction, as every change of tables does."""
	for table, columns in TABLES.items():
		frappe.db.sql_ddl(
			f"CREATE TABLE IF NOT EXISTS `{table}` ({columns}) ENGINE=InnoDB ROW_FORMAT=DYNAMIC"
			" DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
		)


def drop() -> None:
	for table in TABLES:
		frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `{table}`")


def exist() -> bool:
	return bool(frappe.db.sql("SHOW TABLES LIKE 'cims_search_text'"))


def load(table: str, columns: Sequence[str], rows: Iterable[Sequence], binary: str | None = None) -> None:
	"""Write rows, in the order of the key, with LOAD DATA, or with statements where the site doesn't allow it. A row takes
	the place of one with the same keys.

	rows: texts without control characters other than line breaks, and numbers. binary: a column that comes in hex.
	"""
	if not frappe.conf.local_infile:
		_insert(table, columns, rows, binary)
		return
	given = ", ".join("@hex" if column == binary else f"`{column}`" for column in columns)
	taken = f"SET `{binary}` = UNHEX(@hex)" if binary else ""
	with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="") as file:
		file.writelines(FIELD.join(map(str, row)) + LINE for row in rows)
		file.flush()
		frappe.db.sql(
			f"LOAD DATA LOCAL INFILE %s REPLACE INTO TABLE `{table}` CHARACTER SET utf8mb4"
			f" FIELDS TERMINATED BY '{FIELD}' ESCAPED BY '' LINES TERMINATED BY '{LINE}' ({given}) {taken}",
			[file.name],
		)


def _insert(table: str, columns: Sequence[str], rows: Iterable[Sequence], binary: str | None) -> None:
	one = "(" + ", ".join("UNHEX(%s)" if column == binary else "%s" for column in columns) + ")"
	head = ", ".join(f"`{column}`" for column in columns)
	for part in chunks(rows, ROWS_AT_ONCE):
		frappe.db.sql(
			f"REPLACE INTO `{table}` ({head}) VALUES {', '.join([one] * len(part))}",
			[value for row in part for value in row],
		)
