"""Evidence and receivables: one object for each as people and documents know them, columns as the engine computes.

Columns hold customers as positions in a list of names, kinds as codes of `kinds.KINDS`, days as days since 1970.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np

from cims.trust import kinds, paydex
from cims.trust.calendar import NEVER, Calendar, days_beyond_terms, paused_days, to_date, to_day
from cims.trust.policy import Policy


@dataclass(frozen=True, slots=True)
class Receivable:
	"""What a customer owes for one invoice or order, with what became of it.

	amount in company currency; payments: part payments in the order of their days as (day, amount), below 0 for one that
	was paid back, empty when it was settled at once;
	credits: what was owed besides until a day, as (day, amount), because goods came back or the order was cancelled.
	disputed without disputed_from: a dispute of unknown length. written_off_on ends it without payment.
	company: whose books it stands in, "" where a site keeps only one. part: which part of its document it is, where the
	document falls due in parts; share: how much of the document's goods were sold with it. binds_on: the day from which on the due
	date binds, where it isn't for the rating's calendar to say.
	"""

	customer: str
	reference: str
	invoiced_on: date
	due_on: date
	amount: float
	settled_on: date | None = None
	disputed: bool = False
	disputed_from: date | None = None
	disputed_to: date | None = None
	payments: tuple[tuple[date, float], ...] = ()
	credits: tuple[tuple[date, float], ...] = ()
	written_off_on: date | None = None
	source_doctype: str = "Receivable"
	company: str = ""
	part: str = ""
	share: float = 1.0
	binds_on: date | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
	"""One thing that happened. (source_doctype, source_name, source_event) is its identity.

	value in [0, 1]; weight > 0; days: days beyond terms. It is known from occurred_on on, and its weight halves from
	decays_from on (occurred_on unless given). A reversal takes an earlier row back: it has that row's decays_from.
	company: as of a receivable.
	"""

	customer: str
	kind: str
	occurred_on: date
	value: float
	weight: float
	amount: float = 0.0
	days: float | None = None
	source_doctype: str = ""
	source_name: str = ""
	source_event: str = ""
	decays_from: date | None = None
	reversal: bool = False
	company: str = ""

	def __post_init__(self):
		kinds.kind_of(self.kind)
		if not 0 <= self.value <= 1:
			raise ValueError(f"The value of evidence must lie between 0 and 1, not {self.value}.")
		if not self.weight > 0:
			raise ValueError(f"The weight of evidence must be above 0, not {self.weight}.")


@dataclass(frozen=True)
class Columns:
	"""Equally long arrays."""

	def __len__(self) -> int:
		return len(self.customer)

	def where(self, keep: np.ndarray):
		"""The rows that `keep` (mask or positions) names."""
		return type(self)(**{f.name: getattr(self, f.name)[keep] for f in fields(self)})

	@classmethod
	def join(cls, parts: Sequence["Columns"]):
		return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})


@dataclass(frozen=True)
class Events(Columns):
	"""Evidence in columns. known: the day from which on it is known; fades_from: the day its weight begins to
	halve; weight is negative for a reversal; origin: the receivable's position, -1 for other evidence."""

	customer: np.ndarray
	kind: np.ndarray
	known: np.ndarray
	fades_from: np.ndarray
	value: np.ndarray
	weight: np.ndarray
	amount: np.ndarray
	days: np.ndarray
	origin: np.ndarray

	@classmethod
	def of(cls, rows: Iterable[Evidence], position: dict[str, int]) -> "Events":
		"""Columns of evidence rows; `position` gives each customer's place."""
		rows = list(rows)
		known = np.array([to_day(e.occurred_on) for e in rows], dtype=np.int64)
		return cls(
			customer=np.array([position[e.customer] for e in rows], dtype=np.int64),
			kind=np.array([kinds.CODE[e.kind] for e in rows], dtype=np.int64),
			known=known,
			fades_from=np.array([to_day(e.decays_from or e.occurred_on) for e in rows], dtype=np.int64),
			value=np.array([e.value for e in rows], dtype=float),
			weight=np.array([-e.weight if e.reversal else e.weight for e in rows], dtype=float),
			amount=np.array([e.amount for e in rows], dtype=float),
			days=np.array([np.nan if e.days is None else e.days for e in rows], dtype=float),
			origin=np.full(len(rows), -1, dtype=np.int64),
		)


