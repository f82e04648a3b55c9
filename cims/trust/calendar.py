"""Business days and the clock of a receivable. Days are integers: days since 1970-01-01."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

EPOCH = date(1970, 1, 1)
# Later than any day that is asked about: the settlement day of what is still open.
NEVER = 10**7


def to_day(when: date) -> int:
	return (when - EPOCH).days


def to_date(day: int) -> date:
	return EPOCH + timedelta(days=int(day))


def month_ends(last: int, count: int) -> list[int]:
	"""The last `count` month ends strictly before the day `last`, oldest first."""
	first_of_month = to_date(last).replace(day=1)
	ends = []
	for _ in range(count):
		end = first_of_month - timedelta(days=1)
		ends.append(to_day(end))
		first_of_month = end.replace(day=1)
	return ends[::-1]


@dataclass(frozen=True)
class Calendar:
	"""weekmask: seven characters from Monday on, 1 for a business day. holidays: days off besides."""

	weekmask: str = "1111100"
	holidays: frozenset[date] = frozenset()

	@classmethod
	def of_country(cls, code: str, years: Iterable[int], weekmask: str = "1111100") -> "Calendar":
		"""Public holidays of a country (ISO 3166 code) by the `holidays` library.
		Raises ValueError for a country that the library does not know."""
		import holidays

		try:
			return cls(weekmask, frozenset(holidays.country_holidays(code, years=list(years))))
		except NotImplementedError:
			raise ValueError(f"No public holidays are known for the country {code!r}.") from None

	def roll(self, days: np.ndarray) -> np.ndarray:
		"""Each day, or the next business day where it is none."""
		if "1" not in self.weekmask:
			return np.asarray(days)
		dates = np.asarray(days, dtype="int64").astype("datetime64[D]")
		return np.busday_offset(dates, 0, roll="forward", busdaycal=self._business_days).astype("int64")

	@cached_property
	def _business_days(self) -> np.busdaycalendar:
		return np.busdaycalendar(self.weekmask, np.array(sorted(self.holidays), dtype="datetime64[D]"))


def paused_days(disputed_from, disputed_to, start, end):
	"""Days within [start, end) on which the clock stood still because of a dispute."""
	return np.maximum(np.minimum(disputed_to, end) - np.maximum(disputed_from, start), 0)


def days_beyond_terms(due, rolled_due, ended, paused=0):
	"""Days from the end of the terms to `ended` (settled, or the day asked about); negative when early.

	A due date on a non-business day binds from the next business day on; days in dispute don't count, and never
	turn a late payment into an early one.
	"""
	early = np.minimum(ended - due, 0)
	late = np.maximum(ended - rolled_due, 0)
	return early + np.maximum(late - paused, 0)
