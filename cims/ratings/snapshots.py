"""The kept curve: one point for each customer and day, and where the middle half of each segment stood at month ends."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

import frappe

from cims.ratings import curve_format, curve_tables, sql, standings
from cims.ratings.curve_format import CODES, FIGURES, Points
from cims.trust.calendar import to_date, to_day

SNAPSHOT, SEGMENT_SNAPSHOT = "Trust Snapshot", "Trust Segment Snapshot"
MONTH_END, EVENT = "Month End", "Event"
# How the segment of all customers is called where a name is needed.
ALL = "All"
FIELDS = (
	"name", "customer", "day", "cause", "policy", "score", "low", "high", "confidence", "grade", "rated", "cap",
	"contributions", "marks",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
	"""A point of a customer's curve by itself; many come in columns, as `Points`."""

	customer: str
	day: int
	score: float
	low: float
	high: float
	confidence: float
	grade: str
	rated: bool
	cap: str
	event: bool
	contributions: str
	marks: str | None


# --- writing ----------------------------------------------------------------------------------------


def keep_many(
	customers: Sequence[str], points: Points, since: int | None = None, with_events: bool = True
) -> int:
	"""Keep points of many customers' curves, thousands at once. Returns how many customers' curves changed by it.

	customers: their names, each once; points.who are places in them. The caller holds their locks: see `curve_tables`.
	since: what was kept from this day on goes unless it is among the points; without, nothing goes. with_events: the points
	include the days on which the score moved; otherwise such days stay, and so do the marks of a month end that is one.
	Points of the same customer and day are replaced always. Only curves that differ are written: one statement
	reads 5,000 customers' curves, one writes up to 1,000.
	"""
	kept = curve_tables.read(customers)
	return curve_tables.store(kept, _packed(customers, _merged(kept.points, points, since, with_events)))


def _packed(customers: Sequence[str], points: Points) -> dict[int, bytes]:
	"""The curve of every customer, empty without points."""
	return dict.fromkeys(range(len(customers)), b"") | dict(curve_format.pack(points))


def _merged(kept: Points, points: Points, since: int | None, with_events: bool) -> Points:
	if not len(kept):
		return curve_format.join([points])
	before, now = kept.keys(), points.keys()
	stays = ~np.isin(before, now)
	if since is not None:
		stays &= (kept.day < since) | (kept.event & (not with_events))
	if not with_events and kept.marks:
		there = {key: at for at, key in enumerate(now.tolist())}
		marks = {there[key]: kept.marks[at] for at in kept.marks if (key := int(before[at])) in there}
		points = replace(points, marks=marks | dict(points.marks))
	return curve_format.join([kept.where(stays), points])


def write(points: Iterable[Point], policy: str, marks: bool = True) -> int:
	"""Keep some points; one of the same customer and day is replaced. marks: also what moved the score on that day."""
	points = list(points)
	customers = list(dict.fromkeys(point.customer for point in points))
	return keep_many(customers, columns(points, customers, policy), with_events=marks)


def columns(points: Sequence[Point], customers: Sequence[str], policy: str) -> Points:
	"""Points in columns; `customers` are those they are of."""
	place, code = {name: at for at, name in enumerate(customers)}, {policy: 0}
	names = [
		(code.setdefault(point.grade, len(code)), code.setdefault(point.cap or "", len(code)))
		for point in points
	]
	shares = [json.loads(point.contributions) if point.contributions else {} for point in points]
	factors = {name: at for at, name in enumerate(dict.fromkeys(name for share in shares for name in share))}
	table = np.zeros((2, len(points), len(factors)))
	for at, share in enumerate(shares):
		for name, (lost, gained) in share.items():
			table[:, at, factors[name]] = lost, gained
	codes = np.array(names, dtype=np.int64).reshape(len(points), 2)
	return Points(
		who=np.array([place[point.customer] for point in points], dtype=np.int64),
		day=np.array([point.day for point in points], dtype=np.int64),
		**{name: np.array([getattr(point, name) for point in points], dtype=float) for name in FIGURES},
		grade=codes[:, 0],
		cap=codes[:, 1],
		policy=np.zeros(len(points), dtype=np.int64),
		rated=np.array([point.rated for point in points], dtype=bool),
		event=np.array([point.event for point in points], dtype=bool),
		words=list(code),
		factors=list(factors),
		lost=curve_format.tenths(table[0]),
		gained=curve_format.tenths(table[1]),
		marks={at: point.marks for at, point in enumerate(points) if point.marks},
	)


def remove_event(customer: str, day: int) -> None:
	"""The score hasn't moved on that day after all."""
	kept = curve_tables.read([customer])
	points = kept.points
	curve_tables.store(kept, _packed([customer], points.where(~(points.event & (points.day == day)))))


def forget(customers: Collection[str]) -> None:
	"""Take the curves of customers away."""
	curve_tables.forget(customers)


def write_segments(days: Iterable[int]) -> None:
	"""Work out the quartiles of every segment, and of all customers, on these month ends. Bounded memory: everybody's scores
	are read a month at a time."""
	standings.refresh()
	segments = standings.segments()
	for day in days:
		rows = [
			(
				sql.new_name(),
				segment,
				to_date(day),
				len(scores),
				*np.quantile(scores, [0.25, 0.5, 0.75]).tolist(),
			)
			for segment, scores in _scores(day, segments)
		]
		frappe.db.delete(SEGMENT_SNAPSHOT, {"day": to_date(day)})
		fields = ("name", "segment", "day", "customers", "q1", "median", "q3")
		sql.insert(SEGMENT_SNAPSHOT, fields, rows, update=("customers", "q1", "median", "q3"))


