"""Which days are days off for a company, where its Holiday List says so; else those of the site are (`site_calendar`)."""

from dataclasses import dataclass
from datetime import date

import numpy as np

import frappe
from frappe.utils import cint, getdate

from cims.trust.calendar import NEVER, Calendar, to_date, to_day

EVERY_DAY = "1111111"


@dataclass(frozen=True)
class Days:
	"""A Holiday List: it knows the days from `first` to `last`, and names the weekends among the days off."""

	first: int
	last: int
	calendar: Calendar

	def roll(self, due: np.ndarray) -> np.ndarray:
		"""From which day on each due date binds; NEVER for what lies outside of the list."""
		known = (due >= self.first) & (due <= self.last)
		return np.where(known, self.calendar.roll(due), NEVER)

	def binds_on(self, due: date) -> date | None:
		"""The same for one day, None outside of the list."""
		day = int(self.roll(np.array([to_day(due)]))[0])
		return None if day == NEVER else to_date(day)


def of_companies() -> dict[str, Days]:
	"""Company -> its Holiday List, of those that have one which says when the week ends."""
	lists = frappe.get_all(
		"Company", {"default_holiday_list": ("is", "set")}, ["name", "default_holiday_list"]
	)
	found = {row.name: _days(row.default_holiday_list) for row in lists}
	return {company: days for company, days in found.items() if days}


def _days(name: str) -> Days | None:
	doc = frappe.get_cached_doc("Holiday List", name)
	if not any(cint(row.weekly_off) for row in doc.holidays):
		return None
	off = frozenset(getdate(row.holiday_date) for row in doc.holidays)
	return Days(to_day(getdate(doc.from_date)), to_day(getdate(doc.to_date)), Calendar(EVERY_DAY, off))
