"""Rows of Trust Evidence as the engine computes with them: columns for many customers, a running tally for one.

A row keeps what happened, free of any policy; how much its amount counts is for the policy to say, when it is read.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import orjson

from cims.ratings import packed
from cims.trust import kinds
from cims.trust.calendar import NEVER, to_date, to_day
from cims.trust.evidence import Events, Evidence, amount_weight
from cims.trust.grades import Walk, hard_kinds
from cims.trust.policy import Policy
from cims.trust.rating import IN_WINDOW, NEVER_BEFORE, YEAR, Before, Figures, Window, compared_days, in_window
from cims.trust.sums import Tally

# The kinds whose weight grows with the amount.
BY_AMOUNT = (kinds.SETTLED, kinds.WRITTEN_OFF)
BY_AMOUNT_CODES = [kinds.CODE[name] for name in BY_AMOUNT]
# What is read of each row, in this order.
FIELDS = ("customer", "kind", "occurred_on", "decays_from", "value", "weight", "amount", "days", "reversal")
DECIMALS = 9


def dump(plain) -> str:
	"""JSON as it is stored: without blanks."""
	return orjson.dumps(plain, option=orjson.OPT_NON_STR_KEYS).decode()


def weight_without_amount(row: Evidence, policy: Policy) -> float:
	"""The weight that a row is kept with, from one whose weight was worked out under `policy`."""
	if row.kind in BY_AMOUNT:
		return row.weight / float(amount_weight(row.amount, policy))
	return row.weight


def weight_of(kind: str, weight: float, amount: float, policy: Policy) -> float:
	"""What a kept row weighs under a policy. An amount that nobody told counts as the usual one."""
	if kind in BY_AMOUNT and amount:
		return weight * float(amount_weight(amount, policy))
	return weight


def read(customers: Sequence[str], until: int | None = None, faded: int | None = None) -> Events:
	"""The kept rows of many customers in columns, not `weighed` yet, by customer and day; the columns' customers are their
	places. until: leave out what became known after this day; faded: and what fades from this day or one before, unless it
	became known on the day `until` itself."""
	which = "TRUE" if until is None else "occurred_on <= %(until)s"
	if faded is not None:
		which += " AND (decays_from > %(faded)s OR occurred_on = %(until)s)"
	found = packed.read(
		customers,
		(
			"CRC32(kind)", packed.day("occurred_on"), packed.day("COALESCE(decays_from, occurred_on)"), "value",
			"IF(reversal, -weight, weight)", "amount", "days",
		),
		f"FROM `tabTrust Evidence` FORCE INDEX ({HISTORY_INDEX}) WHERE {which}",
		"customer",
		until=None if until is None else to_date(until),
		faded=None if faded is None else to_date(faded),
	)  # fmt: skip
	kind, known, fades_from, value, weight, amount, days = found.columns
	return Events(
		customer=found.owner,
		kind=_codes(kind.astype(np.int64)),
		known=known.astype(np.int64),
		fades_from=fades_from.astype(np.int64),
		value=value,
		weight=weight,
		amount=amount,
		days=np.where(kind == _NUMBERS[kinds.CODE[kinds.SETTLED]], days, np.nan),
		origin=np.full(len(kind), -1, dtype=np.int64),
	)


# The index with all that is read of a row, so that many customers' evidence is one walk along it.
HISTORY_INDEX = "customer_history"
HISTORY = ("customer", "occurred_on", "decays_from", "kind", "value", "weight", "amount", "days", "reversal")
# By its CRC the database tells a kind as a number.
_NUMBERS = [zlib.crc32(kind.name.encode()) for kind in kinds.KINDS]
_ORDER = np.argsort(_NUMBERS)


def _codes(numbers: np.ndarray) -> np.ndarray:
	return _ORDER[np.searchsorted(np.array(_NUMBERS)[_ORDER], numbers)]


def columns(rows: Sequence[Sequence], position: Mapping[str, int]) -> Events:
	"""Rows of `FIELDS` as the engine's columns, not `weighed` yet; a day without a number is unknown."""
	of = list(zip(*rows, strict=True)) if rows else [()] * len(FIELDS)
	kind = np.array([kinds.CODE[name] for name in of[1]], dtype=np.int64)
	weight = np.array(of[5], dtype=float)
	settled = kind == kinds.CODE[kinds.SETTLED]
	known = np.array([to_day(day) for day in of[2]], dtype=np.int64)
	return Events(
		customer=np.array([position[name] for name in of[0]], dtype=np.int64),
		kind=kind,
		known=known,
		fades_from=np.array([to_day(day) for day in of[3]], dtype=np.int64),
		value=np.array(of[4], dtype=float),
		weight=np.where(np.array(of[8], dtype=bool), -weight, weight),
		amount=np.array(of[6], dtype=float),
		days=np.where(settled, np.array(of[7], dtype=float), np.nan),
		origin=np.full(len(rows), -1, dtype=np.int64),
	)


