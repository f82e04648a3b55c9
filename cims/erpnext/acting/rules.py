"""Which rule decides on a document: the Trust Rules of the site, and the strictest of those that hold.

A rule is no part of a policy's version, for changing what is done must not rate anybody anew; its own history is kept.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import frappe
from frappe.utils import flt

from cims.erpnext.acting import exposure
from cims.trust.policy import NOT_RATED

RULE = "Trust Rule"
CACHE = "cims_trust_rules"
NOTHING, WARN, ASK, STOP = "Nothing", "Warn", "Ask for Approval", "Stop"
STRICTNESS = (NOTHING, WARN, ASK, STOP)
# Document type -> the field of a rule that says whether it holds there.
STAGES = {
	"Quotation": "at_quotation",
	"Sales Order": "at_sales_order",
	"Delivery Note": "at_delivery_note",
	"Sales Invoice": "at_sales_invoice",
}
AMOUNT, SUGGESTED, CREDIT = "Amount", "Suggested Limit", "Credit Limit"
# The exposures that a rule may count.
COUNTS = ("count_open", "count_overdue", "count_orders", "count_deliveries", "count_document")


@dataclass(frozen=True)
class Subject:
	"""A document that rules look at: of which kind, whose, and what of it counts."""

	doctype: str
	customer: str
	company: str
	grade: str
	suggested_limit: float | None
	doc: object | None = None


@dataclass(frozen=True)
class Verdict:
	"""What a rule says of a document, and what it rests on. Amounts in the company's currency; None for what wasn't asked."""

	action: str = NOTHING
	rule: str | None = None
	decider: str | None = None
	message: str | None = None
	overdue: float | None = None
	oldest: int | None = None
	exposure: float | None = None
	limit: float | None = None

	@property
	def strictness(self) -> int:
		return STRICTNESS.index(self.action)


@dataclass
class Facts:
	"""What the rules ask of a customer, each read from the database once, and only if a rule asks."""

	subject: Subject
	known: dict = field(default_factory=dict)

	def of(self, name: str, read: Callable):
		if name not in self.known:
			self.known[name] = read()
		return self.known[name]

	@property
	def owed(self) -> exposure.Owed:
		return self.of("owed", lambda: exposure.owed(self.subject.customer, self.subject.company))

	def counted(self, rule: frappe._dict) -> float:
		"""The exposures that a rule counts, added up."""
		who, doc = (self.subject.customer, self.subject.company), self.subject.doc
		overdue = self.owed.overdue()
		parts = [overdue] if rule.count_overdue else []
		if rule.count_open:
			parts.append(self.owed.balance - overdue)
		if rule.count_orders:
			parts.append(self.of("orders", lambda: exposure.orders(*who)))
		if rule.count_deliveries:
			name = "deliveries beside orders" if rule.count_orders else "deliveries"
			parts.append(self.of(name, lambda: exposure.deliveries(*who, bool(rule.count_orders))))
		if rule.count_document and doc is not None:
			parts.append(exposure.added(doc, bool(rule.count_orders), bool(rule.count_deliveries)))
		return flt(sum(parts), 2)

	def limit(self, rule: frappe._dict) -> float | None:
		"""What the exposure is held against; None where there is no such limit."""
		if rule.exposure_limit == AMOUNT:
			return flt(rule.exposure_amount)
		if rule.exposure_limit == SUGGESTED:
			return self.subject.suggested_limit
		from erpnext.selling.doctype.customer.customer import get_credit_limit

		who = self.subject.customer, self.subject.company
		return self.of("limit", lambda: get_credit_limit(*who) or None)


def enabled() -> list[frappe._dict]:
	"""The rules in force, from the cache."""
	return [frappe._dict(row) for row in frappe.cache.get_value(CACHE, _read)]


def _read() -> list[dict]:
	return [dict(row) for row in frappe.get_all(RULE, {"enabled": 1}, ["*"], order_by="name", limit=0)]


def forget() -> None:
	"""The rules have changed: read them again, now and once the change is committed."""
	forget_cached()
	frappe.db.after_commit.add(forget_cached)
	frappe.db.after_rollback.add(forget_cached)


def forget_cached() -> None:
	"""Hook of `bench clear-cache`."""
	frappe.cache.delete_value(CACHE)


def covering(
	rules: Collection[frappe._dict], doctype: str, grade: str, company: str | None
) -> list[frappe._dict]:
	"""The rules for a kind of document, a grade and a company: the company's own if it has any, else those for all."""
	found = [rule for rule in rules if rule[STAGES[doctype]] and _covers(rule, grade)]
	own = [rule for rule in found if rule.company and rule.company == company]
	return own or [rule for rule in found if not rule.company]


def _covers(rule: frappe._dict, grade: str) -> bool:
	return rule.grade == grade if rule.grade or grade == NOT_RATED else True


def verdict(subject: Subject, rules: Collection[frappe._dict] | None = None) -> Verdict:
	"""The strictest of the rules that hold; action "Nothing" where none does."""
	rules = enabled() if rules is None else rules
	facts = Facts(subject)
	found = (_holds(rule, facts) for rule in covering(rules, subject.doctype, subject.grade, subject.company))
	return max(filter(None, found), key=lambda one: one.strictness, default=Verdict())


def _holds(rule: frappe._dict, facts: Facts) -> Verdict | None:
	"""What a rule says where all of its conditions are met, else None."""
	known = {}
	if rule.overdue_amount or rule.overdue_days:
		overdue = facts.owed.overdue(rule.overdue_days)
		if not overdue > flt(rule.overdue_amount):
			return None
		known |= {"overdue": overdue, "oldest": facts.owed.oldest()}
	if rule.exposure_limit:
		limit = facts.limit(rule)
		if limit is None:
			return None
		counted = facts.counted(rule)
		if not counted > limit:
			return None
		known |= {"exposure": counted, "limit": limit}
	return Verdict(rule.action, rule.name, rule.decider, rule.message, **known)


def company_renamed(doc, method: str | None, old: str, new: str, merge: bool = False) -> None:
	"""Hook: rules and what was decided name a company as text, for sites without ERPNext have no companies."""
	for doctype in (RULE, "Trust Decision", "Trust Terms Change"):
		frappe.db.set_value(doctype, {"company": old}, "company", new, update_modified=False)
	forget()
