"""Receivables out of a CSV or XLSX file, and everything that is wrong with it by row and column.

`read` is the one way in, for the command line and for the site's import. It never guesses: what can be read in two
ways is refused as a whole, what is wrong in one row is a problem of that row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
import pandas as pd

from cims.trust.calendar import NEVER, Calendar, to_date, to_day
from cims.trust.evidence import Receivables
from cims.trust.files.amounts import AmountColumn, AmountForms, plainly_read
from cims.trust.files.cells import BEYOND, Cells, fold
from cims.trust.files.dates import OPEN_WORDS, WRONG, DateColumn, DateFormat, DateForms, settle_order
from cims.trust.files.headers import DATES, find_columns
from cims.trust.files.opening import open_cells
from cims.trust.problems import Block, Problems, Unreadable

FIRST_YEAR, LAST_YEAR = 1950, 2100
YES = frozenset(("yes", "y", "true", "t", "1", "x", "是", "有", "真", "有争议", "争议"))
NO = frozenset(("no", "n", "false", "f", "0", "", "否", "无", "假", "没有", "无争议", "-"))

SPACE = " \t\r\u00a0\u3000"


@dataclass(frozen=True)
class Table:
	"""Receivables in columns. customers: their names; customer: positions among them; row: numbers in the file;
	days since 1970, settled NEVER while open."""

	customers: Sequence[str]
	row: np.ndarray
	customer: np.ndarray
	invoice: np.ndarray
	invoiced: np.ndarray
	due: np.ndarray
	amount: np.ndarray
	settled: np.ndarray
	disputed: np.ndarray

	def __len__(self) -> int:
		return len(self.row)

	@property
	def last_day(self) -> int:
		"""The latest day on which something is known to have happened: invoiced or settled."""
		return int(max(self.invoiced.max(), self.settled.max(where=self.settled < NEVER, initial=-NEVER)))

	@property
	def years(self) -> range:
		"""The calendar years that the dates lie in, one more at the end for due dates that roll."""
		settled = self.settled.max(where=self.settled < NEVER, initial=self.due.max())
		return range(to_date(self.invoiced.min()).year, to_date(max(self.due.max(), settled)).year + 2)

	def where(self, keep: np.ndarray) -> "Table":
		"""The rows that `keep` (a mask) names, and the customers that these have."""
		columns = {f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name != "customers"}
		codes, first = np.unique(columns["customer"], return_inverse=True)
		columns["customer"] = first
		return Table(customers=[self.customers[code] for code in codes], **columns)

	def receivables(self, calendar: Calendar, grouped: bool = False) -> Receivables:
		"""The engine's columns; due dates roll to business days of the calendar.

		grouped: each customer's together instead of the file's order; the engine finds neighbours faster than strangers.
		"""
		order = slice(None)
		if grouped:
			# Sorting is several times faster for small integers.
			small = np.min_scalar_type(len(self.customers))
			order = np.argsort(self.customer.astype(small), kind="stable")
		columns = (self.customer, self.invoiced, self.due, self.amount, self.settled)
		return Receivables.build(
			*(column[order] for column in columns), calendar, disputed=self.disputed[order]
		)


def read(
	path,
	*,
	mapping: Mapping[str, str] | None = None,
	date_format: str | None = None,
	decimal: str | None = None,
	today: date | None = None,
	sheet: str | None = None,
) -> tuple[Table, Problems]:
	"""The good rows of a file of receivables, and the problems of the others.

	mapping: field -> header, for headers that are not recognised; date_format: such as D/M/YYYY, or strptime's;
	decimal: "." or ","; today: no invoice and no settlement may be dated later. Raises Unreadable where nothing can
	be read for certain.
	"""
	cells = open_cells(path, sheet)
	positions = find_columns(cells.headers, mapping or {})
	return _Reading(cells, positions, date_format, decimal, today or date.today()).result()


@dataclass(frozen=True)
class Forms:
	"""How the cells of a file that is read in parts are written, told from all of them: dates by column, and amounts."""

	dates: Mapping[str, DateForms]
	amounts: AmountForms

	@classmethod
	def of(cls, headers: Mapping[str, str]) -> "Forms":
		"""headers: field -> header."""
		dates = {field: DateForms(headers[field]) for field in headers if field in DATES}
		return cls(dates, AmountForms(headers["amount"]))

	def add(self, columns: Mapping[str, np.ndarray]) -> None:
		"""A part's columns of dates and amounts."""
		for field, forms in self.dates.items():
			forms.add(columns[field])
		self.amounts.add(columns["amount"])

	def settle(self, date_format: str | None = None) -> None:
		"""All parts are known. date_format: as the person says. Raises Unreadable for what can be read in two ways."""
		if not date_format:
			settle_order(self.dates.values())
		self.amounts.settle()


