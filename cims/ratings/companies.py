"""The rating of a customer by the books of one company alone, worked out when it is asked for.

What is stored is over all companies. What belongs to no company, such as a check of identity, counts with each of them.
"""

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils.data import cast

from cims.ratings import events, forecasts, policies, replay, rows, sources
from cims.ratings.calendar import site_calendar, today
from cims.ratings.snapshots import MONTH_END
from cims.trust import rating
from cims.trust.calendar import to_date
from cims.trust.evidence import Receivable
from cims.trust.rating import History

RATING, COMPANY = "Trust Rating", "Company"


@dataclass(frozen=True)
class View:
	"""kept: what Trust Rating would keep. curve: the points of the month ends, as rows of snapshots. open_now: what is owed."""

	kept: frappe._dict
	curve: list[frappe._dict]
	open_now: list[Receivable]


def of(customer: str) -> list[str]:
	"""The companies in whose books a customer's evidence stands, as far as the user may see them."""
	names = frappe.get_all(
		"Trust Evidence",
		{"customer": customer, "company": ("is", "set")},
		pluck="company",
		distinct=True,
		limit=0,
	)
	return sorted(name for name in names if _may_see(name))


def _may_see(company: str) -> bool:
	return not frappe.db.exists("DocType", COMPANY) or bool(
		frappe.has_permission(COMPANY, "read", doc=company)
	)


def view(customer: str, company: str) -> View:
	"""A customer by the books of one company, today. Raises ValidationError where the customer has no evidence there."""
	if company not in of(customer):
		frappe.throw(
			_("There is no evidence of {0} in the books of {1}. Choose one of: {2}.").format(
				customer, company, ", ".join(of(customer)) or _("None")
			)
		)
	day, policy = today(), policies.active()
	found, open_now = _book(customer, company)
	replayed = replay.run(found, day, policy, replay.CURVE)
	forecast = forecasts.of_table(found.whole, found.keys, 1, day, policy)
	kept = rows.columns(
		replayed.ratings,
		replayed.ledgers.first_days(),
		replayed.ledgers.plain(),
		{},
		percentile=[None],
		forecasts=forecast,
	)
	return View(
		_typed({field: column[0] for field, column in kept.items()}), _points(replayed.points), open_now
	)


def rating_of(customer: str, company: str, as_of: int | None = None) -> rating.Rating:
	"""The rating by the books of one company on a day (today)."""
	found, _open = _book(customer, company)
	return rating.rate(found.history, today() if as_of is None else as_of, policies.active())[0]


def _book(customer: str, company: str) -> tuple[replay.Book, list[Receivable]]:
	policy, calendar = policies.active(), site_calendar()
	kept = events.columns(
		frappe.db.sql(
			f"""SELECT {", ".join(f"`{field}`" for field in events.FIELDS)} FROM `tabTrust Evidence`
			WHERE customer = %s AND COALESCE(company, '') IN ('', %s) ORDER BY occurred_on, creation, name""",
			(customer, company),
		),
		{customer: 0},
	)
	receivables = [row for row in sources.receivables([customer]) if row.company in ("", company)]
	table = sources.of_objects(receivables, calendar, {customer: 0})
	segments = replay.segments_of([customer], policies.segment_field())
	history = History([customer], [segments[customer]], events.weighed(kept, policy), table.pieces)
	is_open = [row for row in receivables if not row.settled_on and not row.written_off_on and row.amount]
	return replay.Book(history, kept, table.whole, table.keys), is_open


def _typed(plain: dict) -> frappe._dict:
	"""The fields of Trust Rating as the database would hand them out."""
	types = {df.fieldname: df.fieldtype for df in frappe.get_meta(RATING).fields}
	return frappe._dict(
		{
			field: value if value is None or field not in types else cast(types[field], value)
			for field, value in plain.items()
		}
	)


def _points(points) -> list[frappe._dict]:
	return [
		frappe._dict(
			day=to_date(day), score=score, low=low, high=high, grade=points.words[grade], cause=MONTH_END,
			rated=rated, marks=None,
		)
		for day, score, low, high, grade, rated in zip(
			points.day.tolist(), points.score.tolist(), points.low.tolist(), points.high.tolist(),
			points.grade.tolist(), points.rated.tolist(), strict=True,
		)
	]  # fmt: skip
