"""Many customers at once, from all of their evidence and receivables: ratings, kept sums and points of their curves.

A fixed number of SQL statements for each set of customers; the work is the engine's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

import frappe

from cims.ratings import curve_format, events, marks, sources, sql
from cims.ratings.calendar import site_calendar
from cims.ratings.curve_format import Points
from cims.trust import rating
from cims.trust.calendar import NEVER, month_ends, to_date
from cims.trust.evidence import Events, Receivables
from cims.trust.grades import EVALUATIONS, UNRATED, sticky_grade
from cims.trust.policy import NOT_RATED, Policy
from cims.trust.priors import estimate_priors
from cims.trust.rating import History, Past, Ratings, State
from cims.trust.score import Assessment, assess
from cims.trust.sums import Sums

AT_ONCE = 2000
# How far the kept curve reaches back, in months.
CURVE = 36


@dataclass(frozen=True)
class Book:
	"""Some customers with everything that is known of them. kept: their evidence free of any policy, history.events the same
	weighed. whole: their receivables, history.pieces the same split by part payment; keys: of each open one, its key among
	the forecasts."""

	history: History
	kept: Events
	whole: Receivables
	keys: np.ndarray

	@property
	def position(self) -> dict[str, int]:
		return {name: at for at, name in enumerate(self.history.customers)}


@dataclass(frozen=True)
class Replay:
	"""Ratings as of a day with the ledgers that go with them, in the order of the customers, and points of their curves, whose
	`who` are places in that order."""

	ratings: Ratings
	ledgers: events.Ledgers
	points: Points


def open_book(
	customers: Sequence[str],
	policy: Policy,
	segment_field: str | None,
	until: int | None = None,
	since: int | None = None,
	segments: Sequence[str] | None = None,
) -> Book:
	"""Everything known of the customers. until: leave out evidence that became known after this day. since: the first day
	that will be asked about; receivables that were closed before it may be left out. segments: each customer's, where they are at
	hand; then all of the customers must be there."""
	if segments is None:
		found = segments_of(customers, segment_field)
		customers = type(customers)(name for name in customers if name in found)
		segments = [found[name] for name in customers]
	kept = events.read(customers, until)
	table = sources.table(customers, site_calendar(), since)
	history = History(customers, segments, events.weighed(kept, policy), table.pieces)
	return Book(history, kept, table.whole, table.keys)


def segments_of(customers: Sequence[str], segment_field: str | None) -> dict[str, str]:
	"""Each customer that there is, with its segment ("" for none)."""
	segment = f"COALESCE(`{segment_field}`, '')" if segment_field else "''"
	return {
		name: found
		for condition, among in sql.among("name", customers)
		for name, found in frappe.db.sql(
			f"SELECT name, {segment} FROM `tabCIMS Customer` WHERE {condition}", among
		)
	}


def rows_of(customers: Sequence[str], since: int, until: int) -> list[tuple]:
	"""Evidence that became known within these days, as rows of `events.FIELDS`, source doctype and name, and own name."""
	fields = ", ".join(f"`{field}`" for field in (*events.FIELDS, "source_doctype", "source_name", "name"))
	return [
		row
		for condition, among in sql.among("customer", customers)
		for row in frappe.db.sql(
			f"""SELECT {fields} FROM `tabTrust Evidence`
			WHERE {condition} AND occurred_on BETWEEN %(since)s AND %(until)s
			ORDER BY customer, occurred_on, creation, name""",
			{**among, "since": to_date(since), "until": to_date(until)},
		)
	]


def learn(
	customers: Sequence[str], policy: Policy, segment_field: str | None, as_of: int
) -> tuple[Policy, dict[tuple[str, str], int]]:
	"""The policy with its priors estimated from these customers, and how many customers speak for each prior."""
	parts = (customers[at : at + AT_ONCE] for at in range(0, len(customers), AT_ONCE))
	return learn_from((open_book(part, policy, segment_field).history for part in parts), policy, as_of)


def learn_from(
	histories: Iterable[History], policy: Policy, as_of: int
) -> tuple[Policy, dict[tuple[str, str], int]]:
	"""The same from histories that are at hand, weighed under the policy."""
	parts, segments = [], []
	for history in histories:
		who = np.arange(len(history.customers))
		state = rating.state_on(history, who, np.full(len(who), as_of), policy)
		parts.append(state.full())
		segments += history.segments
	if not parts:
		return policy, {}
	sums = _joined(parts)
	return replace(policy, priors=estimate_priors(sums, segments, policy)), _counts(sums, segments, policy)


def _joined(parts: Sequence[Sums]) -> Sums:
	"""Sums of several sets of customers, in which other kinds may occur, one below the other."""
	names = tuple(dict.fromkeys(name for part in parts for name in part.kinds))

	def column(part: Sums, field: str) -> np.ndarray:
		table = np.zeros((len(part), len(names)))
		for at, name in enumerate(part.kinds):
			table[:, names.index(name)] = getattr(part, field)[:, at]
		return table

	return Sums(
		names,
		*(np.vstack([column(part, field) for part in parts]) for field in ("r", "s", "amount", "count")),
	)


def _counts(sums: Sums, segments: Sequence[str], policy: Policy) -> dict[tuple[str, str], int]:
	found = {}
	labels = np.array(segments, dtype=object)
	for d in policy.dimensions:
		mine = [at for at, name in enumerate(sums.kinds) if events.kinds.BY_NAME[name].dimension == d.name]
		known = (sums.r + sums.s)[:, mine].sum(axis=1) > 1e-9
		found["", d.name] = int(known.sum())
		for segment in set(labels[known]) - {""}:
			found[segment, d.name] = int((known & (labels == segment)).sum())
	return found


def run(book: Book, as_of: int, policy: Policy, months: int, event_move: float | None = None) -> Replay:
	"""Ratings at the end of the day `as_of`, with the points of the last `months` month ends.

	event_move: also the days within that time on which the score moved by at least so many points.
	"""
	history = book.history
	n = len(history.customers)
	ends = month_ends(as_of, months + EVALUATIONS)
	days = [*ends, as_of - 1, as_of]
	state = rating.state_on_days(history, days, policy)
	stride = len(days)
	earlier = np.arange(n * stride).reshape(n, stride)[:, : len(ends)].ravel()
	past = rating.evaluated(state.where(earlier), history.segments, ends, policy)
	before = _last(past, EVALUATIONS).concluded(policy)
	window = rating.window(history.events, n, as_of)
	yesterday, now = (state.where(slice(at, None, stride)) for at in (stride - 2, stride - 1))
	ratings = rating.conclude(
		history.customers,
		history.segments,
		now,
		before,
		window.figures(),
		as_of,
		policy,
	)
	ledgers = events.ledgers(n, history.events, as_of, policy, now.sums, window, before)
	opening = assess(yesterday.full(), history.segments, policy, interval="none")
	ledgers.opening = np.where(opening.rated, opening.score, np.nan)
	parts = list(_month_ends(book, past, state, stride, ledgers, policy))
	if event_move is not None:
		since = ends[EVALUATIONS] if months else as_of
		parts += _moves(book, past, ledgers, as_of, since, event_move, policy)
	return Replay(ratings, ledgers, _one_for_each_day(parts))


def _last(past: Past, count: int) -> Past:
	return Past(*(getattr(past, name)[:, -count:] for name in Past.__dataclass_fields__))


# Asks whose points are worked out at a time.
BLOCK = 16_384


def _month_ends(book, past: Past, state: State, stride: int, ledgers, policy: Policy) -> Iterator[Points]:
	"""The points of the month ends after the first `EVALUATIONS`, from each customer's first evidence on. stride: days of
	each customer in `state`."""
	first = np.where(ledgers.first < 0, NEVER, ledgers.first)
	segments = np.array(book.history.segments, dtype=object)
	grade = np.full(past.day.shape, UNRATED)
	for column in range(EVALUATIONS, past.day.shape[1]):
		window = slice(column - EVALUATIONS, column + 1)
		grade[:, column] = sticky_grade(
			past.low[:, window], past.rated[:, window], past.cap[:, window], policy
		)
	wanted = past.day >= first[:, np.newaxis]
	wanted[:, :EVALUATIONS] = False
	who, column = np.nonzero(wanted)
	for start in range(0, len(who), BLOCK):
		w, c = who[start : start + BLOCK], column[start : start + BLOCK]
		found = assess(state.where(w * stride + c).full(), segments[w], policy)
		yield points_of(found, w, past.day[w, c], grade[w, c], past.cap[w, c], policy)


def points_of(
	found: Assessment, who, day, grade, cap, policy: Policy, marked: Sequence[str] | None = None
) -> Points:
	"""Points of the curve, one for each ask that was assessed. marked: what moved the score, for days on which it did."""
	rated = found.rated
	words = [*policy.grades, NOT_RATED, "", policy.version]
	return Points(
		who=np.asarray(who),
		day=np.asarray(day),
		**{name: np.where(rated, getattr(found, name), 0.0) for name in ("score", "low", "high")},
		confidence=found.confidence,
		grade=np.where(grade == UNRATED, len(policy.grades), grade),
		cap=np.where(np.asarray(cap) > 0, cap, len(policy.grades) + 1),
		policy=np.full(len(rated), len(words) - 1),
		rated=rated,
		event=np.full(len(rated), marked is not None),
		words=words,
		factors=[*found.kinds, *(f"{d.name}.prior" for d in policy.dimensions)],
		lost=curve_format.tenths(np.hstack([found.lost, found.lost_to_prior])),
		gained=curve_format.tenths(np.hstack([found.gained, found.gained_by_prior])),
		marks=dict(enumerate(marked or ())),
	)


def _one_for_each_day(parts: Sequence[Points]) -> Points:
	"""The points of all parts; where one is a month end and a day on which the score moved, the month end with the marks."""
	points = curve_format.join(parts)
	if len(points) < 2:
		return points
	twice = (np.diff(points.who) == 0) & (np.diff(points.day) == 0)
	if not twice.any():
		return points
	first = np.flatnonzero(twice)
	# In whichever order the two came: the month end stays, and takes the marks.
	stays = np.where(points.event[first], first + 1, first)
	goes = 2 * first + 1 - stays
	marks = dict(points.marks)
	for end, move in zip(stays.tolist(), goes.tolist(), strict=True):
		marks[end] = marks.pop(move)
	keep = np.ones(len(points), dtype=bool)
	keep[goes] = False
	return replace(points, marks=marks).where(keep)


def _moves(book, past: Past, ledgers, as_of, since, event_move, policy: Policy) -> list[Points]:
	"""The points of the days on which the score moved."""
	history = book.history
	who, day = _event_days(history, since, as_of)
	if not len(who):
		return []
	segments = np.array(history.segments, dtype=object)[who]
	before = assess(rating.state_on(history, who, day - 1, policy).full(), segments, policy, interval="none")
	after = assess(rating.state_on(history, who, day, policy).full(), segments, policy, interval="none")
	moved = before.rated & after.rated & (np.abs(after.score - before.score) >= event_move)
	who, day, segments = who[moved], day[moved], segments[moved]
	if not len(who):
		return []
	state = rating.state_on(history, who, day, policy)
	found = assess(state.full(), segments, policy)

	def load(asks):
		names = [history.customers[at] for at in np.unique(who[asks]).tolist()]
		rows = rows_of(names, int(day[asks].min()), int(day[asks].max()))
		return rows, events.weighed(events.columns(rows, book.position), policy)

	marked = marks.of_days(
		history.events, who, day, state, found, before.score[moved], segments, policy, load
	)
	grade = _grades_on(past, who, day, found, state.cap, policy)
	ledgers.marked[who[day == as_of]] = as_of
	return [points_of(found, who, day, grade, state.cap, policy, [events.dump(m) for m in marked])]


def _event_days(history: History, since: int, until: int) -> tuple[np.ndarray, np.ndarray]:
	"""(customer, day) of every day from `since` to `until` on which something became known."""
	known = history.events.known
	rows = (known >= since) & (known <= until)
	pairs = np.unique(np.column_stack([history.events.customer[rows], known[rows]]), axis=0)
	return pairs[:, 0], pairs[:, 1]


def _grades_on(past: Past, who, day, found: Assessment, cap, policy: Policy) -> np.ndarray:
	"""The grade on each asked day, from the evaluations before it."""
	before = np.searchsorted(past.day[0], day, side="left")
	window = before[:, np.newaxis] + np.arange(-EVALUATIONS, 0)
	usable = window >= 0
	window = np.maximum(window, 0)
	row = who[:, np.newaxis]
	return sticky_grade(
		np.hstack([past.low[row, window], found.low[:, np.newaxis]]),
		np.hstack([past.rated[row, window] & usable, found.rated[:, np.newaxis]]),
		np.hstack([past.cap[row, window], cap[:, np.newaxis]]),
		policy,
	)


def rate_as_of(customer: str, day: int, policy: Policy, segment_field: str | None) -> rating.Rating:
	"""The rating that would have been worked out on a past day, from what was known by its end."""
	book = open_book([customer], policy, segment_field, until=day)
	return rating.rate(book.history, day, policy)[0]
