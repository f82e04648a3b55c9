"""Up to ten customers beside each other and beside their peers: curves of 24 months, and where they stand today."""

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import cint, getdate, today

from cims.cims.report import common
from cims.ratings import snapshots
from cims.trust.calendar import month_ends, to_date, to_day

MOST_CUSTOMERS = 10
MOST_MONTHS = 60
ALL = "All"
# A curve with fewer points than this is left out when it would cut the others short.
ENOUGH_POINTS = 6
# Told apart by the colour-blind too (after Okabe and Ito), and none of them the grey of the peers.
LINES = (
	"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
	"#56b4e9", "#7a3e9d", "#8c6d31", "#1b7837", "#b2182b",
)  # fmt: skip
PEERS = ("#c8cdd2", "#8d99a6", "#c8cdd2")


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary.

	Raises frappe.ValidationError for more than ten customers. Customers that the reader may not see are named as left
	out, without saying whether they exist.
	"""
	filters = frappe._dict(filters or {})
	asked = list(dict.fromkeys(common.as_list(filters.get("customers") or [])))
	if len(asked) > MOST_CUSTOMERS:
		frappe.throw(_("Choose at most {0} customers.").format(MOST_CUSTOMERS))
	where = common.readable(frappe._dict(), archived=True)
	if not asked:
		return columns(), [], _("Choose up to {0} customers in the filter.").format(MOST_CUSTOMERS), None, []
	rows = standing(where, asked)
	months = min(max(cint(filters.get("months")) or 24, 2), MOST_MONTHS)
	options, notes = chart(rows, months)
	if missing := [name for name in asked if name not in {row.customer for row in rows}]:
		notes.append(
			_("Left out, because you may not see them or they do not exist: {0}.").format(", ".join(missing))
		)
	common.plain_text(rows, "customer_name")
	return columns(), rows, "<br>".join(map(frappe.utils.escape_html, notes)) or None, options, summary(rows)


def standing(where, asked: list[str]) -> list[dict]:
	"""The asked customers, in the order asked, with where each stands today; figures are empty without a rating."""
	customer, rating = DocType(common.CUSTOMER), DocType("Trust Rating")
	rows = (
		frappe.qb.from_(customer)
		.left_join(rating)
		.on((rating.customer == customer.name) & (rating.rated == 1))
		.select(
			customer.name.as_("customer"),
			customer.customer_name,
			common.grade_of(customer).as_("grade"),
			rating.score,
			rating.low,
			rating.high,
			rating.confidence,
			rating.segment,
			*common.known_figures(rating),
			customer.open_amount,
			customer.overdue_amount,
			customer.currency,
		)
		.where(where & customer.name.isin(asked))
	).run(as_dict=True)
	return sorted(rows, key=lambda row: asked.index(row.customer))


def chart(rows: list[dict], months: int) -> tuple[dict | None, list[str]]:
	"""The curves over the peers' quartiles, and what the reader must know about them.

	The chart can't leave a gap in a line, so it begins where all of its lines have begun.
	"""
	days = [to_date(day) for day in month_ends(to_day(getdate(today())), months)]
	curves = scores(rows, days)
	longest = max((len(days) + 1 - begins(curve) for curve in curves.values()), default=0)
	drawn = [
		row
		for row in rows
		if len(days) + 1 - begins(curves[row.customer]) >= min(ENOUGH_POINTS, max(longest, 2))
	]
	notes = []
	if short := [row.customer_name or row.customer for row in rows if row not in drawn]:
		notes.append(_("Rated for too short a time to be drawn: {0}.").format(", ".join(short)))
	if not drawn:
		return None, notes
	start = max(begins(curves[row.customer]) for row in drawn)
	if start:
		notes.append(_("The chart begins in the first month in which all of its customers were rated."))
	labels = [f"{day:%Y-%m}" for day in days[start:]] + [_("Today")]
	datasets = [
		{"name": row.customer_name or row.customer, "values": steady(curves[row.customer][start:])}
		for row in drawn
	]
	segment = shared_segment(drawn)
	quartiles = peers(segment, days[start:])
	if quartiles:
		notes.append(
			_("The grey lines are the quartiles of {0}.").format(
				_("all customers") if segment == ALL else segment
			)
		)
	else:
		notes.append(
			_("The peers' quartiles are not known for all of these months, so the chart leaves them out.")
		)
	return {
		"type": "line",
		"data": {"labels": labels, "datasets": [*quartiles, *datasets]},
		"colors": [*PEERS[: len(quartiles)], *LINES[: len(datasets)]],
		"lineOptions": {"hideDots": 1},
		"truncateLegends": 1,
	}, notes


def scores(rows: list[dict], days: list) -> dict[str, list[float | None]]:
	"""Customer -> score at each month end and today; None where there was no rating."""
	curves = {row.customer: [None] * len(days) + [row.score] for row in rows}
	if not rows:
		return curves
	place = {day: at for at, day in enumerate(days)}
	since, until = to_day(days[0]), to_day(days[-1])
	for row in snapshots.of(list(curves), ("customer", "day", "score"), since, until, rated_only=True):
		if row.day in place:
			curves[row.customer][place[row.day]] = row.score
	return curves


def begins(curve: list[float | None]) -> int:
	"""The position of the first score; the curve's length without any."""
	return next((at for at, score in enumerate(curve) if score is not None), len(curve))


