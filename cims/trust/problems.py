"""What is wrong with a file: where, which code, and the figures that its sentence names.

A code is stable; the sentence is made, and translated, when it is shown (as with `reasons`).
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

TEXTS = {
	# The file as a whole.
	"not_found": "There is no file {path}. Check the name and the folder.",
	"not_readable": "The file {path} can't be opened: {why}.",
	"no_bytes": "The file is empty: it has 0 bytes. Export it again.",
	"no_header": "The file has no row with anything in it. The first row must name the columns.",
	"no_rows": "The file names its columns but has no rows below them.",
	"other_format": "This is {what}, not a CSV or XLSX file, whatever its name says. Export the data as CSV or XLSX.",
	"excel_named_otherwise": "This is an Excel workbook that is not named .xlsx. Rename it to .xlsx and try again.",
	"excel_locked": "This is an old Excel file (.xls) or a workbook with a password. Save it as .xlsx without a password.",
	"excel_broken": "The workbook can't be read ({why}). Open it in a spreadsheet program and save it again as .xlsx.",
	"excel_huge": "The workbook unpacks to more than {limit} MB. Save it as CSV and try again.",
	"no_sheet": "The workbook has no sheet {sheet}. Its sheets are: {sheets}.",
	"encoding_unknown": "Row {row} is neither UTF-8 nor GB18030 text. Save the file as UTF-8 and try again.",
	"encoding_mixed": "Row {row} is {one} text while other rows are {other}: the file mixes two encodings."
	" Save each part as UTF-8 and join them again.",
	"binary": "Row {row} holds a NUL character, so this is not a text file. Export the data as CSV or XLSX.",
	"quote_open": "A quotation mark opens in row {row} and never closes. Close it or remove it.",
	"csv_broken": "The file can't be split into columns ({why}).",
	"columns_missing": "Columns are missing: {missing}. The file has: {found}."
	" Say which header stands for which column, for example {example}.",
	"column_twice": "The header {header} stands twice, so that it is not clear which of the two is meant. Rename one.",
	"map_field": "There is no column {field} to map to. Columns are: {fields}.",
	"map_header": "The file has no header {header}. It has: {found}.",
	"date_order": "All dates fit both day/month/year and month/day/year (for example {value} in {column})."
	" Say which it is with the date format D/M/YYYY or M/D/YYYY.",
	"date_order_mixed": "Some dates in {column} fit only day/month/year and as many only month/day/year."
	" Say which it is with the date format D/M/YYYY or M/D/YYYY.",
	"date_two_digits": "The years in {column} have two digits (for example {value})."
	" Say the order with the date format, for example D/M/YY or M/D/YY.",
	"date_format": "The date format {value} is not understood. Write it with Y, M and D, for example D/M/YYYY.",
	"decimal_unclear": "The amounts in {column} can be read in two ways (for example {value}):"
	" say whether the decimal sign is a point or a comma.",
	# One row.
	"empty": "The cell is empty.",
	"too_many_cells": "The row has more cells than there are headers, from {value} on. Put cells that hold the"
	" delimiter in quotation marks.",
	"date_wrong": "{value} is no date. Dates in this column look like {form}.",
	"date_far": "{value} lies outside the years {first} to {last}.",
	"date_future": "{value} lies in the future (today is {today}).",
	"amount_wrong": "{value} is no amount.",
	"amount_negative": "{value} is below zero. Credit notes are no receivables: leave the row out and lower the amount"
	" of the invoice that it belongs to.",
	"amount_zero": "The amount is zero, so nothing is owed. Leave the row out.",
	"amount_currency": "{value} is not in {currency} like the other rows. Convert it or rate it in a file of its own.",
	"disputed_wrong": "{value} says neither yes nor no. Write Yes, No or leave the cell empty.",
	"settled_early": "Settled on {value}, before it was invoiced on {invoiced}.",
	"due_early": "Due on {value}, before it was invoiced on {invoiced}.",
	"duplicate": "Invoice {value} of this customer already stands in row {first}.",
	"rating_wrong": "{value} is no number.",
	"time_wrong": "{value} is neither a date nor a Unix time in seconds.",
}

WHERE = "Row {row}, {column}: {message}"
WHERE_ROW = "Row {row}: {message}"


@dataclass(frozen=True)
class Problem:
	"""row: as numbered in the file, the header being counted; None for the file as a whole. column: its header."""

	row: int | None
	column: str | None
	code: str
	figures: Mapping[str, object] = field(default_factory=dict)

	@property
	def value(self) -> str | None:
		"""The cell's text as it stands in the file."""
		return self.figures.get("value")

	def to_dict(self) -> dict:
		return {"row": self.row, "column": self.column, "code": self.code, "figures": dict(self.figures)}


class Unreadable(ValueError):
	"""Nothing of the file can be read; `problem` says why."""

	def __init__(self, code: str, *, row: int | None = None, column: str | None = None, **figures):
		where = {name: value for name, value in (("row", row), ("column", column)) if value}
		self.problem = Problem(row, column, code, where | figures)
		super().__init__(text(self.problem))


def message(problem: Problem, translate: Callable[[str], str] = str) -> str:
	"""What is wrong, as a sentence, without where. translate: English template to the reader's."""
	shown = {
		name: translate(value) if name == "what" else _shown(value) for name, value in problem.figures.items()
	}
	return translate(TEXTS[problem.code]).format(**shown)


def text(problem: Problem, translate: Callable[[str], str] = str) -> str:
	"""The problem as a sentence that begins with where it is."""
	said = message(problem, translate)
	if problem.row is None or "{row}" in TEXTS[problem.code]:
		return said
	where = WHERE if problem.column else WHERE_ROW
	return translate(where).format(row=_shown(problem.row), column=problem.column, message=said)


def _shown(value) -> str:
	if isinstance(value, int | np.integer):
		return f"{value:,}"
	words = str(value)
	return words if len(words) <= 200 else words[:200] + "…"


@dataclass(frozen=True)
class Block:
	"""Problems of one kind in one column: row numbers, and for each figure one value or one for each row."""

	rows: np.ndarray
	column: str | None
	code: str
	figures: Mapping[str, object] = field(default_factory=dict)

	def __len__(self) -> int:
		return len(self.rows)

	def problems(self) -> Iterator[Problem]:
		order = np.argsort(self.rows, kind="stable")
		for at in order:
			figures = {name: _at(value, at) for name, value in self.figures.items()}
			yield Problem(int(self.rows[at]), self.column, self.code, figures)


def _at(values, at):
	if not isinstance(values, np.ndarray | list):
		return values
	value = values[at]
	return value.item() if isinstance(value, np.generic) else value


class Problems:
	"""All problems of a file, by row; blocks of arrays, so that a million of them take no million objects."""

	def __init__(self, blocks=()):
		self.blocks = [block for block in blocks if len(block)]

	def __len__(self) -> int:
		return sum(map(len, self.blocks))

	def __iter__(self) -> Iterator[Problem]:
		return heapq.merge(*(block.problems() for block in self.blocks), key=lambda problem: problem.row)

	@property
	def rows(self) -> np.ndarray:
		"""The numbers of the rows that have a problem, ascending, each once."""
		return (
			np.unique(np.concatenate([block.rows for block in self.blocks]))
			if self.blocks
			else np.zeros(0, int)
		)
