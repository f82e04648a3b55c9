"""Rating customers: from their history to score, grade, watch, reasons, percentile, change and curve.

`rate` works from the whole history of any number of customers; `conclude` is its last step and is all that an
incremental update needs, from kept sums and kept month ends. Both therefore give the same rating.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from cims.trust import kinds, paydex, reasons
from cims.trust.calendar import NEVER, month_ends, to_date
from cims.trust.evidence import Events, Receivables, amount_weight
from cims.trust.exposure import Exposure, exposure
from cims.trust.grades import EVALUATIONS, UNRATED, Walk, caps, grade_names, hard_kinds, raw_grade, walk
from cims.trust.policy import OVERDUE_90, Policy
from cims.trust.priors import estimate_priors
from cims.trust.score import Assessment, assess, with_exposure
from cims.trust.sums import Sums, aligned, replay, replay_days

NEVER_BEFORE = -(10**7)
YEAR = 365
WATCH_DAYS = 90
OVERDUE_WATCH = 30
# Scores are kept to a millionth of a point, far below what anyone can see and far above rounding of the sums.
DIGITS = 6
# Customers that are assessed at a time.
BLOCK = 4096


@dataclass(frozen=True)
class History:
	"""Everything known of some customers. segments: each customer's, "" for none; pieces: their receivables split by
	part payment (`evidence.columns_of`)."""

	customers: Sequence[str]
	segments: Sequence[str]
	events: Events
	pieces: Receivables


@dataclass(frozen=True)
class Past:
	"""What was concluded at earlier evaluations, (customers, evaluations), oldest first."""

	day: np.ndarray
	score: np.ndarray
	low: np.ndarray
	rated: np.ndarray
	cap: np.ndarray

	def before(self, count: int) -> "Past":
		"""The first `count` evaluations."""
		return Past(*(getattr(self, f.name)[:, :count] for f in fields(self)))

	def concluded(self, policy: Policy) -> "Before":
		"""What is left to know of the evaluations once they are over."""
		return Before(
			walk(self.low, self.rated, self.cap, policy), self.day, np.where(self.rated, self.score, np.nan)
		)


@dataclass(frozen=True)
class Before:
	"""What a day's rating needs of the evaluations before it: how far they led, and the scores that it is compared with. Until
	the next month ends it stays the same. day, score: (customers, evaluations), oldest first, NaN where not rated."""

	walk: Walk
	day: np.ndarray
	score: np.ndarray


@dataclass(frozen=True)
class Rating:
	"""One customer's rating on a day; points from 0 to 1000, amounts in company currency.

	change_90d, change_1y: against the last month end at least that long ago, None without one.
	percentile: share of the segment's rated customers with a lower score, None where not compared.
	"""

	customer: str
	as_of: str
	policy: str
	score: float
	low: float
	high: float
	confidence: float
	grade: str
	watch: tuple[reasons.Reason, ...]
	percentile: float | None
	change_90d: float | None
	change_1y: float | None
	evidence_count: int
	usual_amount: float
	days_beyond_terms: float | None
	exposure: Mapping[str, float]
	costs: tuple[reasons.Reason, ...]
	earns: tuple[reasons.Reason, ...]
	dimensions: Mapping[str, float]
	contributions: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Ratings:
	"""The ratings of many customers on one day, in columns; `ratings[i]` is one of them as a `Rating`."""

	customers: Sequence[str]
	segments: Sequence[str]
	as_of: int
	policy: Policy
	assessment: Assessment
	exposure: Exposure
	usual_amount: np.ndarray
	grade: np.ndarray
	cap: np.ndarray
	percentile: np.ndarray
	change_90d: np.ndarray
	change_1y: np.ndarray
	figures: "Figures"

	def __len__(self) -> int:
		return len(self.customers)

	@property
	def grades(self) -> list[str]:
		return grade_names(self.grade, self.policy)

	def __iter__(self):
		return (self[at] for at in range(len(self)))

	def __getitem__(self, at: int) -> Rating:
		a = self.assessment
		costs, earns = (
			tuple(reasons.Reason(*said) for said in self._said(chosen, at)) for chosen in self.chosen
		)
		return Rating(
			customer=self.customers[at],
			as_of=to_date(self.as_of).isoformat(),
			policy=self.policy.version,
			score=round(float(a.score[at]), DIGITS),
			low=round(float(a.low[at]), DIGITS),
			high=round(float(a.high[at]), DIGITS),
			confidence=round(float(a.confidence[at]), DIGITS),
			grade=self.grades[at] if len(self) == 1 else grade_names(self.grade[at : at + 1], self.policy)[0],
			watch=tuple(self._watch(at)),
			percentile=_or_none(self.percentile[at]),
			change_90d=_or_none(self.change_90d[at]),
			change_1y=_or_none(self.change_1y[at]),
			evidence_count=int(self.figures.total[at]),
			usual_amount=round(float(self.usual_amount[at]), 2),
			days_beyond_terms=float(self.settled["days"][at]) if self.settled["count"][at] else None,
			exposure=self._open_figures[at],
			costs=costs,
			earns=earns,
			dimensions={
				d.name: round(float(a.dimension_scores[at, column]), DIGITS)
				for column, d in enumerate(self.policy.dimensions)
			},
			contributions={
				name: {"lost": lost, "gained": gained}
				for name, (lost, gained) in self._contributions[at].items()
			},
		)

	@cached_property
	def chosen(self) -> tuple[reasons.Chosen, reasons.Chosen]:
		"""(what costs most, what earns most) for every customer."""
		told = self._told
		return reasons.choose(
			self.assessment, told["count"], told["days"], self.exposure.overdue_count, self.policy
		)

	def plain_reasons(self, at: int) -> dict[str, list[dict]]:
		"""What costs and earns most and what to watch, as plain data; the same as those of `self[at]`."""
		costs, earns = (
			[
				{"code": code, "points": round(points, 2), "figures": figures}
				for code, points, figures in self._said(chosen, at)
			]
			for chosen in self.chosen
		)
		watch = [reason.to_dict() for reason in self._watch(at)] if self.on_watch[at] else []
		return {"costs": costs, "earns": earns, "watch": watch}

	def _said(self, chosen: reasons.Chosen, at: int):
		"""(code, points, figures) of each reason that was chosen for a customer."""
		names = self.assessment.kinds
		for code, points, column in chosen.of(at):
			if column < 0:
				figures = {}
			elif names[column] in kinds.OF_THE_DAY:
				figures = self._open_figures[at]
			else:
				figures = {name: rows[at][column] for name, rows in self._told_lists.items()}
				if code == "P12":
					figures["early"] = -figures["days"]
			yield code, points, figures

	@cached_property
	def _told(self) -> dict[str, np.ndarray]:
		"""The figures that a reason may name, by kind in the order of the assessment: events of 12 months, their amount,
		amount-weighted days beyond terms, mean value of 100."""
		known = self.figures
		# A column of zeros stands last, for the kinds without figures.
		at = [known.kinds.index(name) if name in known.kinds else -1 for name in self.assessment.kinds]

		def picked(values):
			return np.column_stack([values, np.zeros(len(values))])[:, at]

		return {
			"count": picked(known.count).astype(int),
			"amount": picked(np.round(known.amount, 2)),
			"days": picked(np.round(known.days, 1)),
			"value": picked(np.round(100 * known.value)).astype(int),
		}

	@cached_property
	def _told_lists(self) -> dict[str, list]:
		return {name: values.tolist() for name, values in self._told.items()}

	@cached_property
	def settled(self) -> dict[str, np.ndarray]:
		"""What each customer settled within 12 months: count, amount, days beyond terms."""
		known = self.figures
		if kinds.SETTLED not in known.kinds:
			return dict.fromkeys(("count", "amount", "days"), np.zeros(len(self)))
		at = known.kinds.index(kinds.SETTLED)
		return {
			"count": known.count[:, at].astype(int),
			"amount": known.amount[:, at],
			"days": np.round(known.days[:, at], 1),
		}

	@cached_property
	def _open_figures(self) -> list[dict[str, float]]:
		"""What reasons name of what each customer has open."""
		e = self.exposure
		columns = {
			"open_amount": np.round(e.open_amount, 2),
			"open_count": e.open_count.astype(int),
			"overdue_amount": np.round(e.overdue_amount, 2),
			"overdue_count": e.overdue_count.astype(int),
			"oldest": e.oldest.astype(int),
		}
		rows = zip(*(column.tolist() for column in columns.values()), strict=True)
		return [dict(zip(columns, row, strict=True)) for row in rows]

	@cached_property
	def _contributions(self) -> list[dict[str, list[float]]]:
		return self.contributions(DIGITS)

	def contributions(self, digits: int) -> list[dict[str, list[float]]]:
		"""For each customer: kind of evidence, or dimension.prior -> points that it lost and earned, rounded."""
		a, priors = self.assessment, len(self.policy.dimensions)
		names = [*a.kinds, *(f"{d.name}.prior" for d in self.policy.dimensions)]
		lost, gained = np.hstack([a.lost, a.lost_to_prior]), np.hstack([a.gained, a.gained_by_prior])
		shown = (np.abs(lost) > 1e-9) | (np.abs(gained) > 1e-9)
		shown[:, -priors:] = True
		customer, factor = np.nonzero(shown)
		pairs = np.round(np.stack([lost[shown], gained[shown]], axis=1), digits).tolist()
		found: list[dict[str, list[float]]] = [{} for _customer in range(len(self))]
		for at, column, pair in zip(customer.tolist(), factor.tolist(), pairs, strict=True):
			found[at][names[column]] = pair
		return found

	@cached_property
	def watched(self) -> dict[str, np.ndarray]:
		"""Watch code -> which customers it holds for."""
		rated = self.grade != UNRATED
		floor = np.array([band.floor for band in self.policy.bands])[self.grade]
		return {
			"W01": rated & (np.nan_to_num(self.change_90d) <= -self.policy.watch_drop),
			"W02": rated & (self.exposure.oldest >= OVERDUE_WATCH),
			"W03": rated & (self.assessment.low < floor),
			"W04": rated & (self.cap > 0),
		}

	@cached_property
	def on_watch(self) -> np.ndarray:
		return np.any(list(self.watched.values()), axis=0)

	def _watch(self, at: int):
		change = float(self.change_90d[at])
		if self.watched["W01"][at]:
			yield reasons.Reason("W01", change, {"points": round(-change, DIGITS)})
		if self.watched["W02"][at]:
			yield reasons.Reason("W02", 0.0, {"oldest": int(self.exposure.oldest[at])})
		if self.watched["W03"][at]:
			yield reasons.Reason("W03", 0.0, {"grade": self.policy.grades[self.grade[at]]})
		if self.watched["W04"][at]:
			yield reasons.Reason("W04", 0.0, {"grade": self.policy.grades[self.cap[at]]})


def _or_none(value: float) -> float | None:
	return None if np.isnan(value) else round(float(value), DIGITS)


@dataclass(frozen=True)
class Figures:
	"""What reasons name: for each customer and kind the events of the last 12 months, (customers, kinds)."""

	kinds: tuple[str, ...]
	count: np.ndarray
	amount: np.ndarray
	days: np.ndarray
	value: np.ndarray
	total: np.ndarray

	@classmethod
	def join(cls, parts: Sequence["Figures"]) -> "Figures":
		"""The customers of all parts, one part after the other."""
		if len(parts) == 1:
			return parts[0]
		names = tuple(name for name in kinds.CODE if any(name in part.kinds for part in parts))
		columns = (aligned(parts, field, names) for field in ("count", "amount", "days", "value"))
		return cls(names, *columns, np.concatenate([part.total for part in parts]))


# What is added up of the events of 12 months, for each customer and kind.
IN_WINDOW = ("count", "amount", "amount_days", "days", "weight", "good")


@dataclass(frozen=True)
class Window:
	"""The events of the last 12 months added up. sums: (customers, kinds, `IN_WINDOW`); total: all events that stand; until:
	the first day on which these sums aren't those of the day any more, as an event leaves or another becomes known."""

	kinds: tuple[str, ...]
	sums: np.ndarray
	total: np.ndarray
	until: np.ndarray

	def figures(self) -> Figures:
		count, amount, amount_days, days, weight, good = (self.sums[:, :, at] for at in range(len(IN_WINDOW)))
		return Figures(
			kinds=self.kinds,
			count=count,
			amount=amount,
			days=_quotient(amount_days, amount, _quotient(days, count)),
			value=_quotient(good, weight),
			total=self.total,
		)