def weighed(events: Events, policy: Policy) -> Events:
	"""The same events with the weights that they have under a policy."""
	counted = np.isin(events.kind, BY_AMOUNT_CODES) & (events.amount != 0)
	by_amount = np.where(counted, amount_weight(events.amount, policy), 1.0)
	return replace(events, weight=events.weight * by_amount)


@dataclass
class Ledger:
	"""What is kept of one customer's evidence between events, as of `tally.day`, under one policy.

	hard: kind -> day it fades from -> net weight of the hard events of that day. count: rows that stand. first: the day
	of the first evidence. opening: [day, score or None], where the score stood before anything happened on that day.
	marked: the day whose move is kept as an event snapshot. window: kind -> the sums of 12 months (`rating.Window`), which are
	right before the day `until`. past: what the month ends led to, None where nobody has looked yet.
	"""

	policy: str
	tally: Tally
	hard: dict[str, dict[int, float]] = field(default_factory=dict)
	count: int = 0
	first: int | None = None
	opening: tuple[int, float | None] | None = None
	marked: int | None = None
	window: dict[str, list[float]] = field(default_factory=dict)
	until: int = NEVER
	past: "KeptPast | None" = None

	def add(self, row: Mapping, policy: Policy) -> None:
		"""Take in one row of evidence (its fields by name), whenever it arrives. O(1)."""
		known, fades_from = to_day(row["occurred_on"]), to_day(row["decays_from"])
		weight = weight_of(row["kind"], row["weight"], row["amount"], policy)
		weight = -weight if row["reversal"] else weight
		self.tally.age_to(known, policy)
		self.tally.add(row["kind"], fades_from, row["value"], weight, row["amount"], policy)
		self.count += 1 if weight > 0 else -1
		self.first = known if self.first is None else min(self.first, known)
		if row["kind"] in hard_kinds(policy):
			days = self.hard.setdefault(row["kind"], {})
			days[fades_from] = days.get(fades_from, 0.0) + weight
		if fades_from + YEAR > self.tally.day:
			late = row["days"] if row["kind"] == kinds.SETTLED else 0.0
			added = in_window(weight, row["value"], row["amount"], late)
			sums = self.window.get(row["kind"], NOTHING)
			self.window[row["kind"]] = [old + float(new) for old, new in zip(sums, added, strict=True)]
			self.until = min(self.until, fades_from + YEAR)

	def put_off(self, row: Mapping) -> None:
		"""A row that lies in the future is taken in when all of them are read again, on its day."""
		self.until = min(self.until, to_day(row["occurred_on"]))

	def serves(self, day: int, policy: Policy, last_end: int) -> bool:
		"""Whether a rating on `day` can rest on this, `last_end` being the last month end before it."""
		return (
			self.policy == policy.version
			and self.tally.day <= day < self.until
			and ((self.past is not None and self.past.end == last_end) or self.is_new(last_end))
		)

	def is_new(self, last_end: int) -> bool:
		"""Whether nothing was known at the last month end yet."""
		return self.first is None or self.first > last_end

	def before(self, last_end: int) -> Before:
		"""What the evaluations before a day came to, whose last one was on `last_end`; see `serves`."""
		past = self.past
		if past is None or past.end != last_end:
			return Before(Walk.start(1), np.zeros((1, 0), dtype=np.int64), np.zeros((1, 0)))
		days, scores = zip(*past.scores, strict=True) if past.scores else ((), ())
		walk = Walk(*(np.array([one]) for one in past.walk))
		return Before(walk, np.array([days], dtype=np.int64), np.array([scores], dtype=float))

	def figures(self) -> Figures:
		"""What reasons name of the events of 12 months."""
		names = [name for name in kinds.CODE if name in self.window]
		sums = np.array([self.window[name] for name in names]).reshape(1, len(names), len(IN_WINDOW))
		return Window(tuple(names), sums, np.array([self.count]), np.array([self.until])).figures()

	def last_hard_days(self, policy: Policy) -> dict[str, np.ndarray]:
		"""kind -> the last day on which that hard event happened and was not taken back, as `rating.caps` wants it."""
		found = {}
		for kind in hard_kinds(policy):
			standing = [day for day, weight in self.hard.get(kind, {}).items() if weight > 1e-9]
			found[kind] = np.array([max(standing, default=NEVER_BEFORE)])
		return found

	def to_dict(self) -> dict:
		return {
			"policy": self.policy,
			**self.tally.to_dict(),
			"hard": self.hard,
			"count": self.count,
			"first": self.first,
			"opening": self.opening,
			"marked": self.marked,
			"window": self.window,
			"until": self.until,
			"past": self.past.to_list() if self.past else None,
		}

	@classmethod
	def from_dict(cls, plain: Mapping) -> "Ledger":
		return cls(
			policy=plain["policy"],
			tally=Tally.from_dict(plain),
			hard={
				kind: {int(day): weight for day, weight in days.items()}
				for kind, days in plain["hard"].items()
			},
			count=plain["count"],
			first=plain["first"],
			opening=tuple(plain["opening"]) if plain["opening"] else None,
			marked=plain["marked"],
			window={kind: list(sums) for kind, sums in plain.get("window", {}).items()},
			# What was kept before there were windows serves no rating.
			until=plain.get("until", 0),
			past=KeptPast.from_list(plain["past"]) if plain.get("past") else None,
		)


