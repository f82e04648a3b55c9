"""What rules say to people, in their language: plain text, to be escaped by whoever puts it into a page."""

import frappe
from frappe import _
from frappe.utils.user import get_users_with_role

from cims.erpnext.acting.case import Case
from cims.erpnext.acting.rules import ASK, STOP, WARN
from cims.ratings import wording
from cims.trust.policy import NOT_RATED

COLOURS = {WARN: "orange", ASK: "orange", STOP: "red"}
MOST_NAMES = 5


def title(case: Case) -> str:
	"""What is the matter, in a few words."""
	return {
		WARN: _("Take Care With This Customer"),
		ASK: _("This Needs Approval"),
		STOP: _("This Customer Is Stopped"),
	}[case.verdict.action]


def why(case: Case) -> str:
	"""Why the rule holds: its own message, and the facts for who may see the rating."""
	said = [case.verdict.message] if case.verdict.message else []
	if case.shown:
		said += _facts(case)
	if not said:
		said = [_("A rule of your company on trust in customers holds here: {0}.").format(case.verdict.rule)]
	return " ".join(said).replace("。 ", "。")


def _facts(case: Case) -> list[str]:
	found, money = case.verdict, lambda amount: wording.money(amount, case.currency)
	if case.grade == NOT_RATED:
		said = [_("The customer isn't rated (NR).")]
	else:
		said = [_("The customer's grade is {0}.").format(case.grade)]
	if found.overdue is not None:
		said.append(
			_("Overdue: {0}; the oldest for {1}.").format(money(found.overdue), wording.days(found.oldest))
		)
	if found.exposure is not None:
		said.append(_("At risk: {0}; the limit is {1}.").format(money(found.exposure), money(found.limit)))
	return said


def who_decides(case: Case) -> str:
	"""Who may let the document pass, as a sentence."""
	role = _(decider(case))
	users = get_users_with_role(decider(case))
	names = frappe.get_all("User", {"name": ("in", users)}, pluck="full_name", order_by="full_name")
	if not names:
		return _("Nobody has the role {0}, which decides on it. Ask your system manager.").format(role)
	listed = ", ".join(names[:MOST_NAMES] + ["…"] * (len(names) > MOST_NAMES))
	if case.verdict.action == ASK:
		return _("It can be submitted once one of them approves it: {0} (role {1}).").format(listed, role)
	return _("Only one of them can let it pass, with a reason: {0} (role {1}).").format(listed, role)


def decider(case: Case) -> str:
	"""The role that decides."""
	return case.verdict.decider or "System Manager"
