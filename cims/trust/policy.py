"""A trust policy: every number that turns evidence into a score and a score into a grade.

A policy is a value. What has rated anyone is never edited; a change makes the next version.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise

from cims.trust.kinds import (
	BY_NAME,
	CONDUCT,
	DIMENSIONS,
	EXPOSURE,
	FRAUD,
	PAYMENT,
	SERVICE,
	TRADING,
	WRITTEN_OFF,
)

TOP = 1000
NOT_RATED = "NR"
# A hard event that is read off the open receivables rather than off a row of evidence.
OVERDUE_90 = "exposure.overdue_90"


GAP = "There is a gap between {worse} (up to {ceiling:g}) and {better} (from {floor:g}); make the two numbers equal."
OVERLAP = "There is an overlap between {worse} (up to {ceiling:g}) and {better} (from {floor:g}); make the two numbers equal."


class PolicyError(ValueError):
	"""The policy contradicts itself; the message says where and what to do.

	template, figures: the sentence and what fills its {places}, for whoever shows it in another language.
	"""

	def __init__(self, template: str, **figures):
		super().__init__(template.format(**figures))
		self.template, self.figures = template, figures


@dataclass(frozen=True)
class Dimension:
	"""weight: share of the score, any unit. half_life: days until an event counts half.
	prior_mean, prior_strength: what is assumed of a customer without evidence, and how many usual events
	that assumption is worth. learn_prior: estimate the mean from the segment's own customers."""

	name: str
	weight: float
	half_life: float
	prior_mean: float
	prior_strength: float
	learn_prior: bool = False


@dataclass(frozen=True)
class Band:
	"""A grade for the scores floor <= score < ceiling (the best band includes its ceiling).
	credit_days and limit_factor (times the usual amount of a month) are suggestions for people, not limits."""

	grade: str
	floor: float
	ceiling: float
	colour: str
	word: str
	credit_days: int = 0
	limit_factor: float = 0.0


@dataclass(frozen=True)
class HardEvent:
	"""An event that caps the grade at once, for `hold_days` from the day it happened."""

	kind: str
	cap: str
	hold_days: int


DEFAULT_DIMENSIONS = (
	Dimension(PAYMENT, 40, 365, 0.70, 5, True),
	Dimension(EXPOSURE, 20, 90, 0.85, 3, True),
	Dimension(TRADING, 15, 540, 0.80, 5, True),
	Dimension(SERVICE, 15, 365, 0.75, 5, True),
	Dimension(CONDUCT, 10, 730, 0.70, 5),
)

# Blue to red by way of yellow, so that neighbours stay apart for every kind of colour blindness.
DEFAULT_BANDS = (
	Band("AAA", 820, 1000, "#0a5c8c", "Excellent", 90, 3.0),
	Band("AA", 780, 820, "#2a9db5", "Very good", 60, 2.0),
	Band("A", 730, 780, "#93cfa0", "Good", 45, 1.5),
	Band("B", 660, 730, "#f6d55c", "Fair", 30, 1.0),
	Band("C", 560, 660, "#ed8936", "Weak", 7, 0.3),
	Band("D", 0, 560, "#a8202f", "Poor", 0, 0.0),
)

DEFAULT_HARD_EVENTS = (
	HardEvent(FRAUD, "D", 730),
	HardEvent(WRITTEN_OFF, "D", 365),
	HardEvent(OVERDUE_90, "C", 0),
)


@dataclass(frozen=True)
class Policy:
	"""See the module's and the classes' docstrings; days and points (0 to 1000) are the units throughout.

	usual_amount: the amount (company currency) whose receivable weighs 1; amount_cap: the most that one can weigh.
	credible_level: share of the probability inside the interval; its low end decides the grade.
	priors: (segment, dimension) -> mean, estimated when the policy was published.
	"""

	version: str = "default"
	dimensions: tuple[Dimension, ...] = DEFAULT_DIMENSIONS
	bands: tuple[Band, ...] = DEFAULT_BANDS
	hard_events: tuple[HardEvent, ...] = DEFAULT_HARD_EVENTS
	dead_band: float = 15
	upgrade_confirmations: int = 2
	minimum_evidence: float = 1.5
	credible_level: float = 0.8
	usual_amount: float = 10_000.0
	amount_cap: float = 3.0
	watch_drop: float = 40
	priors: Mapping[tuple[str, str], float] = field(default_factory=dict)

	def __post_init__(self):
		check_dimensions(self.dimensions)
		check_bands(self.bands)
		check_hard_events(self.hard_events, self.grades)
		check_numbers(self)

	@property
	def grades(self) -> tuple[str, ...]:
		"""Grades from best to worst."""
		return tuple(band.grade for band in self.bands)

	def band(self, grade: str) -> Band:
		return self.bands[self.grades.index(grade)]

	def prior_mean(self, segment: str, dimension: Dimension) -> float:
		"""The segment's mean, else that of all segments (""), else the policy's default."""
		for key in ((segment, dimension.name), ("", dimension.name)):
			if key in self.priors:
				return self.priors[key]
		return dimension.prior_mean

	def only(self, *names: str) -> "Policy":
		"""This policy restricted to some dimensions, for data that can speak of no others."""
		return replace(self, dimensions=tuple(d for d in self.dimensions if d.name in names))

	def to_dict(self) -> dict:
		"""Plain data for JSON; `from_dict` reads it back."""
		plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "priors"}
		for name in ("dimensions", "bands", "hard_events"):
			plain[name] = [asdict(item) for item in plain[name]]
		plain["priors"] = [
			{"segment": segment, "dimension": dimension, "mean": mean}
			for (segment, dimension), mean in sorted(self.priors.items())
		]
		return plain

	@classmethod
	def from_dict(cls, plain: Mapping) -> "Policy":
		"""The policy in `plain` (see `to_dict`). Raises PolicyError on unknown keys and contradictions."""
		known = {f.name for f in fields(cls)}
		if unknown := set(plain) - known:
			raise PolicyError(
				"Unknown policy settings: {unknown}. Known: {known}.",
				unknown=", ".join(sorted(unknown)),
				known=", ".join(sorted(known)),
			)
		values = dict(plain)
		try:
			for name, kind in (("dimensions", Dimension), ("bands", Band), ("hard_events", HardEvent)):
				if name in values:
					values[name] = tuple(kind(**item) for item in values[name])
			values["priors"] = {(p["segment"], p["dimension"]): p["mean"] for p in values.get("priors", ())}
			return cls(**values)
		except (TypeError, KeyError, AttributeError) as error:
			# A text for a number, a missing setting, a list for an object.
			raise PolicyError(
				"The policy can't be understood ({why}). Compare it with one that was exported.",
				why=str(error),
			) from None

	@classmethod
	def from_file(cls, path: str) -> "Policy":
		with open(path, encoding="utf-8") as file:
			return cls.from_dict(json.load(file))


