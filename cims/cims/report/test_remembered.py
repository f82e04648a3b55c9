from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.cims.number_card import figures
from cims.cims.report import remembered
from cims.cims.report.testing import SEES_GROUP, ReportTestCase


class TestRemembered(FrappeTestCase):
	def setUp(self):
		super().setUp()
		remembered.forget()
		self.addCleanup(remembered.forget)

	def value(self):
		return remembered.rows("SELECT UUID()")[0][0]

	def test_what_is_quick_is_read_each_time(self):
		with patch.object(remembered, "SLOW", 1000):
			self.assertNotEqual(self.value(), self.value())
		self.assertIsNone(remembered.notice())

	def test_what_is_slow_is_read_once_and_said_to_be_of_then(self):
		with patch.object(remembered, "SLOW", 0):
			first = self.value()
			self.assertIsNone(remembered.notice())
			self.assertEqual(self.value(), first)
		self.assertIn("every five minutes", remembered.notice())
		remembered.forget()
		self.assertNotEqual(self.value(), first)

	def test_other_values_are_another_question(self):
		role = frappe.qb.DocType("Role")
		with patch.object(remembered, "SLOW", 0):
			for name in ("CIMS Viewer", "CIMS Sales"):
				query = frappe.qb.from_(role).select(role.name).where(role.name == name)
				for as_dict in (False, True, True):
					row = remembered.rows(query, as_dict=as_dict)[0]
					self.assertEqual(row.name if as_dict else row[0], name)


class TestRememberedByReader(ReportTestCase):
	def test_nobody_is_shown_what_another_may_see(self):
		with patch.object(remembered, "SLOW", 0):
			everybody = figures.customers()["value"]
			frappe.set_user(SEES_GROUP)
			self.assertEqual(figures.customers()["value"], 5)
			frappe.set_user("Administrator")
			self.assertEqual(figures.customers()["value"], everybody)
