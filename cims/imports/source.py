"""A file read as a stream: rows in chunks, however many there are. A workbook is written out as CSV first, once."""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from cims.trust.files.csv_cells import CsvCells
from cims.trust.files.opening import open_cells
from cims.trust.files.workbook_cells import WorkbookCells
from cims.trust.problems import Unreadable
from cims.trust.words import FORMULA_STARTS

# Read after the end of a file: where a quotation mark was never closed, it becomes part of the last cell.
END = "\ue000end of file\ue000"


@dataclass
class Chunk:
	"""Rows that stand together in the file. numbers: theirs, the header being counted; rows: cells as text, each as many
	as there are headers; beyond: position in `rows` -> the first text to the right of the last header."""

	numbers: list[int] = field(default_factory=list)
	rows: list[list[str]] = field(default_factory=list)
	beyond: dict[int, str] = field(default_factory=dict)

	def __len__(self) -> int:
		return len(self.rows)

	def column(self, at: int) -> list[str]:
		"""The cells of one column, without the space around them."""
		return [row[at].strip() for row in self.rows]


class Source:
	"""A CSV or XLSX file. headers: as they stand, stripped; header_row: the number of their row. Raises Unreadable.

	`close` it when done: a workbook's rows lie in a file of their own meanwhile.
	"""

	def __init__(self, path: str | Path):
		cells = open_cells(path)
		self.headers: Sequence[str] = cells.headers
		self.header_row: int = cells.header_row
		self._spool = None
		self._cells = self._spooled(cells) if isinstance(cells, WorkbookCells) else cells

	def _spooled(self, cells: WorkbookCells) -> CsvCells:
		self._spool = tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv")
		csv.writer(self._spool).writerows(cells.records())
		self._spool.flush()
		found = object.__new__(CsvCells)
		found.path, found.encoding, found.delimiter = Path(self._spool.name), "utf-8", ","
		return found

	def close(self) -> None:
		if self._spool:
			self._spool.close()

	def chunks(self, size: int, together: Sequence[int] = ()) -> Iterator[Chunk]:
		"""The rows that have anything in them, so many at a time.

		together: columns; neighbours that have the same in all of them come in one chunk.
		"""
		width = len(self.headers)
		records = self._records()
		while part := list(islice(records, size)):
			records = _with_neighbours(part, records, together, size)
			chunk = Chunk()
			for number, row in part:
				text = "".join(row)
				if not text or text.isspace():
					continue
				if len(row) != width:
					if beyond := next(filter(None, row[width:]), ""):
						chunk.beyond[len(chunk)] = beyond
					row = (row + [""] * (width - len(row)))[:width]
				if "'" in text:
					row = [_without_guard(cell) for cell in row]
				chunk.numbers.append(number)
				chunk.rows.append(row)
			if len(chunk):
				yield chunk

	def _records(self) -> Iterator[tuple[int, list[str]]]:
		"""(number, cells) of the rows below the header."""
		cells, number = self._cells, 0
		with cells.path.open(encoding=cells.encoding, newline="") as file:
			try:
				rows = enumerate(csv.reader(chain(file, (END,)), delimiter=cells.delimiter), 1)
				last = next(rows)
				for this in rows:
					number = last[0]
					if number > self.header_row:
						yield last
					last = this
			except csv.Error as error:
				if "field larger than field limit" in str(error):
					raise Unreadable("quote_open", row=number + 1) from None
				raise Unreadable("csv_broken", why=str(error)) from None
			if last[1] != [END]:
				raise Unreadable("quote_open", row=last[0])


def _with_neighbours(part: list, records: Iterator, together: Sequence[int], most: int) -> Iterator:
	"""Move what belongs to the last of `part` from the coming records to it, `most` of them. Returns the other records."""
	if together:
		key = _key(part[-1][1], together)
		for record in islice(records, most):
			if _key(record[1], together) != key:
				return chain([record], records)
			part.append(record)
	return records


def _key(row: list[str], together: Sequence[int]) -> list[str]:
	return [row[at].strip() if at < len(row) else "" for at in together]


def _without_guard(cell: str) -> str:
	"""A cell without the apostrophe that keeps spreadsheet programs from taking it for a formula."""
	return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA_STARTS else cell
