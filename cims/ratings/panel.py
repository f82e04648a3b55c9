"""What the trust panel of a customer's form shows: all of it from what is kept, in the user's language and formats."""

import json
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

import frappe
from frappe import _
from frappe.utils import add_months, cint, flt, get_last_day, getdate, nowdate

from cims import erpnext
from cims.ratings import companies, explained, forecasts, marks, policies, rerate, snapshots, sources, wording
from cims.ratings.calendar import site_calendar, today
from cims.ratings.events import Ledger
from cims.trust import rating, reasons
from cims.trust.calendar import to_date, to_day
from cims.trust.evidence import Receivable, columns_of
from cims.trust.policy import NOT_RATED, Policy

MONTHS = 24
MOST_RECEIVABLES = 20
MOST_LIFTS = 3


def lift_texts() -> dict[str, str]:
	"""The sentence of each lift, with places for its figures."""
	return {
		"settle_overdue": _("Settle the {count} overdue receivables ({amount})."),
		"settle_overdue_one": _("Settle the overdue receivable ({amount})."),
		"pay_on_time": _("Pay the next {count} receivables when they are due."),
		"verify_identity": _("Have the identity verified."),
	}


def trust_panel(customer: str, company: str | None = None) -> dict:
	"""Everything that the trust panel shows of one customer. At most ten SQL statements, whatever the history.

	company: by its books alone, worked out for the asking; else over all. companies: those to choose from, where there are several.

	Raises PermissionError unless the user may read the customer. See the keys below; sentences are translated and figures
	formatted for the user. `rating` is None while the customer is not rated, and `missing` says what would change that.
	"""
	frappe.has_permission("CIMS Customer", "read", doc=customer, throw=True)
	policy = policies.active()
	kept = _kept(customer)
	if company:
		view = companies.view(customer, company)
		kept.update(view.kept)
		points, known, figures = view.curve, view.receivables, view.reasons
	else:
		points, known = _points(customer), sources.receivables([customer])
		figures = explained.of_one(customer).reasons
	open_now = [row for row in known if forecasts.is_open(row)]
	curve, marked = _curve(points, kept)
	override = _override(kept)
	grade = (override or {}).get("grade") or kept.computed_grade or NOT_RATED
	band = None if grade not in policy.grades else policy.band(grade)
	return {
		"customer": customer,
		"customer_name": kept.customer_name,
		"company": company or None,
		"companies": _companies(customer),
		"rating": _rating(kept, grade, band, override, figures, policy)
		if kept.as_of and (kept.rated or override)
		else None,
		"missing": [] if kept.rated else _missing(kept, policy),
		"bands": bands(policy),
		"curve": curve,
		"marks": marked,
		"peers": peers(kept.segment, add_months(nowdate(), -MONTHS - 1)),
		"reasons": {name: [_reason(r) for r in figures.get(name, ())] for name in ("costs", "earns")},
		"lifts": _lifts(kept, open_now, policy),
		"receivables": _receivables(open_now, forecasts.of_receivables(known, policy)),
		"more_receivables": max(len(open_now) - MOST_RECEIVABLES, 0),
		"terms": {
			"credit_days": band.credit_days if band else None,
			"limit": flt(kept.suggested_limit) if band else None,
			"currency": wording.company_currency(),
		},
	}


def _kept(customer: str) -> frappe._dict:
	"""The customer's rating row, empty where there is none, with the name and the approved override."""
	rows = frappe.db.sql(
		"""SELECT r.*, c.customer_name, o.name AS override_name, o.grade AS override_grade, o.reason AS override_reason,
			o.expires_on AS override_expires_on, o.approver AS override_approver, u.full_name AS override_approver_name
		FROM `tabCIMS Customer` c LEFT JOIN `tabTrust Rating` r ON r.name = c.name
		LEFT JOIN `tabTrust Override` o ON o.customer = c.name AND o.status = 'Approved' AND o.expires_on >= %(today)s
		LEFT JOIN `tabUser` u ON u.name = o.approver
		WHERE c.name = %(customer)s ORDER BY o.decided_on DESC LIMIT 1""",
		{"customer": customer, "today": nowdate()},
		as_dict=True,
	)
	if not rows:
		frappe.throw(_("There is no customer with the code {0}.").format(customer), frappe.DoesNotExistError)
	return rows[0]


