"""Which days are business days on the site."""

from datetime import date
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.ratings import calendar
from cims.trust.calendar import to_date, to_day


class TestCalendar(FrappeTestCase):
	def settings(self, **values):
		doc = frappe.get_single("CIMS Settings")
		doc.update({"holiday_country": None, "weekend": "Saturday and Sunday", **values})
		doc.save()

	def rolled(self, day: date) -> date:
		return to_date(calendar.site_calendar().roll([to_day(day)])[0])

	def test_weekends(self):
		friday, saturday, sunday = date(2025, 8, 1), date(2025, 8, 2), date(2025, 8, 3)
		expected = {
			"Saturday and Sunday": (1, 4, 4),
			"Friday and Saturday": (3, 3, 3),
			"Sunday": (1, 2, 4),
			"None": (1, 2, 3),
		}
		self.assertEqual(
			frappe.get_meta("CIMS Settings").get_field("weekend").options.split("\n"), list(expected)
		)
		for weekend, days in expected.items():
			self.settings(weekend=weekend)
			self.assertEqual(
				[self.rolled(day).day for day in (friday, saturday, sunday)], list(days), weekend
			)

	def test_public_holidays_of_the_country(self):
		self.settings(holiday_country="China")
		# National Day with the days off around it.
		self.assertGreater(self.rolled(date(2024, 10, 1)), date(2024, 10, 4))
		self.settings(holiday_country="Germany")
		self.assertEqual(self.rolled(date(2024, 10, 1)), date(2024, 10, 1))
		self.assertEqual(self.rolled(date(2024, 10, 3)), date(2024, 10, 4))

	def test_a_country_without_known_holidays_has_its_weekend(self):
		self.settings(holiday_country="China")
		with patch.object(calendar, "country_code", return_value="ZZ"):
			self.assertEqual(self.rolled(date(2024, 10, 1)), date(2024, 10, 1))
			self.assertEqual(self.rolled(date(2024, 10, 5)), date(2024, 10, 7))

	def test_erpnext_s_holiday_list_where_no_country_is_named(self):
		self.settings()
		days = frappe._dict(holidays=[frappe._dict(holiday_date="2024-10-01")])
		cached = frappe.get_cached_doc

		def get_cached_doc(doctype, *args, **kwargs):
			return days if doctype == "Holiday List" else cached(doctype, *args, **kwargs)

		with (
			patch("frappe.get_installed_apps", return_value=["frappe", "erpnext", "cims"]),
			patch("frappe.defaults.get_global_default", return_value="A Company"),
			patch("frappe.get_cached_value", return_value="Days Off"),
			patch("frappe.get_cached_doc", side_effect=get_cached_doc),
		):
			self.assertEqual(self.rolled(date(2024, 10, 1)), date(2024, 10, 2))
