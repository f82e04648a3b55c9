"""Customers beside each other."""

import frappe

from cims.api import arguments
from cims.ratings import current, curves, wording

MOST_CUSTOMERS = curves.MOST_CUSTOMERS


@frappe.whitelist(methods=["GET", "POST"])
def get(customers: list[str] | str = "", months: int = 24) -> dict:
	"""The ratings and curves of up to ten customers, over the quartiles of their segments.

	customers: a list of codes, or codes separated by commas. Returns {"curves": [a rating with its curve], "segments":
	{segment: quartiles}, "bands", "currency"}.
	"""
	arguments.may_read("Trust Rating")
	arguments.may_read("Trust Snapshot")
	codes = arguments.customers(_list(customers), MOST_CUSTOMERS)
	arguments.between(months, "months", 1, curves.MOST_MONTHS)
	found = curves.curves(codes, months)
	rated = current.ratings(codes)
	both = [rating | curve for rating, curve in zip(rated, found["curves"], strict=True)]
	return found | {"curves": both, "currency": wording.company_currency()}


def _list(customers: list[str] | str) -> list[str] | str:
	"""A list may come as JSON, as it does in the query of an address."""
	if isinstance(customers, str) and customers.lstrip().startswith("["):
		return [str(code) for code in arguments.parsed(customers, "customers")]
	return customers
