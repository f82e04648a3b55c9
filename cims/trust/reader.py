"""Receivables out of a CSV or XLSX file, and everything that is wrong with it by row and column.

`read` is the one way in, for the command line and for the site's import. It never guesses: what can be read in two
ways is refused as a whole, what is wrong in one row is a problem of that row.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime

import numpy as np
import pandas as pd

from cims.trust.calendar import NEVER, Calendar, to_date, to_day
from cims.trust.cells import BEYOND, Cells, open_cells
from cims.trust.evidence import Receivables
from cims.trust.problems import Block, Problems, Unreadable

# Field -> headers by which it is known, best first, as `plain` writes them.
HEADERS = {
	"customer": (
		"customer", "customerid", "customerno", "customernumber", "customercode", "custnumber", "custid", "customername",
		"namecustomer", "client", "clientid", "clientno", "clientname", "account", "accountid", "accountno", "debtor",
		"debtorid", "debtorno", "debtorname", "buyer", "buyername", "billto", "party", "company",
		"客户", "客户编号", "客户编码", "客户代码", "客户号", "客户id", "客户名称", "客户名", "往来单位", "往来单位名称",
		"购方名称", "购买方名称", "购货单位", "付款方", "付款单位", "单位名称", "公司名称",
	),
	"invoice": (
		"invoice", "invoicenumber", "invoiceno", "invoiceid", "invoicenum", "invoicename", "invoicereference", "bill",
		"billno", "billnumber", "documentnumber", "documentno", "docno", "docid", "voucherno", "vouchernumber",
		"reference", "referenceno", "orderno", "ordernumber", "orderid",
		"发票号", "发票号码", "发票编号", "发票", "单号", "单据号", "单据编号", "单据号码", "账单号", "凭证号", "凭证编号",
		"订单号", "订单编号", "销售单号",
	),
	"invoice_date": (
		"invoicedate", "dateofinvoice", "invoicedon", "issuedate", "issuedon", "issued", "billingdate", "billdate",
		"documentdate", "documentcreatedate", "docdate", "postingdate", "voucherdate", "date",
		"开票日期", "开票日", "发票日期", "单据日期", "账单日期", "出账日期", "过账日期", "记账日期", "凭证日期", "日期",
	),
	"due_date": (
		"duedate", "due", "dueon", "dateofdue", "duedatecurrent", "dueindate", "paymentdue", "paymentduedate",
		"netduedate", "maturity", "maturitydate",
		"到期日", "到期日期", "应收日期", "应付日期", "应收款日期", "应付款日期", "付款到期日", "收款到期日", "付款期限",
		"收款期限",
	),
	"amount": (
		"amount", "invoiceamount", "invoicetotal", "invoicevalue", "totalamount", "grandtotal", "total", "billamount",
		"documentamount", "grossamount", "totalopenamount", "value",
		"金额", "发票金额", "应收金额", "含税金额", "价税合计", "总金额", "合计金额", "合计", "单据金额", "账单金额",
		"应收账款",
	),
	"settled_date": (
		"settleddate", "settlementdate", "settledon", "settled", "paiddate", "datepaid", "paidon", "paymentdate",
		"dateofpayment", "cleardate", "cleareddate", "clearingdate", "clearedon", "closeddate", "closedon",
		"receiptdate", "receiveddate",
		"结清日期", "结清日", "结清时间", "付款日期", "付款日", "收款日期", "收款日", "回款日期", "回款日", "清账日期", "到账日期",
		"实际付款日期", "实际收款日期", "实际回款日期", "核销日期",
	),
	"disputed": (
		"disputed", "dispute", "indispute", "isdisputed", "disputeflag",
		"争议", "有争议", "是否争议", "是否有争议", "有无争议", "争议标志",
	),
}  # fmt: skip
FIELDS = tuple(HEADERS)
REQUIRED = ("customer", "invoice", "invoice_date", "due_date", "amount", "settled_date")
DATES = ("invoice_date", "due_date", "settled_date")

FIRST_YEAR, LAST_YEAR = 1950, 2100
# What people write into the settlement date of what is open.
OPEN_WORDS = frozenset(
	(
		"", "-", "--", "—", "——", "/", "null", "none", "nan", "nat", "n/a", "na", "open", "unpaid", "not paid",
		"0000-00-00", "未付", "未付款", "未结清", "未回款", "未收", "未收款", "无",
	)
)  # fmt: skip
YES = frozenset(("yes", "y", "true", "t", "1", "x", "是", "有", "真", "有争议", "争议"))
NO = frozenset(("no", "n", "false", "f", "0", "", "否", "无", "假", "没有", "无争议", "-"))

SPACE = " \t\r\u00a0\u3000"
WRONG = np.iinfo(np.int64).min


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

	dates: Mapping[str, "DateForms"]
	amounts: "AmountForms"

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


def read_part(
	part: Part, positions: dict[str, int], forms: Forms, date_format: str | None, today: date
) -> tuple[Table, Problems]:
	"""The good rows of a part of a file, and the problems of the others. An invoice that stands twice is found here only
	where both of its rows are in this part."""
	return _Reading(part, positions, date_format, None, today, forms).result()


def plain(header: str) -> str:
	"""A header without case, spaces, marks, and remarks in brackets, as `HEADERS` has them."""
	words = unicodedata.normalize("NFKC", header).casefold()
	words = re.sub(r"[(\[【].*?[)\]】]", "", words)
	return re.sub(r"[\W_]+", "", words)


def find_columns(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
	"""Field -> position of its header. Raises Unreadable for what is missing, with what there is and how to say it."""
	found = {field: _mapped(field, header, headers) for field, header in mapping.items()}
	known = [plain(header) for header in headers]
	taken = set(found.values())
	for field, names in HEADERS.items():
		if field in found:
			continue
		for name in names:
			at = [
				position for position, header in enumerate(known) if header == name and position not in taken
			]
			if len(at) > 1:
				raise Unreadable("column_twice", header=headers[at[0]])
			if at:
				found[field] = at[0]
				taken.add(at[0])
				break
	missing = [field for field in REQUIRED if field not in found]
	if missing:
		example = ",".join(f"{field}=HEADER" for field in missing)
		raise Unreadable(
			"columns_missing", missing=", ".join(missing), found=_listed(headers), example=f"--map {example}"
		)
	return {field: found[field] for field in FIELDS if field in found}


def _mapped(field: str, header: str, headers: Sequence[str]) -> int:
	if field not in HEADERS:
		raise Unreadable("map_field", field=field, fields=", ".join(FIELDS))
	for same in (lambda one: one == header, lambda one: plain(one) == plain(header)):
		at = [position for position, one in enumerate(headers) if same(one)]
		if len(at) > 1:
			raise Unreadable("column_twice", header=header)
		if at:
			return at[0]
	raise Unreadable("map_header", header=header, found=_listed(headers))


def _listed(headers: Sequence[str]) -> str:
	return ", ".join(header for header in headers if header)


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
		words = [_fold(text) for text in texts]
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


def plainly_read(amounts: np.ndarray) -> bool:
	"""Whether amounts that were read as plain numbers show by themselves that their points are decimal signs.

	1.250 could be thousands; 1250.50 could not.
	"""
	if not (np.isfinite(amounts).all() and (amounts > 0).all()):
		return False
	if np.abs(amounts * 100 - np.rint(amounts * 100)).max(initial=0) > 1e-4:
		return False
	large = amounts[np.abs(amounts) >= 1000]
	broken = large != np.rint(large)
	return bool(broken.any() or (len(large) and (amounts == np.rint(amounts)).all()))


def _days(days: np.ndarray) -> list[str]:
	return [to_date(day).isoformat() for day in days]


def _fold(text: str) -> str:
	return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip().lower()


TIME = r"(?:[ T]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AP]M|上午|下午)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
YEAR_FIRST = re.compile(
	rf"(\d{{4}})\s?[-/.年]\s?(\d{{1,2}})\s?[-/.月]\s?(\d{{1,2}})\s?日?{TIME}", re.IGNORECASE
)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
YEAR_LAST = re.compile(rf"(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){TIME}", re.IGNORECASE)
DAY_NAMED = re.compile(rf"(\d{{1,2}})[-. ]+([A-Z]{{3,9}})[-., ]+(\d{{4}}){TIME}", re.IGNORECASE)
MONTH_NAMED = re.compile(rf"([A-Z]{{3,9}})\.?\s+(\d{{1,2}}),?\s+(\d{{4}}){TIME}", re.IGNORECASE)
SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
MONTHS = {
	name: number
	for number, long in enumerate(
		"january february march april may june july august september october november december".split(), 1
	)
	for name in (long, long[:3], long[:4])
}
# The day that a workbook counts as 0.
WORKBOOK_EPOCH = to_day(date(1899, 12, 30))

# Forms of dates, and how a person writes them.
ISO, SLASHED, DOTTED, SHORT, NAMED, COUNTED = "iso", "slashed", "dotted", "short", "named", "counted"
FORMS = {
	ISO: "YYYY-MM-DD", DOTTED: "D.M.YYYY", SHORT: "D/M/YY", NAMED: "D Mon YYYY", COUNTED: "45292",
	(SLASHED, True): "D/M/YYYY", (SLASHED, False): "M/D/YYYY",
}  # fmt: skip


class DateColumn:
	"""The different texts of one column of dates, and the form that most of its rows have."""

	def __init__(self, header: str, column: np.ndarray):
		self.header = header
		self.codes, self.texts = pd.factorize(column)
		self.lower = [_fold(text) for text in self.texts]
		rows = np.bincount(self.codes, minlength=len(self.texts))
		self.parsed = [_parse(text) for text in self.lower]
		self.votes: dict[str, int] = {}
		# Rows that only one of the two orders explains: (day first, month first).
		self.evidence = [0, 0]
		for (form, *parts), count in zip(self.parsed, rows, strict=True):
			if form:
				self.votes[form] = self.votes.get(form, 0) + int(count)
			if form == SLASHED:
				first, second = parts[0] > 12, parts[1] > 12
				self.evidence[0] += int(count) * (first and not second)
				self.evidence[1] += int(count) * (second and not first)
		self.form = max(self.votes, key=self.votes.get) if self.votes else ISO
		self.day_first: bool | None = None

	def example(self) -> str:
		return self.example_of(self.form)

	def example_of(self, form: str) -> str:
		return next(text for text, (other, *_) in zip(self.texts, self.parsed, strict=True) if other == form)

	def days(self, wanted: "DateFormat | None") -> tuple[np.ndarray, str]:
		"""(days of the different texts, WRONG where there is none; the form that was expected)."""
		if wanted:
			return np.array([wanted.day(text) for text in self.lower], dtype=np.int64), wanted.text
		found = [WRONG if form != self.form else self._day(*parts) for form, *parts in self.parsed]
		form = FORMS[(SLASHED, self.day_first) if self.form == SLASHED else self.form]
		return np.array(found, dtype=np.int64), form

	def _day(self, *parts: int) -> int:
		if self.form == COUNTED:
			return WORKBOOK_EPOCH + parts[0]
		if self.form == SLASHED and not self.day_first:
			parts = parts[1], parts[0], parts[2]
		return _day_of(*parts)


class DateForms:
	"""The form of a column of dates that comes in parts: all of them are added, then `settle_order` decides, then each part
	is read by what was decided (`settled`)."""

	def __init__(self, header: str):
		self.header = header
		self.votes: dict[str, int] = {}
		self.evidence = [0, 0]
		self.examples: dict[str, str] = {}
		self.form, self.day_first = ISO, None

	def add(self, part: np.ndarray) -> None:
		column = DateColumn(self.header, part)
		for form, count in column.votes.items():
			self.votes[form] = self.votes.get(form, 0) + count
			self.examples.setdefault(form, column.example_of(form))
		self.evidence = [one + other for one, other in zip(self.evidence, column.evidence, strict=True)]
		self.form = max(self.votes, key=self.votes.get) if self.votes else ISO

	def example(self) -> str:
		return self.examples[self.form]

	def settled(self, part: np.ndarray) -> DateColumn:
		"""A part of the column, to be read as the whole of it is."""
		column = DateColumn(self.header, part)
		column.form, column.day_first = self.form, self.day_first
		return column


def settle_order(columns) -> None:
	"""Decide between D/M/Y and M/D/Y: by each column's own dates, else by the other columns', else not at all.

	Raises Unreadable for what can be read in two ways.
	"""
	columns = list(columns)
	for column in columns:
		if column.form == SHORT:
			raise Unreadable("date_two_digits", column=column.header, value=column.example())
	slashed = [column for column in columns if column.form == SLASHED]
	for column in slashed:
		day_first, month_first = column.evidence
		if day_first != month_first:
			column.day_first = day_first > month_first
	known = {column.day_first for column in slashed} - {None}
	for column in slashed:
		if column.day_first is None:
			if any(column.evidence):
				raise Unreadable("date_order_mixed", column=column.header)
			if len(known) != 1:
				raise Unreadable("date_order", column=column.header, value=column.example())
			column.day_first = next(iter(known))


def _parse(text: str) -> tuple:
	"""(form, day, month, year) of a text in lower case; (None,) if it has no form of a date."""
	if found := YEAR_FIRST.fullmatch(text) or COMPACT.fullmatch(text):
		return ISO, int(found[3]), int(found[2]), int(found[1])
	if found := YEAR_LAST.fullmatch(text):
		form = SHORT if len(found[4]) == 2 else DOTTED if found[2] == "." else SLASHED
		return form, int(found[1]), int(found[3]), int(found[4])
	if (found := DAY_NAMED.fullmatch(text)) and found[2] in MONTHS:
		return NAMED, int(found[1]), MONTHS[found[2]], int(found[3])
	if (found := MONTH_NAMED.fullmatch(text)) and found[1] in MONTHS:
		return NAMED, int(found[2]), MONTHS[found[1]], int(found[3])
	if found := SERIAL.fullmatch(text):
		return COUNTED, int(found[1])
	return (None,)


def _day_of(day: int, month: int, year: int) -> int:
	try:
		return to_day(date(year, month, day))
	except ValueError:
		return WRONG


class DateFormat:
	"""A date format that a person names: with Y, M and D (D/M/YYYY, DD.MM.YY, D MMM YYYY), or as strptime has it."""

	TOKENS = (
		("yyyy", r"(?P<y>\d{4})"), ("yy", r"(?P<s>\d{2})"), ("y", r"(?P<y>\d{4})"), ("mmm", r"(?P<n>[a-z]{3,9})"),
		("mm", r"(?P<m>\d{1,2})"), ("m", r"(?P<m>\d{1,2})"), ("dd", r"(?P<d>\d{1,2})"), ("d", r"(?P<d>\d{1,2})"),
	)  # fmt: skip

	def __init__(self, text: str):
		self.text = text
		if "%" in text:
			self.pattern = None
			some_day = datetime(2011, 12, 23)
			try:
				clear = datetime.strptime(some_day.strftime(text), text) == some_day
			except ValueError:
				clear = False
			if not clear:
				raise Unreadable("date_format", value=text)
			return
		pattern, rest = "", text.strip().lower()
		while rest:
			for token, part in self.TOKENS:
				if rest.startswith(token):
					pattern, rest = pattern + part, rest[len(token) :]
					break
			else:
				pattern, rest = pattern + re.escape(rest[0]), rest[1:]
		try:
			self.pattern = re.compile(pattern + TIME, re.IGNORECASE)
		except re.error:
			raise Unreadable("date_format", value=text) from None
		groups = set(self.pattern.groupindex)
		if not ({"d"} < groups and groups & {"m", "n"} and groups & {"y", "s"}):
			raise Unreadable("date_format", value=text)

	def day(self, text: str) -> int:
		"""The day of a text in lower case, WRONG where there is none. Year first is clear in itself."""
		if self.pattern is None:
			try:
				return to_day(datetime.strptime(text, self.text).date())
			except ValueError:
				return self._iso(text)
		if not (found := self.pattern.fullmatch(text)):
			return self._iso(text)
		parts = found.groupdict()
		month = MONTHS.get(parts["n"], 0) if parts.get("n") else int(parts["m"])
		year = int(parts["y"]) if parts.get("y") else _century(int(parts["s"]))
		return _day_of(int(parts["d"]), month, year)

	@staticmethod
	def _iso(text: str) -> int:
		form, *parts = _parse(text)
		return _day_of(*parts) if form == ISO else WRONG


def _century(year: int) -> int:
	return year + (2000 if year < 70 else 1900)


CURRENCIES = {"cny": "CNY", "rmb": "CNY", "¥": "CNY", "元": "CNY", "圆": "CNY", "人民币": "CNY", "usd": "USD", "us$": "USD",
	"$": "USD", "eur": "EUR", "€": "EUR", "gbp": "GBP", "£": "GBP", "hkd": "HKD", "hk$": "HKD", "jpy": "JPY", "円": "JPY",
	"chf": "CHF", "twd": "TWD", "nt$": "TWD", "inr": "INR", "₹": "INR"}  # fmt: skip
CURRENCY = re.compile("|".join(sorted(map(re.escape, CURRENCIES), key=len, reverse=True)))
PLAIN = re.compile(r"\d+(?:[.]\d*)?|[.]\d+")
# What may stand between thousands besides the comma and the point.
SPACES = re.compile(r"(?<=\d)[\s'’_](?=\d{3})")
MINUS = str.maketrans("−–—﹣", "----")


class AmountForms:
	"""How a column of amounts is written, from all of its parts: `add` them, then `settle`."""

	def __init__(self, header: str):
		self.header = header
		self.votes = {".": 0, ",": 0}
		self.unclear: str | None = None
		self.currencies: dict[str, int] = {}
		self.decimal = "."

	def add(self, texts: np.ndarray) -> None:
		codes, different = pd.factorize(texts)
		self.count(
			different, [_shape(text) for text in different], np.bincount(codes, minlength=len(different))
		)

	def count(self, texts, shapes: Sequence[tuple], rows: np.ndarray) -> None:
		"""Different texts, what each looks like, and in how many rows it stands."""
		for text, (number, _negative, currency), count in zip(texts, shapes, rows, strict=True):
			sign, certain = decimal_sign(number)
			if certain:
				self.votes[sign] += int(count)
			elif sign:
				# 1.234: thousands for some, thousandths for others. 1,234 is thousands for nearly everybody.
				self.unclear = self.unclear or (text if sign == "." else None)
			if currency:
				self.currencies[currency] = self.currencies.get(currency, 0) + int(count)

	def settle(self) -> None:
		"""Raises Unreadable where the amounts can be read in two ways."""
		votes = self.votes
		if votes["."] == votes[","] and (votes["."] or self.unclear is not None):
			raise Unreadable("decimal_unclear", column=self.header, value=self.unclear or self.header)
		self.decimal = "," if votes[","] > votes["."] else "."

	@property
	def currency(self) -> str | None:
		"""The currency of most rows that name one."""
		return max(self.currencies, key=self.currencies.get) if self.currencies else None


class AmountColumn:
	"""One column of amounts: the numbers (NaN where there is none), and for each row what keeps it from being one.

	decimal: as the person says; forms: of the whole file, where this is a part of it.
	"""

	def __init__(self, header: str, texts: np.ndarray, decimal: str | None, forms: AmountForms | None = None):
		self.amounts = np.full(len(texts), np.nan)
		codes, different = pd.factorize(texts)
		shapes = [_shape(text) for text in different]
		if not forms:
			forms = AmountForms(header)
			forms.count(different, shapes, np.bincount(codes, minlength=len(different)))
			if not decimal:
				forms.settle()
		decimal = decimal or forms.decimal
		numbers = np.array(
			[_number(digits, negative, decimal) for digits, negative, _ in shapes], dtype=float
		)
		self.amounts = numbers[codes]
		self.blank = np.array([not text.strip() for text in different], dtype=bool)[codes]
		self.wrong = np.isnan(self.amounts) & ~self.blank
		self.currency = forms.currency
		other = np.array([name is not None and name != self.currency for *_, name in shapes], dtype=bool)
		self.other_currency = other[codes] & ~self.wrong


def decimal_sign(number: str) -> tuple[str | None, bool]:
	"""(the decimal sign that a number shows or may show, whether that is certain)."""
	points, commas = number.count("."), number.count(",")
	if points and commas:
		return ("." if number.rfind(".") > number.rfind(",") else ","), True
	if points + commas == 0:
		return None, False
	sign, other = (".", ",") if points else (",", ".")
	if points + commas > 1:
		return other, True
	whole, _, part = number.partition(sign)
	grouped = len(part) == 3 and 1 <= len(whole) <= 3 and whole != "0"
	return sign, not grouped


def _shape(text: str) -> tuple[str, bool, str | None]:
	"""(digits with their separators, whether a minus or brackets stand around them, currency)."""
	if PLAIN.fullmatch(text):
		return text, False, None
	words = _fold(text).translate(MINUS)
	currency = None
	if found := CURRENCY.search(words):
		currency = CURRENCIES[found[0]]
		words = CURRENCY.sub("", words)
	words = words.strip()
	negative = False
	if words.startswith("(") and words.endswith(")"):
		negative, words = True, words[1:-1].strip()
	if words.startswith("-") or words.endswith("-"):
		negative, words = not negative, words.strip("-").strip()
	return SPACES.sub("", words.removeprefix("+")), negative, currency


GROUPED = {
	".": re.compile(r"(\d+|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(?:\.(\d*))?|\.(\d+)"),
	",": re.compile(r"(\d+|\d{1,3}(?:\.\d{3})+)(?:,(\d*))?|,(\d+)"),
}
POWER = re.compile(r"\d+(?:\.\d+)?e[+]?\d{1,2}")


def _number(digits: str, negative: bool, decimal: str) -> float:
	if decimal == "." and (PLAIN.fullmatch(digits) or POWER.fullmatch(digits)):
		number = float(digits)
	elif found := GROUPED[decimal].fullmatch(digits):
		whole = re.sub(r"\D", "", found[1] or "0")
		number = float(f"{whole}.{found[2] or found[3] or 0}")
	else:
		return np.nan
	return -number if negative else number
