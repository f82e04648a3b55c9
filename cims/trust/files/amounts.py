"""A column of amounts as numbers: which sign is the decimal one is told from the whole column."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cims.trust.files.cells import fold
from cims.trust.problems import Unreadable

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
	words = fold(text).translate(MINUS)
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
