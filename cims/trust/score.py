"""From sums to a score: E = (r + k m) / (r + s + k) for each dimension, weighted, with a credible interval.

Everything works on arrays of asks; one customer is an array of length one. There is no second definition.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from cims.trust import kinds
from cims.trust.exposure import Exposure
from cims.trust.policy import TOP, Policy
from cims.trust.sums import Sums


@dataclass(frozen=True)
class Assessment:
	"""For n asks. score, low, high in points (0 to 1000); confidence in [0, 1]; rated: enough evidence for a grade.

	lost, gained: points by kind of evidence, (n, kinds); lost_to_prior: points by dimension that are missing only
	because little is known yet, (n, dimensions). gained + lost + lost_to_prior + gained_by_prior is 1000.
	"""

	score: np.ndarray
	low: np.ndarray
	high: np.ndarray
	confidence: np.ndarray
	rated: np.ndarray
	dimension_scores: np.ndarray
	kinds: tuple[str, ...]
	lost: np.ndarray
	gained: np.ndarray
	lost_to_prior: np.ndarray
	gained_by_prior: np.ndarray


# Receivables settled lately show as well as open ones that nothing is overdue; more than this many add nothing.
MOST_SETTLED = 5


def with_exposure(sums: Sums, exposure: Exposure, usual_amount: np.ndarray) -> Sums:
	"""The sums with what is open on the day as three more kinds.

	Open receivables within terms count for the customer and overdue ones against, by their share; and what is overdue
	counts already as the late payment that it would be today, so that paying it never lowers the score.
	"""
	share = exposure.share(usual_amount)
	weight = exposure.weight + np.minimum(sums.settled_count(), MOST_SETTLED)
	good, bad = weight * (1 - share), weight * share
	zero = np.zeros(len(sums))

	def joined(sums_of, *columns):
		return np.column_stack([sums_of, *columns])

	return Sums(
		(*sums.kinds, *kinds.OF_THE_DAY),
		joined(sums.r, exposure.late_r, good, zero),
		joined(sums.s, exposure.late_s, zero, bad),
		joined(sums.amount, zero, zero, zero),
		joined(sums.count, zero, zero, zero),
	)


def assess(sums: Sums, segments: Sequence[str], policy: Policy, *, interval: str = "both") -> Assessment:
	"""The assessment of each ask under the policy.

	segments: each ask's segment (for the prior mean). interval "low" leaves `high` empty, "none" both: quantiles are
	the costly part, and whole histories need the low end only.
	"""
	shares = np.array([d.weight for d in policy.dimensions], dtype=float)
	shares /= shares.sum()
	member = _membership(sums.kinds, policy)
	strength = np.array([d.prior_strength for d in policy.dimensions])
	mean = _prior_means(segments, policy)
	r, s = np.maximum(sums.r @ member, 0), np.maximum(sums.s @ member, 0)
	alpha, beta = r + strength * mean, s + strength * (1 - mean)
	total = alpha + beta
	expected = alpha / total
	score = expected @ shares
	points = TOP * shares / total
	low, high = _interval(score, (alpha * beta / (total**2 * (total + 1))) @ shares**2, policy, interval)
	return Assessment(
		score=TOP * score,
		low=TOP * low,
		high=TOP * high,
		confidence=((r + s) / total) @ shares,
		rated=(r + s).sum(axis=1) >= policy.minimum_evidence,
		dimension_scores=TOP * expected,
		kinds=sums.kinds,
		lost=sums.s * (points @ member.T),
		gained=sums.r * (points @ member.T),
		lost_to_prior=points * strength * (1 - mean),
		gained_by_prior=points * strength * mean,
	)


def _membership(names: Sequence[str], policy: Policy) -> np.ndarray:
	"""(kinds, dimensions): 1 where the kind speaks to the dimension."""
	return np.array(
		[[float(kinds.BY_NAME[name].dimension == d.name) for d in policy.dimensions] for name in names]
	).reshape(len(names), len(policy.dimensions))


def _prior_means(segments: Sequence[str], policy: Policy) -> np.ndarray:
	of_segment = {
		segment: [policy.prior_mean(segment, d) for d in policy.dimensions] for segment in set(segments)
	}
	if len(of_segment) == 1:
		return np.array(next(iter(of_segment.values())))[np.newaxis, :]
	return np.array([of_segment[segment] for segment in segments]).reshape(-1, len(policy.dimensions))


def _interval(mean, variance, policy: Policy, wanted: str):
	"""Quantiles of the Beta distribution that has this mean and variance: the weighted sum of independent Betas,
	matched by moments."""
	strength = np.maximum(mean * (1 - mean) / np.maximum(variance, 1e-12) - 1, 1e-6)
	a, b = mean * strength, (1 - mean) * strength
	tail = (1 - policy.credible_level) / 2
	empty = np.full(len(mean), np.nan)
	low = betaincinv(a, b, tail) if wanted != "none" else empty
	high = betaincinv(a, b, 1 - tail) if wanted == "both" else empty
	return low, high
