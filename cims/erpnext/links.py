"""Which customer of ours is which of ERPNext's: one query for any number of them."""

from collections.abc import Iterable

import frappe

from cims.erpnext import LINK, OURS


def codes_of(erp_names: Iterable[str]) -> dict[str, str]:
	"""ERPNext's customer -> our code, for those that we have."""
	return dict(_pairs(LINK, erp_names))


def customers_of(codes: Iterable[str]) -> dict[str, str]:
	"""Our code -> ERPNext's customer, for those that it has."""
	return {code: erp for erp, code in _pairs("name", codes)}


def _pairs(field: str, values: Iterable[str]) -> list[tuple[str, str]]:
	listed = list(dict.fromkeys(filter(None, values)))
	if not listed:
		return []
	return frappe.db.sql(
		f"SELECT `{LINK}`, name FROM `tab{OURS}` WHERE `{field}` IN %(listed)s AND `{LINK}` IS NOT NULL",
		{"listed": listed},
	)
