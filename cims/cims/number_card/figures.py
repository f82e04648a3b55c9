"""Figures on the workspace that a count of documents can't give: each function answers one number card."""

import frappe
from frappe.utils import escape_html, flt, fmt_money

from cims.cims.report.common import CUSTOMER, main_currency
from cims.trust.policy import NOT_RATED

NOTHING = "–"
# As many as fit on a card.
CURRENCIES = 2


@frappe.whitelist()
def mean_trust(filters: str | list | None = None) -> dict | str:
	"""The mean score of the rated customers that the user may see, those not rated left out; a dash without any."""
	rated = {"status": ("!=", "Archived"), "trust_grade": ("not in", (NOT_RATED, ""))}
	row = frappe.get_list(
		CUSTOMER, filters=rated, fields=["avg(trust_score) as score", "count(name) as customers"], order_by=""
	)[0]
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
	"""What the customers that the user may see owe past its due date, each currency by itself, with a link to the ages.

	The text is ready to show: the card itself knows one currency only, and none on a site without ERPNext.
	"""
	rows = frappe.get_list(
		CUSTOMER,
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
