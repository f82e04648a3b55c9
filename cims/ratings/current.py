"""Ratings as they stand now, for programs and tables: a few statements for any number of customers."""

from collections.abc import Mapping, Sequence

import frappe
from frappe import _
from frappe.utils import flt

from cims.ratings import explained, wording
from cims.trust import reasons
from cims.trust.policy import NOT_RATED

RATING = "Trust Rating"


def ratings(customers: Sequence[str]) -> list[dict]:
	"""The rating of each customer, in their order; grade NR and nothing else known for one who has no evidence.

	grade: as shown, an approved override included; computed_grade: without it. pending: newer evidence waits to be rated.
	Numbers that aren't known are None; sentences are in the user's language. Checks no permissions.
	"""
	kept = {
		row.name: row for row in frappe.get_all(RATING, {"name": ("in", list(customers))}, ["*"], limit=0)
	}
	why = explained.of(list(kept))
	return [
		_plain(name, kept.get(name) or frappe._dict(), why.get(name, explained.UNKNOWN).reasons)
		for name in customers
	]


def _plain(customer: str, row: frappe._dict, said: Mapping[str, list[dict]]) -> dict:
	rated = bool(row.rated)
	return {
		"customer": customer,
		"as_of": row.as_of.isoformat() if row.as_of else None,
		"policy": row.policy or None,
		"grade": row.grade or NOT_RATED,
		"computed_grade": row.computed_grade or NOT_RATED,
		"override": row.override or None,
		"score": flt(row.score, 1) if rated else None,
		"low": flt(row.low, 1) if rated else None,
		"high": flt(row.high, 1) if rated else None,
		"confidence": flt(row.confidence, 3),
		"change_90d": flt(row.change_90d, 1) if row.has_change_90d else None,
		"change_1y": flt(row.change_1y, 1) if row.has_change_1y else None,
		"segment": row.segment or None,
		"percentile": flt(row.percentile, 1) if row.compared else None,
		"evidence_count": row.evidence_count or 0,
		"days_beyond_terms": flt(row.days_beyond_terms, 1) if row.settled_count else None,
		"open_amount": flt(row.open_amount, 2),
		"overdue_amount": flt(row.overdue_amount, 2),
		"suggested_credit_days": row.suggested_credit_days if rated else None,
		"suggested_limit": flt(row.suggested_limit, 2) if rated else None,
		"watch": [_sentence(reason)["text"] for reason in said.get("watch", ())],
		"reasons": {
			name: [_sentence(reason) for reason in said.get(name, ())] for name in ("costs", "earns")
		},
		"pending": bool(row.dirty),
	}


def _sentence(plain: Mapping) -> dict:
	text = reasons.text(plain, translate=_, number=wording.number, money=wording.money)
	return {"code": plain["code"], "points": flt(plain["points"], 1), "text": text}