@dataclass(frozen=True, kw_only=True)
class Course:
	"""What became of receivables, in columns, each as whoever uses it says: how much they were, when they were settled or
	written off, whether and when they were disputed."""

	amount: np.ndarray
	settled: np.ndarray
	written_off: np.ndarray
	disputed: np.ndarray
	disputed_from: np.ndarray
	disputed_to: np.ndarray


@dataclass(frozen=True)
class Receivables(Course, Columns):
	"""Receivables in columns. due: as agreed; rolled_due: rolled to a business day; settled, written_off: NEVER
	while open; disputed_from..disputed_to: NEVER..NEVER without a dispute; days: amount-weighted days beyond terms
	of what has been paid (as of settlement; only meaningful where settled). total: of a piece, the amount of the
	receivable that it is a part of; else the amount. share: of its document's goods, see `Receivable`."""

	customer: np.ndarray
	invoiced: np.ndarray
	due: np.ndarray
	rolled_due: np.ndarray
	days: np.ndarray
	total: np.ndarray
	share: np.ndarray

	@classmethod
	def build(
		cls,
		customer,
		invoiced,
		due,
		amount,
		settled,
		calendar: Calendar,
		*,
		disputed=None,
		disputed_from=None,
		disputed_to=None,
		written_off=None,
		days=None,
		total=None,
		share=None,
		binds=None,
	) -> "Receivables":
		"""Columns from arrays of days and amounts (settled: NEVER while open). binds: the rolled due dates that are known, NEVER for
		the others."""
		n = len(customer)
		never = np.full(n, NEVER, dtype=np.int64)
		due = np.asarray(due, dtype=np.int64)
		settled = np.asarray(settled, dtype=np.int64)
		invoiced = np.asarray(invoiced, dtype=np.int64)
		rolled = calendar.roll(due) if binds is None else np.where(binds == NEVER, calendar.roll(due), binds)
		start = never if disputed_from is None else disputed_from
		stop = never if disputed_to is None else disputed_to
		amount = np.asarray(amount, dtype=float)
		if days is None:
			days = days_beyond_terms(
				due, rolled, settled, paused_days(start, stop, invoiced, settled)
			).astype(float)
		return cls(
			customer=np.asarray(customer, dtype=np.int64), invoiced=invoiced, due=due, rolled_due=rolled,
			amount=amount, settled=settled,
			written_off=never if written_off is None else written_off,
			disputed=np.zeros(n, dtype=bool) if disputed is None else np.asarray(disputed, dtype=bool),
			disputed_from=start, disputed_to=stop, days=days,
			total=amount if total is None else np.asarray(total, dtype=float),
			share=np.ones(n) if share is None else np.asarray(share, dtype=float),
		)  # fmt: skip

	@property
	def closed(self) -> np.ndarray:
		"""The day from which on nothing is owed."""
		return np.minimum(self.settled, self.written_off)


