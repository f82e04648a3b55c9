"""Curves of several customers for comparison, and the rating of any past day."""

from collections.abc import Sequence
from datetime import date

import frappe
from frappe import _
from frappe.utils import add_months, get_last_day, getdate, nowdate

from cims.ratings import panel, policies, replay, snapshots, wording
from cims.trust import reasons
from cims.trust.calendar import to_day
from cims.trust.policy import NOT_RATED

MOST_CUSTOMERS = 10
MOST_MONTHS = 120


def curves(customers: Sequence[str], months: int = 24) -> dict:
	"""The curves of up to ten customers over the last `months` months, with the quartiles of their segments.

	Returns {"curves": [{customer, customer_name, grade, segment, points, marks}], "segments": {segment: [quartiles]},
	"bands"}; `segments` has "All" always. A fixed number of statements besides one permission check for each customer.
	"""
	_check(customers, months)
	for customer in customers:
		frappe.has_permission("CIMS Customer", "read", doc=customer, throw=True)
	since = get_last_day(add_months(nowdate(), -months - 1))
	fields = ("customer", "day", "score", "low", "high", "grade", "cause", "marks")
	rows = snapshots.of(customers, fields, to_day(getdate(since)), rated_only=True)
	ratings = {row.name: row for row in _ratings(customers)}
	found = []
	for customer in customers:
		rating = ratings.get(customer)
		if rating is None:
			frappe.throw(
				_("There is no customer with the code {0}.").format(customer), frappe.DoesNotExistError
			)
		mine = [row for row in rows if row.customer == customer]
		points = [panel.point(row) for row in mine]
		if rating.rated and (not points or points[-1]["day"] < rating.as_of.isoformat()):
			points.append(
				panel.point(
					frappe._dict(rating, day=rating.as_of, cause="Today", grade=rating.computed_grade)
				)
			)
		found.append(
			{
				"customer": customer,
				"customer_name": rating.customer_name,
				"grade": rating.grade or NOT_RATED,
				"segment": rating.segment or None,
				"points": points,
				"marks": [mark for row in mine for mark in panel.marks_of(row)],
			}
		)
	segments = dict.fromkeys([snapshots.ALL, *(curve["segment"] for curve in found if curve["segment"])])
	return {
		"curves": found,
		"segments": {segment: panel.peers(segment, since) for segment in segments},
		"bands": panel.bands(policies.active()),
	}


def _check(customers: Sequence[str], months: int) -> None:
	if not 1 <= len(customers) <= MOST_CUSTOMERS:
		frappe.throw(_("Choose between 1 and {0} customers to compare.").format(MOST_CUSTOMERS))
	if not 1 <= months <= MOST_MONTHS:
		frappe.throw(_("Choose between 1 and {0} months.").format(MOST_MONTHS))


def _ratings(customers: Sequence[str]) -> list[frappe._dict]:
	return frappe.db.sql(
		"""SELECT c.name, c.customer_name, r.grade, r.computed_grade, r.segment, r.rated, r.as_of, r.score, r.low, r.high
		FROM `tabCIMS Customer` c LEFT JOIN `tabTrust Rating` r ON r.name = c.name WHERE c.name IN %(customers)s""",
		{"customers": list(customers)},
		as_dict=True,
	)


def as_of(customer: str, day: date | str, policy: str | None = None) -> dict:
	"""The rating that would have been worked out on a past day, with what was known by its end.

	policy: the version to rate by, the one in force unless named. What is open on that day is read from the documents as
	they stand now. Raises ValidationError for a day to come.
	"""
	frappe.has_permission("CIMS Customer", "read", doc=customer, throw=True)
	day = getdate(day)
	if day > getdate(nowdate()):
		frappe.throw(_("{0} lies in the future. Ask for a day up to today.").format(wording.day(day)))
	by = policies.by_name(policy) if policy else policies.active()
	rated = replay.rate_as_of(customer, to_day(day), by, policies.segment_field_of(policy))
	unrated = rated.grade == NOT_RATED

	def sentences(found) -> list[dict]:
		return [
			{
				"code": r.code,
				"points": round(r.points, 1),
				"text": reasons.text(r, _, wording.number, wording.money),
			}
			for r in found
		]

	return {
		"customer": customer,
		"as_of": day.isoformat(),
		"policy": rated.policy,
		"grade": rated.grade,
		"score": None if unrated else rated.score,
		"low": None if unrated else rated.low,
		"high": None if unrated else rated.high,
		"confidence": rated.confidence,
		"change_90d": rated.change_90d,
		"change_1y": rated.change_1y,
		"evidence_count": rated.evidence_count,
		"days_beyond_terms": rated.days_beyond_terms,
		"open_amount": rated.exposure["open_amount"],
		"overdue_amount": rated.exposure["overdue_amount"],
		"watch": [sentence["text"] for sentence in sentences(rated.watch)],
		"reasons": {"costs": sentences(rated.costs), "earns": sentences(rated.earns)},
		"contributions": dict(rated.contributions),
	}