NOTHING = (0.0,) * len(IN_WINDOW)


@dataclass(frozen=True)
class KeptPast:
	"""What the evaluations of month ends up to the day `end` came to (`rating.Before`): the walk's grade, streak and best, and
	[day, score] of those that ratings before the next month end are compared with."""

	end: int
	walk: tuple[int, int, int]
	scores: Sequence[tuple[int, float]]

	def to_list(self) -> list:
		return [self.end, *self.walk, self.scores]

	@classmethod
	def from_list(cls, plain: Sequence) -> "KeptPast":
		end, *walk, scores = plain
		return cls(end, tuple(walk), scores)


@dataclass
class Ledgers:
	"""The ledgers of many customers in columns. sums: (customers, kinds, 4); present: (customers, kinds), which of them a
	customer has any evidence of; first: -1 for none; opening: scores, NaN for none; marked: -1 for none. past: as
	`KeptPast.to_list` gives it."""

	policy: str
	day: int
	kinds: tuple[str, ...]
	sums: np.ndarray
	present: np.ndarray
	hard: dict[int, dict[str, dict[int, float]]]
	count: np.ndarray
	first: np.ndarray
	opening: np.ndarray
	marked: np.ndarray
	window: Window
	past: list[list]

	def plain(self) -> list[dict]:
		"""Each one as `Ledger.to_dict` gives it."""
		opening = [[self.day, None if score != score else score] for score in self.opening.tolist()]
		columns = (
			self.sums.tolist(),
			self.present.tolist(),
			self.count.tolist(),
			_or_none(self.first),
			opening,
			_or_none(self.marked),
			self.window.sums.tolist(),
			self.window.until.tolist(),
			self.past,
		)
		return [
			{
				"policy": self.policy,
				"day": self.day,
				"sums": {
					name: values for name, values, there in zip(self.kinds, sums, has, strict=True) if there
				},
				"hard": self.hard.get(at, {}),
				"count": count,
				"first": first,
				"opening": opened,
				"marked": marked,
				"window": {
					name: values
					for name, values in zip(self.window.kinds, window, strict=True)
					if any(values)
				},
				"until": until,
				"past": past,
			}
			for at, (sums, has, count, first, opened, marked, window, until, past) in enumerate(
				zip(*columns, strict=True)
			)
		]

	def first_days(self) -> list[int | None]:
		return _or_none(self.first)


def _or_none(days: np.ndarray) -> list[int | None]:
	return [None if day < 0 else day for day in days.tolist()]


# Before this day nothing has happened to anyone.
_LATER = np.iinfo(np.int64).max


def ledgers(
	customers: int, events: Events, as_of: int, policy: Policy, sums, window: Window, before: Before
) -> Ledgers:
	"""The ledgers of `customers` customers from all of their evidence, with their `sums` and `window` as of the day `as_of` and
	what the month ends `before` it came to."""
	known = events.where(events.known <= as_of)
	first = np.full(customers, _LATER)
	np.minimum.at(first, known.customer, known.known)
	hard: dict[int, dict[str, dict[int, float]]] = {}
	for name in hard_kinds(policy):
		mine = known.where(known.kind == kinds.CODE[name])
		rows = zip(mine.customer.tolist(), mine.fades_from.tolist(), mine.weight.tolist(), strict=True)
		for customer, day, weight in rows:
			days = hard.setdefault(customer, {}).setdefault(name, {})
			days[day] = days.get(day, 0.0) + weight
	return Ledgers(
		policy=policy.version,
		day=as_of,
		kinds=sums.kinds,
		sums=np.stack([sums.r, sums.s, sums.amount, sums.count], axis=2),
		present=_present(known, customers, sums.kinds),
		hard=hard,
		count=np.bincount(known.customer, np.sign(known.weight), minlength=customers).astype(int),
		first=np.where(first == _LATER, -1, first),
		opening=np.full(customers, np.nan),
		marked=np.full(customers, -1),
		window=window,
		past=_kept_past(before),
	)


def _kept_past(before: Before) -> list[list]:
	"""`KeptPast.to_list` of each customer."""
	ends = before.day[0].tolist() if len(before.day) else []
	of = [ends.index(day) for day in compared_days(ends)]
	walk = before.walk
	columns = (walk.grade.tolist(), walk.streak.tolist(), walk.best.tolist(), before.score[:, of].tolist())
	return [
		[
			ends[-1],
			grade,
			streak,
			best,
			[[ends[at], score] for at, score in zip(of, scores, strict=True) if score == score],
		]
		for grade, streak, best, scores in zip(*columns, strict=True)
	]


def _present(events: Events, customers: int, names: Iterable[str]) -> np.ndarray:
	"""(customers, kinds): whether the customer has any evidence of the kind."""
	codes = np.array([kinds.CODE[name] for name in names], dtype=np.int64)
	present = np.zeros((customers, len(kinds.KINDS)), dtype=bool)
	present[events.customer, events.kind] = True
	return present[:, codes]
