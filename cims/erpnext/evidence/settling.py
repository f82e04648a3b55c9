"""What became of an invoice, worked out from its due dates and from what moved it. Plain Python, no database.

Payments, credits and losses fill the earliest due date first, unless they say which one they are for.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from cims.receivables.settlement import CENT

PAID, CREDITED, LOST = "paid", "credited", "lost"
# Of an invoice; what is let go of it up to here is rounding, and not a loss.
ROUNDING = 0.01
# The part of an instalment that was lost, where the rest of it was not.
LOST_PART = "lost"


@dataclass(frozen=True, slots=True)
class Move:
	"""amount: what it takes off, below 0 for what is owed again. term: the payment term that it says it is for."""

	day: date
	kind: str
	amount: float
	term: str | None = None


@dataclass(slots=True)
class Instalment:
	"""What falls due on one day. part, share: as of a `Receivable`. moved: by kind, (day, amount) in the order of the days."""

	part: str
	due_on: date
	amount: float
	term: str | None = None
	share: float = 1.0
	left: float = 0.0
	closed_on: date | None = None
	moved: dict[str, list[tuple[date, float]]] = field(
		default_factory=lambda: {PAID: [], CREDITED: [], LOST: []}
	)

	def __post_init__(self):
		self.left = self.amount

	def total(self, kind: str) -> float:
		return round(sum(amount for _day, amount in self.moved[kind]), 6)

	def take(self, day: date, kind: str, amount: float) -> float:
		"""Take off as much of the amount as is left. Returns the rest of it."""
		part = min(amount, self.left)
		if part <= 0:
			return amount
		self.moved[kind].append((day, part))
		self.left = round(self.left - part, 6)
		if self.left <= CENT:
			self.closed_on = day
		return round(amount - part, 6)

	def give_back(self, day: date, kind: str, amount: float) -> float:
		"""Owe again what was taken off. Returns what was never taken off here. A payment that was paid back did happen; a credit
		or a loss that was taken back did not."""
		part = min(amount, self.total(kind))
		if part <= CENT:
			return amount
		if kind == PAID:
			self.moved[kind].append((day, -part))
		else:
			self._undo(kind, part)
		self.left = round(self.left + part, 6)
		if self.left > CENT:
			self.closed_on = None
		return round(amount - part, 6)

	def _undo(self, kind: str, amount: float) -> None:
		moves = self.moved[kind]
		while amount > CENT and moves:
			day, last = moves.pop()
			if last - amount > CENT:
				moves.append((day, round(last - amount, 6)))
			amount -= last


def settled(instalments: Sequence[Instalment], moves: Iterable[Move], amount: float) -> Iterator[dict]:
	"""The fields of a Receivable for each instalment, and for what was lost of one that was paid in part.

	amount: what the whole invoice was for; less than a hundredth of it let go is no loss.
	"""
	for move in sorted(moves, key=lambda move: move.day):
		if move.amount > 0:
			_take(instalments, move)
		else:
			_give_back(instalments, move)
	is_loss = sum(one.total(LOST) for one in instalments) > ROUNDING * amount
	for one in instalments:
		yield from _facts(one, is_loss)


def _take(instalments: Sequence[Instalment], move: Move) -> None:
	rest = move.amount
	for one in sorted(instalments, key=lambda one: not (move.term and one.term == move.term)):
		rest = one.take(move.day, move.kind, rest)


def _give_back(instalments: Sequence[Instalment], move: Move) -> None:
	rest = -move.amount
	for one in reversed(instalments):
		rest = one.give_back(move.day, move.kind, rest)
	if rest > CENT:
		# More is owed than the invoice was for, such as interest.
		last = instalments[-1]
		last.amount, last.left, last.closed_on = last.amount + rest, last.left + rest, None


def _facts(one: Instalment, is_loss: bool) -> Iterator[dict]:
	payments, credits, lost = (one.moved[kind] for kind in (PAID, CREDITED, LOST))
	if not is_loss:
		credits, lost = sorted([*credits, *lost], key=lambda move: move[0]), []
	taken = round(sum(amount for _day, amount in lost), 6)
	amount = round(one.amount - sum(amount for _day, amount in credits), 6)
	if lost and one.left <= CENT and one.total(PAID) <= CENT:
		yield _fact(one, amount, credits=tuple(credits), written_off_on=lost[-1][0])
		return
	amount = round(amount - taken, 6)
	at_once = len(payments) == 1 and not credits and not lost and payments[0][0] == one.closed_on
	yield _fact(
		one,
		amount if amount > CENT else 0.0,
		settled_on=one.closed_on if amount > CENT else None,
		payments=() if at_once else tuple(payments),
		credits=tuple(credits),
	)
	if lost:
		yield {
			**_fact(one, taken, written_off_on=lost[-1][0]),
			"part": f"{one.part}{LOST_PART}",
			"share": 0.0,
		}


def _fact(one: Instalment, amount: float, **facts) -> dict:
	return {"part": one.part, "share": one.share, "due_on": one.due_on, "amount": amount, **facts}
