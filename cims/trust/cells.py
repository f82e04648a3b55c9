"""CSV and XLSX files as columns of text, with the row numbers that a spreadsheet shows (the header counts).

What can't be read for certain is refused with the reason: other formats by their first bytes, unknown and mixed
encodings by row. CSV: UTF-8, UTF-16 with a byte order mark, GB18030; delimiter comma, semicolon or tab.
"""

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd

from cims.trust.problems import Unreadable

DELIMITERS = (",", ";", "\t")
# Text that stands to the right of the last header.
BEYOND = "beyond the last header"
CHUNK = 1 << 20
MOST_UNPACKED = 2 << 30

# First bytes of formats that people export or rename by mistake.
MAGIC = (
	(b"%PDF", "a PDF document"),
	(b"\x89PNG", "a PNG picture"),
	(b"\xff\xd8\xff", "a JPEG picture"),
	(b"GIF8", "a GIF picture"),
	(b"PK\x05\x06", "an empty ZIP archive"),
	(b"PK\x03\x04", "a ZIP archive"),
	(b"\x1f\x8b", "a GZIP archive"),
	(b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
	(b"Rar!", "a RAR archive"),
	(b"PAR1", "a Parquet file"),
	(b"SQLite format 3", "an SQLite database"),
	(b"{\\rtf", "an RTF document"),
)
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|svg)", re.IGNORECASE)


class Cells:
	"""A file's headers and cells. headers: as they stand, stripped; header_row: the number of the row they are in."""

	path: Path
	headers: list[str]
	header_row: int

	def columns(self, positions: dict[str, int], numeric: str | None = None) -> pd.DataFrame:
		"""The wanted columns as text under the names given, and BEYOND; row i is numbered header_row + 1 + i.

		numeric: a column that may come as floats instead of text where every one of its cells is a plain number.
		"""
		raise NotImplementedError

	def rows(self, numbers: np.ndarray) -> Iterator[tuple[int, list[str]]]:
		"""(number, all cells) of the rows with these numbers."""
		wanted = set(np.asarray(numbers).tolist())
		for number, cells in enumerate(self._records(), 1):
			if number in wanted:
				yield number, cells

	def records(self) -> Iterator[list[str]]:
		"""All rows of the file one after the other, from its first on."""
		return self._records()

	def _records(self) -> Iterator[list[str]]:
		raise NotImplementedError


def open_cells(path, sheet: str | None = None) -> Cells:
	"""The cells of a CSV or XLSX file. sheet: of a workbook, else its first one. Raises Unreadable."""
	path = Path(path)
	try:
		with path.open("rb") as file:
			start = file.read(4096)
	except FileNotFoundError:
		raise Unreadable("not_found", path=str(path)) from None
	except OSError as error:
		raise Unreadable("not_readable", path=str(path), why=error.strerror) from None
	if not start:
		raise Unreadable("no_bytes")
	if start.startswith(OLD_EXCEL):
		raise Unreadable("excel_locked")
	if _is_workbook(path, start):
		if path.suffix.lower() not in (".xlsx", ".xlsm"):
			raise Unreadable("excel_named_otherwise")
		return WorkbookCells(path, sheet)
	for magic, what in MAGIC:
		if start.startswith(magic):
			raise Unreadable("other_format", what=what)
	if MARKUP.match(start):
		raise Unreadable("other_format", what="a web page or XML document")
	return CsvCells(path)


def _is_workbook(path: Path, start: bytes) -> bool:
	if not start.startswith(b"PK\x03\x04"):
		return False
	try:
		with zipfile.ZipFile(path) as archive:
			return "xl/workbook.xml" in archive.namelist()
	except zipfile.BadZipFile:
		return False