def in_window(weight, value, amount, days):
	"""What an event adds to the sums of a window: `IN_WINDOW`. weight below 0: it takes an earlier one back."""
	sign = np.sign(weight)
	return sign, sign * amount, sign * amount * days, sign * days, weight, weight * value


def window(events: Events, customers: int, as_of: int) -> Window:
	"""The window of `customers` customers as of the end of a day."""
	known = events.known <= as_of
	recent = events.where(known & (events.fades_from > as_of - YEAR))
	until = np.full(customers, NEVER)
	np.minimum.at(until, recent.customer, recent.fades_from + YEAR)
	later = events.where(~known)
	np.minimum.at(until, later.customer, later.known)
	codes = np.unique(events.kind)
	slot = np.searchsorted(codes, recent.kind) + recent.customer * len(codes)
	parts = in_window(recent.weight, recent.value, recent.amount, np.nan_to_num(recent.days))
	size = customers * len(codes)
	added = [np.bincount(slot, part, minlength=size).astype(float) for part in parts]
	return Window(
		kinds=tuple(kinds.KINDS[code].name for code in codes),
		sums=np.stack(added, axis=1).reshape(customers, len(codes), len(IN_WINDOW)),
		total=np.bincount(events.customer, np.sign(events.weight) * known, minlength=customers),
		until=until,
	)


