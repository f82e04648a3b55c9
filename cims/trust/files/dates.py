"""A column of dates as days: every form is told from the whole column, and what can be read in two ways is refused."""

import re
from datetime import date, datetime

import numpy as np
import pandas as pd

from cims.trust.calendar import to_day
from cims.trust.files.cells import fold
from cims.trust.problems import Unreadable

WRONG = np.iinfo(np.int64).min
# What people write into the settlement date of what is open.
OPEN_WORDS = frozenset(
	(
		"", "-", "--", "—", "——", "/", "null", "none", "nan", "nat", "n/a", "na", "open", "unpaid", "not paid",
		"0000-00-00", "未付", "未付款", "未结清", "未回款", "未收", "未收款", "无",
	)
)  # fmt: skip

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
		self.lower = [fold(text) for text in self.texts]
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
