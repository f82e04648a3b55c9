"""One figure of a site's health: what it is, how it stands, and what to do about it."""

from dataclasses import asdict, dataclass, field
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import now_datetime

OK, WARNING, FAILING = "OK", "Warning", "Failing"
LEVELS = (OK, WARNING, FAILING)
SERVICES, JOBS, RATINGS, DATA = "services", "jobs", "ratings", "data"
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True)
class Figure:
	"""key: its name for programs, also of the metric; labels: which of several such figures this is. value: in seconds, bytes
	or pieces, as `unit` says, None where there is none. shown: the value in words. advice: what to do, unless all is well.
	link: a page of the desk that shows more. Without a group it is for programs alone."""

	key: str
	group: str
	label: str
	level: str
	shown: str
	value: float | None = None
	unit: str = ""
	labels: dict[str, str] = field(default_factory=dict)
	advice: str = ""
	link: str = ""

	def plain(self) -> dict:
		return asdict(self)


@dataclass(frozen=True)
class Limits:
	"""From which value on a figure warns, and from which on it fails."""

	warning: float
	failing: float

	def level(self, value: float) -> str:
		if value >= self.failing:
			return FAILING
		return WARNING if value >= self.warning else OK


def worst(levels) -> str:
	return max(levels, key=LEVELS.index, default=OK)


def age(moment: datetime) -> float:
	"""Seconds since a moment of the site's clock."""
	return max((now_datetime() - moment).total_seconds(), 0.0)


def duration(seconds: float) -> str:
	"""A length of time in words, in its largest unit or two: "3 min", "1 d 4 h"."""
	whole = int(seconds)
	if whole < MINUTE:
		return _("{0} s").format(whole)
	if whole < HOUR:
		return _("{0} min").format(whole // MINUTE)
	if whole < DAY:
		return _("{0} h {1} min").format(whole // HOUR, whole % HOUR // MINUTE)
	return _("{0} d {1} h").format(whole // DAY, whole % DAY // HOUR)


def ago(moment: datetime) -> str:
	return _("{0} ago").format(duration(age(moment)))


def size(number: float) -> str:
	"""Bytes in words."""
	for unit in ("B", "KB", "MB", "GB"):
		if number < 1000:
			return f"{number:,.0f} {unit}" if unit in ("B", "KB") else f"{number:,.1f} {unit}"
		number /= 1000
	return f"{number:,.1f} TB"
