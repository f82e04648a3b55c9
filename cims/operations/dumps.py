"""What a dump of a database holds: of each table how many rows, and a sum over all of them that no order changes.

Two dumps with the same tallies hold the same rows, byte for byte. Dumps are read as they stream, in bounded memory, at some
hundred thousand rows a second.
"""

import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import IO

import frappe
from frappe import _
from frappe.database import get_command

INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` (?:\([^)]*\) )?VALUES\s*(.*)", re.DOTALL)
TABLE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)` ")
# Outside of its strings a row has no brackets.
ROW = re.compile(rb"\((?:[^'()]|'(?:[^'\\]|\\.|'')*')*\)", re.DOTALL)
PROGRAM = re.compile(rb"^-- (?:MariaDB|MySQL) dump .*")
END = b"-- Dump completed"
BYTES = 8
MODULO = 1 << (8 * BYTES)


class DumpError(frappe.ValidationError):
	"""A dump that can't be read to its end."""


@dataclass
class Tally:
	"""rows: of a table. content: the sum of the hashes of all of them."""

	rows: int = 0
	content: int = 0

	def add(self, row: bytes) -> None:
		self.rows += 1
		digest = blake2b(row, digest_size=BYTES).digest()
		self.content = (self.content + int.from_bytes(digest, "little")) % MODULO


@dataclass
class Dump:
	"""tables: the tally of each. complete: whether the dump ends as it should. program: what has written it."""

	tables: dict[str, Tally] = field(default_factory=dict)
	complete: bool = False
	program: str = ""

	@property
	def rows(self) -> int:
		return sum(tally.rows for tally in self.tables.values())

	def table(self, quoted: bytes) -> Tally:
		"""The tally of a table, called as it stands between its quotes."""
		return self.tables.setdefault(quoted.replace(b"``", b"`").decode(), Tally())

	def rows_of(self, table: str) -> int:
		return self.tables[table].rows if table in self.tables else 0


def read(lines: Iterable[bytes]) -> Dump:
	"""Tally a dump as mariadb-dump and mysqldump write it: a row on each line, or all of a statement's rows on one."""
	dump, tally = Dump(), Tally()
	for line in lines:
		if line.startswith(b"("):
			tally.add(line.rstrip(b",;\n"))
		elif line.startswith(b"INSERT INTO "):
			table, rows = INSERT.fullmatch(line).groups()
			tally = dump.table(table)
			for row in ROW.findall(rows):
				tally.add(row)
		elif found := TABLE.match(line):
			dump.table(found[1])
		elif line.startswith(END):
			dump.complete = True
		elif not dump.program and (found := PROGRAM.match(line)):
			dump.program = found[0].decode(errors="replace").removeprefix("-- ")
	return dump


def of_file(path: Path) -> Dump:
	"""Tally a compressed dump. Raises DumpError where the file is damaged."""
	with _output(["gzip", "-cd", str(path)]) as lines:
		return read(lines)


def of_database(name: str, user: str, password: str) -> Dump:
	"""Tally what Frappe's own command for backups makes of a database on the site's server."""
	conf = frappe.conf
	program, arguments, called = get_command(
		host=conf.db_host, port=conf.db_port, user=user, password=password, db_name=name, dump=True
	)
	if not program:
		raise DumpError(_("The program {0} isn't installed.").format(called))
	with _output([program, *arguments]) as lines:
		return read(lines)


@contextmanager
def _output(command: list[str]) -> Iterator[IO[bytes]]:
	"""The lines that a program writes. Raises DumpError with what it says unless it succeeds."""
	with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
		yield running.stdout
		said = running.stderr.read().decode(errors="replace").strip()
	if running.returncode:
		raise DumpError(said.splitlines()[-1] if said else shlex.quote(command[0]))