class CsvCells(Cells):
	def __init__(self, path: Path):
		self.path = path
		self.encoding = encoding_of(path)
		self.delimiter, self.header_row, self.headers = self._find_header()

	def _find_header(self) -> tuple[str, int, list[str]]:
		best = None
		for delimiter in DELIMITERS:
			number, cells = self._first_row(delimiter, 0)
			if len(cells) == 1 and (hint := re.fullmatch(r"sep=(.)", cells[0])):
				delimiter = hint[1]
				return delimiter, *self._first_row(delimiter, number)
			if len(cells) == 2 and delimiter == "," and cells == ["sep=", ""]:
				return delimiter, *self._first_row(delimiter, number)
			if best is None or len(cells) > len(best[2]):
				best = delimiter, number, cells
		return best

	def _first_row(self, delimiter: str, after: int) -> tuple[int, list[str]]:
		for number, cells in enumerate(self._records(delimiter), 1):
			if number > after and any(cell.strip() for cell in cells):
				return number, [cell.strip() for cell in cells]
		raise Unreadable("no_header")

	def _records(self, delimiter: str | None = None) -> Iterator[list[str]]:
		with self.path.open(encoding=self.encoding, newline="") as file:
			try:
				yield from csv.reader(file, delimiter=delimiter or self.delimiter)
			except csv.Error as error:
				raise Unreadable("csv_broken", why=str(error)) from None

	def columns(self, positions: dict[str, int], numeric: str | None = None) -> pd.DataFrame:
		width = len(self.headers)
		text = dict.fromkeys(range(width + 1), str)
		usecols = [*positions.values(), width]
		try:
			frame = None
			if numeric is not None:
				try:
					frame = self._read(text | {positions[numeric]: float}, usecols)
				except ValueError as error:
					if isinstance(error, pd.errors.ParserError):
						raise
			if frame is None:
				frame = self._read(text, usecols)
		except pd.errors.ParserError as error:
			if found := re.search(r"EOF inside string starting at row (\d+)", str(error)):
				raise Unreadable("quote_open", row=self.header_row + int(found[1])) from None
			raise Unreadable("csv_broken", why=str(error).strip()) from None
		if not len(frame):
			raise Unreadable("no_rows")
		return pd.DataFrame(
			{name: frame[at] for name, at in (positions | {BEYOND: width}).items()}, copy=False
		)

	def _read(self, kinds: Mapping[int, type], usecols: list[int]) -> pd.DataFrame:
		with self.path.open(encoding=self.encoding, newline="") as file:
			skipped = csv.reader(file, delimiter=self.delimiter)
			for _ in range(self.header_row):
				next(skipped)
			return pd.read_csv(
				_Body(file, len(kinds), self.delimiter),
				sep=self.delimiter,
				names=list(kinds),
				header=0,
				usecols=usecols,
				dtype=kinds,
				index_col=False,
				na_filter=False,
				skip_blank_lines=False,
			)


class _Body:
	"""A CSV file from below its header on, under a header of so many numbers: one more than the file has columns, so
	that cells to the right of the last header are seen and not dropped."""

	def __init__(self, file, width: int, delimiter: str):
		self.file = file
		self.header = delimiter.join(map(str, range(width))) + "\n"

	def read(self, size: int = -1) -> str:
		header, self.header = self.header, ""
		return header or self.file.read(size)

	def __iter__(self):
		return self

	def __next__(self) -> str:
		header, self.header = self.header, ""
		return header or next(self.file)


class WorkbookCells(Cells):
	def __init__(self, path: Path, sheet: str | None):
		self.path = path
		with zipfile.ZipFile(path) as archive:
			if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
				raise Unreadable("excel_huge", limit=MOST_UNPACKED >> 20)
		self.sheet = sheet
		self._strings = None
		for number, cells in enumerate(self._records(), 1):
			if any(cells):
				self.header_row, self.headers = number, [cell.strip() for cell in cells]
				while self.headers and not self.headers[-1]:
					self.headers.pop()
				return
		raise Unreadable("no_header")

	def _records(self) -> Iterator[list[str]]:
		for values in self._values():
			yield [_cell_text(value) for value in values]

	def _values(self) -> Iterator[tuple]:
		from cims.trust.workbooks import Reader

		try:
			reader = Reader(self.path, self._strings)
			reader.read()
		except Exception as error:
			# openpyxl lets through whatever a damaged part makes its parsers raise.
			raise Unreadable("excel_broken", why=str(error) or type(error).__name__) from None
		book, self._strings = reader.wb, reader.strings
		try:
			names = [page.title for page in book.worksheets]
			if (self.sheet is not None and self.sheet not in names) or not names:
				raise Unreadable("no_sheet", sheet=self.sheet or "", sheets=", ".join(names))
			page = book[self.sheet or names[0]]
			# Some programs write a wrong extent; without it every cell is read.
			page.reset_dimensions()
			yield from page.iter_rows(values_only=True)
		finally:
			book.close()

	def columns(self, positions: dict[str, int], numeric: str | None = None) -> pd.DataFrame:
		width = len(self.headers)
		taken = {name: [] for name in positions}
		beyond = []
		for number, values in enumerate(self._values(), 1):
			if number <= self.header_row:
				continue
			for name, at in positions.items():
				taken[name].append(_cell_text(values[at]) if at < len(values) else "")
			beyond.append(next(filter(None, map(_cell_text, values[width:])), ""))
		if not beyond:
			raise Unreadable("no_rows")
		return pd.DataFrame(taken | {BEYOND: beyond}, dtype=object)


