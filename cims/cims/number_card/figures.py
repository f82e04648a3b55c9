"""The figures on the workspace: each function answers one number card, for the customers that the user may see."""

import frappe
from frappe.utils import escape_html, flt, fmt_money

from cims import lists
from cims.cims.report import remembered
from cims.cims.report.common import CUSTOMER, main_currency
from cims.trust.policy import NOT_RATED

NOTHING = "–"
# As many as fit on a card.
CURRENCIES = 2
NOT_ARCHIVED = {"status": ["!=", "Archived"]}


@frappe.whitelist()
def customers(filters: str | list | None = None) -> dict:
	"""How many customers there are, those archived left out."""
	return _count({})


@frappe.whitelist()
def new_customers(filters: str | list | None = None) -> dict:
	"""How many of them came this month."""
	return _count({"creation": ["Timespan", "this month"]})


@frappe.whitelist()
def on_watch(filters: str | list | None = None) -> dict:
	"""How many of them are on watch."""
	return _count({"trust_watch": ["=", 1]})


@frappe.whitelist()
def falling(filters: str | list | None = None) -> dict:
	"""How many of them lost much in 90 days."""
	return _count({"trust_change": ["<=", lists.FALL]})


@frappe.whitelist()
def mean_trust(filters: str | list | None = None) -> dict | str:
	"""The mean score of the rated customers, those not rated left out; a dash without any."""
	rated = {**NOT_ARCHIVED, "trust_grade": ("not in", (NOT_RATED, ""))}
	row = _read(filters=rated, fields=["avg(trust_score) as score", "count(name) as customers"])[0]
	if not row.customers:
		return NOTHING
	return {
		"value": round(flt(row.score), 1),
		"fieldtype": "Float",
		"precision": 1,
		"route": ["query-report", "Trust Ranking"],
	}


@frappe.whitelist()
def overdue_amount(filters: str | list | None = None) -> str:
	"""What the customers owe past its due date, each currency by itself, with a link to the ages.

	The text is ready to show: the card itself knows one currency only, and none on a site without ERPNext.
	"""
	rows = _read(
		filters={"overdue_amount": (">", 0)},
		fields=["currency", "sum(overdue_amount) as amount"],
		group_by="currency",
		order_by="amount desc",
		limit=CURRENCIES,
	)
	main = main_currency()
	sums = [(row.currency or main, flt(row.amount)) for row in rows] or [(main, 0.0)]
	text = " + ".join(fmt_money(amount, precision=0, currency=currency) for currency, amount in sums)
	return f'<a class="text-reset text-decoration-none" href="/app/query-report/Receivables Ageing by Grade">{escape_html(text)}</a>'


def _count(filters: dict) -> dict:
	"""The number of customers with a link to their list."""
	shown = {**filters, **NOT_ARCHIVED}
	return {
		"value": _read(filters=shown, fields=["count(name) as customers"])[0].customers,
		"fieldtype": "Int",
		"route": ["List", CUSTOMER, "List"],
		"route_options": {f"{CUSTOMER}.{field}": condition for field, condition in shown.items()},
	}


def _read(order_by: str = "", **asked) -> list[dict]:
	"""Figures of the customers that the user may see. Raises frappe.PermissionError for someone who may see none at all."""
	return remembered.rows(frappe.get_list(CUSTOMER, order_by=order_by, run=False, **asked), as_dict=True)
