"""How figures are written for the user who reads them: money, numbers, days, dates."""

from datetime import date

import frappe
from frappe import _
from frappe.utils import fmt_money, formatdate

from cims.trust.calendar import to_date


def company_currency() -> str | None:
	"""The currency in which amounts are compared and added up."""
	return frappe.get_cached_doc("CIMS Settings").default_currency or frappe.db.get_default("currency")


def money(amount: float, currency: str | None = None) -> str:
	"""An amount with its currency's sign, without the cents, which no sentence needs."""
	written = fmt_money(round(amount), precision=0)
	currency = currency or company_currency()
	if not currency or frappe.defaults.get_global_default("hide_currency_symbol") == "Yes":
		return written
	# From the document cache: a panel writes many amounts and must not ask the database for each.
	sign = frappe.get_cached_value("Currency", currency, ["symbol", "symbol_on_right"], as_dict=True)
	if not sign or not sign.symbol:
		return f"{currency} {written}"
	return f"{written} {_(sign.symbol)}" if sign.symbol_on_right else f"{_(sign.symbol)} {written}"


def number(value: float) -> str:
	"""A number with thousands separators; one decimal only where it is small and not whole."""
	digits = 1 if abs(value) < 10 and round(value, 1) != round(value) else 0
	return fmt_money(round(value, digits), precision=digits)


def days(count: float) -> str:
	"""A number of days."""
	count = round(count)
	return _("1 day") if count == 1 else _("{0} days").format(count)


def day(when: date | int) -> str:
	"""A date as the user writes dates."""
	return formatdate(to_date(when) if isinstance(when, int) else when)
