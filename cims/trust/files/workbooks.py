"""Workbooks read row by row, however large: openpyxl, but for the texts of all cells, which it would keep in memory."""

import mmap
import tempfile
from array import array
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, iterparse

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS

ITEM, PLAIN = f"{{{SHEET_MAIN_NS}}}si", f"{{{SHEET_MAIN_NS}}}t"


class SharedStrings:
	"""The texts of a workbook's cells, by number, in a file of the moment: they may be millions."""

	def __init__(self, source: BinaryIO):
		self._ends = array("Q")
		self._file = tempfile.TemporaryFile()
		end = 0
		for text in _texts(source):
			end += self._file.write(text.encode("utf-8", "surrogatepass"))
			self._ends.append(end)
		self._file.flush()
		self._bytes = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if end else b""

	def __getitem__(self, number: int) -> str:
		start = self._ends[number - 1] if number else 0
		return self._bytes[start : self._ends[number]].decode("utf-8", "surrogatepass")

	def __len__(self) -> int:
		return len(self._ends)


def _texts(source: BinaryIO) -> Iterator[str]:
	events = iterparse(source, ("start", "end"))
	_start, root = next(events)
	for event, node in events:
		if event == "end" and node.tag == ITEM:
			yield _text(node)
			root.clear()


def _text(node: Element) -> str:
	plain = len(node) == 1 and node[0].tag == PLAIN
	text = (node[0].text or "") if plain else Text.from_tree(node).content
	return text.replace("x005F_", "")


class Reader(ExcelReader):
	"""strings: what an earlier reader of the same workbook has made of its texts."""

	def __init__(self, path, strings: SharedStrings | None = None):
		super().__init__(path, read_only=True, data_only=True)
		self.strings = strings

	def read_strings(self):
		part = self.package.find(SHARED_STRINGS)
		if part is not None and self.strings is None:
			with self.archive.open(part.PartName[1:]) as source:
				self.strings = SharedStrings(source)
		self.shared_strings = self.strings if self.strings is not None else []
