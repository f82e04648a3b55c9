"""The trust curve as an SVG, for paper: no script, no style sheet, nothing that an old renderer doesn't know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from math import ceil, floor

TOP = 1000
ROOM = 10
LEFT, RIGHT, UPPER, LOWER = 36, 34, 8, 20
INK, GREY, SCORE, UP, DOWN = "#171717", "#525252", "#2563c9", "#1f8a5b", "#c0322b"
TEXT = 'font-family="sans-serif" font-size="10"'


@dataclass(frozen=True)
class Frame:
	"""Where days and points lie on the paper, in pixels."""

	width: int
	height: int
	first: int
	last: int
	low: float
	high: float

	def x(self, day: str) -> float:
		span = max(self.last - self.first, 1)
		at = (_ordinal(day) - self.first) / span
		return round(LEFT + at * (self.width - LEFT - RIGHT), 1)

	def y(self, points: float) -> float:
		at = (points - self.low) / (self.high - self.low)
		return round(self.height - LOWER - at * (self.height - UPPER - LOWER), 1)

	def line(self, rows: Sequence[Mapping], field: str) -> str:
		return " ".join(f"{self.x(row['day'])},{self.y(row[field])}" for row in rows)

	def between(self, rows: Sequence[Mapping], lower: str, upper: str) -> str:
		return f"{self.line(rows, upper)} {self.line(list(reversed(rows)), lower)}"


def curve_svg(panel: Mapping, width: int = 880, height: int = 260) -> str:
	"""The curve of a trust panel (`cims.ratings.panel.trust_panel`): score and interval over grades and the peers'
	quartiles, with marks. Empty without a score."""
	curve = [row for row in panel["curve"] if row["score"] is not None]
	peers = [row for row in panel["peers"] if row["median"] is not None]
	if not curve:
		return ""
	frame = _frame(curve, peers, width, height)
	parts = [
		*_bands(frame, panel["bands"]),
		*_peers(frame, [row for row in peers if frame.first <= _ordinal(row["day"]) <= frame.last]),
		f'<polygon points="{frame.between(curve, "low", "high")}" fill="{SCORE}" fill-opacity="0.18"/>',
		f'<polyline points="{frame.line(curve, "score")}" fill="none" stroke="{SCORE}" stroke-width="2"/>',
		f'<circle cx="{frame.x(curve[-1]["day"])}" cy="{frame.y(curve[-1]["score"])}" r="3" fill="{SCORE}"/>',
		*_marks(frame, curve, panel["marks"]),
		*_scale(frame),
		*_months(frame),
	]
	size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" style="max-width: 100%"'
	return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def _ordinal(day: str) -> int:
	return date.fromisoformat(str(day)).toordinal()


def _frame(curve: Sequence[Mapping], peers: Sequence[Mapping], width: int, height: int) -> Frame:
	values = [row[field] for row in curve for field in ("low", "high")]
	values += [row[field] for row in peers for field in ("q1", "q3")]
	low, high = min(values) - ROOM, max(values) + ROOM
	step = _step(low, high)
	return Frame(
		width=width,
		height=height,
		first=_ordinal(curve[0]["day"]),
		last=_ordinal(curve[-1]["day"]),
		low=max(0, floor(low / step) * step),
		high=min(TOP, ceil(high / step) * step),
	)


def _step(low: float, high: float) -> int:
	return 200 if high - low > 500 else 100 if high - low > 250 else 50


def _bands(frame: Frame, bands: Sequence[Mapping]):
	for band in bands:
		bottom, top = max(band["floor"], frame.low), min(band["ceiling"], frame.high)
		if bottom >= top:
			continue
		tall = frame.y(bottom) - frame.y(top)
		yield (
			f'<rect x="{LEFT}" y="{frame.y(top)}" width="{frame.width - LEFT - RIGHT}" height="{tall}"'
			f' fill="{escape(band["colour"])}" fill-opacity="0.16"/>'
		)
		if tall >= 12:
			middle = frame.y(bottom) - tall / 2 + 4
			yield f'<text x="{frame.width - RIGHT + 6}" y="{middle}" {TEXT} fill="{GREY}">{escape(band["grade"])}</text>'


def _peers(frame: Frame, peers: Sequence[Mapping]):
	if len(peers) > 1:
		yield f'<polygon points="{frame.between(peers, "q1", "q3")}" fill="{INK}" fill-opacity="0.08"/>'
		yield (
			f'<polyline points="{frame.line(peers, "median")}" fill="none" stroke="{GREY}" stroke-width="1"'
			' stroke-dasharray="4 3"/>'
		)


def _marks(frame: Frame, curve: Sequence[Mapping], marks: Sequence[Mapping]):
	"""Triangles: up and above the line where points were gained, down and below it where they were lost."""
	for mark in marks:
		if not frame.first <= _ordinal(mark["day"]) <= frame.last:
			continue
		gained = mark["points"] >= 0
		x = frame.x(mark["day"])
		y = round(frame.y(_score_on(curve, mark["day"])) + (-9 if gained else 9), 1)
		tip, colour = (-5, UP) if gained else (5, DOWN)
		yield f'<polygon points="{x - 5},{y - tip} {x + 5},{y - tip} {x},{y + tip}" fill="{colour}" stroke="#ffffff"/>'


def _score_on(curve: Sequence[Mapping], day: str) -> float:
	"""The score on the straight line between the two kept scores around a day."""
	wanted = _ordinal(day)
	for left, right in pairwise(curve):
		begin, end = _ordinal(left["day"]), _ordinal(right["day"])
		if begin <= wanted <= end:
			share = (wanted - begin) / max(end - begin, 1)
			return left["score"] + share * (right["score"] - left["score"])
	return curve[-1]["score"]


def _scale(frame: Frame):
	for points in range(int(frame.low), int(frame.high) + 1, _step(frame.low, frame.high)):
		yield f'<text x="{LEFT - 6}" y="{frame.y(points) + 3}" text-anchor="end" {TEXT} fill="{GREY}">{points:,}</text>'


def _months(frame: Frame):
	"""Every quarter's first day, written as year and month."""
	for year in range(date.fromordinal(frame.first).year, date.fromordinal(frame.last).year + 1):
		for month in (1, 4, 7, 10):
			first = date(year, month, 1)
			if frame.first <= first.toordinal() <= frame.last:
				x = frame.x(first.isoformat())
				yield f'<line x1="{x}" x2="{x}" y1="{frame.height - LOWER}" y2="{frame.height - LOWER + 4}" stroke="{GREY}"/>'
				if LEFT + 20 < x < frame.width - RIGHT - 20:
					y = frame.height - 6
					yield f'<text x="{x}" y="{y}" text-anchor="middle" {TEXT} fill="{GREY}">{first:%Y-%m}</text>'
