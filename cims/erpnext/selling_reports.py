"""What the reports on ERPNext's documents share: the company, the grades of its customers, totals."""

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.utils import flt

from cims.erpnext import CUSTOMER, LINK, OURS
from cims.trust.policy import NOT_RATED

# The grade of a row that `joined_to_grades`: empty where the reader may not see the customer, or it is none of ours.
GRADE = f"COALESCE(IF(c.name IS NULL, '', COALESCE(NULLIF(c.trust_grade, ''), '{NOT_RATED}')), '')"


def company_of(filters: frappe._dict) -> tuple[str, str]:
	"""The company that was asked for and its currency. Raises ValidationError without one, PermissionError for who may not
	report on customers of ours or on invoices of ERPNext's."""
	for doctype in (OURS, "Sales Invoice"):
		frappe.has_permission(doctype, "report", throw=True)
	if not filters.company:
		frappe.throw(_("Choose a company."))
	frappe.has_permission("Company", "read", doc=filters.company, throw=True)
	return filters.company, frappe.get_cached_value("Company", filters.company, "default_currency")


def joined_to_grades(customer: str, party_type: str = f"'{CUSTOMER}'") -> str:
	"""A LEFT JOIN to our customers c, of whom the reader may see the grade. customer, party_type: SQL."""
	match = build_match_conditions(OURS)
	yours = f"AND ({match.replace(f'`tab{OURS}`', 'c')})" if match else ""
	return f"LEFT JOIN `tab{OURS}` c ON {party_type} = '{CUSTOMER}' AND c.`{LINK}` = {customer} {yours}"


def grades_of(customers: Iterable[str]) -> dict[str, str]:
	"""ERPNext's customer -> grade, for those whose grade the reader may see."""
	rows = frappe.get_list(OURS, {LINK: ("in", list(customers))}, [LINK, "trust_grade"], limit=0)
	return {row[LINK]: row.trust_grade or NOT_RATED for row in rows}


def shown(grade: str) -> str:
	"""A grade as a row or a chart names it."""
	return grade or _("No Grade")


def total(rows: list[frappe._dict], fields: Iterable[str]) -> frappe._dict:
	"""The rows added up, as one more row."""
	found = frappe._dict({name: flt(sum(flt(row.get(name)) for row in rows), 2) for name in fields})
	return found.update(grade=_("Total"), is_total=1, currency=rows[0].currency if rows else None)