def _cell_text(value) -> str:
	"""A workbook's cell as text: days as YYYY-MM-DD, whole numbers without a point."""
	if value is None:
		return ""
	if isinstance(value, str):
		return value
	if isinstance(value, bool):
		return "Yes" if value else "No"
	if isinstance(value, datetime):
		return value.strftime("%Y-%m-%d") if value.year >= 1000 else value.isoformat()
	if isinstance(value, date | time):
		return value.isoformat()
	if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
		return str(int(value))
	return str(value)


def encoding_of(path: Path) -> str:
	"""The one encoding of the whole file: utf-8, utf-16 or gb18030. Raises Unreadable naming the row that is neither."""
	with path.open("rb") as file:
		start = file.read(4)
	if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
		_must_decode(path, "utf-16")
		return "utf-16"
	decoder = codecs.getincrementaldecoder("utf-8")()
	with path.open("rb") as file:
		rows = 1
		try:
			while chunk := file.read(CHUNK):
				if (at := chunk.find(0)) >= 0:
					raise Unreadable("binary", row=rows + chunk.count(b"\n", 0, at))
				decoder.decode(chunk)
				rows += chunk.count(b"\n")
			decoder.decode(b"", final=True)
		except UnicodeDecodeError:
			_must_be_chinese(path)
			return "gb18030"
	return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"


def _must_decode(path: Path, encoding: str) -> None:
	row = 1
	try:
		with path.open(encoding=encoding, newline="") as file:
			for row, line in enumerate(file, 1):
				if "\0" in line:
					raise Unreadable("binary", row=row)
	except UnicodeError:
		raise Unreadable("encoding_unknown", row=row + 1) from None


@dataclass
class _Votes:
	"""The first row that only one encoding explains, and how many there are."""

	first: int = 0
	count: int = 0

	def add(self, row: int) -> None:
		self.first = self.first or row
		self.count += 1


def _must_be_chinese(path: Path) -> None:
	"""Raises Unreadable unless every row is GB18030, is meant as such, and none is UTF-8."""
	utf8, gb = _Votes(), _Votes()
	sample = []
	with path.open("rb") as file:
		for row, line in enumerate(file, 1):
			if line.isascii():
				continue
			try:
				# By chance two bytes of GB18030 are UTF-8 too; three that make one character hardly ever are.
				if max(line.decode("utf-8")) >= "\u0800":
					utf8.add(row)
				continue
			except UnicodeDecodeError:
				pass
			try:
				words = line.decode("gb18030")
			except UnicodeDecodeError:
				raise Unreadable("encoding_unknown", row=row) from None
			gb.add(row)
			if len(sample) < 2000:
				sample.append("".join(sign for sign in words if sign > "\x7f"))
	signs = "".join(sample)
	# Western text in its old encodings passes for rare characters, Chinese text consists of common ones.
	if len(signs.encode("gb2312", "ignore")) < len(signs):
		raise Unreadable("encoding_unknown", row=gb.first)
	if utf8.count:
		few, many = (utf8, "UTF-8"), (gb, "GB18030")
		if utf8.count > gb.count:
			few, many = many, few
		raise Unreadable("encoding_mixed", row=few[0].first, one=few[1], other=many[1])
