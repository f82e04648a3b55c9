"""The kept curve: one point for each customer and day, and where the middle half of each segment stood at month ends."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date

import numpy as np

import frappe

from cims.ratings import sql
from cims.ratings.replay import Point
from cims.trust.calendar import to_date, to_day

SNAPSHOT, SEGMENT_SNAPSHOT = "Trust Snapshot", "Trust Segment Snapshot"
MONTH_END, EVENT = "Month End", "Event"
# How the segment of all customers is called where a name is needed.
ALL = "All"
FIELDS = (
	"name", "customer", "day", "cause", "policy", "score", "low", "high", "confidence", "grade", "rated", "cap",
	"contributions", "marks",
)  # fmt: skip
# Figures closer than this are the same figures.
SAME = 1e-6


def write(points: Iterable[Point], policy: str, marks: bool = True) -> int:
	"""Keep points; one of the same customer and day is replaced. marks: also what moved the score on that day."""
	rows = (
		(
			sql.new_name(), p.customer, to_date(p.day), EVENT if p.event else MONTH_END, policy, p.score, p.low, p.high,
			p.confidence, p.grade, int(p.rated), p.cap, p.contributions, p.marks,
		)
		for p in points
	)  # fmt: skip
	update = [
		field for field in FIELDS if field not in ("name", "customer", "day") and (marks or field != "marks")
	]
	return sql.insert(SNAPSHOT, FIELDS, rows, update=update, size=500)


def bring_in_line(
	points: Sequence[Point], customers: Collection[str], since: int, policy: str, with_events: bool
) -> None:
	"""Make what is kept of these customers from the day `since` on the given points, writing only what differs.

	with_events: the points include the days on which the score moved; otherwise such days are left as they are.
	"""
	kept = _kept(customers, since)
	differing = []
	for point in points:
		row = kept.pop((point.customer, to_date(point.day)), None)
		if row is None or _differs(row, point, policy, with_events):
			differing.append(point)
	write(differing, policy, marks=with_events)
	gone = [row.name for row in kept.values() if with_events or row.cause == MONTH_END]
	for part in sql.chunks(gone, 1000):
		frappe.db.delete(SNAPSHOT, {"name": ("in", part)})


def _kept(customers: Collection[str], since: int) -> dict[tuple[str, date], frappe._dict]:
	rows = frappe.get_all(
		SNAPSHOT,
		{"customer": ("in", list(customers)), "day": (">=", to_date(since))},
		[
			"name",
			"customer",
			"day",
			"cause",
			"policy",
			"score",
			"low",
			"high",
			"confidence",
			"rated",
			"grade",
			"cap",
		],
		limit=0,
		order_by=None,
	)
	return {(row.customer, row.day): row for row in rows}


def _differs(row: frappe._dict, point: Point, policy: str, with_events: bool) -> bool:
	return (
		(row.policy, row.grade, bool(row.rated), row.cap or "")
		!= (policy, point.grade, point.rated, point.cap)
		or any(
			abs(row[field] - getattr(point, field)) > SAME for field in ("score", "low", "high", "confidence")
		)
		or row.cause != (EVENT if point.event else MONTH_END)
		or (with_events and point.marks is not None)
	)


def write_segments(days: Iterable[int]) -> None:
	"""Work out the quartiles of every segment, and of all customers, on these days. Two statements for each day."""
	for day in days:
		scores = _scores(to_date(day))
		rows = []
		for segment, found in sorted(scores.items()):
			q1, median, q3 = np.quantile(found, [0.25, 0.5, 0.75]).tolist()
			rows.append((sql.new_name(), segment, to_date(day), len(found), q1, median, q3))
		frappe.db.delete(SEGMENT_SNAPSHOT, {"day": to_date(day)})
		fields = ("name", "segment", "day", "customers", "q1", "median", "q3")
		sql.insert(SEGMENT_SNAPSHOT, fields, rows, update=("customers", "q1", "median", "q3"))


def _scores(day: date) -> dict[str, list[float]]:
	"""Segment -> the scores that its rated customers had on a day; `ALL` for everybody."""
	snapshot, rating = frappe.qb.DocType(SNAPSHOT), frappe.qb.DocType("Trust Rating")
	rows = (
		frappe.qb.from_(snapshot)
		.join(rating)
		.on(rating.name == snapshot.customer)
		.select(rating.segment, snapshot.score)
		.where((snapshot.day == day) & (snapshot.cause == MONTH_END) & (snapshot.rated == 1))
		.run()
	)
	found = defaultdict(list)
	for segment, score in rows:
		found[ALL].append(float(score))
		if segment:
			found[segment].append(float(score))
	return found


def missing_segment_days(days: Sequence[int]) -> list[int]:
	"""Those of the days for which no quartiles are kept."""
	there = frappe.get_all(
		SEGMENT_SNAPSHOT,
		{"segment": ALL, "day": ("in", [to_date(day) for day in days])},
		pluck="day",
		limit=0,
	)
	return sorted(set(days) - {to_day(day) for day in there})
