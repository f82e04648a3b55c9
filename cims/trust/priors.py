"""Empirical Bayes: what to assume of a customer of a segment before anything is known of them."""

from collections.abc import Sequence

import numpy as np

from cims.trust import kinds
from cims.trust.policy import Policy
from cims.trust.sums import Sums

# One customer speaks for a segment with at most this many events, so that a giant doesn't become the norm.
MOST_EVENTS = 20


def estimate_priors(sums: Sums, segments: Sequence[str], policy: Policy) -> dict[tuple[str, str], float]:
	"""(segment, dimension) -> mean, and ("", dimension) over all, for the dimensions that learn their prior.

	The default mean counts as one customer's worth, so that a thin segment stays near the whole, and the whole near
	the policy.
	"""
	priors = {}
	labels = np.array(segments, dtype=object)
	for d in policy.dimensions:
		mine = [at for at, name in enumerate(sums.kinds) if kinds.BY_NAME[name].dimension == d.name]
		if not d.learn_prior or not mine:
			continue
		r, n = sums.r[:, mine].sum(axis=1), (sums.r + sums.s)[:, mine].sum(axis=1)
		known = n > 1e-9
		if not known.any():
			continue
		priors["", d.name] = _mean(r[known], n[known], d.prior_mean)
		for segment in sorted(set(labels[known]) - {""}):
			here = known & (labels == segment)
			priors[segment, d.name] = _mean(r[here], n[here], priors["", d.name])
	return priors


def _mean(r, n, assumed: float) -> float:
	weight = np.minimum(n, MOST_EVENTS)
	mean = (weight @ (r / n) + MOST_EVENTS * assumed) / (weight.sum() + MOST_EVENTS)
	return float(np.clip(mean, 0.01, 0.99))
