"""From the low end of the interval to a grade: sticky, so that it moves only when something has changed.

Rating agencies act on about 1.8 notches of difference, which cuts migrations 3.5 times: Altman and Rijken (2004).
"""

from dataclasses import dataclass

import numpy as np

from cims.trust import kinds
from cims.trust.policy import NOT_RATED, OVERDUE_90, Policy

# The last month ends that a grade looks back on, before the day itself. A bounded walk makes the grade a function
# of the evidence alone, whenever and however often it is worked out.
EVALUATIONS = 13
UNRATED = -1


def raw_grade(low: np.ndarray, policy: Policy) -> np.ndarray:
	"""Position (0 = best) of the band that holds each low end."""
	floors = np.array([band.floor for band in policy.bands])[::-1]
	return len(floors) - np.searchsorted(floors, low, side="right")


@dataclass(frozen=True)
class Walk:
	"""How far each customer's grade has come. grade: position, UNRATED without enough evidence; streak: how many times in a row
	the low end has been above the next floor by now; best: the grade that this may lead to."""

	grade: np.ndarray
	streak: np.ndarray
	best: np.ndarray

	@classmethod
	def start(cls, customers: int) -> "Walk":
		zeros = np.zeros(customers, dtype=np.int64)
		return cls(np.full(customers, UNRATED), zeros, zeros)

	def step(self, low: np.ndarray, rated: np.ndarray, cap: np.ndarray, policy: Policy) -> "Walk":
		"""The next evaluation. cap: the best position that hard events allow.

		Down: as soon as the low end is below the band by more than the dead band, or a cap says so. Up: when it has been
		above the next floor by more than the dead band `upgrade_confirmations` times in a row.
		"""
		floors = np.array([band.floor for band in policy.bands])
		raw = np.maximum(raw_grade(low, policy), cap)
		target = np.maximum(raw_grade(low - policy.dead_band, policy), cap)
		fresh = self.grade == UNRATED
		down = (low < floors[self.grade] - policy.dead_band) | (cap > self.grade)
		rising = ~fresh & ~down & (target < self.grade)
		streak = np.where(rising, self.streak + 1, 0)
		best = np.where(streak == 1, target, np.maximum(self.best, target))
		up = streak >= policy.upgrade_confirmations
		grade = np.where(fresh | down, raw, np.where(up, best, self.grade))
		return Walk(np.where(rated, grade, UNRATED), np.where(up | ~rated, 0, streak), best)


def walk(low: np.ndarray, rated: np.ndarray, cap: np.ndarray, policy: Policy) -> Walk:
	"""Walk all of the evaluations, oldest first: (customers, evaluations) each."""
	walked = Walk.start(len(low))
	for at in range(low.shape[1]):
		walked = walked.step(low[:, at], rated[:, at], cap[:, at], policy)
	return walked


def sticky_grade(low: np.ndarray, rated: np.ndarray, cap: np.ndarray, policy: Policy) -> np.ndarray:
	"""The grade (position, UNRATED without enough evidence) after walking the evaluations (`walk`)."""
	return walk(low, rated, cap, policy).grade


def grade_names(positions: np.ndarray, policy: Policy) -> list[str]:
	names = (*policy.grades, NOT_RATED)
	return [names[at] for at in positions]


def caps(days: np.ndarray, hard_day: dict[str, np.ndarray], oldest: np.ndarray, policy: Policy) -> np.ndarray:
	"""The best position allowed on each day.

	days, oldest (overdue age): (customers, evaluations); hard_day: kind -> the same shape, the last day by then on
	which that hard event happened (very negative for never).
	"""
	best = np.zeros(days.shape, dtype=int)
	for event in policy.hard_events:
		limit = policy.grades.index(event.cap)
		if event.kind == OVERDUE_90:
			held = oldest >= 90
		elif event.kind in hard_day:
			held = days - hard_day[event.kind] <= event.hold_days
		else:
			continue
		best = np.where(held, np.maximum(best, limit), best)
	return best


def hard_kinds(policy: Policy) -> list[str]:
	"""The kinds of evidence that are hard events under the policy."""
	return [event.kind for event in policy.hard_events if event.kind in kinds.BY_NAME]
