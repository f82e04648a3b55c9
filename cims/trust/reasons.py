"""Why a score is what it is: at most four factors that cost most and two that earn most, with their own figures.

Codes are stable and are what is stored; the sentence is made, and translated, when it is shown. After the adverse
action rules of US Regulation B (comment 9(b)(2)-1): more than four reasons don't help, and each must be a factor
that was really scored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from cims.trust import kinds
from cims.trust.policy import Policy

MOST_COSTS = 4
MOST_GAINS = 2
# Fewer points than this are not worth a sentence.
LEAST_POINTS = 5.0

TEXTS = {
	"P01": "Paid {days} days beyond terms on average over 12 months (receivables: {count}, together {amount}).",
	"P02": "Written off in 12 months: {amount} (receivables: {count}).",
	"P03": "Pays on the due date rather than before it (receivables in 12 months: {count}, together {amount}).",
	"P04": "Paid late before the last 12 months; this fades with time.",
	"P09": "The payment record is still short; more settled receivables would firm it up.",
	"P11": "Paid {amount} in 12 months (receivables: {count}), which earns part of the points: {days} days beyond terms on average.",
	"P12": "Paid {amount} in 12 months (receivables: {count}), {early} days before they were due on average.",
	"P13": "Paid well before the last 12 months.",
	"X01": "{overdue_amount} overdue now (receivables: {overdue_count}), the oldest for {oldest} days.",
	"X09": "Few open or recently settled receivables show how the customer keeps to terms.",
	"X11": "{open_amount} open (receivables: {open_count}), {overdue_amount} of it overdue.",
	"X12": "Nothing is overdue ({open_amount} open).",
	"T01": "Orders were fulfilled.",
	"T02": "Orders cancelled by the customer in 12 months: {count} ({amount}).",
	"T03": "Orders returned in 12 months: {count} ({amount}).",
	"T04": "Orders cancelled or returned before the last 12 months; this fades with time.",
	"T09": "Little trade with the customer yet, or not lately.",
	"T11": "Orders fulfilled in 12 months: {count} ({amount}).",
	"T13": "Orders fulfilled before the last 12 months.",
	"S01": "Complaints against the customer upheld in 12 months: {count}.",
	"S02": "Complaints by the customer upheld in 12 months: {count}.",
	"S03": "Agents rate the customer at {value} of 100 (ratings in 12 months: {count}).",
	"S04": "The customer's feedback stands at {value} of 100 (answers in 12 months: {count}).",
	"S05": "Service was difficult before the last 12 months; this fades with time.",
	"S09": "Little is known from service yet.",
	"S11": "Complaints were settled well ({count} in 12 months).",
	"S12": "Agents rate the customer at {value} of 100 (ratings in 12 months: {count}).",
	"S13": "The customer's feedback stands at {value} of 100 (answers in 12 months: {count}).",
	"S14": "Service went well before the last 12 months.",
	"C01": "Identity verified.",
	"C02": "Contract breaches in 12 months: {count}.",
	"C03": "Fraud established.",
	"C04": "Insurance claims refused in 12 months: {count}.",
	"C05": "Staff assess the customer at {value} of 100 (assessments in 12 months: {count}).",
	"C06": "Conduct was poor before the last 12 months; this fades with time.",
	"C09": "Identity and conduct have not been verified.",
	"C11": "Identity verified.",
	"C12": "Staff assess the customer at {value} of 100 (assessments in 12 months: {count}).",
	"C14": "Conduct was good before the last 12 months.",
	"W01": "The score fell by {points} points within 90 days.",
	"W02": "A receivable has been overdue for {oldest} days.",
	"W03": "The low end of the interval lies below the floor of grade {grade}.",
	"W04": "A hard event holds the grade at {grade} or below.",
}

# What a customer could do, by the action of a `rating.Lift`; score and grade are those after it.
LIFTS = {
	"settle_overdue": "Once everything overdue ({amount}) is settled: {score} points, grade {grade}.",
	"pay_on_time": "With the next {count} receivables paid when due: {score} points, grade {grade}.",
	"verify_identity": "With the identity verified: {score} points, grade {grade}.",
}

# What is said where a kind has no event in the last 12 months any more.
FADED_LOSS = {"payment": "P04", "trading": "T04", "service": "S05", "conduct": "C06"}
FADED_GAIN = {"payment": "P13", "trading": "T13", "service": "S14", "conduct": "C14"}
TO_PRIOR = {"payment": "P09", "exposure": "X09", "trading": "T09", "service": "S09", "conduct": "C09"}


@dataclass(frozen=True)
class Reason:
	"""points: lost (below 0) or earned; figures: what the sentence names, in plain numbers (company currency, days)."""

	code: str
	points: float
	figures: Mapping[str, float | str] = field(default_factory=dict)

	def to_dict(self) -> dict:
		return {"code": self.code, "points": round(self.points, 2), "figures": dict(self.figures)}


def text(
	reason: Reason | Mapping,
	translate: Callable[[str], str] = str,
	number: Callable[[float], str] = "{:,.0f}".format,
	money: Callable[[float], str] = "{:,.0f}".format,
) -> str:
	"""The reason as a sentence. translate: English template to the reader's; number and money: how to write them."""
	code, figures = (
		(reason["code"], reason["figures"]) if isinstance(reason, Mapping) else (reason.code, reason.figures)
	)
	return translate(TEXTS[code]).format(**_written(figures, number, money))


