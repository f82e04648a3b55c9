"""Decayed sums: what a customer's evidence adds up to on a day, each event counting half after a half-life.

    r = sum w v 2^(-(t - t_i)/H)        s = sum w (1 - v) 2^(-(t - t_i)/H)

`Tally` keeps them for one customer and updates in O(1) for each event. `replay` gives them for any number of
customers on any past days. Both are the same sums; a property test holds them together.
After Jøsang and Ismail, "The Beta Reputation System" (2002), with forgetting in time instead of in events.
"""

from collections.abc import Mapping
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

	def settled_count(self) -> np.ndarray:
		"""How many receivables each customer settled, decayed."""
		if kinds.SETTLED not in self.kinds:
			return np.zeros(len(self))
		return np.maximum(self.count[:, self.kinds.index(kinds.SETTLED)], 0)

	def usual_amount(self, default: float) -> np.ndarray:
		"""Each customer's usual amount: the decayed mean of what they settled, `default` without any."""
		if kinds.SETTLED not in self.kinds:
			return np.full(len(self), default)
		at = self.kinds.index(kinds.SETTLED)
		amount, count = self.amount[:, at], self.settled_count()
		return np.divide(amount, count, out=np.full(len(self), default), where=count > 1e-9)

	def where(self, keep) -> "Sums":
		return Sums(self.kinds, self.r[keep], self.s[keep], self.amount[keep], self.count[keep])


def replay(events: Events, ask_customer: np.ndarray, ask_day: np.ndarray, policy: Policy) -> Sums:
	"""The sums of each asked customer at the end of each asked day, from what was known by then."""
	lives = half_lives(policy)
	codes = [code for code in np.unique(events.kind) if kinds.KINDS[code].dimension in lives]
	sign = np.sign(events.weight)
	columns = np.zeros((len(events), 4 * len(codes)))
	life = np.empty(4 * len(codes))
	for at, code in enumerate(codes):
		rows = events.kind == code
		here = slice(4 * at, 4 * at + 4)
		columns[rows, here] = np.column_stack(
			[
				events.weight * events.value,
				events.weight * (1 - events.value),
				sign * events.amount,
				sign,
			]
		)[rows]
		life[here] = lives[kinds.KINDS[code].dimension]
	# A reversal enters as faded as what it takes back has become.
	columns *= np.exp2(-(events.known - events.fades_from)[:, np.newaxis] / life)
	found = decayed_sums(events.customer, events.known, columns, life, ask_customer, ask_day)
	names = tuple(kinds.KINDS[code].name for code in codes)
	return Sums(names, *(found[:, at::4] for at in range(4)))


def decayed_sums(customer, day, columns, half_life, ask_customer, ask_day) -> np.ndarray:
	"""For each ask the decayed column sums of that customer's rows up to and including the asked day.

	customer, day: of the rows; columns: (rows, m); half_life: (m,). Returns (asks, m).
	Each row is faded to its customer's first ask on or after its day; then asks are added up along each customer's
	own, in steps that double, so that one customer with a long history costs no more than many with short ones.
	"""
	order = np.lexsort((ask_day, ask_customer))
	who, when = np.asarray(ask_customer)[order], np.asarray(ask_day)[order]
	ask = _first_ask(customer, day, who, when)
	rows = np.flatnonzero(ask >= 0)
	ask = ask[rows]
	waited = when[ask] - day[rows]
	part = np.zeros((len(order), columns.shape[1]))
	for life in np.unique(half_life):
		fade = np.exp2(-waited / life)
		for m in np.flatnonzero(half_life == life):
			part[:, m] = np.bincount(ask, columns[rows, m] * fade, minlength=len(order))
	_add_along(part, who, when, half_life)
	found = np.empty_like(part)
	found[order] = part
	return found


def _first_ask(customer, day, who, when) -> np.ndarray:
	"""For each row the position of its customer's first ask on or after its day, -1 where there is none; the asks
	(who, when) are in order."""
	if not len(who) or not len(customer):
		return np.full(len(customer), -1)
	# One ascending key for (customer, day).
	base = min(when.min(), day.min())
	span = max(when.max(), day.max()) - base + 1
	at = np.searchsorted(who * span + (when - base), customer * span + (day - base))
	inside = np.minimum(at, len(who) - 1)
	return np.where((at < len(who)) & (who[inside] == customer), inside, -1)


def _add_along(part, who, when, half_life) -> None:
	"""Turn each ask's own part into the sum over the same customer's asks up to it, in place."""
	lives, which = np.unique(half_life, return_inverse=True)
	longest = int(np.diff(np.flatnonzero(np.diff(who, prepend=-1)), append=len(who)).max(initial=0))
	step = 1
	while step < longest:
		same = who[step:] == who[:-step]
		passed = np.where(same, when[step:] - when[:-step], 0)
		fade = np.exp2(-passed[:, np.newaxis] / lives) * same[:, np.newaxis]
		part[step:] += part[:-step] * fade[:, which]
		step *= 2