class Part(Cells):
	"""Some rows of a file as cells of their own. rows: as many cells each as there are headers."""

	def __init__(
		self,
		headers: Sequence[str],
		numbers: Sequence[int],
		rows: Sequence[Sequence[str]],
		beyond: Mapping[int, str],
	):
		self.headers, self.header_row = list(headers), 0
		self.numbers, self.cells, self.beyond = np.array(numbers), rows, beyond

	def columns(self, positions: dict[str, int], numeric: str | None = None) -> pd.DataFrame:
		frame = {name: [row[at] for row in self.cells] for name, at in positions.items()}
		frame[BEYOND] = [self.beyond.get(at, "") for at in range(len(self.cells))]
		return pd.DataFrame(frame, dtype=object)

	def records(self) -> Iterator[Sequence[str]]:
		return iter(self.cells)


def read_part(
	part: Part, positions: dict[str, int], forms: Forms, date_format: str | None, today: date
) -> tuple[Table, Problems]:
	"""The good rows of a part of a file, and the problems of the others. An invoice that stands twice is found here only
	where both of its rows are in this part."""
	return _Reading(part, positions, date_format, None, today, forms).result()


class _Reading:
	"""One file on its way to a table: each step takes a column and leaves its problems."""

	def __init__(
		self,
		cells: Cells,
		positions: dict[str, int],
		date_format,
		decimal,
		today: date,
		forms: Forms | None = None,
	):
		self.headers = {field: cells.headers[at] for field, at in positions.items()}
		self.forms = forms
		self.frame = cells.columns(positions, numeric=None if decimal else "amount")
		if self.frame["amount"].dtype == float and not plainly_read(self.frame["amount"].to_numpy()):
			self.frame = cells.columns(positions)
		self.row = cells.numbers if forms else np.arange(len(self.frame)) + cells.header_row + 1
		self.date_format = DateFormat(date_format) if date_format else None
		self.decimal, self.today = decimal, today
		self.blocks: list[Block] = []
		self._drop_blank_rows()

	def _drop_blank_rows(self) -> None:
		if self.frame["amount"].dtype == float:
			return
		blank = np.ones(len(self.frame), dtype=bool)
		for field in self.frame:
			if not blank.any():
				return
			column = self.frame[field].to_numpy(dtype=object)
			at = np.flatnonzero(blank)
			blank[at] = [not text.strip() for text in column[at]]
		self.frame, self.row = self.frame[~blank], self.row[~blank]
		if not len(self.frame):
			raise Unreadable("no_rows")

	def result(self) -> tuple[Table, Problems]:
		self._check_width()
		customers, customer = self._customers()
		columns = self._dates()
		columns["amount"] = self._amounts()
		columns["disputed"] = self._disputed()
		columns["invoice"] = self._invoices(customer, columns)
		self._check_order(columns)
		self._check_future(columns)
		table = Table(
			customers=customers, row=self.row, customer=customer, invoice=columns["invoice"],
			invoiced=columns["invoice_date"], due=columns["due_date"], amount=columns["amount"],
			settled=columns["settled_date"], disputed=columns["disputed"],
		)  # fmt: skip
		problems = Problems(self.blocks)
		if len(problems):
			table = table.where(~np.isin(self.row, problems.rows))
		return table, problems

	def _report(self, field: str | None, code: str, at: np.ndarray, **figures) -> None:
		if len(at):
			self.blocks.append(Block(self.row[at], self.headers.get(field), code, figures))

	def _take(self, field: str) -> np.ndarray:
		"""The column's texts; the frame lets go of them."""
		return self.frame.pop(field).to_numpy(dtype=object)

	def _check_width(self) -> None:
		beyond = self._take(BEYOND)
		at = np.flatnonzero(beyond != "")
		self._report(None, "too_many_cells", at, value=beyond[at])

	def _customers(self) -> tuple[list[str], np.ndarray]:
		codes, names = pd.factorize(self._take("customer"))
		names = [name.strip() for name in names]
		if len(set(names)) < len(names):
			merged, names = pd.factorize(np.array(names, dtype=object))
			codes, names = merged[codes], list(names)
		if "" in names:
			self._report("customer", "empty", np.flatnonzero(codes == names.index("")))
		return names, codes.astype(np.int64)

	def _invoices(self, customer: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
		invoice = self._take("invoice")
		joined = "\n".join(("", *invoice, ""))
		if any(pair in joined for sign in SPACE for pair in (f"\n{sign}", f"{sign}\n")):
			invoice = np.array([text.strip() for text in invoice], dtype=object)
		codes, names = pd.factorize(invoice)
		blank = np.flatnonzero(invoice == "")
		self._report("invoice", "empty", blank)
		if len(names) < len(invoice):
			pair = pd.Series(customer * len(names) + codes)
			again = np.flatnonzero(pair.duplicated().to_numpy() & (invoice != ""))
			if len(again):
				first = pd.Series(np.arange(len(pair))).groupby(pair.to_numpy()).first()
				rows = self.row[first.loc[pair.to_numpy()[again]].to_numpy()]
				self._report("invoice", "duplicate", again, value=invoice[again], first=rows)
		return invoice

	def _dates(self) -> dict[str, np.ndarray]:
		if self.forms:
			columns = {field: self.forms.dates[field].settled(self._take(field)) for field in DATES}
		else:
			columns = {field: DateColumn(self.headers[field], self._take(field)) for field in DATES}
			if self.date_format is None:
				settle_order(columns.values())
		days = {}
		for field, column in columns.items():
			found, form = column.days(self.date_format)
			words = OPEN_WORDS if field == "settled_date" else ("",)
			blank = np.array([text in words for text in column.lower], dtype=bool)
			found[blank] = NEVER
			far = (found != WRONG) & ~blank
			far &= (found < to_day(date(FIRST_YEAR, 1, 1))) | (found > to_day(date(LAST_YEAR, 12, 31)))
			codes, texts = column.codes, column.texts
			if field != "settled_date":
				self._report(field, "empty", np.flatnonzero(blank[codes]))
			wrong = np.flatnonzero((found == WRONG)[codes])
			self._report(field, "date_wrong", wrong, value=texts[codes[wrong]], form=form)
			outside = np.flatnonzero(far[codes])
			years = {"first": str(FIRST_YEAR), "last": str(LAST_YEAR)}
			self._report(field, "date_far", outside, value=texts[codes[outside]], **years)
			found[far] = WRONG
			days[field] = found[codes]
		return days

	def _amounts(self) -> np.ndarray:
		column = self.frame.pop("amount")
		if column.dtype == float:
			amounts = column.to_numpy()
		else:
			texts = column.to_numpy(dtype=object)
			known = self.forms and self.forms.amounts
			reading = AmountColumn(self.headers["amount"], texts, self.decimal, known)
			amounts = reading.amounts
			self._report("amount", "empty", np.flatnonzero(reading.blank))
			wrong = np.flatnonzero(reading.wrong)
			self._report("amount", "amount_wrong", wrong, value=texts[wrong])
			other = np.flatnonzero(reading.other_currency)
			self._report("amount", "amount_currency", other, value=texts[other], currency=reading.currency)
			below = np.flatnonzero(amounts < 0)
			self._report("amount", "amount_negative", below, value=texts[below])
			self._report("amount", "amount_zero", np.flatnonzero(amounts == 0))
		return amounts

	def _disputed(self) -> np.ndarray:
		if "disputed" not in self.frame:
			return np.zeros(len(self.row), dtype=bool)
		codes, texts = pd.factorize(self._take("disputed"))
		words = [fold(text) for text in texts]
		wrong = np.flatnonzero(np.array([word not in YES and word not in NO for word in words])[codes])
		self._report("disputed", "disputed_wrong", wrong, value=texts[codes[wrong]])
		return np.array([word in YES for word in words])[codes]

	def _check_order(self, columns: Mapping[str, np.ndarray]) -> None:
		invoiced = columns["invoice_date"]
		for field, code in (("due_date", "due_early"), ("settled_date", "settled_early")):
			days = columns[field]
			early = np.flatnonzero((days < invoiced) & (days != WRONG) & (invoiced != NEVER))
			self._report(field, code, early, value=_days(days[early]), invoiced=_days(invoiced[early]))

	def _check_future(self, columns: Mapping[str, np.ndarray]) -> None:
		for field in ("invoice_date", "settled_date"):
			days = columns[field]
			ahead = np.flatnonzero((days > to_day(self.today)) & (days < NEVER))
			self._report(field, "date_future", ahead, value=_days(days[ahead]), today=self.today.isoformat())


def _days(days: np.ndarray) -> list[str]:
	return [to_date(day).isoformat() for day in days]