def figures(events: Events, customers: int, as_of: int) -> Figures:
	"""The figures of `customers` customers as of the end of a day."""
	return window(events, customers, as_of).figures()


def _quotient(top, bottom, otherwise=0.0):
	out = np.broadcast_to(np.asarray(otherwise, dtype=float), np.shape(top)).copy()
	return np.divide(top, bottom, out=out, where=np.abs(bottom) > 1e-9)


def last_hard_days(events: Events, ask_customer: np.ndarray, ask_day: np.ndarray, policy: Policy) -> dict:
	"""kind -> for each ask the last day by then on which that hard event happened and was not taken back."""
	found = {}
	for name in hard_kinds(policy):
		mine = events.where(events.kind == kinds.CODE[name])
		last = np.full(len(ask_day), NEVER_BEFORE)
		for day in np.unique(ask_day) if len(mine) else ():
			asks = ask_day == day
			by_customer = _standing(mine.where(mine.known <= day), int(ask_customer.max()) + 1)
			last[asks] = by_customer[ask_customer[asks]]
		found[name] = last
	return found


def _standing(events: Events, customers: int) -> np.ndarray:
	"""The last day of each customer's events that no reversal took back."""
	last = np.full(max(customers, events.customer.max(initial=-1) + 1), NEVER_BEFORE)
	keys, which = np.unique(
		np.column_stack([events.customer, events.fades_from]), axis=0, return_inverse=True
	)
	standing = keys[np.bincount(which.ravel(), events.weight, minlength=len(keys)) > 1e-9]
	np.maximum.at(last, standing[:, 0], standing[:, 1])
	return last


