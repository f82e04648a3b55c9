"""What every import has in common: fields that columns are mapped to, and a plan of what becomes of each row."""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import frappe
from frappe import _
from frappe.model.naming import parse_naming_series
from frappe.query_builder import DocType
from frappe.utils import strip_html

from cims.imports.lanes import STRICT, check_fast
from cims.imports.outcome import Batch, Tally
from cims.imports.source import Chunk
from cims.trust.files.cells import Cells
from cims.trust.files.headers import plain
from cims.trust.files.opening import open_cells
from cims.trust.problems import Problem, Unreadable, text


@dataclass(frozen=True)
class Field:
	"""A field that a column of the file can stand for. label and help: English, translated when shown.

	headers: what its column is called in files, as `headers.plain` writes it, best first. example: for the template.
	"""

	name: str
	label: str
	required: bool = False
	help: str = ""
	headers: tuple[str, ...] = ()
	example: str = ""


class Importer(ABC):
	"""One import of one file. The job calls, in this order: check_permission, open, survey for every chunk of the file, and
	ready; then for every chunk read, match, weigh and judge, and unless it is a dry run write, derive and gather; at the end
	close.

	read, weigh, derive and gather are called while the database is busy with other chunks, so they ask the database nothing. match
	may be called for some chunks before those in front of them are written.
	"""

	fields: tuple[Field, ...] = ()
	# What it writes; lists of these are told when it is done.
	doctypes: tuple[str, ...] = ()
	# A function of the import's name that works out what follows from its rows, once they are committed.
	follow_up: str | None = None
	rows_at_once = 5000
	# Columns, by their place: neighbours that have the same in all of them are judged together.
	together: tuple[int, ...] = ()

	def __init__(self, doc, path: str):
		self.doc = doc
		self.path = path
		self.writes = False

	@property
	def strict(self) -> bool:
		"""Whether every row is a document of its own, through the framework."""
		return self.doc.lane == STRICT

	def check_permission(self) -> None:
		"""Raises PermissionError unless the user may write what this import writes, ValidationError where the fast lane would
		pass by what others have attached to it."""
		self.check_rights()
		if not self.strict:
			check_fast(self.doctypes)

	@abstractmethod
	def check_rights(self) -> None:
		"""Raises PermissionError unless the user has the rights to these documents."""

	def open(self, headers: Sequence[str], writes: bool) -> None:
		"""Begin with a file of these headers. writes: whether it is more than a dry run."""
		self.headers = list(headers)
		self.writes = writes
		self.chosen = self.mapping(headers)
		self.at = {name: self.headers.index(header) for name, header in self.chosen.items()}

	def survey(self, chunk: Chunk) -> None:
		"""What has to be known of all rows before the first one is judged."""

	def ready(self) -> None:
		"""After the survey; here names are reserved."""

	@abstractmethod
	def read(self, chunk: Chunk) -> Batch:
		"""The rows of a chunk, with what can be told of them without the database."""

	def match(self, batch: Batch) -> None:
		"""Ask the database all that can be asked at once for the rows. Reads only."""

	def weigh(self, batch: Batch) -> None:
		"""What follows from the answers."""

	@abstractmethod
	def judge(self, batch: Batch) -> None:
		"""What becomes of each row. Reads only."""

	def pass_by(self, batch: Batch) -> None:
		"""Rows that an earlier run has written: only what may not come twice in the file is noted."""

	@abstractmethod
	def shown(self, batch: Batch, at: int) -> dict[str, str]:
		"""What a person is shown of a row, label -> text."""

	@abstractmethod
	def write(self, batch: Batch) -> None:
		"""Write the rows that are new or updated, in the caller's transaction."""

	def derive(self, batch: Batch) -> None:
		"""Work out what belongs to rows that were written."""

	def gather(self, everything: bool) -> Callable[[], None] | None:
		"""What writes, in the caller's transaction, all that was worked out; None while it isn't worth it, unless it is
		`everything` there will be."""

	def customers_made(self, tally: Tally) -> None:
		"""Note which customers were made along the way, or would be."""

	def close(self) -> None:
		"""At the end, also after a failure: give back what was reserved and not used."""

	def mapping(self, headers: Sequence[str]) -> dict[str, str]:
		"""Field -> header: as the person chose, else as guessed. Raises Unreadable for columns that are missing."""
		chosen = json.loads(self.doc.mapping or "{}")
		found = chosen or guess(self.fields, headers)
		for header in found.values():
			if header and header not in headers:
				raise Unreadable("map_header", header=header, found=", ".join(filter(None, headers)))
		# In the file's order, which is the one that the person knows.
		named = [(name, header) for name, header in found.items() if header]
		found = dict(sorted(named, key=lambda pair: headers.index(pair[1])))
		labels = {f.name: _(f.label) for f in self.fields}
		for header, times in Counter(found.values()).items():
			if times > 1:
				names = ", ".join(labels[name] for name, other in found.items() if other == header)
				frappe.throw(
					_("The column {0} stands for several fields: {1}. Choose one column for each.").format(
						header, names
					)
				)
		missing = [labels[f.name] for f in self.fields if f.required and f.name not in found]
		if missing:
			frappe.throw(
				_("The file lacks columns for: {0}. It has: {1}. Choose the columns under Columns.").format(
					", ".join(missing), ", ".join(filter(None, headers))
				)
			)
		return found