def _scores(day: int, segments: standings.Segments) -> Iterator[tuple[str, np.ndarray]]:
	"""Each segment with the scores that its rated customers had on a month end; `ALL` for everybody."""
	for points in standings.between(day, day):
		points = points.where(points.rated & ~points.event)
		code = segments.of(points.number)
		known = code >= 0
		scores, code = points.score[known], code[known]
		if not len(scores):
			continue
		yield ALL, scores
		order = np.argsort(code, kind="stable")
		places, starts = np.unique(code[order], return_index=True)
		for place, part in zip(places.tolist(), np.split(scores[order], starts[1:]), strict=True):
			if segments.names[place]:
				yield segments.names[place], part


def missing_segment_days(days: Sequence[int]) -> list[int]:
	"""Those of the days for which no quartiles are kept."""
	there = frappe.get_all(
		SEGMENT_SNAPSHOT,
		{"segment": ALL, "day": ("in", [to_date(day) for day in days])},
		pluck="day",
		limit=0,
	)
	return sorted(set(days) - {to_day(day) for day in there})


# --- reading ----------------------------------------------------------------------------------------


def read(customers: Sequence[str], since: int | None = None, until: int | None = None) -> Points:
	"""The kept points of customers from one day to another, both included; points.who are places in `customers`."""
	points = curve_tables.read(customers).points
	if since is None and until is None:
		return points
	wanted = np.ones(len(points), dtype=bool)
	if since is not None:
		wanted &= points.day >= since
	if until is not None:
		wanted &= points.day <= until
	return points.where(wanted)


def of(
	customers: Sequence[str],
	fields: Sequence[str] = FIELDS,
	since: int | None = None,
	until: int | None = None,
	rated_only: bool = False,
) -> list[frappe._dict]:
	"""The same as rows with these of `FIELDS`, by customer in the order asked and by day."""
	points = read(customers, since, until)
	return rows(points.where(points.rated) if rated_only else points, customers, fields)


def rows(points: Points, customers: Sequence[str], fields: Sequence[str] = FIELDS) -> list[frappe._dict]:
	"""Points as rows of Trust Snapshot, with these of its fields."""
	values = {field: _values(points, customers, field) for field in fields}
	return [frappe._dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _values(points: Points, customers: Sequence[str], field: str) -> list:
	"""The values of one field, one for each point."""
	if field in FIGURES:
		return getattr(points, field).tolist()
	if field in CODES:
		return points.named(field)
	match field:
		case "name":
			pairs = zip(points.who.tolist(), points.day.tolist(), strict=True)
			return [name_of(customers[who], day) for who, day in pairs]
		case "customer":
			return [customers[who] for who in points.who.tolist()]
		case "day":
			return [to_date(day) for day in points.day.tolist()]
		case "cause":
			return [EVENT if event else MONTH_END for event in points.event.tolist()]
		case "rated":
			return points.rated.astype(int).tolist()
		case "contributions":
			return [points.contributions(at) for at in range(len(points))]
		case "marks":
			return [points.marks.get(at) for at in range(len(points))]
	raise ValueError(f"A snapshot has no field {field}.")


def name_of(customer: str, day: int) -> str:
	"""How the point of a customer and day is called as a document."""
	return f"{customer}-{to_date(day).isoformat()}"


def documents(
	customers: Sequence[str], since: int | None = None, until: int | None = None
) -> list[frappe._dict]:
	"""The same with all that a document has. The engine's records are nobody's, and as old as their day."""
	found = of(customers, since=since, until=until)
	for row in found:
		row.update(creation=row.day, modified=row.day, owner="Administrator", modified_by="Administrator")
		row.update(docstatus=0, idx=0)
	return found


def by_name(name: str) -> frappe._dict | None:
	"""The point that is called so; None if there is none."""
	customer, day = str(name)[:-11], str(name)[-10:]
	try:
		day = to_day(date.fromisoformat(day))
	except ValueError:
		return None
	found = documents([customer], day, day)
	return found[0] if found and found[0].name == name else None


@dataclass(frozen=True)
class MonthEnds:
	"""What is kept of customers at some month ends, tables of (customers, days). there: whether there is a point; without,
	the others are 0 and "". cap, policy: in words."""

	there: np.ndarray
	score: np.ndarray
	low: np.ndarray
	rated: np.ndarray
	cap: np.ndarray
	policy: np.ndarray


def last_month_ends(customers: Sequence[str], days: Sequence[int]) -> MonthEnds:
	"""What is kept of many customers at these month ends, which are in order. One statement for each 5,000 of them."""
	points = read(customers, days[0], days[-1])
	points = points.where(~points.event & np.isin(points.day, days))
	at = points.who, np.searchsorted(np.asarray(days), points.day)
	shape = len(customers), len(days)
	words = np.array([*points.words, ""], dtype=object)

	def table(values: np.ndarray, otherwise) -> np.ndarray:
		filled = np.full(shape, otherwise, dtype=values.dtype)
		filled[at] = values
		return filled

	return MonthEnds(
		there=table(np.ones(len(points), dtype=bool), False),
		score=table(points.score, 0.0),
		low=table(points.low, 0.0),
		rated=table(points.rated, False),
		cap=table(words[points.cap], ""),
		policy=table(words[points.policy], ""),
	)
