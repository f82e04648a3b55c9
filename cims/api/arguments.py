"""Checks of what callers send: present, well formed, there, and theirs to see. Each failure names the argument."""

import json
from datetime import date, datetime

import frappe
from frappe import _
from frappe.utils import getdate

from cims.duplicates.merging import gone

CUSTOMER = "CIMS Customer"


def required(**arguments) -> None:
	"""Raises ValidationError (417) that names the first argument without a value."""
	for name, value in arguments.items():
		if value is None or value == "" or value == []:
			frappe.throw(_("The argument {0} is missing.").format(name))


def parsed(text: str, name: str):
	"""The value of an argument that came as JSON. Raises ValidationError (417) for what isn't JSON."""
	try:
		return json.loads(text)
	except ValueError as error:
		frappe.throw(_("{0} isn't valid JSON: {1}.").format(name, error))


def customer(code: str) -> str:
	"""The customer with this code, whom the user may read.

	Raises DoesNotExistError (404) when there is none (any more, for it may have been merged), PermissionError (403) when it is not the user's to see. Who may
	read no customers at all is refused before the code is looked at.
	"""
	required(customer=code)
	may_read(CUSTOMER)
	if not frappe.db.exists(CUSTOMER, code):
		frappe.throw(gone(code), frappe.DoesNotExistError)
	frappe.has_permission(CUSTOMER, "read", doc=code, throw=True)
	return code


def customers(codes: list[str] | str, at_most: int) -> list[str]:
	"""The customers in a list (or in a text, separated by commas), each once and each one that the user may read.

	Raises ValidationError (417) when there are none or more than `at_most`, else as `customer` does.
	"""
	listed = codes.split(",") if isinstance(codes, str) else codes
	listed = list(dict.fromkeys(code.strip() for code in listed if code.strip()))
	required(customers=listed)
	if len(listed) > at_most:
		frappe.throw(_("{0} customers are too many; ask for {1} at most.").format(len(listed), at_most))
	return [customer(code) for code in listed]


def day(text: str | date | None, name: str, future: bool = False) -> date | None:
	"""The day in `text` (YYYY-MM-DD), None where it is empty. Raises ValidationError (417) for anything else, and for
	a day to come unless `future`."""
	if text is None or text == "":
		return None
	if isinstance(text, str):
		try:
			found = date.fromisoformat(text.strip())
		except ValueError:
			frappe.throw(_("{0} must be a date such as {1}, not {2}.").format(name, "2025-06-30", text))
	else:
		found = text.date() if isinstance(text, datetime) else text
	if found > getdate() and not future:
		frappe.throw(_("{0} must not lie in the future.").format(name))
	return found


def between(number: int, name: str, least: int, most: int) -> int:
	"""`number`, or ValidationError (417) when it is outside of its range."""
	if not least <= number <= most:
		frappe.throw(_("{0} must be between {1} and {2}, not {3}.").format(name, least, most, number))
	return number


def may_read(doctype: str) -> None:
	"""Raises PermissionError (403) unless the user may read documents of this type at all."""
	frappe.has_permission(doctype, "read", throw=True)