@dataclass(frozen=True)
class State:
	"""What is known of each asked customer on each asked day, before any policy judgement."""

	sums: Sums
	exposure: Exposure
	usual_amount: np.ndarray
	cap: np.ndarray

	@classmethod
	def join(cls, parts: Sequence["State"]) -> "State":
		"""The asks of all parts, one part after the other."""
		if len(parts) == 1:
			return parts[0]

		def column(of, name: str) -> np.ndarray:
			return np.concatenate([getattr(of(part), name) for part in parts])

		exposures = {f.name: column(lambda part: part.exposure, f.name) for f in fields(Exposure)}
		rest = (column(lambda part: part, name) for name in ("usual_amount", "cap"))
		return cls(Sums.join([part.sums for part in parts]), Exposure(**exposures), *rest)

	def full(self) -> Sums:
		return with_exposure(self.sums, self.exposure, self.usual_amount)

	def where(self, keep) -> "State":
		picked = {name: getattr(self.exposure, name)[keep] for name in Exposure.__dataclass_fields__}
		return State(self.sums.where(keep), Exposure(**picked), self.usual_amount[keep], self.cap[keep])


def state_on(history: History, ask_customer: np.ndarray, ask_day: np.ndarray, policy: Policy) -> State:
	"""The state at the end of each asked day, from what was known by then."""
	return _state(
		replay(history.events, ask_customer, ask_day, policy), history, ask_customer, ask_day, policy
	)


def state_on_days(history: History, days: Sequence[int], policy: Policy) -> State:
	"""The states of every customer at the end of each of `days`, in ascending order; a customer's together."""
	n = len(history.customers)
	customer, day = np.repeat(np.arange(n), len(days)), np.tile(np.asarray(days), n)
	return _state(replay_days(history.events, n, days, policy), history, customer, day, policy)


def _state(sums: Sums, history: History, ask_customer, ask_day, policy: Policy) -> State:
	open_then = exposure(history.pieces, ask_customer, ask_day, policy)
	hard = last_hard_days(history.events, ask_customer, ask_day, policy)
	return State(
		sums=sums,
		exposure=open_then,
		usual_amount=sums.usual_amount(policy.usual_amount),
		cap=caps(ask_day, hard, open_then.oldest, policy),
	)


