"""What is open and overdue on a day, at its age on that day."""

from dataclasses import dataclass, fields

import numpy as np

from cims.trust import paydex
from cims.trust.calendar import days_beyond_terms, paused_days
from cims.trust.evidence import Receivables, payment_weight, share_weight
from cims.trust.kinds import PAYMENT
from cims.trust.policy import Policy
from cims.trust.sums import half_lives


@dataclass(frozen=True)
class Exposure:
	"""For each ask: amounts open, overdue and overdue times severity (company currency), numbers of receivables,
	the oldest overdue age in days (0 when none). good, bad: what the open ones are as evidence of keeping to terms.
	late_r, late_s: the payment evidence that the overdue ones would be if they were paid on that day."""

	open_amount: np.ndarray
	overdue_amount: np.ndarray
	severe_amount: np.ndarray
	open_count: np.ndarray
	overdue_count: np.ndarray
	oldest: np.ndarray
	good: np.ndarray
	bad: np.ndarray
	late_r: np.ndarray
	late_s: np.ndarray

	def share(self, usual_amount: np.ndarray) -> np.ndarray:
		"""The overdue, each amount times its severity, as a share of what is open or usual, whichever is more."""
		basis = np.maximum(self.open_amount, usual_amount)
		return np.divide(self.severe_amount, basis, out=np.zeros_like(basis), where=basis > 0).clip(0, 1)


def exposure(pieces: Receivables, ask_customer: np.ndarray, ask_day: np.ndarray, policy: Policy) -> Exposure:
	"""The exposure of each asked customer at the end of each asked day; nothing that was settled later is known.

	pieces: receivables split by part payment (`columns_of`), so that the parts still owed add up.
	"""
	if not len(pieces):
		return Exposure(*np.zeros((len(fields(Exposure)), len(ask_day))))
	ask, row = _open_pairs(pieces, ask_customer, ask_day)
	day = ask_day[ask]
	paused = paused_days(pieces.disputed_from[row], pieces.disputed_to[row], pieces.invoiced[row], day)
	age = np.maximum(days_beyond_terms(pieces.due[row], pieces.rolled_due[row], day, paused), 0)
	amount, overdue = pieces.amount[row], age > 0
	fulfilled = payment_weight(pieces, policy)[row] * _faded(day - pieces.due[row], policy)
	against = share_weight(pieces, policy)[row] * paydex.severity(age)
	late_weight = overdue * fulfilled
	late_value = paydex.value(age)

	def total(values):
		return np.bincount(ask, values, minlength=len(ask_day)).astype(float)

	oldest = np.zeros(len(ask_day))
	np.maximum.at(oldest, ask, age)
	return Exposure(
		open_amount=total(amount),
		overdue_amount=total(amount * overdue),
		severe_amount=total(amount * paydex.severity(age)),
		open_count=total(np.ones(len(row))),
		overdue_count=total(overdue.astype(float)),
		oldest=oldest,
		good=total(np.maximum(fulfilled - against, 0)),
		bad=total(against),
		late_r=total(late_weight * late_value),
		late_s=total(late_weight * (1 - late_value)),
	)


def _faded(days: np.ndarray, policy: Policy) -> np.ndarray:
	"""What is left of the weight of a payment that was due so many days ago; all of it under a policy without payments."""
	life = half_lives(policy).get(PAYMENT)
	return np.exp2(-days / life) if life else np.ones(len(days))


def _open_pairs(pieces: Receivables, ask_customer, ask_day) -> tuple[np.ndarray, np.ndarray]:
	"""(ask, receivable) for every receivable that was open at the end of an asked day."""
	order = np.lexsort((ask_day, ask_customer))
	# One ascending key for (customer, day): each receivable is open for one run of its customer's asks.
	base = min(ask_day.min(initial=0), pieces.invoiced.min(initial=0))
	span = max(ask_day.max(initial=0), pieces.invoiced.max(initial=0)) - base + 2
	key = ask_customer[order] * span + (ask_day[order] - base)
	low = np.searchsorted(key, pieces.customer * span + (pieces.invoiced - base), side="left")
	closed = np.minimum(pieces.closed - base, span - 1)
	high = np.searchsorted(key, pieces.customer * span + closed, side="left")
	runs = np.maximum(high - low, 0)
	row = np.repeat(np.arange(len(pieces)), runs)
	within = np.arange(len(row)) - np.repeat(np.cumsum(runs) - runs, runs)
	return order[np.repeat(low, runs) + within], row
