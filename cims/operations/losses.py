"""What would be lost if the backup had to be restored now: the live site beside the restored one, row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import frappe

from cims.operations.server import Server, quoted

# Worth nothing after a restore: what is remembered of jobs, and our own log, besides the logs that Frappe itself clears.
BESIDES = (
	"Access Log",
	"Prepared Report",
	"Restore Drill",
	"Restore Drill Check",
	"Restore Drill Loss",
	"Scheduled Job Type",
)
# Comes with the apps, and again with each migration.
FROM_FILES = ("DocType", "Workspace")
COLUMNS = ("name", "creation", "modified")


@dataclass(frozen=True)
class Loss:
	"""Of one DocType: rows that the backup doesn't hold, that it holds as they were before a change, and that it would bring
	back although they were deleted. older: of those lost, how many are dated before the backup."""

	of: str
	lost: int
	changed: int
	deleted: int
	older: int


def since(server: Server, scratch: str, taken_on: datetime) -> list[Loss]:
	"""Compare the live site with the restored database, table by table; those with a difference, most lost first."""
	live = frappe.conf.db_name
	found = []
	for table in _tables(server, live):
		loss = _compared(server, live, scratch, table, taken_on)
		if loss.lost or loss.changed or loss.deleted:
			found.append(loss)
	return sorted(found, key=lambda loss: (-loss.lost, -loss.changed, loss.of))


def _tables(server: Server, database: str) -> list[str]:
	"""The tables of the site's DocTypes, without logs."""
	from_files = {df.options for name in FROM_FILES for df in frappe.get_meta(name).get_table_fields()}
	logs = frappe.get_hooks("default_log_clearing_doctypes")
	passed_over = {f"tab{name}" for name in (*BESIDES, *logs, *FROM_FILES, *from_files - {"Has Role"})}
	rows = server.sql(
		"""SELECT TABLE_NAME FROM information_schema.COLUMNS
		WHERE TABLE_SCHEMA = %s AND TABLE_NAME LIKE 'tab%%' AND COLUMN_NAME IN %s
		GROUP BY TABLE_NAME HAVING COUNT(*) = %s ORDER BY TABLE_NAME""",
		(database, COLUMNS, len(COLUMNS)),
	)
	return [table for (table,) in rows if table not in passed_over]


def _compared(server: Server, live: str, scratch: str, table: str, taken_on: datetime) -> Loss:
	here, there = (f"{quoted(database)}.{quoted(table)}" for database in (live, scratch))
	if not _exists(server, scratch, table):
		rows = server.sql(f"SELECT COUNT(*), COALESCE(SUM(creation <= %s), 0) FROM {here}", (taken_on,))
		return Loss(table[3:], int(rows[0][0]), 0, 0, int(rows[0][1]))
	row = server.sql(
		f"""SELECT SUM(s.name IS NULL), SUM(s.name IS NOT NULL AND NOT l.modified <=> s.modified),
			SUM(s.name IS NULL AND l.creation <= %s), COUNT(s.name) FROM {here} l LEFT JOIN {there} s ON s.name = l.name""",
		(taken_on,),
	)[0]
	lost, changed, older, kept = (int(value or 0) for value in row)
	restored = int(server.sql(f"SELECT COUNT(*) FROM {there}")[0][0])
	return Loss(table[3:], lost, changed, restored - kept, older)


def _exists(server: Server, database: str, table: str) -> bool:
	return bool(
		server.sql(
			"SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s",
			(database, table),
		)
	)


def rows(losses: Sequence[Loss]) -> int:
	return sum(loss.lost for loss in losses)
