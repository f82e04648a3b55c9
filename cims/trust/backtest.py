"""Does it work? Forecast and score against what then happened, without a look ahead.

Ordered by invoice date, the last 30 % are the test part. Each of its receivables is forecast and scored from what was
settled strictly before its invoice date; the forecast's coefficients, the priors and the usual amount come from the
first part only.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import logit
from scipy.stats import rankdata

from cims.trust import kinds
from cims.trust.calendar import NEVER, Calendar
from cims.trust.evidence import Events, Receivables, receivable_events
from cims.trust.forecast import THRESHOLDS, fit, fit_logistic, predict
from cims.trust.policy import Dimension, Policy
from cims.trust.rating import History, learn, state_on
from cims.trust.score import assess
from cims.trust.sums import decayed_sums

TEST_SHARE = 0.3
RESAMPLES = 500
BINS = 10
# For ratings alone, with nothing but one party's opinion of another: behaviour changes within months.
RATINGS_POLICY = Policy(version="ratings", dimensions=(Dimension(kinds.CONDUCT, 100, 90, 0.5, 5, True),))
# The largest test part whose interval is worked out on every row.
MOST_TESTED = 200_000


class BacktestError(ValueError):
	"""The data can't be backtested; the message says why and what would help."""


def backtest(
	receivables: Receivables,
	segments: Sequence[str],
	policy: Policy,
	calendar: Calendar,
	late_days: int = 1,
	seed: int = 1,
) -> dict:
	"""The backtest of paying `late_days` or more calendar days after the due date.

	segments: each customer's. Returns plain data: n_train, n_test, positives, base_rate, auc with auc_low and auc_high
	(95 %, bootstrap over customers), brier, auc_score with its interval, calibration, baselines, fallback, late_days.
	Raises BacktestError when the test part has no late or no punctual receivable.
	"""
	last_known = _last_known(receivables)
	train, test = split(receivables, late_days, last_known)
	start = int(receivables.invoiced[test].min())
	late = (receivables.settled - receivables.due)[test] >= late_days
	_check_both(late, f"{late_days} or more days late")

	seen = receivables.where(receivables.invoiced < start)
	policy = replace(policy, usual_amount=float(np.median(seen.amount)))
	model = fit(seen, start - 1, calendar, policy, extra=(late_days,))
	asked, day = receivables.where(test), receivables.invoiced[test] - 1
	forecast = predict(model, receivables, asked, day, policy)
	probability = forecast.late[:, forecast.thresholds.index(late_days)]
	score = _scores(receivables, segments, policy, start, test)
	return {
		"late_days": late_days,
		"n_train": len(train),
		**_report(late, probability, -score, asked.customer, seed),
		"baselines": _baselines(receivables, test, late, late_days, start),
		"fallback": model.fallback,
	}


def _last_known(table: Receivables) -> int:
	known = [table.invoiced, table.settled[table.settled < NEVER]]
	return int(max(days.max(initial=0) for days in known))


def split(table: Receivables, late_days: int, last_known: int) -> tuple[np.ndarray, np.ndarray]:
	"""Positions of the first 70 % and the last 30 % by invoice date; of receivables still open at the end of the data
	only those that are already late by `late_days` have a known outcome and are kept."""
	decided = np.flatnonzero((table.settled < NEVER) | (table.due + late_days <= last_known))
	if len(decided) < 10:
		raise BacktestError("A backtest needs at least 10 settled receivables; this file has fewer.")
	order = decided[np.argsort(table.invoiced[decided], kind="stable")]
	cut = int(len(order) * (1 - TEST_SHARE))
	return order[:cut], order[cut:]


def _check_both(event: np.ndarray, what: str) -> None:
	if not event.any() or event.all():
		which = "no" if not event.any() else "every"
		raise BacktestError(
			f"Of the {len(event)} test cases {which} one was {what}, so nothing can be told apart."
			" Use more data or another threshold."
		)


