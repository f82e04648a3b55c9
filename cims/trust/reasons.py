"""Why a score is what it is: at most four factors that cost most and two that earn most, with their own figures.

Codes are stable and are what is stored; the sentence is made, and translated, when it is shown. After the adverse
action rules of US Regulation B (comment 9(b)(2)-1): more than four reasons don't help, and each must be a factor
that was really scored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
	"P11": "Paid {amount} in 12 months (receivables: {count}), {days} days beyond terms on average.",
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


def explain(assessment, at: int, figures: Mapping, policy: Policy) -> tuple[list[Reason], list[Reason]]:
	"""(what costs most, what earns most) for the ask `at`, with `figures`: kind -> its figures (`figures_of`)."""
	lost, gained = [], []
	for column, name in enumerate(assessment.kinds):
		mine = figures.get(name, {})
		lost.append(_loss(name, -float(assessment.lost[at, column]), mine))
		gained.append(_gain(name, float(assessment.gained[at, column]), mine))
	for column, dimension in enumerate(policy.dimensions):
		lost.append(Reason(TO_PRIOR[dimension.name], -float(assessment.lost_to_prior[at, column])))
	return _most(lost, MOST_COSTS), _most(gained, MOST_GAINS)


def _most(reasons: list[Reason], count: int) -> list[Reason]:
	merged: dict[str, Reason] = {}
	for reason in reasons:
		same = merged.get(reason.code)
		merged[reason.code] = (
			reason if same is None else Reason(reason.code, same.points + reason.points, same.figures)
		)
	worth = [r for r in merged.values() if abs(r.points) >= LEAST_POINTS]
	return sorted(worth, key=lambda r: (-abs(r.points), r.code))[:count]


def _loss(name: str, points: float, figures: Mapping) -> Reason:
	kind = kinds.BY_NAME[name]
	if name not in kinds.OF_THE_DAY and not figures.get("count"):
		return Reason(FADED_LOSS[kind.dimension], points)
	if name == kinds.SETTLED and figures["days"] < 1:
		return Reason("P03", points, figures)
	return Reason(kind.loss_code, points, figures)


def _gain(name: str, points: float, figures: Mapping) -> Reason:
	kind = kinds.BY_NAME[name]
	if name not in kinds.OF_THE_DAY and not figures.get("count"):
		return Reason(FADED_GAIN[kind.dimension], points)
	if name == kinds.SETTLED and figures["days"] <= -1:
		return Reason("P12", points, {**figures, "early": -figures["days"]})
	if name == kinds.CURRENT and not figures["overdue_count"]:
		return Reason("X12", points, figures)
	return Reason(kind.gain_code, points, figures)


def figures_of(count: float, amount: float, days: float, value: float) -> dict[str, float]:
	"""The figures that a reason may name: events, their amount, amount-weighted days beyond terms, mean value."""
	return {
		"count": int(count),
		"amount": round(float(amount), 2),
		"days": round(float(days), 1),
		"value": round(100 * float(value)),
	}


def exposure_figures(exposure, at: int) -> dict[str, float]:
	"""The figures of what is open for the ask `at`."""
	return {
		"open_amount": round(float(exposure.open_amount[at]), 2),
		"open_count": int(exposure.open_count[at]),
		"overdue_amount": round(float(exposure.overdue_amount[at]), 2),
		"overdue_count": int(exposure.overdue_count[at]),
		"oldest": int(exposure.oldest[at]),
	}
