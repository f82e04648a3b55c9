"""Many customers rated at once from what is kept of each, as a clock needs it: sums fade, and what is open grows older.

Nothing here depends on how long a history is. Who can't be rated so (a month has ended, the policy is another one, an event has
left the last 12 months) is left to `together`, which reads all of the evidence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import orjson

import frappe

from cims.ratings import overrides, packed, policies, rows, sources, sql
from cims.ratings.calendar import site_calendar, today
from cims.trust import kinds, rating
from cims.trust.calendar import month_ends
from cims.trust.grades import EVALUATIONS, UNRATED, Walk, hard_kinds
from cims.trust.policy import Policy
from cims.trust.rating import IN_WINDOW, NEVER_BEFORE, Before, Ratings, State, Window, compared_days
from cims.trust.sums import Sums, half_lives

# Their rows are held meanwhile, some tenths of a second.
AT_ONCE = 4000


def rate(customers: Sequence[str]) -> tuple[int, Sequence[str]]:
	"""Rate those of the customers for whom what is kept serves. Returns how many were rated, and who is left. The caller
	commits."""
	policy, day = policies.active(), today()
	last_end = month_ends(day, 1)[0]
	table, left = [], []
	for row in rows_of(customers, policies.segment_field(), hold=True):
		if row.serves(policy, day, last_end):
			table.append(row)
		else:
			left.append(row.name)
	if not table:
		return 0, left
	# Whoever is left out of a run is passed over where the range is read and written.
	found = Kept.of(table, type(customers))
	ratings = found.ratings(policy, day)
	columns = rows.of_the_day(ratings, found.first, overrides.standing(found.names, day))
	rows.Held(found.names, columns).write()
	return len(found.names), left


class Row(NamedTuple):
	"""What is kept of one customer, in the words of the database. segment: today's; rated_in: that of the last rating; ledger: as
	`events.Ledger.to_dict` gives it, None before the first rating."""

	name: str
	segment: str
	rated_in: str
	dirty: str
	as_of: str
	replay_from: str
	ledger: Mapping | None

	def serves(self, policy: Policy, day: int, last_end: int) -> bool:
		"""Whether a rating on the day can rest on it. See `events.Ledger.serves`."""
		ledger = self.ledger
		return (
			self.segment == self.rated_in
			and self.dirty == "0"
			and not self.replay_from
			and ledger is not None
			and ledger["policy"] == policy.version
			and ledger["day"] <= day < ledger.get("until", 0)
			and (
				(ledger["past"] is not None and ledger["past"][0] == last_end)
				or ledger["first"] is None
				or ledger["first"] > last_end
			)
		)


def rows_of(customers: Sequence[str], segment_field: str | None = None, hold: bool = False) -> Iterator[Row]:
	"""What is kept of each who has evidence, by name. hold: until the transaction ends, first the customers, then their ratings, as
	everywhere."""
	segment = f"COALESCE(c.`{segment_field}`, '')" if segment_field else "''"
	for condition, among in sql.among("c.name", customers):
		(text,) = frappe.db.sql(
			f"""{packed.LONG_ANSWER} SELECT GROUP_CONCAT(r.name, '\t', {segment}, '\t', COALESCE(r.segment, ''), '\t',
				r.dirty, '\t', COALESCE(r.as_of, ''), '\t', COALESCE(r.replay_from, ''), '\t',
				COALESCE(r.sums, 'null') SEPARATOR '\n')
			FROM `tabCIMS Customer` c STRAIGHT_JOIN `tabTrust Rating` r ON r.name = c.name WHERE {condition}
			{"FOR UPDATE" if hold else ""}""",
			among,
		)[0]
		if text:
			table = sorted(line.split("\t") for line in text.split("\n"))
			ledgers = orjson.loads(f"[{','.join([row[-1] for row in table])}]")
			yield from (Row(*row[:-1], ledger) for row, ledger in zip(table, ledgers, strict=True))


@dataclass(frozen=True)
class Kept:
	"""What is kept of some customers: their segments, and their ledgers as plain data."""

	names: Sequence[str]
	segments: list[str]
	ledgers: list[Mapping]

	@classmethod
	def of(cls, rows: Sequence[Row], kind: type = list) -> "Kept":
		"""kind: of the list of names (`sql.Run`)."""
		return cls(
			kind(row.name for row in rows),
			[row.rated_in for row in rows],
			[row.ledger for row in rows],
		)

	@property
	def first(self) -> list[int | None]:
		return [ledger["first"] for ledger in self.ledgers]

	def ratings(self, policy: Policy, day: int) -> Ratings:
		"""The ratings at the end of the day."""
		state = self.state(policy, day)
		figures = self.window().figures()
		return rating.conclude(self.names, self.segments, state, self.before(day), figures, day, policy)

	def state(self, policy: Policy, day: int) -> State:
		"""The sums, aged to the day, and what is open."""
		pieces = sources.open_pieces(self.names, site_calendar())
		who, days = np.arange(len(self.names)), np.full(len(self.names), day)
		open_now = rating.exposure(pieces, who, days, policy)
		sums = self.sums(policy, day)
		return State(
			sums=sums,
			exposure=open_now,
			usual_amount=sums.usual_amount(policy.usual_amount),
			cap=rating.caps(days, self.last_hard_days(policy), open_now.oldest, policy),
		)

	def sums(self, policy: Policy, day: int) -> Sums:
		names, table = self._table("sums", 4)
		lives = half_lives(policy)
		# As in `Tally.age_to`: what the policy has no dimension for doesn't fade.
		life = np.array([lives.get(kinds.BY_NAME[name].dimension, np.inf) for name in names])
		passed = day - np.array([ledger["day"] for ledger in self.ledgers])
		table *= np.exp2(-passed[:, np.newaxis] / life)[:, :, np.newaxis]
		return Sums(names, *(np.ascontiguousarray(table[:, :, at]) for at in range(4)))

	def window(self) -> Window:
		names, table = self._table("window", len(IN_WINDOW))
		total = np.array([ledger["count"] for ledger in self.ledgers])
		return Window(names, table, total, np.array([ledger["until"] for ledger in self.ledgers]))

	def _table(self, of: str, width: int) -> tuple[tuple[str, ...], np.ndarray]:
		"""(kinds, (customers, kinds, numbers)) of the lists that ledgers keep by kind."""
		who, code, values = [], [], []
		for at, ledger in enumerate(self.ledgers):
			for name, numbers in ledger[of].items():
				who.append(at)
				code.append(kinds.CODE[name])
				values += numbers
		codes = np.unique(np.array(code, dtype=np.int64))
		table = np.zeros((len(self.names), len(codes), width))
		table[who, np.searchsorted(codes, code)] = np.array(values, dtype=float).reshape(-1, width)
		return tuple(kinds.KINDS[at].name for at in codes.tolist()), table

	def last_hard_days(self, policy: Policy) -> dict[str, np.ndarray]:
		"""kind -> the last day on which that hard event happened and was not taken back, as `rating.caps` wants it."""
		found = {kind: np.full(len(self.names), NEVER_BEFORE) for kind in hard_kinds(policy)}
		for at, ledger in enumerate(self.ledgers):
			for kind, days in ledger["hard"].items():
				if kind in found:
					standing = [int(day) for day, weight in days.items() if weight > 1e-9]
					found[kind][at] = max(standing, default=NEVER_BEFORE)
		return found

	def before(self, day: int) -> Before:
		"""What the month ends before the day came to."""
		ends = month_ends(day, EVALUATIONS)
		column = {end: at for at, end in enumerate(compared_days(ends))}
		new = [ends[-1], UNRATED, 0, 0, []]
		past = [
			new if ledger["past"] is None or ledger["past"][0] != ends[-1] else ledger["past"]
			for ledger in self.ledgers
		]
		walk = Walk(*(np.array([one[at] for one in past]) for at in (1, 2, 3)))
		scores = np.full((len(past), len(column)), np.nan)
		pairs = [(at, column[end], score) for at, one in enumerate(past) for end, score in one[4]]
		if pairs:
			who, which, values = zip(*pairs, strict=True)
			scores[who, which] = values
		return Before(walk, np.broadcast_to(np.array([*column], dtype=np.int64), scores.shape), scores)
