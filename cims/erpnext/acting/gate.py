"""Where the rules meet ERPNext's documents: on saving a draft, on submitting it, and when what was submitted grows.

Drafts can always be saved, for asking and approving need a document; what must be approved can't be submitted without.
"""

import frappe
from frappe.utils import escape_html, flt

from cims.erpnext.acting import decisions, saying
from cims.erpnext.acting.case import Case, concerns
from cims.erpnext.acting.rules import ASK, NOTHING, STOP

# What makes a draft worth another word.
TOLD_ON = ("customer", "party_name", "company", "base_grand_total")


class NotApproved(frappe.ValidationError):
	"""A document that a rule stops, or that nobody has approved yet."""


def validate(doc, method: str | None = None) -> None:
	"""Hook: tell whoever saves a draft what the rules say of it, the first time and when it has changed."""
	if doc.docstatus or frappe.flags.in_import or not concerns(doc) or not _changed(doc):
		return
	case = Case.of(doc)
	if case.verdict.action != NOTHING and not decisions.holding(case):
		frappe.msgprint(
			escape_html(saying.why(case)),
			title=saying.title(case),
			indicator=saying.COLOURS[case.verdict.action],
		)


def _changed(doc) -> bool:
	before = doc.get_doc_before_save()
	return not before or any(doc.get(field) != before.get(field) for field in TOLD_ON)


def before_submit(doc, method: str | None = None) -> None:
	"""Hook: nothing is submitted that a rule stops, or that waits for approval."""
	if concerns(doc):
		check(doc)


def before_update_after_submit(doc, method: str | None = None) -> None:
	"""Hook: what was submitted doesn't grow beyond what was approved."""
	before = doc.get_doc_before_save()
	if before and flt(doc.base_grand_total) > flt(before.base_grand_total) and concerns(doc):
		check(doc)


def check(doc) -> None:
	"""Raises NotApproved where the rules need somebody's decision and there is none that holds."""
	case = Case.of(doc)
	if case.verdict.action in (ASK, STOP) and not decisions.holding(case):
		said = escape_html(saying.why(case)), escape_html(saying.who_decides(case))
		frappe.throw("<br><br>".join(said), NotApproved, title=saying.title(case))
