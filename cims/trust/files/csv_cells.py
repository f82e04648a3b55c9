"""CSV files: UTF-8, UTF-16 with a byte order mark, GB18030; delimiter comma, semicolon or tab."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from cims.trust.files.cells import BEYOND, Cells
from cims.trust.files.encoding import encoding_of
from cims.trust.problems import Unreadable

DELIMITERS = (",", ";", "\t")


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
		for number, cells in enumerate(self.records(delimiter), 1):
			if number > after and any(cell.strip() for cell in cells):
				return number, [cell.strip() for cell in cells]
		raise Unreadable("no_header")

	def records(self, delimiter: str | None = None) -> Iterator[list[str]]:
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
