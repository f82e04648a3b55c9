"""Overrides of a grade: asked for by one person, decided by another, and never without an end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import now, nowdate

from cims.ratings import queue, sql, store
from cims.ratings.guard import require_role
from cims.trust.calendar import to_date

OVERRIDE = "Trust Override"
REQUESTED, APPROVED, REJECTED, WITHDRAWN, EXPIRED = (
	"Requested",
	"Approved",
	"Rejected",
	"Withdrawn",
	"Expired",
)
APPROVERS = ("CIMS Manager", "System Manager")
MOST_DAYS = 365


@dataclass(frozen=True)
class Standing:
	"""An approved override that holds: its name and the grade that it sets."""

	name: str
	grade: str


def standing(customers: Sequence[str], day: int) -> dict[str, Standing]:
	"""Customer -> the approved override that holds on the day; an expired one never does."""
	return {
		customer: Standing(name, grade)
		for condition, among in sql.among("customer", customers)
		for customer, name, grade in frappe.db.sql(
			f"""SELECT customer, name, grade FROM `tabTrust Override`
			WHERE status = %(approved)s AND expires_on >= %(day)s AND {condition} ORDER BY decided_on""",
			{**among, "approved": APPROVED, "day": to_date(day)},
		)
	}


def approve(name: str, note: str | None = None) -> None:
	"""Put an override in force. Not by its author, nor by who asked for it. Ends the one before it."""
	doc = _to_decide(name)
	if str(doc.expires_on) < nowdate():
		frappe.throw(
			_("This override would have expired on {0} already. Ask for a new one.").format(
				doc.get_formatted("expires_on")
			)
		)
	before = frappe.get_all(OVERRIDE, {"customer": doc.customer, "status": APPROVED}, pluck="name")
	for other in before:
		_decide(frappe.get_doc(OVERRIDE, other), WITHDRAWN, _("Replaced by {0}.").format(doc.name))
	_decide(doc, APPROVED, note)


def reject(name: str, note: str | None = None) -> None:
	"""Turn an override down. Not by its author."""
	_decide(_to_decide(name), REJECTED, note)


def withdraw(name: str, note: str | None = None) -> None:
	"""End an override, before it was decided or after. By its author or whoever may approve."""
	doc = frappe.get_doc(OVERRIDE, name, for_update=True)
	doc.check_permission("read")
	if doc.status not in (REQUESTED, APPROVED):
		frappe.throw(_("This override is {0} already; there is nothing to withdraw.").format(_(doc.status)))
	if frappe.session.user != doc.owner:
		require_role(APPROVERS)
	_decide(doc, WITHDRAWN, note)


def _to_decide(name: str):
	require_role(APPROVERS)
	doc = frappe.get_doc(OVERRIDE, name, for_update=True)
	doc.check_permission("read")
	if doc.status != REQUESTED:
		frappe.throw(_("This override is {0} already.").format(_(doc.status)))
	if frappe.session.user == doc.owner:
		frappe.throw(
			_(
				"You asked for this override yourself. Somebody else with the role {0} has to decide on it."
			).format(_("CIMS Manager")),
			frappe.PermissionError,
		)
	return doc


def _decide(doc, status: str, note: str | None) -> None:
	doc.flags.deciding = True
	doc.update(
		{"status": status, "approver": frappe.session.user, "decided_on": now(), "decision_note": note}
	)
	doc.save(ignore_permissions=True)
	doc.flags.deciding = False
	_rate_anew([doc.customer])


def expire() -> int:
	"""Nightly: mark what has expired. Returns how many. The ratings of the customers follow."""
	rows = frappe.get_all(
		OVERRIDE,
		{"status": ("in", (REQUESTED, APPROVED)), "expires_on": ("<", nowdate())},
		["name", "customer"],
		limit=0,
	)
	override = frappe.qb.DocType(OVERRIDE)
	for part in sql.chunks([row.name for row in rows], 1000):
		frappe.qb.update(override).set(override.status, EXPIRED).set(override.modified, now()).where(
			override.name.isin(part)
		).run()
	_rate_anew({row.customer for row in rows})
	return len(rows)


def _rate_anew(customers: Collection[str]) -> None:
	"""Mark and queue the customers, also those who have no evidence: an override sets their grade all the same."""
	store.hold(dict.fromkeys(customers))
	queue.add(customers)
