"""The forecast: how likely a receivable is to be paid N or more days late, and when it will be paid.

A logistic scorecard for each of several lateness thresholds, all on the same features, fitted on receivables whose
outcome is known; together they are the distribution of the delay (distribution regression: Foresi and Peracchi, 1995).
Delays here are calendar days after the agreed due date, as a clerk counts them; that a due date on a Sunday is paid on
Monday is for the model to know, and the calendar is one of its features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from cims.trust import paydex
from cims.trust.calendar import NEVER, Calendar
from cims.trust.evidence import Receivables, amount_weight
from cims.trust.exposure import exposure
from cims.trust.policy import Policy
from cims.trust.sums import decayed_sums

THRESHOLDS = (-14, -7, -3, 1, 4, 8, 15, 22, 30, 45, 60, 90)
SHOWN = (1, 15, 30)
# Fewer settled receivables, or fewer late ones, than this can't carry the coefficients.
LEAST_SETTLED = 150
LEAST_LATE = 15
MOST_ROWS = 200_000
PRIOR_STRENGTH = 3.0
RECENT, LONG = 90.0, 730.0
# Delays are cut here: beyond, one more day says nothing about the next receivable.
SHORTEST, LONGEST = -30.0, 120.0

FEATURES = (
	"late_ratio_long",
	"late_ratio_recent",
	"late_ratio_any",
	"mean_delay",
	"mean_payment_value",
	"delay_spread",
	"overdue_share",
	"overdue_count",
	"open_count",
	"settled_count",
	"amount_ratio",
	"terms",
	"rolled_days",
	"due_monday",
	"due_friday",
	"due_month_end",
	"disputed_ratio",
)


@dataclass(frozen=True)
class Scorecard:
	"""One threshold's logistic model on standardised features. base: share of receivables at least so late.
	coefficients is empty where too little is known: the shrunk ratio stands in (`fallback`)."""

	threshold: int
	base: float
	mean: tuple[float, ...] = ()
	scale: tuple[float, ...] = ()
	coefficients: tuple[float, ...] = ()
	intercept: float = 0.0

	@property
	def fallback(self) -> bool:
		return not self.coefficients

	def probability(self, features: np.ndarray) -> np.ndarray:
		if self.fallback:
			return expit(features[:, 0])
		x = (features - np.array(self.mean)) / np.array(self.scale)
		return expit(x @ np.array(self.coefficients) + self.intercept)


@dataclass(frozen=True)
class Pool:
	"""What all settled receivables together are like, towards which a customer of whom little is known is shrunk:
	mean delay and its square (days), share disputed, mean payment value."""

	delay: float
	square: float
	disputed: float
	value: float

	@classmethod
	def of(cls, settled: Receivables) -> "Pool":
		delay = _delay(settled)
		return cls(*map(_pooled, (delay, delay**2, settled.disputed, paydex.value(settled.days))))


@dataclass(frozen=True)
class Model:
	"""The scorecards of all thresholds, with what they were fitted on."""

	scorecards: tuple[Scorecard, ...]
	settled: int
	late: int
	usual_amount: float
	pool: Pool

	@property
	def thresholds(self) -> tuple[int, ...]:
		return tuple(card.threshold for card in self.scorecards)

	@property
	def fallback(self) -> bool:
		"""True where the shown thresholds rest on the shrunk late ratio for want of settled receivables."""
		return any(card.fallback for card in self.scorecards if card.threshold == 1)

	def coefficients(self, threshold: int) -> dict[str, float]:
		"""Feature -> change of the log-odds for one standard deviation of the feature."""
		card = self.scorecards[self.thresholds.index(threshold)]
		return dict(zip(FEATURES, card.coefficients, strict=False))

	def to_dict(self) -> dict:
		return {
			"scorecards": [{**vars(card)} for card in self.scorecards],
			"settled": self.settled,
			"late": self.late,
			"usual_amount": self.usual_amount,
			"pool": {**vars(self.pool)},
		}

	@classmethod
	def from_dict(cls, plain: Mapping) -> "Model":
		cards = tuple(
			Scorecard(**{k: tuple(v) if isinstance(v, list) else v for k, v in card.items()})
			for card in plain["scorecards"]
		)
		return cls(cards, plain["settled"], plain["late"], plain["usual_amount"], Pool(**plain["pool"]))


@dataclass(frozen=True)
class Forecast:
	"""For each asked receivable: late[i, j] = probability of thresholds[j] or more days late; delay[i] = low, median
	and high quantile of the delay in days after the due date."""

	thresholds: tuple[int, ...]
	late: np.ndarray
	delay: np.ndarray
	fallback: bool


def fit(
	known: Receivables, as_of: int, calendar: Calendar, policy: Policy, extra: Sequence[int] = ()
) -> Model:
	"""The model fitted on the receivables whose outcome is known at the end of the day `as_of`.

	extra: thresholds besides the usual ones. Each receivable is described as on the day before its invoice, so the model
	learns from what will be known when it is used. A receivable teaches a threshold only once its due date is that far
	past: otherwise the quick payers of the last weeks would stand for everybody.
	"""
	known = _seen_on(known, as_of)
	usual = float(np.median(known.amount)) if len(known) else policy.usual_amount
	teach = _sample(np.flatnonzero(known.due <= as_of))
	asked = known.where(teach)
	delay = asked.settled - asked.due
	cards = []
	for threshold in sorted({*THRESHOLDS, *extra}):
		mature = asked.due + threshold <= as_of
		base = _base_rate(delay[mature] >= threshold)
		cards.append(Scorecard(threshold, base))
	pool = Pool.of(known.where(known.settled <= as_of))
	describe = Describer(known, asked, asked.invoiced - 1, usual, pool, policy)
	for at, card in enumerate(cards):
		mature = asked.due + card.threshold <= as_of
		late = delay[mature] >= card.threshold
		cards[at] = _fit_one(card, describe.features(card.threshold, card.base)[mature], late)
	settled = int((known.settled <= as_of).sum())
	return Model(tuple(cards), settled, int((delay >= 1).sum()), usual, pool)


def _seen_on(table: Receivables, as_of: int) -> Receivables:
	return table.where(table.invoiced <= as_of)


def _sample(rows: np.ndarray) -> np.ndarray:
	"""At most MOST_ROWS of the rows, evenly spread, so that the same rows always give the same model."""
	if len(rows) <= MOST_ROWS:
		return rows
	return rows[np.linspace(0, len(rows) - 1, MOST_ROWS).astype(int)]


def _base_rate(late: np.ndarray) -> float:
	return float((late.sum() + 1) / (len(late) + 2))


def _fit_one(card: Scorecard, features: np.ndarray, late: np.ndarray) -> Scorecard:
	if len(late) < LEAST_SETTLED or min(late.sum(), (~late).sum()) < LEAST_LATE:
		return card
	mean, scale, weights, intercept = _logistic(features, late)
	return Scorecard(
		card.threshold,
		card.base,
		tuple(mean.tolist()),
		tuple(scale.tolist()),
		tuple(weights.tolist()),
		intercept,
	)


def _logistic(features: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
	"""Means, standard deviations, standardised coefficients and intercept of a penalised logistic regression."""
	from sklearn.linear_model import LogisticRegression

	mean, scale = features.mean(axis=0), features.std(axis=0)
	scale[scale < 1e-9] = 1.0
	# A normal prior of variance 0.1 on each standardised coefficient: many features say nearly the same.
	found = LogisticRegression(C=0.1, max_iter=1000).fit((features - mean) / scale, event)
	return mean, scale, found.coef_[0], float(found.intercept_[0])


def fit_logistic(features: np.ndarray, event: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
	"""The fitted probability of `event` as a function of features of the same columns."""
	mean, scale, weights, intercept = _logistic(features, event)
	return lambda asked: expit((asked - mean) / scale @ weights + intercept)


def predict(
	model: Model,
	known: Receivables,
	asked: Receivables,
	as_of: np.ndarray,
	policy: Policy,
	level: float = 0.8,
) -> Forecast:
	"""The forecast of each asked receivable from what was known of all (`known`) at the end of the day as_of[i].

	A receivable that is still open on as_of is known not to have been paid until then, and its forecast counts that in.
	level: probability inside the interval of the delay.
	"""
	describe = Describer(known, asked, as_of, model.usual_amount, model.pool, policy)
	columns = [card.probability(describe.features(card.threshold, card.base)) for card in model.scorecards]
	survival = np.minimum.accumulate(np.column_stack(columns), axis=1)
	age = np.where(as_of >= asked.invoiced, as_of - asked.due, -(10**6))
	late = _given_unpaid(survival, np.array(model.thresholds, dtype=float), age)
	tail = (1 - level) / 2
	delay = np.column_stack([_quantile(late, model.thresholds, age, q) for q in (tail, 0.5, 1 - tail)])
	return Forecast(model.thresholds, late, delay, model.fallback)


def probability_of(forecast: Forecast, days: int) -> np.ndarray:
	"""For each asked receivable the probability of being paid `days` or more days late, whatever the number."""
	if days in forecast.thresholds:
		return forecast.late[:, forecast.thresholds.index(days)]
	edges = np.array(forecast.thresholds, dtype=float)
	return _survival_at(forecast.late, edges, np.full(len(forecast.late), float(days)))


def _given_unpaid(survival: np.ndarray, thresholds: np.ndarray, age: np.ndarray) -> np.ndarray:
	"""P(delay >= threshold | not paid by the day `age` after the due date)."""
	so_far = _survival_at(survival, thresholds, age + 1.0)
	given = np.minimum(survival / so_far[:, np.newaxis], 1.0)
	return np.where(thresholds[np.newaxis, :] <= age[:, np.newaxis] + 1, 1.0, given)


def _survival_at(survival: np.ndarray, thresholds: np.ndarray, day: np.ndarray) -> np.ndarray:
	"""P(delay >= day): straight between the thresholds on the scale of logarithms, constant hazard outside."""
	log = np.log(np.maximum(survival, 1e-6))
	at = np.clip(np.searchsorted(thresholds, day, side="right") - 1, 0, len(thresholds) - 2)
	row = np.arange(len(day))
	width = thresholds[at + 1] - thresholds[at]
	step = (log[row, at + 1] - log[row, at]) / width
	# Beyond the last threshold the hazard is that of the last stretch, but never so low that nothing is ever paid.
	step = np.where(day > thresholds[-1], np.minimum(step, -1 / 120), step)
	value = np.exp(np.minimum(log[row, at] + step * (day - thresholds[at]), 0.0))
	return np.where(day <= thresholds[0] - 60, 1.0, np.clip(value, 1e-9, 1.0))


def _quantile(late: np.ndarray, thresholds: Sequence[int], age: np.ndarray, q: float) -> np.ndarray:
	"""The delay that a share q of such receivables does not exceed, in whole days, later than `age`."""
	days = np.arange(thresholds[0] - 30, thresholds[-1] + 181)
	edges = np.array(thresholds, dtype=float)
	# The probability of being paid only grows from day to day, so the first day that reaches q is found by halving.
	low, high = np.zeros(len(late), dtype=np.int64), np.full(len(late), len(days))
	while (low < high).any():
		middle = (low + high) // 2
		day = days[np.minimum(middle, len(days) - 1)].astype(float)
		reached = (1 - _survival_at(late, edges, day) >= q) | (low >= high)
		low, high = np.where(reached, low, middle + 1), np.where(reached, np.minimum(middle, high), high)
	found = np.where(low < len(days), days[np.minimum(low, len(days) - 1)] - 1.0, days[-1])
	return np.maximum(found, age + 1.0)


class Describer:
	"""The features of asked receivables, each from what was known at the end of its own day.

	What does not depend on the threshold is worked out once.
	"""

	def __init__(
		self,
		known: Receivables,
		asked: Receivables,
		as_of: np.ndarray,
		usual: float,
		pool: Pool,
		policy: Policy,
	):
		self.known, self.asked, self.as_of = known, asked, np.asarray(as_of, dtype=np.int64)
		self.common = self._common(usual, pool, policy)

	def features(self, threshold: int, base: float) -> np.ndarray:
		"""(asked, FEATURES) for one lateness threshold; `base` is the share of all that were so late."""
		ratio = self._late_ratios(threshold, base)
		return np.column_stack([ratio, self.common])

	def _late_ratios(self, threshold: int, base: float) -> np.ndarray:
		"""Log-odds of the decayed late ratio, shrunk to `base`: long memory, short memory and every event alike.

		That a receivable is N days late is known N days after it was due, not only when it is settled.
		"""
		known = self.known
		late_day = known.due + threshold
		late = known.settled >= late_day
		seen = np.where(late, np.maximum(late_day, known.invoiced), known.settled)
		usable = seen < NEVER
		flags = np.column_stack([late, ~late] * 3).astype(float)[usable]
		lives = np.repeat([LONG, RECENT, np.inf], 2)
		sums = decayed_sums(
			known.customer[usable], seen[usable], flags, lives, self.asked.customer, self.as_of
		)
		late_sum, other = sums[:, 0::2], sums[:, 1::2]
		return logit((late_sum + PRIOR_STRENGTH * base) / (late_sum + other + PRIOR_STRENGTH))

	def _common(self, usual: float, pool: Pool, policy: Policy) -> np.ndarray:
		known, asked, as_of = self.known, self.asked, self.as_of
		settled = known.where(known.settled < NEVER)
		delay = _delay(settled)
		value = paydex.value(settled.days)
		weight = amount_weight(settled.amount, policy)
		one = np.ones(len(settled))
		columns = np.column_stack(
			[one, delay, delay**2, settled.disputed, np.log1p(settled.amount), weight * value, weight]
		)
		lives = np.full(columns.shape[1], LONG)
		sums = decayed_sums(settled.customer, settled.settled, columns, lives, asked.customer, as_of)
		count = sums[:, 0]
		strength = count + PRIOR_STRENGTH
		mean = (sums[:, 1] + PRIOR_STRENGTH * pool.delay) / strength
		square = (sums[:, 2] + PRIOR_STRENGTH * pool.square) / strength
		log_amount = (sums[:, 4] + PRIOR_STRENGTH * np.log1p(usual)) / strength
		paid = (sums[:, 5] + PRIOR_STRENGTH * pool.value) / (sums[:, 6] + PRIOR_STRENGTH)
		open_now = exposure(known, asked.customer, as_of, policy)
		due = asked.due.astype("datetime64[D]")
		weekday = (asked.due + 3) % 7
		return np.column_stack(
			[
				mean,
				paid,
				np.sqrt(np.maximum(square - mean**2, 0)),
				open_now.share(np.full(len(asked), usual)),
				np.log1p(open_now.overdue_count),
				np.log1p(open_now.open_count),
				np.log1p(count),
				np.log1p(asked.amount) - log_amount,
				np.clip(asked.due - asked.invoiced, 0, 180),
				np.clip(asked.rolled_due - asked.due, 0, 7),
				weekday == 0,
				weekday == 4,
				(due + 3).astype("datetime64[M]") > due.astype("datetime64[M]"),
				(sums[:, 3] + PRIOR_STRENGTH * pool.disputed) / strength,
			]
		).astype(float)


def _delay(settled: Receivables) -> np.ndarray:
	"""Days after the due date, cut where more of them say nothing."""
	return np.clip(settled.settled - settled.due, SHORTEST, LONGEST).astype(float)


def _pooled(values: np.ndarray) -> float:
	return float(values.mean()) if len(values) else 0.0
