"""Which days are business days on this site, and today."""

from datetime import date
from functools import lru_cache

import frappe
from frappe.utils import getdate, nowdate

from cims.trust.calendar import Calendar, to_day

WEEKMASKS = {
	"Saturday and Sunday": "1111100",
	"Friday and Saturday": "1111001",
	"Sunday": "1111110",
	"None": "1111111",
}
# Due dates lie within these years; the library computes each in about a millisecond.
YEARS = range(1990, 2051)


def today() -> int:
	"""Today in the site's time zone, in days since 1970."""
	return to_day(getdate(nowdate()))


def site_calendar() -> Calendar:
	"""The site's business days: its weekend, and the public holidays of the country in CIMS Settings.

	Without a country, ERPNext's default Holiday List stands in where there is one.
	"""
	settings = frappe.get_cached_doc("CIMS Settings")
	weekmask = WEEKMASKS.get(settings.weekend, WEEKMASKS["Saturday and Sunday"])
	if settings.holiday_country:
		return _calendar_of(country_code(settings.holiday_country), weekmask)
	return Calendar(weekmask, _holiday_list())


def country_code(country: str) -> str:
	"""ISO 3166 code of a Country, in capitals."""
	return (frappe.get_cached_value("Country", country, "code") or "").upper()


@lru_cache(maxsize=32)
def _calendar_of(code: str, weekmask: str) -> Calendar:
	try:
		return Calendar.of_country(code, YEARS, weekmask)
	except ValueError:
		return Calendar(weekmask)


def _holiday_list() -> frozenset[date]:
	"""The days of the default company's Holiday List, where ERPNext is on the site."""
	company = frappe.defaults.get_global_default("company")
	if not company or "erpnext" not in frappe.get_installed_apps():
		return frozenset()
	name = frappe.get_cached_value("Company", company, "default_holiday_list")
	if not name:
		return frozenset()
	return frozenset(
		getdate(row.holiday_date) for row in frappe.get_cached_doc("Holiday List", name).holidays
	)
