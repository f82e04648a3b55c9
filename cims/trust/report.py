"""The HTML report: one file that needs nothing else, for the screen, the telephone and paper."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cims.trust import output, reasons, words
from cims.trust.calendar import to_date
from cims.trust.file_rating import Curves, FileRating
from cims.trust.policy import NOT_RATED, TOP, Policy

TEMPLATES = Path(__file__).parent / "templates"
# A table of more rows is of no use on a screen; the CSV has them all.
MOST_ROWS = 2000

DESCRIPTIONS = {
	"worst": "the lowest scores first",
	"best": "the highest scores first",
	"falling": "the largest falls within 90 days first",
	"open": "the largest open amounts first",
	"overdue": "the largest overdue amounts first",
	"name": "by name",
}


def write_report(
	found: FileRating, order: Sequence[int], detailed: int, by: str, facts: dict, path: str, language: str
) -> None:
	"""Write the report. order: positions of the customers; the first `detailed` get their curves and reasons."""
	with open(path, "w", encoding="utf-8") as file:
		file.write(render(found, order, detailed, by, facts, language))


def render(
	found: FileRating, order: Sequence[int], detailed: int, by: str, facts: dict, language: str
) -> str:
	"""The report as HTML."""
	_ = words.translator(language)
	environment = Environment(
		loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
	)  # fmt: skip
	environment.filters |= {
		"count": "{:,}".format, "points": lambda value: f"{value:.0f}", "money": words.money, "signed": words.signed,
		"percent": lambda share: f"{100 * share:.0f} %", "along": _ruler(found),
	}  # fmt: skip
	rows = _rows(found, order[:MOST_ROWS])
	detailed = min(detailed, len(order))
	with_curve = [at for at in order[:detailed] if rows[at]["score"] is not None] if detailed else []
	return environment.get_template("report.html").render(
		_=_,
		language={"zh": "zh-CN"}.get(language, language),
		facts=facts,
		as_of=output.as_of_text(found),
		made_on=date.today().isoformat(),
		policy=found.policy,
		colours=colours(found.policy),
		dimensions=_dimensions(found.policy),
		grades=_grades(found, _),
		totals=_totals(found),
		rows=rows,
		total=len(order),
		order_text=_(DESCRIPTIONS[by]),
		details=_details(found, with_curve, rows, _),
		top=TOP,
		not_rated=NOT_RATED,
	)


def colours(policy: Policy) -> dict[str, dict[str, str]]:
	"""Grade -> its colour and the one to write on it."""
	known = {band.grade: words.rgb(band.colour) for band in policy.bands} | {NOT_RATED: words.rgb(words.GREY)}
	return {
		grade: {"back": "#{:02x}{:02x}{:02x}".format(*colour), "front": readable_on(colour)}
		for grade, colour in known.items()
	}


def readable_on(colour: tuple[int, int, int]) -> str:
	"""Black or white, whichever stands out more from a colour (relative luminance of WCAG 2)."""

	def linear(part: int) -> float:
		share = part / 255
		return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

	red, green, blue = map(linear, colour)
	luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
	return "#111111" if (luminance + 0.05) ** 2 > 0.05 * 1.05 else "#ffffff"


def _ruler(found: FileRating) -> Callable[[float], float]:
	"""Points -> per cent along a ruler that spans everybody's intervals."""
	lowest = np.nanmin(found.columns["low"], initial=TOP - 200)
	left = max(0, lowest // 50 * 50)
	return lambda points: round(100 * (points - left) / (TOP - left), 1)


def _dimensions(policy: Policy) -> list[dict]:
	total = sum(d.weight for d in policy.dimensions)
	return [
		{
			"label": words.DIMENSIONS[d.name],
			"share": d.weight / total,
			"half_life": d.half_life,
			"mean": policy.prior_mean("", d),
			"strength": d.prior_strength,
		}
		for d in policy.dimensions
	]


def _rows(found: FileRating, order: Sequence[int]) -> dict[int, dict]:
	"""Position -> what the table shows of a customer."""
	columns = found.columns
	return {
		at: {name: output.plain_value(column[at]) for name, column in columns.items()} | {"watch": columns["watch"][at].split()}
		for at in order
	}  # fmt: skip


def _grades(found: FileRating, _: Callable[[str], str]) -> list[dict]:
	columns, counts = found.columns, found.grade_counts()
	names = {band.grade: _(band.word) for band in found.policy.bands} | {NOT_RATED: _(words.NOT_RATED)}
	total = max(len(columns["grade"]), 1)
	return [
		{
			"grade": grade,
			"word": names[grade],
			"count": count,
			"share": count / total,
			"open": float(columns["open_amount"][columns["grade"] == grade].sum()),
			"overdue": float(columns["overdue_amount"][columns["grade"] == grade].sum()),
		}
		for grade, count in counts.items()
	]


def _totals(found: FileRating) -> dict:
	columns = found.columns
	rated = ~np.isnan(columns["score"])
	return {
		"customers": len(rated),
		"rated": int(rated.sum()),
		"mean": float(columns["score"][rated].mean()) if rated.any() else None,
		"watch": int((columns["watch"] != "").sum()),
		"open": float(columns["open_amount"].sum()),
		"overdue": float(columns["overdue_amount"].sum()),
		"late_customers": int((columns["overdue_amount"] > 0).sum()),
	}


def _details(found: FileRating, who: Sequence[int], rows: dict[int, dict], _) -> list[dict]:
	if not who:
		return []
	curves = found.curve(who)
	return [
		{
			"at": at,
			"row": rows[at],
			"word": _(found.policy.band(rows[at]["grade"]).word),
			"curve": Drawing(curves, position, found.policy),
			"reasons": output.sentences(found, at, _),
			"lifts": [reasons.lift_text(lift, _, words.number, words.money) for lift in found.lifts(at)],
		}
		for position, at in enumerate(who)
	]


class Drawing:
	"""Where everything of one customer's curve goes, in the units of the picture."""

	WIDTH, HEIGHT = 680, 330
	LEFT, RIGHT, ABOVE, BELOW = 40, 44, 18, 28
	# The least range of scores that a picture shows, so that noise does not look like drama.
	LEAST_RANGE = 240

	def __init__(self, curves: Curves, position: int, policy: Policy):
		self.days = curves.days
		self.names = policy.grades
		self.score, self.low, self.high = (
			values[position] for values in (curves.score, curves.low, curves.high)
		)
		self.rated, self.grade = curves.rated[position], curves.grade[position]
		shown = self.rated
		low, high = (self.low[shown].min(), self.high[shown].max()) if shown.any() else (0, TOP)
		middle, half = (low + high) / 2, max((high - low) / 2 + 30, self.LEAST_RANGE / 2)
		self.bottom = max(0, min(middle - half, TOP - 2 * half))
		self.ceiling = min(TOP, max(middle + half, 2 * half))
		self.policy = policy

	def x(self, day: int) -> float:
		"""From the left."""
		wide = self.WIDTH - self.LEFT - self.RIGHT
		return round(self.LEFT + wide * (day - self.days[0]) / (self.days[-1] - self.days[0]), 1)

	def y(self, points: float) -> float:
		"""From above."""
		high = self.HEIGHT - self.ABOVE - self.BELOW
		return round(self.ABOVE + high * (self.ceiling - points) / (self.ceiling - self.bottom), 1)

	@property
	def bands(self) -> list[dict]:
		"""The grades' bands that the picture cuts."""
		found = []
		for band in self.policy.bands:
			floor, ceiling = max(band.floor, self.bottom), min(band.ceiling, self.ceiling)
			if floor < ceiling:
				top = self.y(ceiling)
				found.append(
					{
						"grade": band.grade,
						"y": top,
						"height": round(self.y(floor) - top, 1),
						"floor": band.floor,
					}
				)
		return found

	@property
	def runs(self) -> list[range]:
		"""Stretches of evaluations on which there was a rating."""
		edges = np.flatnonzero(np.diff(np.concatenate([[False], self.rated, [False]])))
		return [range(start, stop) for start, stop in edges.reshape(-1, 2)]

	@property
	def lines(self) -> list[str]:
		"""Polylines of the score."""
		return [" ".join(f"{self.x(self.days[i])},{self.y(self.score[i])}" for i in run) for run in self.runs]

	@property
	def intervals(self) -> list[str]:
		"""Polygons between the low and the high end."""
		return [
			" ".join(
				[f"{self.x(self.days[i])},{self.y(self.high[i])}" for i in run]
				+ [f"{self.x(self.days[i])},{self.y(self.low[i])}" for i in reversed(run)]
			)
			for run in self.runs
		]

	@property
	def unrated(self) -> list[dict]:
		"""Stretches without a rating, from the left."""
		edges = np.flatnonzero(np.diff(np.concatenate([[False], ~self.rated, [False]])))
		found = []
		for start, stop in edges.reshape(-1, 2):
			left, right = self.x(self.days[start]), self.x(self.days[min(stop, len(self.days) - 1)])
			if right > left:
				found.append({"x": left, "width": round(right - left, 1)})
		return found

	@property
	def points(self) -> list[dict]:
		"""Every evaluation with its figures; `moved` where the grade is another than before."""
		found, before = [], None
		for i, day in enumerate(self.days):
			if not self.rated[i]:
				before = None
				continue
			grade = self.names[self.grade[i]]
			found.append(
				{
					"x": self.x(day),
					"y": self.y(self.score[i]),
					"day": to_date(day).isoformat(),
					"score": self.score[i],
					"low": self.low[i],
					"high": self.high[i],
					"grade": grade,
					"moved": grade != before,
				}
			)
			before = grade
		return found

	@property
	def months(self) -> list[dict]:
		"""Ticks at the ends of quarters."""
		found = []
		for day in self.days[:-1]:
			when = to_date(day)
			if when.month % 3 == 0:
				found.append({"x": self.x(day), "text": f"{when:%Y-%m}"})
		return found

	@property
	def scale(self) -> list[dict]:
		"""Ticks at every hundred points, or at every fifty where few fit."""
		step = 100 if self.ceiling - self.bottom > 400 else 50
		first = int(-(-self.bottom // step) * step)
		return [{"y": self.y(points), "text": points} for points in range(first, int(self.ceiling) + 1, step)]
