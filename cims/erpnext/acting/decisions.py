"""Who let a document pass and why: asked, approved, rejected, overridden. Rows are written here and never changed."""

import frappe
from frappe import _
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification
from frappe.utils import escape_html, flt, get_datetime, get_fullname, now
from frappe.utils.user import get_users_with_role

from cims.erpnext.acting import saying
from cims.erpnext.acting.case import Case
from cims.erpnext.acting.rules import ASK, STOP, STRICTNESS
from cims.ratings import policies, sql
from cims.trust.policy import NOT_RATED

DECISION = "Trust Decision"
ASKED, APPROVED, REJECTED, OVERRIDDEN = "Asked", "Approved", "Rejected", "Overridden"
# What may be decided where a rule holds a document up.
POSSIBLE = {ASK: (ASKED, APPROVED, REJECTED), STOP: (ASKED, OVERRIDDEN, REJECTED)}
FIELDS = (
	"name", "decision", "customer", "reference_doctype", "reference_name", "decided_by", "decided_on", "author", "reason",
	"action", "rule", "grade", "company", "currency", "amount", "overdue_amount", "exposure",
)  # fmt: skip


def last(doc) -> frappe._dict | None:
	"""The last decision on a document, leaving aside that somebody asked for one."""
	found = frappe.get_all(
		DECISION,
		{"reference_name": doc.name, "reference_doctype": doc.doctype, "decision": ("!=", ASKED)},
		["*"],
		order_by="decided_on desc, creation desc",
		limit=1,
	)
	return found[0] if found else None


def holding(case: Case) -> frappe._dict | None:
	"""The decision that lets a document pass, None without one.

	It holds for the customer, the company and the amount that were decided on, while the grade is no worse and no stricter
	rule has come to hold.
	"""
	doc, decision = case.doc, case.doc.name and last(case.doc)
	if not decision or decision.decision == REJECTED:
		return None
	same = decision.customer == (case.code or "") and decision.company == doc.company
	covered = flt(doc.base_grand_total, 2) <= flt(decision.amount, 2)
	stricter = case.verdict.strictness > STRICTNESS.index(decision.action)
	return decision if same and covered and not stricter and not _worse(case.grade, decision.grade) else None


def _worse(grade: str, than: str) -> bool:
	order = [*policies.active().grades, NOT_RATED]
	place = {name: at for at, name in enumerate(order)}
	return place.get(grade, len(order)) > place.get(than, len(order))


def take(case: Case, decision: str, reason: str) -> str:
	"""Write a decision on a document down, and tell who waits for it. Returns its name."""
	_check(case, decision, reason)
	doc, found, name = case.doc, case.verdict, sql.new_name()
	row = (
		name, decision, case.code or "", doc.doctype, doc.name, frappe.session.user, now(), doc.owner, reason.strip(),
		found.action, found.rule, case.grade, doc.company, case.currency, flt(doc.base_grand_total, 2),
		flt(found.overdue, 2), flt(found.exposure, 2),
	)  # fmt: skip
	sql.insert(DECISION, FIELDS, [row])
	_tell(case, decision, reason)
	return name


def _check(case: Case, decision: str, reason: str) -> None:
	possible = POSSIBLE.get(case.verdict.action)
	if not possible or case.doc.docstatus == 2:
		frappe.throw(_("No rule asks for a decision on {0}.").format(case.doc.name))
	if decision not in possible:
		frappe.throw(_("{0} can't be decided here. Use one of: {1}.").format(decision, ", ".join(possible)))
	if decision != ASKED and not may_decide(case):
		frappe.throw(
			_("You need the role {0} to decide on this document.").format(_(saying.decider(case))),
			frappe.PermissionError,
		)
	if not (reason or "").strip():
		frappe.throw(_("Give a reason; it is kept with the document."))


def may_decide(case: Case) -> bool:
	"""Whether the user may approve or override what a rule holds up."""
	return saying.decider(case) in frappe.get_roles()


def _tell(case: Case, decision: str, reason: str) -> None:
	"""Ask those who may decide, or answer whoever made the document."""
	doc = case.doc
	whom = get_users_with_role(saying.decider(case)) if decision == ASKED else [doc.owner]
	users = [user for user in whom if user != frappe.session.user]
	if not users:
		return
	what = f"{_(doc.doctype)} {doc.name}"
	texts = {
		ASKED: _("{0} asks for a decision on {1}"),
		APPROVED: _("{0} has approved {1}"),
		REJECTED: _("{0} has rejected {1}"),
		OVERRIDDEN: _("{0} lets {1} pass"),
	}
	message = {
		"type": "Alert",
		"document_type": doc.doctype,
		"document_name": doc.name,
		"subject": texts[decision].format(f"<b>{escape_html(get_fullname())}</b>", f"<b>{what}</b>"),
		"from_user": frappe.session.user,
		"email_content": escape_html(reason),
	}
	enqueue_create_notification(users, message)


def timeline(doctype: str, name: str) -> list[dict]:
	"""Hook of `additional_timeline_content`: what was decided on a document, on its own timeline."""
	rows = frappe.get_all(
		DECISION,
		{"reference_name": name, "reference_doctype": doctype},
		["decision", "decided_by", "decided_on", "reason"],
		limit=0,
	)
	return [
		{
			"icon": "review",
			"is_card": False,
			"creation": str(get_datetime(row.decided_on)),
			"content": escape_html(said(row)),
		}
		for row in rows
	]


def said(row: frappe._dict) -> str:
	"""A decision as a line: who, what and why."""
	texts = {
		ASKED: _("{0} asked for a decision: {1}"),
		APPROVED: _("{0} approved this: {1}"),
		REJECTED: _("{0} rejected this: {1}"),
		OVERRIDDEN: _("{0} let this pass against a rule: {1}"),
	}
	return texts[row.decision].format(get_fullname(row.decided_by), row.reason)