def check_dimensions(dimensions: tuple[Dimension, ...]) -> None:
	"""Raises PolicyError unless every dimension is known, stands once and has usable numbers."""
	names = [d.name for d in dimensions]
	if len(set(names)) != len(names):
		raise PolicyError("A dimension stands more than once in the policy; remove the extra row.")
	for d in dimensions:
		if d.name not in DIMENSIONS:
			raise PolicyError(
				"Unknown dimension {dimension}. Use one of: {known}.",
				dimension=d.name,
				known=", ".join(DIMENSIONS),
			)
		if d.weight < 0:
			raise PolicyError(
				"The weight of {dimension} is below 0; use 0 to leave a dimension out.", dimension=d.name
			)
		if not 7 <= d.half_life <= 36500:
			raise PolicyError(
				"The half-life of {dimension} must be between 7 and 36,500 days.", dimension=d.name
			)
		if not 0 < d.prior_mean < 1:
			raise PolicyError(
				"The prior mean of {dimension} must lie between 0 and 1, both excluded.", dimension=d.name
			)
		if d.prior_strength <= 0:
			raise PolicyError("The prior strength of {dimension} must be above 0.", dimension=d.name)
	if not sum(d.weight for d in dimensions) > 0:
		raise PolicyError("At least one dimension needs a weight above 0.")


def check_bands(bands: tuple[Band, ...]) -> None:
	"""Raises PolicyError unless the bands, best first, tile 0 to 1000 with no gap and no overlap."""
	if not bands:
		raise PolicyError("The policy has no grade bands; add at least one from 0 to 1000.")
	grades = [band.grade for band in bands]
	if len(set(grades)) != len(grades) or NOT_RATED in grades:
		raise PolicyError(
			"Each grade may stand once, and {grade} is kept for customers without a rating.", grade=NOT_RATED
		)
	if bands[0].ceiling != TOP or bands[-1].floor != 0:
		raise PolicyError(
			"The grade bands must reach from 0 to 1000: set the best ceiling to 1000 and the worst floor to 0."
		)
	for band in bands:
		if not band.floor < band.ceiling:
			raise PolicyError(
				"Grade {grade} ends ({ceiling:g}) where it begins ({floor:g}) or below.",
				grade=band.grade, ceiling=band.ceiling, floor=band.floor,
			)  # fmt: skip
	for better, worse in pairwise(bands):
		if better.floor != worse.ceiling:
			raise PolicyError(
				GAP if better.floor > worse.ceiling else OVERLAP,
				worse=worse.grade, ceiling=worse.ceiling, better=better.grade, floor=better.floor,
			)  # fmt: skip


def check_hard_events(events: tuple[HardEvent, ...], grades: tuple[str, ...]) -> None:
	"""Raises PolicyError unless every hard event names a known kind and a grade of this policy."""
	for event in events:
		if event.kind not in BY_NAME and event.kind != OVERDUE_90:
			raise PolicyError("Unknown hard event {event}.", event=event.kind)
		if event.cap not in grades:
			raise PolicyError(
				"The hard event {event} caps at {grade}, which is no grade of this policy.",
				event=event.kind,
				grade=event.cap,
			)
		if event.hold_days < 0:
			raise PolicyError("The hard event {event} is held for fewer than 0 days.", event=event.kind)


def check_numbers(policy: Policy) -> None:
	"""Raises PolicyError for a single number that is out of its range."""
	narrowest = min(band.ceiling - band.floor for band in policy.bands)
	if not 0 <= policy.dead_band < narrowest:
		raise PolicyError(
			"The dead band must be 0 or more and narrower than the narrowest grade ({narrowest:g} points).",
			narrowest=narrowest,
		)
	if policy.upgrade_confirmations < 1:
		raise PolicyError("An upgrade needs at least 1 evaluation.")
	if policy.minimum_evidence <= 0:
		raise PolicyError("The minimum evidence must be above 0: without evidence a customer is not rated.")
	if not 0.5 <= policy.credible_level < 1:
		raise PolicyError("The credible level must be at least 0.5 and below 1.")
	if policy.usual_amount <= 0 or policy.amount_cap < 1:
		raise PolicyError("The usual amount must be above 0 and the amount cap at least 1.")