def _override(kept: frappe._dict) -> dict | None:
	if not kept.override_name:
		return None
	return {
		"name": kept.override_name,
		"grade": kept.override_grade,
		"reason": kept.override_reason,
		"expires_on": kept.override_expires_on.isoformat(),
		"approver": kept.override_approver,
		"approver_name": kept.override_approver_name or kept.override_approver,
	}


def _rating(kept, grade: str, band, override: dict | None, figures: Mapping, policy: Policy) -> dict:
	rated = bool(kept.rated)
	return {
		"score": flt(kept.score, 1) if rated else None,
		"low": flt(kept.low, 1) if rated else None,
		"high": flt(kept.high, 1) if rated else None,
		"confidence": flt(kept.confidence, 3),
		"grade": grade,
		"word": _(band.word) if band else None,
		"colour": band.colour if band else None,
		"computed_grade": kept.computed_grade,
		"override": override,
		"watch": [_reason(reason)["text"] for reason in figures.get("watch", ())],
		"percentile": flt(kept.percentile, 1) if kept.compared else None,
		"segment": kept.segment or None,
		"change_90d": flt(kept.change_90d, 1) if kept.has_change_90d else None,
		"change_1y": flt(kept.change_1y, 1) if kept.has_change_1y else None,
		"as_of": kept.as_of.isoformat(),
		"policy": kept.policy,
		"payments": cint(kept.settled_count),
		"months": _months(kept),
		"evidence_count": cint(kept.evidence_count),
		"days_beyond_terms": flt(kept.days_beyond_terms, 1) if kept.settled_count else None,
	}


def _months(kept) -> int:
	"""How many months the customer has been known for, at least one."""
	return (
		max(round((kept.as_of - kept.first_evidence_on).days * 12 / 365.25), 1)
		if kept.first_evidence_on
		else 0
	)


def _reason(plain: Mapping) -> dict:
	return {
		"code": plain["code"],
		"points": flt(plain["points"], 1),
		"text": reasons.text(plain, translate=_, number=wording.number, money=wording.money),
	}


def _missing(kept, policy: Policy) -> list[str]:
	"""What a customer without a rating would need."""
	if not kept.evidence_count:
		return [
			_(
				"There is no evidence yet: no order has been delivered or paid, and nothing has been recorded."
			),
			_("Record a check of identity, or enter the customer's orders and payments."),
		]
	return [
		_("There is too little evidence for a grade: {0} so far.").format(
			_evidence(cint(kept.evidence_count))
		),
		_("The policy asks for the weight of {0} usual payments; newer and larger ones weigh more.").format(
			wording.number(policy.minimum_evidence)
		),
	]


def _evidence(count: int) -> str:
	return _("1 piece") if count == 1 else _("{0} pieces").format(count)


def bands(policy: Policy) -> list[dict]:
	"""The policy's grade bands, best first, their words translated."""
	return [{**vars(band), "word": _(band.word)} for band in policy.bands]


def _companies(customer: str) -> list[str]:
	"""Only where a site keeps the books of several companies."""
	found = companies.of(customer) if erpnext.installed() else []
	return found if len(found) > 1 else []


def _since() -> date:
	return getdate(get_last_day(add_months(nowdate(), -MONTHS - 1)))


def _points(customer: str) -> list[Mapping]:
	fields = ("day", "score", "low", "high", "grade", "cause", "rated", "marks")
	return snapshots.of([customer], fields, to_day(_since()))


