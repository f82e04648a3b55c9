"""The one encoding of a text file. Unknown and mixed ones are refused, with the row that shows it."""

import codecs
from dataclasses import dataclass
from pathlib import Path

from cims.trust.problems import Unreadable

CHUNK = 1 << 20


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
