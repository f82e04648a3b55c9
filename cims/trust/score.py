"""From sums to a score: E = (r + k m) / (r + s + k) for each dimension, weighted, with a credible interval.

Everything works on arrays of asks; one customer is an array of length one. There is no second definition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.special import betaincinv

from cims.trust import kinds
from cims.trust.exposure import Exposure
from cims.trust.policy import TOP, Dimension, Policy
from cims.trust.sums import Sums


@dataclass(frozen=True)
class Assessment:
	"""For n asks. score, low, high in points (0 to 1000); confidence in [0, 1]; rated: enough evidence for a grade.

	sums: what it rests on; points: what a unit of evidence moves in each dimension, (n, dimensions); member: (kinds,
	dimensions), 1 where the kind speaks to the dimension; prior_good, prior_bad: evidence that the prior stands for.
	"""

	score: np.ndarray
	low: np.ndarray
	high: np.ndarray
	confidence: np.ndarray
	rated: np.ndarray
	dimension_scores: np.ndarray
	sums: Sums
	points: np.ndarray
	member: np.ndarray
	prior_good: np.ndarray
	prior_bad: np.ndarray

	@property
	def kinds(self) -> tuple[str, ...]:
		return self.sums.kinds

	@cached_property
	def lost(self) -> np.ndarray:
		"""Points lost by kind of evidence, (n, kinds). The four of these together are 1000."""
		return self.sums.s * (self.points @ self.member.T)

	@cached_property
	def gained(self) -> np.ndarray:
		"""Points gained by kind of evidence, (n, kinds)."""
		return self.sums.r * (self.points @ self.member.T)

	@cached_property
	def lost_to_prior(self) -> np.ndarray:
		"""Points by dimension that are missing only because little is known yet, (n, dimensions)."""
		return self.points * self.prior_bad

	@cached_property
	def gained_by_prior(self) -> np.ndarray:
		"""Points by dimension that are assumed because little is known yet, (n, dimensions)."""
		return self.points * self.prior_good


# Receivables settled lately show as well as open ones that nothing is overdue; more than this weight adds nothing.
MOST_GOOD = 5


def with_exposure(sums: Sums, exposure: Exposure, usual_amount: np.ndarray) -> Sums:
	"""The sums with what is open on the day as three more kinds.

	Each open receivable counts for the customer and, by the severity of its age, against; settled ones count for the
	customer as much as they would open, up to a limit, so that paying never lowers the score and paying later never
	raises it. A share of the amount open would: paying the least overdue raises the share of the worst.
	What is overdue counts already as the late payment that it would be today.
	"""
	good, bad = np.minimum(exposure.good + sums.settled_weight(), MOST_GOOD), exposure.bad
	zero = np.zeros(len(sums))

	def joined(sums_of, *columns):
		return np.hstack([sums_of, np.array(columns).T])

	nothing = np.zeros((len(sums), len(kinds.OF_THE_DAY)))
	return Sums(
		(*sums.kinds, *kinds.OF_THE_DAY),
		joined(sums.r, exposure.late_r, good, zero),
		joined(sums.s, exposure.late_s, zero, bad),
		np.hstack([sums.amount, nothing]),
		np.hstack([sums.count, nothing]),
	)


def assess(sums: Sums, segments: Sequence[str], policy: Policy, *, interval: str = "both") -> Assessment:
	"""The assessment of each ask under the policy.

	segments: each ask's segment (for the prior mean). interval "low" leaves `high` empty, and `low` of who isn't rated,
	"none" both: quantiles are the costly part, and whole histories need no more.
	"""
	shares, strength = _shares(policy.dimensions)
	member, counts = _membership(sums.kinds, tuple(d.name for d in policy.dimensions))
	mean = _prior_means(segments, policy)
	r, s = np.maximum(sums.r @ member, 0), np.maximum(sums.s @ member, 0)
	good, bad = strength * mean, strength * (1 - mean)
	alpha, beta = r + good, s + bad
	total = alpha + beta
	expected = alpha / total
	score = expected @ shares
	# Sums that were added up in another order differ in the last digit; that doesn't make anyone unrated.
	weight = np.maximum((sums.r + sums.s)[:, counts], 0).sum(axis=1)
	rated = weight >= policy.minimum_evidence - 1e-9
	variance = (alpha * beta / (total**2 * (total + 1))) @ shares**2
	low, high = _interval(score, variance, policy, interval, rated)
	return Assessment(
		score=TOP * score,
		low=TOP * low,
		high=TOP * high,
		confidence=((r + s) / total) @ shares,
		rated=rated,
		dimension_scores=TOP * expected,
		sums=sums,
		points=TOP * shares / total,
		member=member,
		prior_good=good,
		prior_bad=bad,
	)


@lru_cache(maxsize=64)
def _shares(dimensions: tuple[Dimension, ...]) -> tuple[np.ndarray, np.ndarray]:
	"""Each dimension's share of the score, and the strength of its prior."""
	shares = np.array([d.weight for d in dimensions], dtype=float)
	return shares / shares.sum(), np.array([d.prior_strength for d in dimensions])


@lru_cache(maxsize=1024)
def _membership(names: tuple[str, ...], dimensions: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
	"""(kinds, dimensions): 1 where the kind speaks to the dimension; and which kinds count as evidence at all: what is open
	within its terms shows nothing yet, and what was settled has counted as a payment."""
	member = np.array(
		[[float(kinds.BY_NAME[name].dimension == dimension) for dimension in dimensions] for name in names]
	).reshape(len(names), len(dimensions))
	counts = member.any(axis=1) & np.array([name != kinds.CURRENT for name in names], dtype=bool)
	return member, counts


def _prior_means(segments: Sequence[str], policy: Policy) -> np.ndarray:
	of_segment = {
		segment: [policy.prior_mean(segment, d) for d in policy.dimensions] for segment in set(segments)
	}
	if len(of_segment) == 1:
		return np.array(next(iter(of_segment.values())))[np.newaxis, :]
	return np.array([of_segment[segment] for segment in segments]).reshape(-1, len(policy.dimensions))


def _interval(mean, variance, policy: Policy, wanted: str, rated):
	"""Quantiles of the Beta distribution that has this mean and variance: the weighted sum of independent Betas,
	matched by moments."""
	low, high = np.full((2, len(mean)), np.nan)
	if wanted == "none":
		return low, high
	# Of the low end alone nobody asks who isn't rated.
	asked = np.flatnonzero(rated) if wanted == "low" else slice(None)
	mean, variance = mean[asked], variance[asked]
	strength = np.maximum(mean * (1 - mean) / np.maximum(variance, 1e-12) - 1, 1e-6)
	a, b = mean * strength, (1 - mean) * strength
	tail = (1 - policy.credible_level) / 2
	low[asked] = betaincinv(a, b, tail)
	if wanted == "both":
		high[asked] = betaincinv(a, b, 1 - tail)
	return low, high