def guess(fields: Sequence[Field], headers: Sequence[str]) -> dict[str, str]:
	"""Field -> the header that is called like it; fields without one are left out."""
	known = {}
	for header in headers:
		known.setdefault(plain(header), header)
	found = {}
	for f in fields:
		for name in names_of(f):
			if name in known and known[name] not in found.values():
				found[f.name] = known[name]
				break
	return found


def names_of(f: Field) -> list[str]:
	"""What the column of a field may be called: its name, its label in English, Chinese and the user's language, more."""
	labels = (f.name, f.label, _(f.label, "zh"), _(f.label))
	return list(dict.fromkeys([*map(plain, labels), *f.headers]))


def sentence(problem: Problem) -> str:
	"""What is wrong with the file as a whole, in the user's language."""
	return text(problem, _)


def in_cell(column: str | None, why: str) -> str:
	"""What is wrong with a row, after the column that it is about. Where the row is known, its number isn't repeated."""
	return _("{0}: {1}").format(column, why) if column else why


def said_by(error: Exception) -> str:
	"""What an error of the documents says to the person who imports."""
	said = strip_html(str(error)).strip()
	if said and not isinstance(error, frappe.MandatoryError):
		return said
	# Some only name fields, or nothing; what they say in words they leave as messages.
	messages = [strip_html(message.get("message") or "").strip() for message in frappe.get_message_log()]
	return " ".join(filter(None, messages)) or said or _("You aren't allowed to do this.")


def columns(importer: Importer) -> dict:
	"""What the form shows of a file before it is planned. Raises Unreadable.

	{"columns": [{"header", "samples"}], "fields": [{"name", "label", "required", "help"}], "mapping": {field: header}}
	"""
	cells = open_cells(importer.path)
	shown = _first_rows(cells, 3)
	return {
		"columns": [
			{"header": header, "samples": [row[at] for row in shown if at < len(row)]}
			for at, header in enumerate(cells.headers)
			if header
		],
		"fields": [
			{"name": f.name, "label": _(f.label), "required": f.required, "help": _(f.help) if f.help else ""}
			for f in importer.fields
		],
		"mapping": json.loads(importer.doc.mapping or "{}") or guess(importer.fields, cells.headers),
	}


def _first_rows(cells: Cells, count: int) -> list[list[str]]:
	wanted = range(cells.header_row + 1, cells.header_row + 1 + count)
	return [row for _number, row in islice(cells.rows(wanted), count)]


def insert(doc, name: str | None = None):
	"""Insert a document under a reserved name, whose links the plan has looked up, with their titles.

	No open page is told of it: the job tells them once, of all.
	"""
	doc.flags.update(notify_update=False, ignore_links=True)
	return doc.insert(set_name=name)


class Names:
	"""Names of a naming series, taken in one block, so that nobody waits for the counter while rows are written.

	series: None where the site names these documents in another way; then `take` gives nothing.
	"""

	def __init__(self, doctype: str, series: str | None, count: int):
		self.doctype = doctype
		self.prefix, self.digits, self.next, self.last = "", 0, 1, 0
		if count and series and "#" in series and not _has_naming_rule(doctype):
			parse_naming_series(series, doctype, number_generator=self._note)
			self.next = _advance(self.prefix, count)
			self.last = self.next + count - 1

	def _note(self, prefix: str, digits: int) -> str:
		self.prefix, self.digits = prefix, digits
		return ""

	def __len__(self) -> int:
		return self.last - self.next + 1

	def take(self, count: int = 1) -> list[str]:
		"""The next names, none of which a document has. Nothing where the series doesn't name these documents."""
		names = []
		while len(names) < count and self.digits:
			if not len(self):
				# Somebody else's names stood in the block.
				self.next = _advance(self.prefix, count - len(names))
				self.last = self.next + count - len(names) - 1
			part = range(self.next, min(self.next + count - len(names), self.last + 1))
			self.next = part.stop
			wanted = [f"{self.prefix}{number:0{self.digits}d}" for number in part]
			taken = set(frappe.get_all(self.doctype, {"name": ("in", wanted)}, pluck="name", limit=0))
			names += [name for name in wanted if name not in taken]
		return names

	def give_back(self) -> None:
		"""What wasn't used, unless somebody has taken the numbers behind it meanwhile."""
		if len(self):
			series = DocType("Series")
			(
				frappe.qb.update(series)
				.set(series.current, self.next - 1)
				.where((series.name == self.prefix) & (series.current == self.last))
				.run()
			)
			self.last = self.next - 1


def _has_naming_rule(doctype: str) -> bool:
	return bool(frappe.db.exists("Document Naming Rule", {"document_type": doctype, "disabled": 0}))


def _advance(prefix: str, count: int) -> int:
	"""Move the counter of a series by `count`. Returns the first number of these."""
	series = DocType("Series")
	current = frappe.qb.from_(series).select(series.current).where(series.name == prefix).for_update().run()
	if current:
		frappe.qb.update(series).set(series.current, series.current + count).where(
			series.name == prefix
		).run()
	else:
		frappe.qb.into(series).columns(series.name, series.current).insert(prefix, count).run()
	return (current[0][0] or 0) + 1 if current else 1
