"""A file as columns of text, with the row numbers that a spreadsheet shows (the header counts)."""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

# Text that stands to the right of the last header.
BEYOND = "beyond the last header"


def fold(text: str) -> str:
	"""A cell's text without case, width and the space around it."""
	return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip().lower()


class Cells(ABC):
	"""A file's headers and cells. headers: as they stand, stripped; header_row: the number of the row they are in."""

	path: Path
	headers: list[str]
	header_row: int

	@abstractmethod
	def columns(self, positions: dict[str, int], numeric: str | None = None) -> pd.DataFrame:
		"""The wanted columns as text under the names given, and BEYOND; row i is numbered header_row + 1 + i.

		numeric: a column that may come as floats instead of text where every one of its cells is a plain number.
		"""

	def rows(self, numbers: np.ndarray) -> Iterator[tuple[int, list[str]]]:
		"""(number, all cells) of the rows with these numbers."""
		wanted = set(np.asarray(numbers).tolist())
		for number, cells in enumerate(self.records(), 1):
			if number in wanted:
				yield number, cells

	@abstractmethod
	def records(self) -> Iterator[list[str]]:
		"""All rows of the file one after the other, from its first on."""
