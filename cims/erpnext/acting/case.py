"""A document before the rules: whose it is, how that customer is rated, and what the rules say."""

from dataclasses import dataclass
from functools import cached_property

import frappe
from frappe.utils import flt

from cims.erpnext import links
from cims.erpnext.acting import rules
from cims.erpnext.acting.rules import Subject, Verdict
from cims.trust.policy import NOT_RATED

RATING, CUSTOMER = "Trust Rating", "CIMS Customer"


@dataclass(frozen=True)
class Case:
	"""customer: ERPNext's; code: ours, None where there is none (yet), which counts as not rated."""

	doc: object
	customer: str
	code: str | None
	grade: str
	verdict: Verdict

	@classmethod
	def of(cls, doc) -> "Case":
		customer = customer_of(doc)
		code = links.codes_of([customer]).get(customer)
		rating = rating_of(code)
		grade = rating.grade or NOT_RATED
		limit = flt(rating.suggested_limit) if rating.rated else None
		subject = Subject(doc.doctype, customer, doc.company, grade, limit, doc)
		return cls(doc, customer, code, grade, rules.verdict(subject))

	@cached_property
	def currency(self) -> str | None:
		"""The company's, in which all figures are."""
		return frappe.get_cached_value("Company", self.doc.company, "default_currency")

	@cached_property
	def shown(self) -> bool:
		"""Whether the user may know the grade and the figures."""
		return may_see(self.code)


def customer_of(doc) -> str | None:
	"""ERPNext's customer of a document; None for a lead's quotation."""
	if doc.doctype == "Quotation":
		return doc.party_name if doc.quotation_to == "Customer" else None
	return doc.get("customer")


def concerns(doc) -> bool:
	"""Whether rules look at a document: a customer's, that lends something. Returns and opening entries don't."""
	return bool(
		customer_of(doc)
		and not doc.get("is_return")
		and doc.get("is_opening") != "Yes"
		and not _paid_at_once(doc)
		and rules.enabled()
	)


def _paid_at_once(doc) -> bool:
	return bool(doc.get("is_pos") and flt(doc.get("paid_amount")) >= flt(doc.get("grand_total")))


def rating_of(code: str | None) -> frappe._dict:
	"""What the rules need of a rating; empty where there is none."""
	fields = ["grade", "rated", "suggested_limit"]
	return (code and frappe.db.get_value(RATING, code, fields, as_dict=True)) or frappe._dict()


def may_see(code: str | None) -> bool:
	"""Whether the user may see the rating of this customer of ours."""
	return bool(
		code and frappe.has_permission(RATING, "read") and frappe.has_permission(CUSTOMER, "read", doc=code)
	)
