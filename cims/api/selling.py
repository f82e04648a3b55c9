"""What ERPNext's forms and lists show of a customer's trust, and decisions on documents that a rule holds up.

All of it is for sites with ERPNext; customers are named as ERPNext names them.
"""

import frappe
from frappe import _

from cims import erpnext
from cims.api import arguments
from cims.erpnext import links, standing
from cims.erpnext.acting import decisions, rules, saying
from cims.erpnext.acting.case import Case, concerns, customer_of, may_see

MOST = 2500


@frappe.whitelist(methods=["GET", "POST"])
def grades(customers: list[str] | str = "") -> dict:
	"""Customer -> {grade, score, change, watch}, for a page of a list (`standing.of_list`). Whoever may not see a rating gets none."""
	_needs_erpnext()
	return standing.of_list(_listed(customers))


@frappe.whitelist(methods=["GET", "POST"])
def see(
	customer: str = "",
	doctype: str = "Sales Order",
	company: str | None = None,
	name: str | None = None,
	amount: float = 0,
) -> dict:
	"""How a customer stands, and what the rules say of a document for it, before it is saved or after.

	name: the document, where it has been saved; amount: its total in company currency. Answers {"standing": {grade, score,
	watch, text} or null, "verdict": {action, title, text, colour, decision, may_decide, possible} or null}; the standing is null
	for who may not see ratings.
	"""
	_needs_erpnext()
	arguments.required(customer=customer)
	if doctype not in rules.STAGES:
		frappe.throw(
			_("{0} is no document with rules. Use one of: {1}.").format(doctype, ", ".join(rules.STAGES))
		)
	frappe.has_permission("Customer", "read", doc=_there("Customer", customer), throw=True)
	code = links.codes_of([customer]).get(customer)
	shown = may_see(code)
	return {
		"standing": standing.line(code) if shown else None,
		"verdict": _verdict(_document(doctype, name, customer, company, amount)),
	}


@frappe.whitelist(methods=["POST"])
def decide(doctype: str = "", name: str = "", decision: str = "", reason: str = "") -> str:
	"""Ask for a decision on a document that a rule holds up, or take it (`decisions.take`): Asked, Approved, Rejected, Overridden.

	Returns the name of the Trust Decision. Deciding needs the role that the rule names; asking, the right to write the document.
	"""
	_needs_erpnext()
	arguments.required(doctype=doctype, name=name, decision=decision, reason=reason)
	doc = _saved(doctype, name)
	doc.check_permission("write" if decision == decisions.ASKED else "read")
	if not concerns(doc):
		frappe.throw(_("No rule asks for a decision on {0}.").format(name))
	return decisions.take(Case.of(doc), decision, reason)


def _needs_erpnext() -> None:
	if not erpnext.installed():
		frappe.throw(_("This is for sites with ERPNext."))


def _listed(customers: list[str] | str) -> list[str]:
	names = (
		arguments.parsed(customers, "customers") if isinstance(customers, str) and customers else customers
	)
	arguments.required(customers=names)
	if not isinstance(names, list) or len(names) > MOST:
		frappe.throw(_("{0} must be a list of at most {1} names.").format("customers", MOST))
	return [str(name) for name in names]


def _there(doctype: str, name: str) -> str:
	if not frappe.db.exists(doctype, name):
		frappe.throw(_("There is no {0} {1}.").format(_(doctype), name), frappe.DoesNotExistError)
	return name


def _saved(doctype: str, name: str):
	if doctype not in rules.STAGES:
		frappe.throw(
			_("{0} is no document with rules. Use one of: {1}.").format(doctype, ", ".join(rules.STAGES))
		)
	return frappe.get_doc(doctype, _there(doctype, name))


def _document(doctype: str, name: str | None, customer: str, company: str | None, amount: float):
	"""The document as it stands on the form: the saved one, or what is known of a new one."""
	if name and frappe.db.exists(doctype, name):
		doc = frappe.get_doc(doctype, name)
		doc.check_permission("read")
		if customer_of(doc) == customer and (not company or doc.company == company):
			return doc
	company = company or frappe.defaults.get_user_default("Company")
	return frappe._dict(
		doctype=doctype, customer=customer, party_name=customer, quotation_to="Customer",
		company=company, base_grand_total=amount,
	)  # fmt: skip


def _verdict(doc) -> dict | None:
	if not doc.company or not concerns(doc):
		return None
	case = Case.of(doc)
	if case.verdict.action == rules.NOTHING:
		return None
	decision = decisions.holding(case)
	return {
		"action": case.verdict.action,
		"title": saying.title(case),
		"text": saying.why(case),
		"colour": saying.COLOURS[case.verdict.action],
		"who": "" if case.verdict.action == rules.WARN else saying.who_decides(case),
		"decision": decision and decisions.said(decision),
		"may_decide": decisions.may_decide(case),
		"possible": decisions.POSSIBLE.get(case.verdict.action, ()),
	}
