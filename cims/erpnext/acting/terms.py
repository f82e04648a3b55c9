"""Suggested credit limit and credit days, applied to ERPNext's customers by who may do so, with what was there before.

What is suggested is the rating's: a month's usual payments times the factor of the grade, and the days of the grade. ERPNext's
own validations hold, for customers are saved as documents.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.naming import make_autoname
from frappe.utils import cint, flt, now

from cims.ratings import policies, sql, wording
from cims.ratings.guard import require_role

CHANGE, CUSTOMER = "Trust Terms Change", "Customer"
APPLIED, UNDONE = "Applied", "Undone"
APPLIERS = ("CIMS Manager", "System Manager")
SERIES = "TRM-.#####"
AFTER_INVOICE = "Day(s) after invoice date"
FIELDS = (
	"name", "customer", "customer_name", "company", "grade", "status", "applied_by", "applied_on", "limit_changed",
	"currency", "old_limit", "had_limit", "new_limit", "terms_changed", "old_terms", "new_terms", "working",
)  # fmt: skip


class NotApplicable(frappe.ValidationError):
	"""There is nothing to apply to a customer, or it can't be taken back any more; the message says why."""


@dataclass(frozen=True)
class Suggestion:
	"""What the rating suggests for a customer of ERPNext's, and what holds now. limit: None where none is suggested."""

	customer: str
	code: str
	customer_name: str
	company: str
	currency: str
	grade: str
	credit_days: int
	limit: float | None
	working: str
	limit_now: float | None
	terms_now: str | None

	def plain(self) -> dict:
		return {**vars(self)}


def suggestions(customers: Sequence[str], company: str) -> list[Suggestion]:
	"""What is suggested for those of ERPNext's customers who are rated and whom the user may read. Three statements."""
	currency = frappe.get_cached_value("Company", company, "default_currency")
	rows = frappe.get_list(
		"CIMS Customer",
		{"erpnext_customer": ("in", list(customers)), "trust_grade": ("not in", ("NR", ""))},
		["name", "erpnext_customer", "customer_name"],
		order_by="customer_name",
		limit=len(customers),
	)
	by_code = {row.name: row for row in rows}
	ratings = frappe.get_all(
		"Trust Rating",
		{"name": ("in", list(by_code)), "rated": 1},
		["name", "grade", "suggested_limit", "suggested_credit_days"],
		limit=0,
	)
	held = _held([by_code[rating.name].erpnext_customer for rating in ratings], company)
	return [_suggestion(by_code[rating.name], rating, company, currency, held) for rating in ratings]


def _held(customers: Sequence[str], company: str) -> dict[str, tuple]:
	"""ERPNext's customer -> (credit limit for the company, payment terms), as they are now."""
	if not customers:
		return {}
	rows = frappe.db.sql(
		"""SELECT c.name, l.credit_limit, c.payment_terms FROM `tabCustomer` c
		LEFT JOIN `tabCustomer Credit Limit` l
			ON l.parent = c.name AND l.parenttype = 'Customer' AND l.company = %(company)s
		WHERE c.name IN %(customers)s""",
		{"customers": list(customers), "company": company},
	)
	return {name: (limit, terms) for name, limit, terms in rows}


def _suggestion(row, rating, company: str, currency: str, held: dict[str, tuple]) -> Suggestion:
	limit_now, terms_now = held.get(row.erpnext_customer, (None, None))
	# The rating's amounts are in one currency; a company with another one is not told a wrong figure.
	limit = flt(rating.suggested_limit) if currency == wording.company_currency() else None
	return Suggestion(
		row.erpnext_customer, row.name, row.customer_name, company, currency, rating.grade,
		cint(rating.suggested_credit_days), limit, _working(rating, currency), limit_now, terms_now,
	)  # fmt: skip


