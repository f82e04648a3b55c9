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
		"""Add one event (weight below 0 takes one back), whenever it arrives. A later event ages the tally first."""
		self.age_to(fades_from, policy)
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

	customer, day: of the rows; columns: (rows, m); half_life: (m,). Returns (asks, m). Rows and asks are walked in
	the order of time, all customers at once: step j handles everybody's j-th row, so the cost is that of the rows.
	"""
	who = np.concatenate([customer, ask_customer])
	when = np.concatenate([day, ask_day])
	is_ask = np.arange(len(who)) >= len(customer)
	order = np.lexsort((is_ask, when, who))
	found = np.zeros((len(ask_customer), columns.shape[1]))
	if not len(order):
		return found
	starts = np.flatnonzero(np.diff(who[order], prepend=-1))
	lengths = np.diff(starts, append=len(order))
	longest_first = np.argsort(-lengths, kind="stable")
	starts, lengths = starts[longest_first], lengths[longest_first]
	state = np.zeros((len(starts), columns.shape[1]))
	last = when[order[starts]].copy()
	for step in range(lengths[0]):
		n = np.searchsorted(-lengths, -step, side="left")
		rows = order[starts[:n] + step]
		passed = when[rows] - last[:n]
		moved = np.flatnonzero(passed)
		if len(moved):
			state[moved] *= np.exp2(-passed[moved, np.newaxis] / half_life)
			last[moved] = when[rows[moved]]
		asks = is_ask[rows]
		at = np.flatnonzero(~asks)
		state[at] += columns[rows[at]]
		at = np.flatnonzero(asks)
		found[rows[at] - len(customer)] = state[at]
	return found
