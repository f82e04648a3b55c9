"""Suggested credit limits and credit days of ERPNext's customers: shown, applied, taken back."""

import frappe
from frappe import _
from frappe.utils import cint

from cims import erpnext
from cims.api import arguments
from cims.erpnext.acting import terms

MOST = 200


@frappe.whitelist(methods=["GET", "POST"])
def suggest(customers: list[str] | str = "", company: str | None = None) -> list[dict]:
	"""What is suggested for customers, named as ERPNext names them, and what holds now (`terms.Suggestion`); for every company
	whose records the user may read, or one. Customers who aren't rated are left out."""
	names = _listed(customers, "customers")
	arguments.may_read("Trust Rating")
	companies = [company] if company else frappe.get_list("Company", pluck="name", order_by="name", limit=50)
	for one in companies:
		_company(one)
	return [found.plain() for one in companies for found in terms.suggestions(names, one)]


@frappe.whitelist(methods=["POST"])
def apply(customers: list[str] | str = "", company: str = "", limit: int = 1, days: int = 0) -> dict:
	"""Write what is suggested into ERPNext's customers (`terms.apply`): limit, the credit limit; days, the payment terms."""
	names = _listed(customers, "customers")
	arguments.required(company=company)
	if not (cint(limit) or cint(days)):
		frappe.throw(_("Choose the credit limit, the credit days or both."))
	return terms.apply(names, _company(company), bool(cint(limit)), bool(cint(days)))


@frappe.whitelist(methods=["POST"])
def undo(changes: list[str] | str = "") -> dict:
	"""Put back what was there before some changes (`terms.undo`)."""
	return terms.undo(_listed(changes, "changes"))


def _listed(value: list[str] | str, name: str) -> list[str]:
	if not erpnext.installed():
		frappe.throw(_("This is for sites with ERPNext."))
	found = arguments.parsed(value, name) if isinstance(value, str) and value.startswith("[") else value
	found = [found] if isinstance(found, str) and found else found
	arguments.required(**{name: found})
	if len(found) > MOST:
		frappe.throw(_("{0} must be a list of at most {1} names.").format(name, MOST))
	return list(dict.fromkeys(map(str, found)))


def _company(name: str) -> str:
	if not frappe.db.exists("Company", name):
		frappe.throw(_("There is no company {0}.").format(name), frappe.DoesNotExistError)
	frappe.has_permission("Company", "read", doc=name, throw=True)
	return name