def _working(rating, currency: str) -> str:
	"""How it was worked out, in one sentence for the limit and one for the days."""
	policy, days = policies.active(), cint(rating.suggested_credit_days)
	if rating.grade not in policy.grades:
		return ""
	factor, limit = policy.band(rating.grade).limit_factor, flt(rating.suggested_limit)
	if not factor:
		said = [_("Grade {0} is given no credit.").format(rating.grade)]
	elif currency != wording.company_currency():
		said = [_("The limit is suggested in {0} only.").format(wording.company_currency())]
	else:
		said = [
			_("{0} paid in a usual month, times {1} for grade {2}, is {3}.").format(
				wording.money(limit / factor), wording.number(factor), rating.grade, wording.money(limit)
			)
		]
	said.append(
		_("Grade {0} is given {1} of credit.").format(rating.grade, wording.days(days))
		if days
		else _("Grade {0} pays in advance.").format(rating.grade)
	)
	return " ".join(said).replace("。 ", "。")


# --- applying --------------------------------------------------------------------------------------


def apply(customers: Sequence[str], company: str, limit: bool, days: bool) -> dict:
	"""Write what is suggested into ERPNext's customers: the credit limit for a company, the payment terms, or both.

	Returns {"applied": [names of changes], "skipped": [{"customer", "reason"}]}: one that ERPNext refuses, or for whom nothing
	is suggested, holds up no other. Needs the role CIMS Manager or System Manager, and the right to write the customer.
	"""
	require_role(APPLIERS)
	found = {suggestion.customer: suggestion for suggestion in suggestions(customers, company)}

	def one(customer: str) -> str:
		if customer not in found:
			raise NotApplicable(_("The customer isn't rated, so nothing is suggested."))
		return _apply_one(found[customer], limit, days)

	return _each(customers, one, "applied")


def _each(items: Sequence[str], do: Callable[[str], str], done: str) -> dict:
	"""Do something with each, and go on where one is refused."""
	found: dict[str, list] = {done: [], "skipped": []}
	for item in items:
		frappe.db.savepoint("cims_terms")
		said = len(frappe.local.message_log)
		try:
			found[done].append(do(item))
		except (frappe.ValidationError, frappe.PermissionError) as error:
			frappe.db.rollback(save_point="cims_terms")
			del frappe.local.message_log[said:]
			found["skipped"].append({"customer": item, "reason": frappe.utils.strip_html(str(error))})
	return found


def _apply_one(suggestion: Suggestion, limit: bool, days: bool) -> str:
	doc = frappe.get_doc(CUSTOMER, suggestion.customer, for_update=True)
	row = _limit_row(doc, suggestion.company)
	before = {"old_limit": flt(row.credit_limit) if row else 0.0, "had_limit": int(bool(row))}
	old_terms = doc.payment_terms
	if limit:
		_check_limit(suggestion)
		row = row or doc.append("credit_limits", {"company": suggestion.company})
		row.credit_limit = suggestion.limit
	if days:
		doc.payment_terms = template(suggestion.credit_days)
	limit_changed = limit and not (before["had_limit"] and before["old_limit"] == suggestion.limit)
	terms_changed = days and doc.payment_terms != old_terms
	if not (limit_changed or terms_changed):
		raise NotApplicable(_("What is suggested holds already."))
	doc.save()
	return _log(suggestion, before, limit_changed, terms_changed, old_terms, doc.payment_terms)


def _check_limit(suggestion: Suggestion) -> None:
	if suggestion.limit is None:
		raise NotApplicable(suggestion.working)
	if suggestion.limit <= 0:
		raise NotApplicable(
			_(
				"No credit is suggested, and ERPNext takes a limit of 0 for no limit at all. Stop the grade by a rule instead."
			)
		)


def _limit_row(doc, company: str):
	return next((row for row in doc.credit_limits if row.company == company), None)


