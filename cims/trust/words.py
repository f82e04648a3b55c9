"""Words for people: translations for the command line and the report, and how they write figures.

The translations are those of the whole app, `cims/translations/<language>.csv`: English, then the other language.
"""

import csv
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

TRANSLATIONS = Path(__file__).parents[1] / "translations"

DIMENSIONS = {
	"payment": "Payment",
	"exposure": "Exposure",
	"trading": "Trading",
	"service": "Service",
	"conduct": "Conduct",
}
NOT_RATED = "Not rated"
GREY = "#8a8f98"


def translator(language: str) -> Callable[[str], str]:
	"""English text to the language's; English where it has none."""
	if language == "en":
		return str
	known = {}
	path = TRANSLATIONS / f"{language}.csv"
	if path.exists():
		with path.open(encoding="utf-8-sig", newline="") as file:
			known = {row[0]: row[1] for row in csv.reader(file) if len(row) > 1 and row[1]}
	return lambda text: known.get(text, text)


def number(value: float) -> str:
	"""A number with thousands separators; one decimal only where it is small and not whole."""
	digits = 1 if abs(value) < 10 and round(value, 1) != round(value) else 0
	return f"{value:,.{digits}f}"


def money(value: float) -> str:
	"""An amount without cents."""
	return f"{value:,.0f}"


def signed(value: float) -> str:
	"""A change: +12, −3, 0."""
	whole = round(value)
	return f"{'+' if whole > 0 else '−' if whole < 0 else ''}{abs(whole):,}"


def safe_cell(text: str) -> str:
	"""A text that no spreadsheet program takes for a formula."""
	if text[:1] in FORMULA_STARTS and text[:1]:
		try:
			float(text.replace(",", ""))
		except ValueError:
			return "'" + text
	return text


FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠|%")


def rgb(colour: str) -> tuple[int, int, int]:
	"""#rrggbb as numbers; grey for anything else that a policy may have as a colour."""
	if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
		colour = GREY
	return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def one_line(text: str) -> str:
	"""A text without control characters, which would disturb a terminal."""
	return "".join(" " if unicodedata.category(sign) in ("Cc", "Cf", "Zl", "Zp") else sign for sign in text)