def learn(history: History, as_of: int, policy: Policy) -> Policy:
	"""The policy with its priors estimated from these customers as of a day."""
	who = np.arange(len(history.customers))
	state = state_on(history, who, np.full(len(who), as_of), policy)
	return replace(policy, priors=estimate_priors(state.full(), history.segments, policy))


def evaluations(history: History, days: Sequence[int], policy: Policy) -> Past:
	"""Score and low end of every customer on each of `days`."""
	return evaluated(state_on_days(history, days, policy), history.segments, days, policy)


def evaluated(state: State, segments: Sequence[str], days: Sequence[int], policy: Policy) -> Past:
	"""Score and low end of every customer on each of `days`, from their states (`state_on_days`)."""
	shape = (len(segments), len(days))
	past = Past(
		np.broadcast_to(np.asarray(days), shape),
		*np.empty((2, *shape)),
		np.empty(shape, bool),
		state.cap.reshape(shape),
	)
	# In blocks that the processor's cache holds.
	for start in range(0, len(segments), BLOCK):
		here = slice(start, start + BLOCK)
		each = np.repeat(np.array(segments[here], dtype=object), len(days))
		block = state.where(slice(start * len(days), (start + BLOCK) * len(days)))
		found = assess(block.full(), each, policy, interval="low")
		for name in ("score", "low", "rated"):
			getattr(past, name)[here] = getattr(found, name).reshape(-1, len(days))
	return past


def rate(history: History, as_of: int, policy: Policy, *, learning: bool = False) -> Ratings:
	"""The rating of every customer at the end of the day `as_of`, by replaying what was known by then.

	learning: estimate the priors from these customers first, as `learn` does.
	"""
	return rate_parts([history], as_of, policy, learning=learning)


def rate_parts(parts: Iterable[History], as_of: int, policy: Policy, *, learning: bool = False) -> Ratings:
	"""`rate` for customers that come in parts, each with its own history: no more than one is needed at a time."""
	days = [*month_ends(as_of, EVALUATIONS), as_of]
	customers, segments, found, known = [], [], [], []
	for history in parts:
		customers.extend(history.customers)
		segments.extend(history.segments)
		found.append(state_on_days(history, days, policy))
		known.append(figures(history.events, len(history.customers), as_of))
	states = State.join(found)
	state = states.where(slice(EVALUATIONS, None, len(days)))
	if learning:
		policy = replace(policy, priors=estimate_priors(state.full(), segments, policy))
	past = evaluated(states, segments, days, policy).before(EVALUATIONS)
	return conclude(customers, segments, state, past.concluded(policy), Figures.join(known), as_of, policy)


def conclude(
	customers: Sequence[str],
	segments: Sequence[str],
	state: State,
	before: Before,
	known: Figures,
	as_of: int,
	policy: Policy,
) -> Ratings:
	"""The ratings from the state on the day and the evaluations before it."""
	assessment = assess(state.full(), segments, policy)
	grade = before.walk.step(assessment.low, assessment.rated, state.cap, policy).grade
	return Ratings(
		customers=customers,
		segments=segments,
		as_of=as_of,
		policy=policy,
		assessment=assessment,
		exposure=state.exposure,
		usual_amount=state.usual_amount,
		grade=grade,
		cap=state.cap,
		percentile=percentiles(assessment.score, grade != UNRATED, segments),
		change_90d=_change(assessment, before, as_of - WATCH_DAYS),
		change_1y=_change(assessment, before, as_of - YEAR),
		figures=known,
	)


# An evaluation more than so many days before the day asked about would pass an old change off as a new one.
FRESH = 31


def _change(assessment: Assessment, before: Before, day: int) -> np.ndarray:
	"""Points since the last evaluation on or before `day`; NaN where either is not rated."""
	found = np.full(len(assessment.score), np.nan)
	for at in range(before.day.shape[1]):
		then = before.score[:, at]
		usable = ~np.isnan(then) & (before.day[:, at] <= day) & (before.day[:, at] >= day - FRESH)
		found = np.where(usable, assessment.score - then, found)
	return np.where(assessment.rated, found, np.nan)


def compared_days(ends: Sequence[int]) -> list[int]:
	"""Which of the month ends before a day its rating, or that of any other day before the next one, is compared with."""
	if not len(ends):
		return []
	days = ends[-1] + 1, ends[-1] + 31
	return [
		end
		for end in ends
		if any(days[0] - back - FRESH <= end <= days[1] - back for back in (WATCH_DAYS, YEAR))
	]