def steady(curve: list[float | None]) -> list[float]:
	"""The curve with each missing month at the score before it; the first is there."""
	filled = []
	for score in curve:
		filled.append(round(score, 1) if score is not None else filled[-1])
	return filled


def shared_segment(rows: list[dict]) -> str:
	"""The segment that all of the customers belong to, else that of all customers."""
	segments = {row.segment or ALL for row in rows}
	return segments.pop() if len(segments) == 1 else ALL


def peers(segment: str, days: list) -> list[dict]:
	"""The segment's quartiles at each of the month ends, the last ones standing for today too; empty when one is
	missing."""
	table = DocType("Trust Segment Snapshot")
	found = (
		frappe.qb.from_(table)
		.select(table.day, table.q1, table.median, table.q3)
		.where((table.segment == segment) & table.day.isin(days))
		.orderby(table.day)
		.run()
		if days
		else []
	)
	if not days or len(found) < len(days):
		return []
	names = [_("Lower quartile"), _("Median"), _("Upper quartile")]
	quartiles = zip(*(row[1:] for row in found), strict=True)
	return [
		{"name": name, "values": [round(value, 1) for value in (*values, values[-1])]}
		for name, values in zip(names, quartiles, strict=True)
	]


def columns() -> list[dict]:
	return [
		*common.customer_columns(),
		common.column("grade", _("Grade"), width=90),
		common.score_column("score", _("Score")),
		common.score_column("low", _("Low End")),
		common.score_column("high", _("High End")),
		common.score_column("change_90d", _("Change, 3 Months"), 165),
		common.score_column("change_1y", _("Change, 12 Months"), 175),
		common.score_column("days_beyond_terms", _("Days beyond Terms"), 170),
		common.amount_column("overdue_amount", _("Overdue Amount")),
		common.amount_column("open_amount", _("Open Amount")),
		common.column("currency", _("Currency"), width=90),
		common.column("percentile", _("Percentile"), "Int", 120),
		common.column("segment", _("Peers"), width=130),
	]


def summary(rows: list[dict]) -> list[dict]:
	rated = [row for row in rows if row.score is not None]
	if not rated:
		return []
	best, worst = max(rated, key=lambda row: row.low), min(rated, key=lambda row: row.low)
	return [
		common.figure(
			_("Most Trusted"), frappe.utils.escape_html(best.customer_name or best.customer), "Data", "Green"
		),
		common.figure(
			_("Least Trusted"),
			frappe.utils.escape_html(worst.customer_name or worst.customer),
			"Data",
			"Orange",
		),
		common.figure(_("Not Rated"), len(rows) - len(rated)),
	]
