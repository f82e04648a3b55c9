"""From a file's rows to ratings: what a file can speak of, its policy, its history, and the columns that come out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cims.trust import kinds, rating, words
from cims.trust.calendar import Calendar, month_ends
from cims.trust.evidence import Receivables, receivable_events
from cims.trust.files.ratings import DAY, RatingsTable
from cims.trust.files.receivables import Table
from cims.trust.grades import EVALUATIONS, UNRATED, sticky_grade
from cims.trust.policy import NOT_RATED, Policy, PolicyError
from cims.trust.score import assess

# A file of receivables says nothing of service and conduct, nor of orders that were cancelled or returned.
DIMENSIONS = (kinds.PAYMENT, kinds.EXPOSURE)
CURVE_MONTHS = 24
# Customers whose history is in the engine's form at a time.
BLOCK = 1024
# In which order customers can be listed.
ORDERS = ("worst", "best", "falling", "open", "overdue", "name")


@dataclass(frozen=True)
class FileRating:
	"""The ratings of everybody in a file. history_of: positions of customers -> the history of these."""

	ratings: rating.Ratings
	history_of: Callable[[np.ndarray], rating.History]

	@property
	def policy(self) -> Policy:
		return self.ratings.policy

	@property
	def as_of(self) -> int:
		return self.ratings.as_of

	@cached_property
	def columns(self) -> dict[str, np.ndarray]:
		"""What there is to say of each customer, one column each; NaN where it does not apply, as scores of NR."""
		r, rated = self.ratings, self.ratings.grade != UNRATED
		exposure, days = r.exposure, np.full(len(r), np.nan)
		if kinds.SETTLED in r.figures.kinds:
			at = r.figures.kinds.index(kinds.SETTLED)
			days = np.where(r.figures.count[:, at] > 0, np.round(r.figures.days[:, at], 1), np.nan)
		watch = np.full(len(r), "", dtype=object)
		for code, mask in r.watched.items():
			watch[mask] += np.where(watch[mask] == "", code, " " + code)
		credit = np.array([*(band.credit_days for band in self.policy.bands), 0], dtype=float)

		def points(values):
			return np.where(rated, np.round(values, 1), np.nan)

		return {
			"customer": np.array(r.customers, dtype=object),
			"grade": np.array([*self.policy.grades, NOT_RATED], dtype=object)[r.grade],
			"score": points(r.assessment.score),
			"low": points(r.assessment.low),
			"high": points(r.assessment.high),
			"confidence": np.round(r.assessment.confidence, 3),
			"percentile": np.round(r.percentile, 1),
			"change_90d": points(r.change_90d),
			"change_1y": points(r.change_1y),
			"watch": watch,
			"evidence_count": r.figures.total.astype(np.int64),
			"days_beyond_terms": days,
			"open_amount": np.round(exposure.open_amount, 2),
			"overdue_amount": np.round(exposure.overdue_amount, 2),
			"oldest_overdue_days": exposure.oldest.astype(np.int64),
			"usual_amount": np.round(r.usual_amount, 2),
			"suggested_credit_days": np.where(rated, credit[r.grade], np.nan),
		}

	def order(self, by: str) -> np.ndarray:
		"""Positions of the customers, those that `by` asks for first; equals by name."""
		columns = self.columns
		key = {
			"worst": columns["score"],
			"best": -columns["score"],
			"falling": columns["change_90d"],
			"open": -columns["open_amount"],
			"overdue": -columns["overdue_amount"],
			"name": np.zeros(len(self.ratings)),
		}[by]
		# NaN sorts last, so customers without a rating stand behind those with one.
		return np.lexsort((columns["customer"].astype(str), key))

	def grade_counts(self) -> dict[str, int]:
		"""Grade -> how many customers have it, best first, NR last."""
		counts = np.bincount(self.ratings.grade + 1, minlength=len(self.policy.grades) + 1)
		return dict(
			zip((*self.policy.grades, NOT_RATED), (*counts[1:].tolist(), int(counts[0])), strict=True)
		)

	def curve(self, who: Sequence[int], months: int = CURVE_MONTHS) -> "Curves":
		"""The curves of some customers over the last month ends and the day itself."""
		days = [*month_ends(self.as_of, months + EVALUATIONS), self.as_of]
		who = np.asarray(who, dtype=np.int64)
		history = self.history_of(who)
		shape = (len(who), len(days))
		customer, day = np.repeat(who, len(days)), np.tile(np.array(days), len(who))
		state = rating.state_on(history, customer, day, self.policy)
		found = assess(state.full(), [""] * len(day), self.policy)
		score, low, high, rated, cap = (
			values.reshape(shape) for values in (found.score, found.low, found.high, found.rated, state.cap)
		)
		# Each day's grade looks back on as many month ends as a rating does.
		walks = [slice(at - EVALUATIONS, at + 1) for at in range(EVALUATIONS, len(days))]
		grades = [sticky_grade(low[:, w], rated[:, w], cap[:, w], self.policy) for w in walks]
		shown = np.s_[:, EVALUATIONS:]
		return Curves(
			days[EVALUATIONS:], score[shown], low[shown], high[shown], rated[shown], np.column_stack(grades)
		)

	def lifts(self, at: int) -> list[rating.Lift]:
		"""What would lift the rating of one customer."""
		history = self.history_of(np.array([at]))
		state = rating.state_on(history, np.array([at]), np.array([self.as_of]), self.policy)
		open_now = (history.pieces.closed > self.as_of) & (history.pieces.invoiced <= self.as_of)
		pieces = history.pieces.where(open_now)
		alone = replace(pieces, customer=np.zeros(len(pieces), dtype=np.int64))
		return rating.lifts(state, "", alone, self.as_of, self.policy)


@dataclass(frozen=True)
class Curves:
	"""days; score, low, high, rated and grade (positions) of each customer on each day, (customers, days)."""

	days: Sequence[int]
	score: np.ndarray
	low: np.ndarray
	high: np.ndarray
	rated: np.ndarray
	grade: np.ndarray


def policy_of_file(given: dict | None, table: Table) -> tuple[Policy, bool]:
	"""(the policy restricted to what a file can speak of, whether its priors are still to be learned).

	given: the plain data of a policy. What it leaves out comes from the file: the usual amount is the median. Raises
	PolicyError.
	"""
	given = given or {}
	policy = Policy.from_dict(given)
	if not any(d.name in DIMENSIONS and d.weight for d in policy.dimensions):
		named = ", ".join(DIMENSIONS)
		raise PolicyError(
			"A file of receivables speaks only of {named}, and the policy gives none of these a weight.",
			named=named,
		)
	policy = policy.only(*DIMENSIONS)
	if "usual_amount" not in given:
		policy = replace(policy, usual_amount=float(np.median(table.amount)))
	return policy, not policy.priors


def calendar_of(country: str | None, years: range) -> Calendar:
	"""Monday to Friday, less the public holidays of a country. Raises ValueError for an unknown one."""
	return Calendar.of_country(country, years) if country else Calendar()


def rate_receivables(
	table: Table, calendar: Calendar, as_of: int, policy: Policy, learning: bool
) -> FileRating:
	"""The ratings of a file's customers as of a day; who had no receivable by then is not rated."""
	receivables = table.receivables(calendar, grouped=True)

	def history_of(rows: np.ndarray | slice, names: Sequence[str], first: int = 0) -> rating.History:
		pieces = receivables.where(rows)
		pieces = replace(pieces, customer=pieces.customer - first)
		return rating.History(names, [""] * len(names), receivable_events(pieces, policy), pieces)

	def parts():
		for first in range(0, len(table.customers), BLOCK):
			start, stop = np.searchsorted(receivables.customer, [first, first + BLOCK])
			yield history_of(slice(start, stop), table.customers[first : first + BLOCK], first)

	def of_some(who: np.ndarray) -> rating.History:
		return history_of(np.flatnonzero(np.isin(receivables.customer, who)), table.customers)

	return FileRating(rating.rate_parts(parts(), as_of, policy, learning=learning), of_some)


def rate_ratings(table: RatingsTable, as_of: int) -> FileRating:
	"""The ratings of the parties that others rated, from nothing but these."""
	# The backtest's module takes half a second to load.
	from cims.trust.backtest import RATINGS_POLICY, ratings_events

	events = ratings_events(table.target, table.rating, table.time // DAY)
	none = np.zeros(0, dtype=np.int64)
	nothing = Receivables.build(none, none, none, none, none, Calendar())
	history = rating.History(table.targets, [""] * len(table.targets), events, nothing)

	def of_some(who: np.ndarray) -> rating.History:
		return replace(history, events=events.where(np.isin(events.customer, who)))

	return FileRating(rating.rate(history, as_of, RATINGS_POLICY, learning=True), of_some)


def safe_names(columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
	"""The columns with names that no spreadsheet program takes for formulas."""
	return columns | {
		"customer": np.array([words.safe_cell(name) for name in columns["customer"]], dtype=object)
	}