def percentiles(score: np.ndarray, rated: np.ndarray, segments: Sequence[str]) -> np.ndarray:
	"""Per cent of the segment's other rated customers with a lower score (ties count half); NaN where unrated or alone."""
	found = np.full(len(score), np.nan)
	if len(score) < 2:
		return found
	labels = np.array(segments, dtype=object)
	for segment in set(segments):
		here = np.flatnonzero(rated & (labels == segment))
		found[here] = percentiles_among(score[here], np.sort(score[here]))
	return found


def percentiles_among(score: np.ndarray, ranked: np.ndarray) -> np.ndarray:
	"""The percentile of each score among all of them, `ranked` in ascending order, of which it is one itself."""
	if len(ranked) < 2:
		return np.full(len(score), np.nan)
	below = np.searchsorted(ranked, score, side="left")
	same = np.searchsorted(ranked, score, side="right") - below - 1
	return 100 * (below + same / 2) / (len(ranked) - 1)


@dataclass(frozen=True)
class Lift:
	"""What would lift the rating: an action, its figures, and score and grade band of the low end after it."""

	action: str
	figures: Mapping[str, float]
	score: float
	grade: str


def lifts(state: State, segment: str, pieces: Receivables, as_of: int, policy: Policy) -> list[Lift]:
	"""What one customer could do, best first: settle what is overdue, pay the next receivables when due, be verified.

	state: of this customer alone; pieces: their open receivables. Hard caps that the action doesn't end still hold.
	"""
	now = assess(state.full(), [segment], policy)
	tried = [
		*_settle_overdue(state, pieces, as_of, policy),
		*_pay_on_time(state, policy),
		*_verify(state, policy),
	]
	found = []
	for action, known, after in tried:
		then = assess(after.full(), [segment], policy)
		if then.score[0] - now.score[0] >= 1:
			position = np.maximum(raw_grade(then.low, policy), after.cap)
			grade = grade_names(position if then.rated[0] else np.array([UNRATED]), policy)[0]
			found.append(Lift(action, known, round(float(then.score[0]), DIGITS), grade))
	return sorted(found, key=lambda lift: -lift.score)


def _settle_overdue(state: State, pieces: Receivables, as_of: int, policy: Policy):
	late = (pieces.closed > as_of) & (as_of > pieces.rolled_due)
	if not late.any():
		return
	r, s = float(state.exposure.late_r[0]), float(state.exposure.late_s[0])
	sums = _plus(state.sums, kinds.SETTLED, r, s)
	who = np.zeros(1, dtype=np.int64)
	rest = exposure(pieces.where(~late), who, np.array([as_of]), policy)
	known = {"count": int(late.sum()), "amount": round(float(pieces.amount[late].sum()), 2)}
	yield (
		"settle_overdue",
		known,
		replace(state, sums=sums, exposure=rest, cap=_cap_once_settled(state, policy)),
	)


def _cap_once_settled(state: State, policy: Policy) -> np.ndarray:
	"""What caps the grade still when nothing is overdue: another hard event that caps it as low or lower."""
	others = [policy.grades.index(event.cap) for event in policy.hard_events if event.kind != OVERDUE_90]
	lifted = state.exposure.oldest[0] >= 90 and state.cap[0] not in others
	return np.zeros_like(state.cap) if lifted else state.cap


def _pay_on_time(state: State, policy: Policy, count: int = 3):
	weight = count * float(amount_weight(state.usual_amount[0], policy))
	sums = _plus(state.sums, kinds.SETTLED, weight * paydex.PROMPT, weight * (1 - paydex.PROMPT))
	yield "pay_on_time", {"count": count}, replace(state, sums=sums)


def _verify(state: State, policy: Policy):
	name = "conduct.identity_verified"
	if name not in state.sums.kinds and any(d.name == kinds.CONDUCT and d.weight for d in policy.dimensions):
		yield (
			"verify_identity",
			{},
			replace(state, sums=_plus(state.sums, name, kinds.BY_NAME[name].weight, 0.0)),
		)


def _plus(sums: Sums, name: str, r: float, s: float) -> Sums:
	"""The sums of one customer with more evidence of one kind."""
	columns = {field: getattr(sums, field) for field in ("r", "s", "amount", "count")}
	names = sums.kinds
	if name not in names:
		names = (*names, name)
		columns = {field: np.column_stack([column, [0.0]]) for field, column in columns.items()}
	at = names.index(name)
	columns = {field: column.copy() for field, column in columns.items()}
	columns["r"][0, at] += r
	columns["s"][0, at] += s
	return Sums(names, **columns)
