"""Who a customer is: resident ID, unified social credit code, telephone numbers, e-mail and web addresses.

Every function takes what was typed in and returns it in its one stored form, or raises `BadValue` with a message for
the person who typed it: what is wrong and what a good one looks like.
"""

from datetime import date
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError
from stdnum.util import clean

from frappe import _
from frappe.utils import getdate, validate_email_address

from cims.customers import shortcuts

MALE, FEMALE = "Male", "Female"
MOBILE_TYPES = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.PERSONAL_NUMBER}


class BadValue(ValueError):
	"""A value that can't be kept as it is; the message says what to do."""


def resident_id(number: str) -> str:
	"""A Chinese resident ID: 18 characters, check digit and birth date right (GB 11643, by python-stdnum)."""
	plain = shortcuts.resident_id(number) or shortcuts.resident_id(clean(number, " -").upper())
	if plain:
		return plain
	number = clean(number, " -").upper()
	try:
		ric.validate(number)
	except InvalidChecksum:
		raise BadValue(
			_(
				"The check digit of resident ID {0} is wrong. Compare it with the card, character by character."
			).format(number)
		) from None
	except InvalidComponent:
		# Not the place: one that the library doesn't list (residence permits, renumbered counties) is no proof of an error,
		# and passes above.
		_check_birth_date(number)
	except ValidationError:
		raise BadValue(
			_("Resident ID {0} isn't complete: it has 17 digits and, at the end, a digit or an X.").format(
				number
			)
		) from None
	return number


def _check_birth_date(number: str) -> None:
	try:
		ric.get_birth_date(number)
	except InvalidComponent:
		raise BadValue(
			_(
				"Digits 7 to 14 of resident ID {0} aren't a date. Compare them with the birth date on the card."
			).format(number)
		) from None


def birth_date_of(number: str) -> date:
	"""The birth date in a valid resident ID."""
	return shortcuts.birth_date(number)


def gender_of(number: str) -> str:
	"""The gender in a valid resident ID: the 17th digit is odd for a man."""
	return MALE if int(number[16]) % 2 else FEMALE


def credit_code(code: str) -> str:
	"""A unified social credit code: 18 characters, check digit right (GB 32100, by python-stdnum)."""
	if plain := shortcuts.credit_code(code):
		return plain
	code = uscc.compact(code)
	try:
		return uscc.validate(code)
	except InvalidChecksum:
		raise BadValue(
			_(
				"The check digit of credit code {0} is wrong. Compare it with the business licence, character by character."
			).format(code)
		) from None
	except ValidationError:
		raise BadValue(
			_(
				"Credit code {0} isn't complete: it has 18 characters, the first eight are digits, and I, O, S, V and Z never occur."
			).format(code)
		) from None


def age_on(birth: date | str | None, day: date) -> int | None:
	"""Whole years from `birth` to `day`; None without a birth date."""
	if not birth:
		return None
	birth = getdate(birth)
	return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def phone(number: str, region: str | None, mobile: bool = False) -> str:
	"""A telephone number as +<country><number>, an extension after a comma.

	region: ISO 3166 code of the country whose numbers may be given without country code, None when unknown.
	mobile: it has to be a number that can belong to a mobile.
	"""
	region = region.upper() if region else None
	if plain := shortcuts.phone(number, region, mobile):
		return plain
	try:
		parsed = phonenumbers.parse(number, region)
	except phonenumbers.NumberParseException:
		parsed = None
	if parsed is None or not phonenumbers.is_valid_number(parsed):
		raise BadValue(
			_(
				"{0} isn't a telephone number. A good one looks like {1}; start with + for another country."
			).format(number, example_phone(region, mobile))
		)
	if mobile and phonenumbers.number_type(parsed) not in MOBILE_TYPES:
		raise BadValue(
			_(
				"{0} isn't a mobile number. A good one looks like {1}; a fixed line belongs under Phone."
			).format(number, example_phone(region, mobile))
		)
	plain = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
	return f"{plain},{parsed.extension}" if parsed.extension else plain


def example_phone(region: str | None, mobile: bool = False) -> str:
	"""A good number of the region (of China where the region is unknown), as one would write it."""
	kind = PhoneNumberType.MOBILE if mobile else PhoneNumberType.FIXED_LINE
	example = phonenumbers.example_number_for_type(region or "CN", kind)
	if example is None:
		example = phonenumbers.example_number_for_type("CN", kind)
	return phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL)


def email(address: str) -> str:
	"""An e-mail address, its domain in small letters."""
	if plain := shortcuts.email(address):
		return plain
	address = address.strip()
	if not validate_email_address(address) or "," in address:
		raise BadValue(
			_("{0} isn't an e-mail address. A good one looks like name@example.com.").format(address)
		)
	local, _at, domain = address.rpartition("@")
	return f"{local}@{domain.lower()}"


def website(address: str) -> str:
	"""A web address with its scheme; https where none was given."""
	address = address.strip()
	if "://" not in address:
		address = f"https://{address}"
	parts = urlsplit(address)
	if parts.scheme not in ("http", "https") or "." not in parts.netloc or " " in address:
		raise BadValue(
			_("{0} isn't a web address. A good one looks like https://example.com.").format(address)
		)
	return address