def _curve(rows: Sequence[Mapping], kept) -> tuple[list[dict], list[dict]]:
	"""The points of the last 24 months with today's, and what moved the score on the days on which it moved."""
	rows = [row for row in rows if row.day >= _since()]
	curve = [point(row) for row in rows if row.rated]
	if kept.rated and (not curve or curve[-1]["day"] < kept.as_of.isoformat()):
		curve.append(point(frappe._dict(kept, day=kept.as_of, cause="Today", grade=kept.computed_grade)))
	return curve, [mark for row in rows for mark in marks_of(row)]


def point(row: Mapping) -> dict:
	"""A snapshot as a point of a curve."""
	return {
		"day": row["day"].isoformat(),
		"score": flt(row["score"], 1),
		"low": flt(row["low"], 1),
		"high": flt(row["high"], 1),
		"grade": row["grade"],
		"cause": row["cause"],
	}


def marks_of(row: Mapping) -> list[dict]:
	"""A snapshot's marks as sentences."""
	return [
		{
			"day": row["day"].isoformat(),
			"points": mark["points"],
			"text": marks.text(mark),
			"doctype": mark["doctype"],
			"name": mark["name"],
		}
		for mark in (json.loads(row["marks"]) if row["marks"] else ())
	]


def peers(segment: str | None, since: date | str) -> list[dict]:
	"""The quartiles of a segment ("" or None: of all) at the month ends since a day."""
	rows = frappe.get_all(
		snapshots.SEGMENT_SNAPSHOT,
		{"segment": segment or snapshots.ALL, "day": (">=", getdate(since))},
		["day", "q1", "median", "q3"],
		order_by="day",
		limit=0,
	)
	return [
		{"day": row.day.isoformat(), "q1": flt(row.q1, 1), "median": flt(row.median, 1), "q3": flt(row.q3, 1)}
		for row in rows
	]


def _lifts(kept, open_now: list[Receivable], policy: Policy) -> list[dict]:
	"""What would lift the rating, best first: from the kept sums and what is open, as of today."""
	if not kept.sums or kept.replay_from:
		return []
	ledger = Ledger.from_dict(json.loads(kept.sums))
	if ledger.policy != policy.version:
		return []
	day = today()
	ledger.tally.age_to(day, policy)
	_whole, pieces = columns_of(open_now, {kept.name: 0}, site_calendar())
	state = rerate.state_of(ledger, pieces, day, policy)
	texts = lift_texts()
	found = []
	for lift in rating.lifts(state, kept.segment, pieces, day, policy)[:MOST_LIFTS]:
		figures = {
			"count": wording.number(lift.figures.get("count", 0)),
			"amount": wording.money(lift.figures.get("amount", 0)),
		}
		one = lift.action == "settle_overdue" and lift.figures["count"] == 1
		found.append(
			{
				"action": lift.action,
				"text": texts["settle_overdue_one" if one else lift.action].format(**figures),
				"score": round(lift.score, 1),
				"grade": lift.grade,
			}
		)
	return found


def _receivables(open_now: list[Receivable], forecast: Mapping[str, dict]) -> list[dict]:
	"""The open receivables, the longest overdue first. forecast: of each, by its key."""
	rows = sorted(open_now, key=lambda row: (row.due_on, row.reference))[:MOST_RECEIVABLES]
	references = sources.references(rows)
	calendar = site_calendar()
	rolled = calendar.roll(np.array([to_day(row.binds_on or row.due_on) for row in rows], dtype=np.int64))
	day = today()
	return [
		{
			"doctype": row.source_doctype,
			"name": row.reference,
			"reference": references.get((row.source_doctype, row.reference)) or row.reference,
			"due_on": row.due_on.isoformat(),
			"outstanding": round(max(row.amount - sum(amount for _day, amount in row.payments), 0), 2),
			"days_overdue": max(day - int(due), 0),
			"disputed": bool(row.disputed and not (row.disputed_to and row.disputed_to <= to_date(day))),
			"forecast": forecasts.shown(
				forecast.get(sources.key(row.source_doctype, row.reference, row.part)), row.due_on
			),
		}
		for row, due in zip(rows, rolled, strict=True)
	]
