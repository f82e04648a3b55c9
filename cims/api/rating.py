"""How far a customer can be trusted: now, and on any past day."""

import frappe

from cims.api import arguments
from cims.ratings import companies, current, curves, runs
from cims.ratings import panel as trust

RATING = "Trust Rating"


@frappe.whitelist(methods=["GET", "POST"])
def get(customer: str = "", as_of: str | None = None) -> dict:
	"""The rating of a customer as it stands (`current.ratings`), or as it would have been worked out on a past day.

	as_of: YYYY-MM-DD. A past day is rated by the policy in force, from what was known by its end (`curves.as_of`).
	"""
	arguments.may_read(RATING)
	code = arguments.customer(customer)
	if day := arguments.day(as_of, "as_of"):
		return curves.as_of(code, day)
	return current.ratings([code])[0]


@frappe.whitelist(methods=["GET", "POST"])
def panel(customer: str = "", company: str | None = None) -> dict:
	"""All that the trust panel of the customer's form shows, in sentences of the caller's language (`panel.trust_panel`).

	company: by the books of this company of ERPNext's alone, not over all.
	"""
	arguments.required(customer=customer)
	arguments.may_read(arguments.CUSTOMER)
	return trust.trust_panel(customer, company or None)


@frappe.whitelist(methods=["GET", "POST"])
def company(customer: str = "", company: str = "") -> dict:
	"""The rating of a customer by the books of one company of ERPNext's, today: {customer, company, companies, and of the rating
	grade, score, low, high, confidence, evidence_count, days_beyond_terms, open_amount, overdue_amount}. Worked out for the asking;
	score, low and high are None where the customer isn't rated there."""
	code = arguments.customer(customer)
	arguments.required(company=company)
	arguments.may_read(RATING)
	kept = companies.view(code, company).kept
	rated = {field: kept[field] if kept.rated else None for field in ("score", "low", "high")}
	facts = ("grade", "confidence", "evidence_count", "days_beyond_terms", "open_amount", "overdue_amount")
	return {
		"customer": code,
		"company": company,
		"companies": companies.of(code),
		**rated,
		**{field: kept[field] for field in facts},
	}


@frappe.whitelist(methods=["GET", "POST"])
def progress(run: str | None = None) -> dict:
	"""How far the rating of everybody is (`runs.progress`): the run called `run`, without a name the last one."""
	arguments.may_read(runs.RUN)
	return runs.progress(run)