def columns_of(
	rows: Sequence[Receivable], position: dict[str, int], calendar: Calendar
) -> tuple[Receivables, Receivables]:
	"""Columns of `rows`, and the same split into pieces by part payment.

	The pieces add up to the receivables; each is open until the day its own part was paid, which is what
	exposure on any day needs. A receivable's days beyond terms are the amount-weighted mean over its pieces.
	"""
	pieces, parent = [], []
	for at, row in enumerate(rows):
		for piece in _parts(row):
			pieces.append((row, *piece))
			parent.append(at)
	of, opened, closed, amount, stayed = zip(*pieces, strict=True) if pieces else [()] * 5
	total = [row.amount + sum(part for _day, part in row.credits) for row in of]
	split = _build(of, opened, closed, amount, position, calendar, total=total)
	paid = np.where((split.settled < NEVER) & np.array(stayed, dtype=bool), split.amount, 0.0)
	parent = np.array(parent, dtype=np.int64)
	total = np.bincount(parent, paid, minlength=len(rows))
	delay = np.bincount(parent, paid * np.where(paid > 0, split.days, 0), minlength=len(rows))
	days = np.divide(delay, total, out=np.zeros(len(rows)), where=total > 0)
	whole = _build(
		rows,
		[r.invoiced_on for r in rows],
		[r.settled_on for r in rows],
		[r.amount for r in rows],
		position,
		calendar,
		days=days,
	)
	return whole, split


def columns_of_undivided(pieces: Receivables) -> tuple[Receivables, Receivables]:
	"""What `columns_of` gives for receivables that were paid at once, or not at all: each is its only piece."""
	paid = (pieces.settled < NEVER) & (pieces.amount > 0)
	return replace(pieces, days=np.where(paid, pieces.days, 0.0)), pieces


# Amounts closer than this are the same amount.
CENT = 0.005


def _parts(row: Receivable) -> list[tuple[date, date | None, float, bool]]:
	"""The pieces of a receivable: (owed from, owed until, amount, whether that part was paid and stayed so). What was paid
	back is owed again from that day on."""
	if not row.payments and not row.credits:
		return [(row.invoiced_on, row.settled_on, row.amount, True)]
	owed, closed = [(row.invoiced_on, row.amount + sum(amount for _day, amount in row.credits))], []
	surplus = 0.0
	moves = [
		*((day, amount, True) for day, amount in row.payments),
		*((day, amount, False) for day, amount in row.credits),
	]
	for day, amount, paid in sorted(moves, key=lambda move: move[0]):
		if amount < 0:
			# What was paid for goods that came back is no debt again when it is paid back.
			back = max(-amount - surplus, 0.0)
			surplus = max(surplus + amount, 0.0)
			if back > CENT:
				owed.append((day, back))
				closed = _paid_back(closed, back)
		while amount > CENT and owed:
			since, left = owed.pop(0)
			part = min(left, amount)
			closed.append((since, day, part, paid))
			amount -= part
			if left - part > CENT:
				owed.insert(0, (since, left - part))
		surplus += max(amount, 0.0)
	return [*closed, *((since, row.settled_on, left, True) for since, left in owed if left > CENT)]


def _paid_back(paid: list[tuple], amount: float) -> list[tuple]:
	"""The paid pieces, the last of which, up to `amount`, did not stay paid."""
	found = []
	for since, day, part, stayed in reversed(paid):
		back = min(part, amount) if stayed else 0.0
		amount -= back
		if part - back > CENT or not back:
			found.append((since, day, part - back, stayed))
		if back:
			found.append((since, day, back, False))
	return found[::-1]


def _build(rows, opened, settled_on, amounts, position, calendar, days=None, total=None) -> Receivables:
	def column(dates):
		return np.array([NEVER if d is None else to_day(d) for d in dates], dtype=np.int64)

	return Receivables.build(
		[position[r.customer] for r in rows],
		column(opened),
		column(r.due_on for r in rows),
		amounts,
		column(settled_on),
		calendar,
		disputed=[r.disputed or r.disputed_from is not None for r in rows],
		disputed_from=column(r.disputed_from for r in rows),
		disputed_to=column(r.disputed_to for r in rows),
		written_off=column(r.written_off_on for r in rows),
		days=days,
		total=total,
		share=[r.share for r in rows],
		binds=column(r.binds_on for r in rows),
	)


def amount_weight(amount, policy: Policy):
	"""How much a receivable counts: 1 at the policy's usual amount, growing with the logarithm, capped.

	One huge invoice doesn't decide alone, and a hundred tiny ones don't drown it.
	"""
	ratio = np.maximum(np.asarray(amount, dtype=float), 0) / policy.usual_amount
	return np.clip(np.log2(1 + ratio), 0.1, policy.amount_cap)