def _log(suggestion: Suggestion, before: dict, limit: bool, terms: bool, old_terms, new_terms) -> str:
	name = make_autoname(SERIES, CHANGE)
	values = {
		"name": name, "customer": suggestion.code, "customer_name": suggestion.customer_name,
		"company": suggestion.company, "grade": suggestion.grade, "status": APPLIED,
		"applied_by": frappe.session.user, "applied_on": now(), "limit_changed": int(limit),
		"currency": suggestion.currency, **before, "new_limit": suggestion.limit if limit else 0.0,
		"terms_changed": int(terms), "old_terms": old_terms, "new_terms": new_terms if terms else None,
		"working": suggestion.working,
	}  # fmt: skip
	sql.insert(CHANGE, FIELDS, [tuple(values[field] for field in FIELDS)])
	return name


def template(days: int) -> str:
	"""The payment terms that give so many days from the invoice, made if ERPNext has none of that kind."""
	found = frappe.db.sql_list(
		"""SELECT t.name FROM `tabPayment Terms Template` t JOIN `tabPayment Terms Template Detail` d ON d.parent = t.name
		GROUP BY t.name HAVING COUNT(*) = 1 AND MAX(d.invoice_portion) = 100 AND MAX(d.credit_days) = %s
			AND MAX(d.due_date_based_on) = %s AND MAX(COALESCE(d.discount, 0)) = 0 ORDER BY t.name LIMIT 1""",
		(days, AFTER_INVOICE),
	)
	if found:
		return found[0]
	term = {"invoice_portion": 100, "due_date_based_on": AFTER_INVOICE, "credit_days": days}
	doc = frappe.get_doc(
		{"doctype": "Payment Terms Template", "template_name": wording.days(days), "terms": [term]}
	)
	return doc.insert(ignore_permissions=True).name


# --- taking back -----------------------------------------------------------------------------------


def undo(changes: Sequence[str]) -> dict:
	"""Put back what was there before. Returns {"undone": [...], "skipped": [{"customer": the change, "reason"}]}.

	Refused where somebody has changed the limit or the terms since. Needs what applying needs.
	"""
	require_role(APPLIERS)
	return _each(changes, _undo_one, "undone")


def _undo_one(name: str) -> str:
	change = frappe.get_doc(CHANGE, name, for_update=True)
	change.check_permission("read")
	if change.status != APPLIED:
		raise NotApplicable(_("This change has been undone already."))
	customer = frappe.db.get_value("CIMS Customer", change.customer, "erpnext_customer")
	if not customer or not frappe.db.exists(CUSTOMER, customer):
		raise NotApplicable(_("ERPNext has this customer no more."))
	doc = frappe.get_doc(CUSTOMER, customer, for_update=True)
	_check_unchanged(doc, change)
	if change.limit_changed:
		row = _limit_row(doc, change.company)
		row.credit_limit = change.old_limit
		if not change.had_limit:
			doc.remove(row)
	if change.terms_changed:
		doc.payment_terms = change.old_terms
	doc.save()
	_mark_undone(name)
	return name


def _check_unchanged(doc, change) -> None:
	row = _limit_row(doc, change.company)
	if change.limit_changed and (not row or flt(row.credit_limit) != flt(change.new_limit)):
		raise NotApplicable(
			_("The credit limit has been changed since; it is {0} now. Nothing was taken back.").format(
				wording.money(flt(row.credit_limit), change.currency) if row else _("none")
			)
		)
	if change.terms_changed and doc.payment_terms != change.new_terms:
		raise NotApplicable(
			_("The payment terms have been changed since; they are {0} now. Nothing was taken back.").format(
				doc.payment_terms or _("none")
			)
		)


def _mark_undone(name: str) -> None:
	row = frappe.qb.DocType(CHANGE)
	frappe.qb.update(row).set(row.status, UNDONE).set(row.undone_by, frappe.session.user).set(
		row.undone_on, now()
	).set(row.modified, now()).where(row.name == name).run()
	frappe.clear_document_cache(CHANGE, name)
