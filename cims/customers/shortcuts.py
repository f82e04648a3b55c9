"""Plainly written numbers and addresses, told good without the long way through the libraries.

Millions of rows pass here. Each function returns the stored form of what it knows for certain, and None for everything else,
which then goes the long way (`cims.customers.identity`). A test holds both ways against each other on random values.
"""

import re
from datetime import date
from operator import mul

from phonenumbers import PhoneMetadata

from frappe.utils import EMAIL_MATCH_PATTERN

RESIDENT_ID = re.compile(r"[0-9]{17}[0-9X]")
CREDIT_CODE = re.compile(r"[0-9]{8}[0-9A-HJ-NPQRTUWXY]{10}")
CREDIT_VALUES = {sign: value for value, sign in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1)
CODE = re.compile(r"(?!New)[A-Za-z0-9_.-]+")
ADDRESS = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*@(?:[a-z0-9]+\.)+[a-z]+")
# Digits in groups, with or without China's code; one sign at most between two groups.
DIGITS = re.compile(r"(\+86[ -]?)?([0-9]+(?:[ -][0-9]+)*)")
_china = PhoneMetadata.metadata_for_region("CN")
MOBILE, FIXED = (re.compile(kind.national_number_pattern) for kind in (_china.mobile, _china.fixed_line))


def resident_id(number: str) -> str | None:
	if not RESIDENT_ID.fullmatch(number):
		return None
	check = (1 - 2 * int(number[:-1], 13)) % 11
	if number[-1] != ("X" if check == 10 else str(check)):
		return None
	try:
		birth_date(number)
	except ValueError:
		return None
	return number


def birth_date(number: str) -> date:
	"""Of a resident ID in stored form. Raises ValueError where it isn't one."""
	return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def credit_code(code: str) -> str | None:
	if not CREDIT_CODE.fullmatch(code):
		return None
	return code if sum(map(mul, map(CREDIT_VALUES.__getitem__, code), CREDIT_WEIGHTS)) % 31 == 0 else None


def phone(number: str, region: str | None, mobile: bool) -> str | None:
	"""A Chinese mobile, or for `mobile` False a Chinese fixed line, in the usual ways of writing it."""
	if not (found := DIGITS.fullmatch(number)):
		return None
	if not found[1] and region != "CN":
		return None
	digits = found[2].replace(" ", "").replace("-", "")
	if MOBILE.fullmatch(digits):
		return f"+86{digits}"
	if mobile:
		return None
	if digits[0] == "0" and FIXED.fullmatch(digits, 1):
		return f"+86{digits[1:]}"
	# Only behind +86 is it sure that the first digits are an area's; 1 begins carriers' codes too, but for Beijing's 10.
	if found[1] and (digits[0] not in "01" or digits[:2] == "10") and FIXED.fullmatch(digits):
		return f"+86{digits}"
	return None


def code(name: str) -> str | None:
	"""A customer's code of plain signs; `validate_name` minds the others, and beginnings that are words."""
	return name if CODE.fullmatch(name) else None


def email(address: str) -> str | None:
	return address if ADDRESS.fullmatch(address) and EMAIL_MATCH_PATTERN.fullmatch(address) else None