# A dispute whose length nobody wrote down: its lateness counts half.
UNDATED_DISPUTE = 0.5


def share_weight(table: Receivables, policy: Policy) -> np.ndarray:
	"""How much each receivable counts by its amount; a piece counts its share of the whole, so that a day's figures don't
	depend on part payments that came later."""
	share = np.divide(table.amount, table.total, out=np.ones(len(table)), where=table.total > 0)
	return amount_weight(table.total, policy) * share


def payment_weight(table: Receivables, policy: Policy) -> np.ndarray:
	"""How much each receivable's payment counts: by its amount, half where an undated dispute may explain the delay."""
	undated = table.disputed & (table.disputed_from == NEVER)
	return share_weight(table, policy) * np.where(undated, UNDATED_DISPUTE, 1.0)


def receivable_events(table: Receivables, policy: Policy) -> Events:
	"""What the receivables themselves are evidence of: settlements, write-offs, and trading.

	A payment fades from the day it was due, not from the day it came: so paying later can only lower a score.
	"""
	settled = np.flatnonzero((table.settled < NEVER) & (table.amount > 0))
	lost = np.flatnonzero((table.written_off < NEVER) & (table.amount > 0))
	# Of what was cancelled or came back altogether nothing is left to be evidence.
	traded = (table.amount > 0) & (table.share > 0)
	at = slice(None) if traded.all() else np.flatnonzero(traded)
	weight, one = payment_weight(table, policy), np.ones(len(table))
	value = paydex.value(table.days)
	return Events.join(
		[
			_events(table, settled, kinds.SETTLED, table.settled, table.due, value, weight, table.days),
			_events(table, lost, kinds.WRITTEN_OFF, table.written_off, table.written_off, 0 * one, weight),
			_events(table, at, kinds.FULFILLED, table.invoiced, table.invoiced, one, table.share),
		]
	)


def _events(table, rows, kind, known, fades_from, value, weight, days=None) -> Events:
	base = kinds.BY_NAME[kind].weight
	origin = np.arange(len(table))[rows]
	return Events(
		customer=table.customer[rows],
		kind=np.full(len(origin), kinds.CODE[kind], dtype=np.int64),
		known=known[rows],
		fades_from=fades_from[rows],
		value=value[rows],
		weight=base * weight[rows],
		amount=table.amount[rows],
		days=np.full(len(origin), np.nan) if days is None else days[rows],
		origin=origin,
	)


def event_of(kind: str, part: str = "") -> str:
	"""What identifies a kind of evidence among those of one document, or of one part of it."""
	event = kind.split(".")[1]
	return f"{event}-{part}" if part else event


def evidence_of(rows: Sequence[Receivable], policy: Policy, calendar: Calendar) -> list[Evidence]:
	"""`receivable_events` as rows: the payment evidence of these receivables, with their documents as the source."""
	position = {name: at for at, name in enumerate(dict.fromkeys(r.customer for r in rows))}
	table, _ = columns_of(rows, position, calendar)
	events = receivable_events(table, policy)
	return [
		Evidence(
			customer=rows[origin].customer,
			kind=kinds.KINDS[kind].name,
			occurred_on=to_date(known),
			value=float(value),
			weight=float(weight),
			amount=float(amount),
			days=None if np.isnan(days) else float(days),
			source_doctype=rows[origin].source_doctype,
			source_name=rows[origin].reference,
			source_event=event_of(kinds.KINDS[kind].name, rows[origin].part),
			decays_from=to_date(fades_from),
			company=rows[origin].company,
		)
		for origin, kind, known, fades_from, value, weight, amount, days in zip(
			events.origin,
			events.kind,
			events.known,
			events.fades_from,
			events.value,
			events.weight,
			events.amount,
			events.days,
			strict=True,
		)
	]