def lift_text(
	lift,
	translate: Callable[[str], str] = str,
	number: Callable[[float], str] = "{:,.0f}".format,
	money: Callable[[float], str] = "{:,.0f}".format,
) -> str:
	"""A `rating.Lift` as a sentence."""
	figures = {**lift.figures, "score": lift.score, "grade": lift.grade}
	return translate(LIFTS[lift.action]).format(**_written(figures, number, money))


def _written(figures: Mapping, number: Callable, money: Callable) -> dict[str, str]:
	return {
		name: value if isinstance(value, str) else (money if name.endswith("amount") else number)(value)
		for name, value in figures.items()
	}


@dataclass(frozen=True)
class Chosen:
	"""The reasons worth a sentence of each ask, most points first: (asks, at most so many) arrays of positions in `codes`
	(-1 for none), their points, and the column of the kind of evidence whose figures each names (-1 for none)."""

	codes: tuple[str, ...]
	code: np.ndarray
	points: np.ndarray
	kind: np.ndarray

	def of(self, at: int) -> list[tuple[str, float, int]]:
		"""(code, points, column of the kind) of one ask."""
		rows = zip(self.code[at].tolist(), self.points[at].tolist(), self.kind[at].tolist(), strict=True)
		return [(self.codes[code], points, kind) for code, points, kind in rows if code >= 0]


def choose(assessment, count, days, overdue_count, policy: Policy) -> tuple[Chosen, Chosen]:
	"""(what costs most, what earns most) for every ask.

	count, days: of each ask's events of 12 months, (asks, kinds) in the order of the assessment, 0 for the kinds that are
	worked out for the day; overdue_count: each ask's receivables that are overdue.
	"""
	names = assessment.kinds
	of = _codes_of(names, tuple(d.name for d in policy.dimensions))
	known = (count != 0) | of.of_the_day
	loss, gain = np.where(known, of.loss, of.faded_loss), np.where(known, of.gain, of.faded_gain)
	if kinds.SETTLED in names:
		at = names.index(kinds.SETTLED)
		late, here = days[:, at], known[:, at]
		loss[here & (late < 1), at] = of.codes.index("P03")
		gain[here & (late <= -1), at] = of.codes.index("P12")
	if kinds.CURRENT in names:
		gain[overdue_count == 0, names.index(kinds.CURRENT)] = of.codes.index("X12")
	to_prior = np.broadcast_to(of.to_prior, assessment.lost_to_prior.shape)
	lost = _most(
		of.codes,
		np.hstack([loss, to_prior]),
		-np.hstack([assessment.lost, assessment.lost_to_prior]),
		known,
		MOST_COSTS,
	)
	return lost, _most(of.codes, gain, assessment.gained, known, MOST_GAINS)


@dataclass(frozen=True)
class _Codes:
	"""Which code, by place in `codes`, the points of each kind go to while it has events in the last 12 months, and after; and
	those of each dimension's prior."""

	codes: tuple[str, ...]
	of_the_day: np.ndarray
	loss: np.ndarray
	gain: np.ndarray
	faded_loss: np.ndarray
	faded_gain: np.ndarray
	to_prior: np.ndarray


@lru_cache(maxsize=1024)
def _codes_of(names: tuple[str, ...], dimensions: tuple[str, ...]) -> _Codes:
	of = [kinds.BY_NAME[name] for name in names]
	columns = (
		[kind.loss_code for kind in of],
		[kind.gain_code for kind in of],
		[FADED_LOSS.get(kind.dimension, kind.loss_code) for kind in of],
		[FADED_GAIN.get(kind.dimension, kind.gain_code) for kind in of],
		[TO_PRIOR[name] for name in dimensions],
	)
	# Equal points are told in the order of their codes.
	codes = tuple(sorted({"P03", "P12", "X12", *(code for column in columns for code in column)}))
	place = {code: at for at, code in enumerate(codes)}
	of_the_day = np.array([name in kinds.OF_THE_DAY for name in names], dtype=bool)
	return _Codes(
		codes, of_the_day, *(np.array([place[code] for code in column], dtype=np.int64) for column in columns)
	)


def _most(
	codes: tuple[str, ...], code: np.ndarray, points: np.ndarray, known: np.ndarray, count: int
) -> Chosen:
	"""The codes with most points. code, points: (asks, factors), the kinds first. Points under one code add up, and the first of
	the kinds that have events lends its figures."""
	asks = len(code)
	row = np.arange(asks)[:, np.newaxis]
	total = np.bincount((row * len(codes) + code).ravel(), points.ravel(), minlength=asks * len(codes))
	total = total.reshape(asks, len(codes))
	column = np.full(code.shape, -1)
	column[:, : known.shape[1]] = np.where(known, np.arange(known.shape[1]), -1)
	kind = np.full(total.shape, -1)
	# Backwards, so that the first one stays.
	kind[row, np.ascontiguousarray(code[:, ::-1])] = np.ascontiguousarray(column[:, ::-1])
	order = (-np.abs(total)).argsort(axis=1, kind="stable")[:, :count]
	total, kind = total[row, order], kind[row, order]
	return Chosen(codes, np.where(np.abs(total) >= LEAST_POINTS, order, -1), total, kind)
