"""Decayed sums: what a customer's evidence adds up to on a day, each event counting half after a half-life.

    r = sum w v 2^(-(t - t_i)/H)        s = sum w (1 - v) 2^(-(t - t_i)/H)

`Tally` keeps them for one customer and updates in O(1) for each event. `replay` gives them for any number of
customers on any past days, `replay_days` for all of many customers on the same days, which is less work. They are the
same sums; property tests hold them together.
After Jøsang and Ismail, "The Beta Reputation System" (2002), with forgetting in time instead of in events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cims.trust import kinds
from cims.trust.evidence import Events
from cims.trust.policy import Policy


def half_lives(policy: Policy) -> dict[str, float]:
	"""Half-life in days for each dimension of the policy."""
	return {d.name: d.half_life for d in policy.dimensions}


@dataclass
class Tally:
	"""One customer's sums as of `day` (days since 1970): kind name -> [r, s, amount, count], all decayed.

	amount and count are of the events themselves: their quotient is the customer's usual amount.
	"""

	day: int
	sums: dict[str, list[float]] = field(default_factory=dict)

	def age_to(self, day: int, policy: Policy) -> None:
		"""Let the sums fade until `day`; a day that has passed already changes nothing."""
		if day <= self.day:
			return
		lives = half_lives(policy)
		for name, values in self.sums.items():
			if life := lives.get(kinds.BY_NAME[name].dimension):
				factor = 2.0 ** (-(day - self.day) / life)
				self.sums[name] = [x * factor for x in values]
		self.day = day

	def add(
		self, kind: str, fades_from: int, value: float, weight: float, amount: float, policy: Policy
	) -> None:
		"""Add one event known by the tally's day (weight below 0 takes one back), in whatever order they arrive."""
		life = half_lives(policy).get(kinds.BY_NAME[kind].dimension)
		if life is None:
			return
		fade = 2.0 ** (-(self.day - fades_from) / life)
		sign = 1.0 if weight > 0 else -1.0
		added = (weight * value, weight * (1 - value), sign * amount, sign)
		sums = self.sums.setdefault(kind, [0.0, 0.0, 0.0, 0.0])
		self.sums[kind] = [old + new * fade for old, new in zip(sums, added, strict=True)]

	def to_dict(self) -> dict:
		return {"day": self.day, "sums": self.sums}

	@classmethod
	def from_dict(cls, plain: Mapping) -> "Tally":
		return cls(plain["day"], {name: list(values) for name, values in plain["sums"].items()})

	def as_sums(self) -> "Sums":
		"""These sums as those of one ask."""
		names = [name for name in kinds.CODE if name in self.sums]
		values = np.array([self.sums[name] for name in names], dtype=float).reshape(len(names), 4)
		return Sums(tuple(names), *(values[:, at][np.newaxis, :].copy() for at in range(4)))


@dataclass(frozen=True)
class Sums:
	"""Decayed sums for n asks (a customer on a day) and the kinds that occur: arrays of shape (n, kinds)."""

	kinds: tuple[str, ...]
	r: np.ndarray
	s: np.ndarray
	amount: np.ndarray
	count: np.ndarray

	def __len__(self) -> int:
		return len(self.r)

	def settled_weight(self) -> np.ndarray:
		"""How much each customer's settled receivables weigh as evidence."""
		if kinds.SETTLED not in self.kinds:
			return np.zeros(len(self))
		at = self.kinds.index(kinds.SETTLED)
		return self.r[:, at] + self.s[:, at]

	def settled_count(self) -> np.ndarray:
		"""How many receivables each customer settled, decayed."""
		if kinds.SETTLED not in self.kinds:
			return np.zeros(len(self))
		return np.maximum(self.count[:, self.kinds.index(kinds.SETTLED)], 0)

	def usual_amount(self, default: float) -> np.ndarray:
		"""Each customer's usual amount: the decayed mean of what they settled, `default` without any."""
		if kinds.SETTLED not in self.kinds:
			return np.full(len(self), float(default))
		at = self.kinds.index(kinds.SETTLED)
		amount, count = self.amount[:, at], self.settled_count()
		return np.divide(amount, count, out=np.full(len(self), float(default)), where=count > 1e-9)

	@classmethod
	def join(cls, parts: Sequence["Sums"]) -> "Sums":
		"""The asks of all parts, one part after the other; kinds that a part lacks are zero there."""
		if len(parts) == 1:
			return parts[0]
		names = tuple(name for name in kinds.CODE if any(name in part.kinds for part in parts))
		return cls(names, *(aligned(parts, field, names) for field in ("r", "s", "amount", "count")))

	def where(self, keep) -> "Sums":
		return Sums(self.kinds, self.r[keep], self.s[keep], self.amount[keep], self.count[keep])


def aligned(parts: Sequence, field: str, names: tuple[str, ...]) -> np.ndarray:
	"""The (n, kinds) arrays of all parts under each other, with the columns `names`; zero where a part lacks one."""
	found = np.zeros((sum(len(getattr(part, field)) for part in parts), len(names)))
	start = 0
	for part in parts:
		values = getattr(part, field)
		found[start : start + len(values), [names.index(name) for name in part.kinds]] = values
		start += len(values)
	return found


