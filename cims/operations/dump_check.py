"""Restoring a dump, and the dump beside what was restored of it."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from frappe import _

from cims.operations import dumps
from cims.operations.dumps import Dump
from cims.operations.restored import FAILED, PASSED, WARNING, Finding
from cims.operations.scratch import Scratch, ScratchError

# Tables that a sentence names.
NAMED = 5


def restored(scratch: Scratch, database: Path) -> Dump:
	"""Restore a dump, and read meanwhile what it holds."""
	with ThreadPoolExecutor(1) as pool:
		reading = pool.submit(dumps.of_file, database)
		try:
			scratch.run("restore", source=str(database))
		except ScratchError as error:
			# Where the file itself is damaged, that is the reason.
			_readable(reading, database)
			raise ScratchError(_("The backup {0} can't be restored: {1}").format(database.name, error))
		return _readable(reading, database)


def _readable(reading: Future, database: Path) -> Dump:
	try:
		return reading.result()
	except dumps.DumpError as error:
		raise dumps.DumpError(
			_("The backup {0} is damaged: {1}. Make a new one, and look at the disk that it lies on.").format(
				database.name, str(error).removeprefix(f"gzip: {database}: ")
			)
		)


def compared(dump: Dump, again: Dump) -> list[Finding]:
	"""The dump beside the restored database, dumped again: the same tables with the same rows."""
	rows = _same_rows(dump, again)
	return [rows, _same_contents(dump, again)] if rows.outcome == PASSED else [rows]


def _same_rows(dump: Dump, again: Dump) -> Finding:
	check = _("Rows")
	other = [
		f"{table} ({dump.rows_of(table):,} → {again.rows_of(table):,})"
		for table in sorted({*dump.tables, *again.tables})
		if dump.rows_of(table) != again.rows_of(table) or (table in dump.tables) != (table in again.tables)
	]
	if other:
		said = _("{0} tables have other rows than the dump: {1}")
		return Finding(check, FAILED, said.format(len(other), ", ".join(other[:NAMED])))
	said = _("All {0} rows of the dump's {1} tables were restored.")
	return Finding(check, PASSED, said.format(f"{dump.rows:,}", len(dump.tables)))


def _same_contents(dump: Dump, again: Dump) -> Finding:
	"""Of dumps with the same tables."""
	check = _("Contents")
	if dump.program != again.program:
		said = _("Not compared byte for byte: the dump was written by {0}, this machine has {1}.")
		return Finding(check, WARNING, said.format(dump.program, again.program))
	other = sorted(table for table, tally in dump.tables.items() if tally != again.tables[table])
	if other:
		said = _("{0} tables have other contents than the dump: {1}")
		return Finding(check, FAILED, said.format(len(other), ", ".join(other[:NAMED])))
	return Finding(check, PASSED, _("Each table, dumped again, has the dump's rows byte for byte."))
