"""Many customers at once, from all of their evidence and receivables: ratings, kept sums and points of their curves.

A fixed number of SQL statements for each set of customers; the work is the engine's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

import frappe

from cims.ratings import curve_format, events, marks, sources, sql
from cims.ratings.calendar import site_calendar
from cims.ratings.curve_format import Points
from cims.trust import rating
from cims.trust.calendar import month_ends, to_date, to_day
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
	"""Ratings as of a day with the ledgers that go with them, in the order of the customers, and the points of their curves,
	whose `who` are places in that order."""

	ratings: Ratings
	ledgers: list[events.Ledger]
	points: Points


def open_book(
	customers: Sequence[str],
	policy: Policy,
	segment_field: str | None,
	until: int | None = None,
	since: int | None = None,
) -> Book:
	"""Everything known of the customers. until: leave out evidence that became known after this day. since: the first day
	that will be asked about; receivables that were closed by then are left out, except of customers who have open ones."""
	segments = segments_of(customers, segment_field)
	customers = type(customers)(name for name in customers if name in segments)
	kept = events.read(customers, until)
	table = sources.table(customers, site_calendar(), since)
	history = History(
		customers, [segments[name] for name in customers], events.weighed(kept, policy), table.pieces
	)
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
	every = rating.evaluated(state, history.segments, days, policy)
	past, now = every.before(len(ends)), state.where(slice(len(ends) + 1, None, len(days)))
	ratings = rating.conclude(
		history.customers,
		history.segments,
		now,
		_last(past, EVALUATIONS),
		rating.figures(history.events, n, as_of),
		as_of,
		policy,
	)
	ledgers = events.ledgers(n, history.events, as_of, policy, now.sums)
	opening = zip(ledgers, every.score[:, -2].tolist(), every.rated[:, -2].tolist(), strict=True)
	for ledger, score, rated in opening:
		ledger.opening = (as_of, score if rated else None)
	points = _month_ends(book, past, state, len(days), months, ledgers, policy)
	if event_move is not None:
		points = _with_events(
			book, points, past, ledgers, as_of, ends[EVALUATIONS] if months else as_of, event_move, policy
		)
	return Replay(ratings, ledgers, points)


def _last(past: Past, count: int) -> Past:
	return Past(*(getattr(past, name)[:, -count:] for name in Past.__dataclass_fields__))


def _month_ends(book, past: Past, state: State, stride: int, months: int, ledgers, policy: Policy) -> Points:
	"""The points of the last `months` evaluations, from each customer's first evidence on. stride: days of each customer
	in `state`."""
	parts = []
	first = np.array([np.iinfo(np.int64).max if x.first is None else x.first for x in ledgers])
	segments = np.array(book.history.segments, dtype=object)
	for column in range(EVALUATIONS, EVALUATIONS + months):
		window = slice(column - EVALUATIONS, column + 1)
		grade = sticky_grade(past.low[:, window], past.rated[:, window], past.cap[:, window], policy)
		here = np.flatnonzero(past.day[:, column] >= first)
		found = assess(state.where(here * stride + column).full(), segments[here], policy)
		parts.append(
			points_of(here, past.day[here, column], found, grade[here], past.cap[here, column], policy)
		)
	return curve_format.join(parts)


def points_of(
	who: np.ndarray,
	day: np.ndarray,
	found: Assessment,
	grade: np.ndarray,
	cap: np.ndarray,
	policy: Policy,
	marked: Sequence[Sequence[Mapping]] | None = None,
) -> Points:
	"""The assessments of customers on some days as points of their curves, as they are kept. marked: the marks of each, where
	these are days on which the score moved."""
	figures = {name: np.where(found.rated, getattr(found, name), 0.0) for name in ("score", "low", "high")}
	words = ("", NOT_RATED, *policy.grades, policy.version)
	return Points(
		who=who,
		day=day,
		**figures,
		confidence=found.confidence,
		grade=np.where(grade == UNRATED, 1, grade + 2),
		cap=np.where(cap > 0, cap + 2, 0),
		policy=np.full(len(who), len(words) - 1),
		rated=found.rated,
		event=np.full(len(who), marked is not None),
		words=words,
		factors=(*found.kinds, *(f"{d.name}.prior" for d in policy.dimensions)),
		lost=curve_format.tenths(np.hstack([found.lost, found.lost_to_prior])),
		gained=curve_format.tenths(np.hstack([found.gained, found.gained_by_prior])),
		marks={at: events.dump(marks) for at, marks in enumerate(marked or ())},
	)


def _with_events(
	book, points: Points, past: Past, ledgers, as_of, since, event_move, policy: Policy
) -> Points:
	"""The points, with those of the days on which the score moved; a month end that is such a day gets the marks."""
	history = book.history
	who, day = _event_days(history, since, as_of)
	if not len(who):
		return points
	segments = np.array(history.segments, dtype=object)[who]
	before = assess(rating.state_on(history, who, day - 1, policy).full(), segments, policy, interval="none")
	after = assess(rating.state_on(history, who, day, policy).full(), segments, policy, interval="none")
	moved = before.rated & after.rated & (np.abs(after.score - before.score) >= event_move)
	who, day, segments = who[moved], day[moved], segments[moved]
	if not len(who):
		return points
	state = rating.state_on(history, who, day, policy)
	found = assess(state.full(), segments, policy)
	rows = rows_of([history.customers[at] for at in np.unique(who).tolist()], int(day.min()), int(day.max()))
	named = events.weighed(events.columns(rows, book.position), policy)
	marked = marks.of_days(rows, named, who, day, state, found, before.score[moved], segments, policy)
	grade = _grades_on(past, who, day, found, state.cap, policy)
	for customer in who[day == as_of].tolist():
		ledgers[customer].marked = as_of
	return _joined_points(points, points_of(who, day, found, grade, state.cap, policy, marked))


def _joined_points(ends: Points, moved: Points) -> Points:
	"""Month ends and days on which the score moved; of a day that is both, the month end with the marks."""
	place = {key: at for at, key in enumerate(ends.keys().tolist())}
	both = {at: place[key] for at, key in enumerate(moved.keys().tolist()) if key in place}
	marked = {end: moved.marks[at] for at, end in both.items()}
	alone = np.array([at not in both for at in range(len(moved))], dtype=bool)
	return curve_format.join([replace(ends, marks=dict(ends.marks) | marked), moved.where(alone)])


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