def replay(events: Events, ask_customer: np.ndarray, ask_day: np.ndarray, policy: Policy) -> Sums:
	"""The sums of each asked customer at the end of each asked day, from what was known by then."""
	asks = _Asks.of(ask_customer, ask_day)
	rows, ask = asks.first(events.customer, events.known)
	kind, weight, value = events.kind[rows], events.weight[rows], events.value[rows]
	# A reversal fades from the day of what it takes back, so the two cancel on every later day.
	age = asks.day[ask] - events.fades_from[rows]
	lives = half_lives(policy)
	codes = [code for code in np.unique(events.kind) if kinds.KINDS[code].dimension in lives]
	columns = []
	for code in codes:
		life = lives[kinds.KINDS[code].dimension]
		mine = np.flatnonzero(kind == code)
		fade = np.exp2(-age[mine] / life)
		faded = weight[mine] * fade
		sign = np.sign(weight[mine]) * fade
		good = faded * value[mine]
		parts = np.empty((len(asks), 4))
		for at, part in enumerate((good, faded - good, sign * events.amount[rows[mine]], sign)):
			parts[:, at] = np.bincount(ask[mine], part, minlength=len(asks))
		columns.append(asks.added_up(parts, np.full(4, life)))
	names = tuple(kinds.KINDS[code].name for code in codes)
	empty = np.zeros((len(asks), 0))
	return Sums(
		names, *(np.column_stack([c[:, at] for c in columns]) if columns else empty for at in range(4))
	)


def replay_days(events: Events, customers: int, days: Sequence[int], policy: Policy) -> Sums:
	"""`replay` for each of so many customers on each of the same days, in ascending order; a customer's asks together.

	Rows are faded to the first day that sees them, then the sums are carried from day to day for everybody at once.
	"""
	days, lives = np.asarray(days), half_lives(policy)
	codes = [code for code in np.unique(events.kind) if kinds.KINDS[code].dimension in lives]
	life = np.array([lives[kinds.KINDS[code].dimension] for code in codes])
	column = np.full(len(kinds.KINDS), -1)
	column[codes] = np.arange(len(codes))
	first = np.searchsorted(days, events.known)
	rows = np.flatnonzero((first < len(days)) & (column[events.kind] >= 0))
	kind, first = column[events.kind[rows]], first[rows]
	fade = np.exp2(-(days[first] - events.fades_from[rows]) / life[kind]) if len(rows) else np.zeros(0)
	weight = events.weight[rows]
	good, sign = weight * events.value[rows], np.sign(weight)
	shape = (customers, len(days), len(codes))
	slot = (events.customer[rows] * shape[1] + first) * shape[2] + kind
	steps = np.exp2(-np.diff(days)[:, np.newaxis] / life)
	found = []
	for part in (good, weight - good, sign * events.amount[rows], sign):
		table = np.bincount(slot, part * fade, minlength=int(np.prod(shape))).astype(float).reshape(shape)
		for at, step in enumerate(steps, start=1):
			table[:, at] += table[:, at - 1] * step
		found.append(table.reshape(shape[0] * shape[1], shape[2]))
	return Sums(tuple(kinds.KINDS[code].name for code in codes), *found)


def decayed_sums(customer, day, columns, half_life, ask_customer, ask_day) -> np.ndarray:
	"""For each ask the decayed column sums of that customer's rows up to and including the asked day.

	customer, day: of the rows; columns: (rows, m); half_life: (m,). Returns (asks, m).
	"""
	asks = _Asks.of(ask_customer, ask_day)
	rows, ask = asks.first(customer, day)
	waited = asks.day[ask] - day[rows]
	parts = np.zeros((len(asks), columns.shape[1]))
	for life in np.unique(half_life):
		fade = np.exp2(-waited / life)
		for m in np.flatnonzero(half_life == life):
			parts[:, m] = np.bincount(ask, columns[rows, m] * fade, minlength=len(asks))
	return asks.added_up(parts, half_life)


@dataclass(frozen=True)
class _Asks:
	"""Customers on days, sorted by both; order: each one's place among those that were asked.

	Sums go in two steps: a row is faded to its customer's first ask on or after its day, then asks are added up along
	each customer's own. So one customer with a long history costs no more than many with short ones.
	"""

	order: np.ndarray
	customer: np.ndarray
	day: np.ndarray

	@classmethod
	def of(cls, customer, day) -> "_Asks":
		customer, day = np.asarray(customer), np.asarray(day)
		order = np.lexsort((day, customer))
		return cls(order, customer[order], day[order])

	def __len__(self) -> int:
		return len(self.order)

	def first(self, customer, day) -> tuple[np.ndarray, np.ndarray]:
		"""(rows, asks): the rows that an ask sees, and for each its customer's first ask on or after its day."""
		if not len(self) or not len(customer):
			return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
		# One ascending key for (customer, day).
		base = min(self.day.min(), day.min())
		span = max(self.day.max(), day.max()) - base + 1
		key = self.customer * span + (self.day - base)
		ask = np.searchsorted(key, customer * span + (day - base))
		seen = np.append(self.customer, -1)[ask] == customer
		rows = np.flatnonzero(seen)
		return rows, ask[rows]

	def added_up(self, parts: np.ndarray, half_life: np.ndarray) -> np.ndarray:
		"""Each ask's own part (asks, m) and what is left of the same customer's earlier ones, in the order asked.

		Steps double: after the first each ask holds the sum of 2, then of 4, and so on.
		"""
		lives, which = np.unique(half_life, return_inverse=True)
		starts = np.flatnonzero(np.diff(self.customer, prepend=-1))
		longest = int(np.diff(starts, append=len(self)).max(initial=0))
		step = 1
		while step < longest:
			same = self.customer[step:] == self.customer[:-step]
			passed = np.where(same, self.day[step:] - self.day[:-step], 0)
			fade = np.exp2(-passed[:, np.newaxis] / lives) * same[:, np.newaxis]
			parts[step:] += parts[:-step] * (fade if len(lives) == 1 else fade[:, which])
			step *= 2
		found = np.empty_like(parts)
		found[self.order] = parts
		return found
