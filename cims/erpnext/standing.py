"""How ERPNext's customers stand, for ERPNext's own forms and lists: the grade, and one line of reason."""

from collections.abc import Sequence

import frappe
from frappe import _
from frappe.utils import flt

from cims.erpnext import LINK, OURS
from cims.ratings import explained, wording
from cims.trust import reasons
from cims.trust.policy import NOT_RATED

RATING = "Trust Rating"


def of_list(customers: Sequence[str]) -> dict[str, dict]:
	"""ERPNext's customer -> {"grade", "score", "change", "watch"}, for those whom the user may see. One statement."""
	if not customers or not (frappe.has_permission(RATING, "read") and frappe.has_permission(OURS, "read")):
		return {}
	rows = frappe.get_list(
		OURS,
		{LINK: ("in", list(customers))},
		[LINK, "trust_grade", "trust_score", "trust_change", "trust_watch"],
		limit=len(customers),
		order_by=None,
	)
	return {
		row[LINK]: {
			"grade": row.trust_grade or NOT_RATED,
			"score": flt(row.trust_score, 1) if (row.trust_grade or NOT_RATED) != NOT_RATED else None,
			"change": flt(row.trust_change, 1),
			"watch": bool(row.trust_watch),
		}
		for row in rows
	}


def line(code: str) -> dict:
	"""{"customer", "grade", "score", "watch", "text"} of one of our customers; text: the reason that weighs most, as a sentence.
	Checks no permission."""
	fields = ["grade", "rated", "score", "watch"]
	row = frappe.db.get_value(RATING, code, fields, as_dict=True) or frappe._dict()
	return {
		"customer": code,
		"grade": row.grade or NOT_RATED,
		"score": flt(row.score, 1) if row.rated else None,
		"watch": bool(row.watch),
		"text": _reason(code, row.rated),
	}


def _reason(code: str, rated: bool) -> str:
	if not rated:
		return _("Not rated: there is too little evidence yet.")
	said = explained.of_one(code).reasons
	for part in ("watch", "costs", "earns"):
		if found := said.get(part):
			return reasons.text(found[0], translate=_, number=wording.number, money=wording.money)
	return _("Nothing stands out: no single factor costs or earns many points.")


def load(doc, method: str | None = None) -> None:
	"""Hook of Customer's onload: our code for it, where the user may see its rating."""
	from cims.erpnext import links
	from cims.erpnext.acting.case import may_see

	code = links.codes_of([doc.name]).get(doc.name)
	if may_see(code):
		doc.set_onload("cims_customer", code)
