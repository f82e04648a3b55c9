"""XLSX workbooks, one sheet of them."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from cims.trust.files.cells import BEYOND, Cells
from cims.trust.problems import Unreadable

MOST_UNPACKED = 2 << 30


class WorkbookCells(Cells):
	def __init__(self, path: Path, sheet: str | None):
		self.path = path
		with zipfile.ZipFile(path) as archive:
			if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
				raise Unreadable("excel_huge", limit=MOST_UNPACKED >> 20)
		self.sheet = sheet
		self._strings = None
		for number, cells in enumerate(self.records(), 1):
			if any(cells):
				self.header_row, self.headers = number, [cell.strip() for cell in cells]
				while self.headers and not self.headers[-1]:
					self.headers.pop()
				return
		raise Unreadable("no_header")

	def records(self) -> Iterator[list[str]]:
		for values in self._values():
			yield [_cell_text(value) for value in values]

	def _values(self) -> Iterator[tuple]:
		from cims.trust.files.workbooks import Reader

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