def _scores(table: Receivables, segments, policy: Policy, start: int, test: np.ndarray) -> np.ndarray:
	names = np.arange(len(segments)).astype(str)
	history = History(names, segments, receivable_events(table, policy), table)
	policy = learn(history, start - 1, policy)
	who = table.customer[test]
	state = state_on(history, who, table.invoiced[test] - 1, policy)
	return assess(state.full(), np.array(segments, dtype=object)[who], policy, interval="none").score


def _report(
	event: np.ndarray, probability: np.ndarray, badness: np.ndarray, cluster: np.ndarray, seed: int
) -> dict:
	"""The figures that every backtest reports. badness: higher means the event is more likely."""
	auc_low, auc_high = auc_interval(event, probability, cluster, seed)
	score_low, score_high = auc_interval(event, badness, cluster, seed)
	return {
		"n_test": len(event),
		"positives": int(event.sum()),
		"base_rate": float(event.mean()),
		"auc": auc(event, probability),
		"auc_low": auc_low,
		"auc_high": auc_high,
		"brier": brier(event, probability),
		"auc_score": auc(event, badness),
		"auc_score_low": score_low,
		"auc_score_high": score_high,
		"calibration": calibration(event, probability),
	}


def auc(event: np.ndarray, value: np.ndarray) -> float:
	"""Area under the ROC curve by ranks (Mann-Whitney), ties counting half; NaN without both outcomes."""
	positives = int(event.sum())
	negatives = len(event) - positives
	if not positives or not negatives:
		return float("nan")
	return float((rankdata(value)[event].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def auc_interval(event: np.ndarray, value: np.ndarray, cluster: np.ndarray, seed: int) -> tuple[float, float]:
	"""The 95 % interval of the AUC, resampling whole customers (their receivables are not independent)."""
	if len(event) > MOST_TESTED:
		rows = np.linspace(0, len(event) - 1, MOST_TESTED).astype(int)
		event, value, cluster = event[rows], value[rows], cluster[rows]
	_, group = np.unique(cluster, return_inverse=True)
	order = np.argsort(value, kind="stable")
	event, group = event[order], group[order]
	_, tie = np.unique(value[order], return_inverse=True)
	random, count = np.random.default_rng(seed), group.max() + 1
	found = []
	for _ in range(RESAMPLES):
		weight = np.bincount(random.integers(0, count, count), minlength=count)[group]
		positive = np.bincount(tie, weight * event)
		negative = np.bincount(tie, weight * ~event)
		total = positive.sum() * negative.sum()
		if total:
			found.append((positive @ (np.cumsum(negative) - negative / 2)) / total)
	if not found:
		return float("nan"), float("nan")
	low, high = np.quantile(found, [0.025, 0.975])
	return float(low), float(high)


def brier(event: np.ndarray, probability: np.ndarray) -> float:
	"""Mean squared error of the probabilities."""
	return float(np.mean((probability - event) ** 2))


def calibration(event: np.ndarray, probability: np.ndarray) -> list[dict]:
	"""Tenths of the cases by forecast: how many, the mean forecast, and how often the event then happened."""
	order = np.argsort(probability, kind="stable")
	return [
		{
			"n": len(rows),
			"forecast": float(probability[rows].mean()),
			"observed": float(event[rows].mean()),
		}
		for rows in np.array_split(order, min(BINS, len(order)))
	]


def _baselines(table: Receivables, test: np.ndarray, late: np.ndarray, late_days: int, start: int) -> dict:
	"""What simpler rules reach on the same cases: (k+1)/(n+2), amount-weighted days beyond terms, the base rate."""
	settled = table.where(table.settled < NEVER)
	was_late = (settled.settled - settled.due >= late_days).astype(float)
	columns = np.column_stack(
		[was_late, np.ones(len(settled)), settled.amount * (settled.settled - settled.due), settled.amount]
	)
	sums = decayed_sums(
		settled.customer,
		settled.settled,
		columns,
		np.full(4, np.inf),
		table.customer[test],
		table.invoiced[test] - 1,
	)
	ratio = (sums[:, 0] + 1) / (sums[:, 1] + 2)
	before = settled.where(settled.settled < start)
	days = np.divide(sums[:, 2], sums[:, 3], out=np.zeros(len(test)), where=sums[:, 3] > 0)
	rate = float((before.settled - before.due >= late_days).mean()) if len(before) else 0.5
	return {
		"late_ratio": {"auc": auc(late, ratio), "brier": brier(late, ratio)},
		"days_beyond_terms": {"auc": auc(late, days)},
		"base_rate": {"auc": 0.5, "brier": brier(late, np.full(len(late), rate)), "rate": rate},
	}


def ratings_events(target: np.ndarray, value: np.ndarray, day: np.ndarray) -> Events:
	"""Ratings of one party by another as evidence: assessments, -most..+most spread over 0..1."""
	most = np.abs(value).max()
	n = len(target)
	return Events(
		customer=target,
		kind=np.full(n, kinds.CODE[kinds.ASSESSMENT]),
		known=day,
		fades_from=day,
		value=(value + most) / (2 * most),
		weight=np.ones(n),
		amount=np.zeros(n),
		days=np.full(n, np.nan),
		origin=np.full(n, -1),
	)


def backtest_ratings(
	target: np.ndarray, value: np.ndarray, when: np.ndarray, policy: Policy, seed: int = 1
) -> dict:
	"""The backtest of ratings: is the next rating of a party negative?

	target: positions from 0; value: the rating; when: its time in seconds. Same figures as `backtest`, the test part
	being the last 30 % by time. Only ratings at an earlier second count as known.
	"""
	order = np.argsort(when, kind="stable")
	target, value, when = target[order], value[order].astype(float), when[order].astype(np.int64)
	event = value < 0
	cut = int(len(order) * (1 - TEST_SHARE))
	test = np.arange(cut, len(order))
	if len(order) < 10:
		raise BacktestError("A backtest needs at least 10 ratings; this file has fewer.")
	_check_both(event[test], "negative")
	base = float(event[:cut].mean())
	features = _rating_features(target, event, when, base)
	probability = fit_logistic(features[:cut], event[:cut])(features[test])
	score = _rating_scores(target, value, when, policy, cut)
	ratio = _earlier_ratio(target, event, when, np.inf, 2, 0.5)[test]
	return {
		"n_train": cut,
		**_report(event[test], probability, -score[test], target[test], seed),
		"baselines": {
			"late_ratio": {"auc": auc(event[test], ratio), "brier": brier(event[test], ratio)},
			"shrunk_ratio": {
				"auc": auc(event[test], _earlier_ratio(target, event, when, np.inf, 5, base)[test]),
			},
			"base_rate": {"auc": 0.5, "brier": brier(event[test], np.full(len(test), base)), "rate": base},
		},
		"fallback": False,
	}


DAY = 86_400


def _earlier(target, when, columns, half_life_days) -> np.ndarray:
	"""Decayed column sums of each party's earlier ratings, for every rating; half-lives in days."""
	lives = np.asarray(half_life_days, dtype=float) * DAY
	return decayed_sums(target, when, columns, lives, target, when - 1)


def _earlier_ratio(target, event, when, half_life, strength, base) -> np.ndarray:
	columns = np.column_stack([event, np.ones(len(event))]).astype(float)
	sums = _earlier(target, when, columns, [half_life, half_life])
	return (sums[:, 0] + strength * base) / (sums[:, 1] + strength)


def _rating_features(target, event, when, base) -> np.ndarray:
	"""Log-odds of the decayed share of negatives at two half-lives. Longer memories tell less where behaviour changes
	(a trader who turns bad does so at once), and were worse on later ratings than these two."""
	return np.column_stack([logit(_earlier_ratio(target, event, when, life, 5, base)) for life in (30, 90)])


def _rating_scores(target, value, when, policy: Policy, cut: int) -> np.ndarray:
	"""The trust score of each rated party just before each rating, with the prior of the first part."""
	policy = policy.only(kinds.CONDUCT)
	dimension = policy.dimensions[0]
	most = np.abs(value).max()
	good = (value + most) / (2 * most)
	sums = _earlier(target, when, np.column_stack([good, 1 - good]), [dimension.half_life] * 2)
	mean, strength = float(good[:cut].mean()), dimension.prior_strength
	return 1000 * (sums[:, 0] + strength * mean) / (sums.sum(axis=1) + strength)
