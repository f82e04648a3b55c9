"""A handful of customers whose figures can be worked out by hand, for the tests of reports and number cards.

Rows go straight into the tables: the reports read what the ratings left there, and need no engine to be tested.
"""

from collections.abc import Iterable
from datetime import date

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import getdate

from cims.cims.report import remembered
from cims.cims.report.common import CUSTOMER
from cims.ratings import snapshots
from cims.ratings.snapshots import Point
from cims.trust.calendar import to_day
from cims.trust.policy import NOT_RATED

GROUP, OTHER_GROUP = "Report Test Group", "Report Test Other Group"
SEES_GROUP, OUTSIDER = "report-reader@example.com", "report-outsider@example.com"
ROLES = ("CIMS Manager", "CIMS Sales", "CIMS Service", "CIMS Viewer", "CIMS Auditor")
# name, customer name, grade, score, 90-day change, watch, status, city, open, overdue, currency, created
CUSTOMERS = (
	("RT-A", "Alpha", "AAA", 850.0, 10.0, 0, "Active", "Shanghai", 1000, 0, "CNY", "2025-01-10"),
	("RT-B", "Beta", "B", 600.0, -30.0, 1, "Active", "Beijing", 3000, 500, "CNY", "2025-01-20"),
	("RT-C", "Gamma", "C", 500.0, -5.0, 0, "Active", None, 700, 700, "CNY", "2025-03-05"),
	("RT-D", "=1+1", "NR", 0.0, 0.0, 0, "Prospect", "Shanghai", 0, 0, "CNY", "2025-03-31"),
	("RT-E", "Epsilon", "D", 300.0, 0.0, 1, "Archived", "Shanghai", 50, 50, "CNY", "2024-06-01"),
	("RT-F", "Zeta", "A", 700.0, 0.0, 0, "Active", "Beijing", 80, 80, "USD", "2024-12-31"),
	("RT-X", "Not in the group", "AAA", 990.0, 0.0, 1, "Active", "Shanghai", 9000, 9000, "CNY", "2025-01-10"),
)


class ReportTestCase(FrappeTestCase):
	"""The customers of `CUSTOMERS`, all but the last in one group, and a viewer who may see that group only."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		for group in (GROUP, OTHER_GROUP):
			frappe.get_doc(doctype="CIMS Customer Group", group_name=group).insert()
		insert(
			CUSTOMER,
			"name code customer_name trust_grade trust_score trust_change trust_watch status city open_amount "
			"overdue_amount currency creation customer_group customer_type country level",
			[
				(row[0], *row, OTHER_GROUP if row[0] == "RT-X" else GROUP, "Company", "China", "Key")
				for row in CUSTOMERS
			],
		)
		insert(
			"Trust Rating",
			"name customer grade rated score low high change_90d has_change_90d change_1y has_change_1y days_beyond_terms "
			"settled_count percentile compared segment first_evidence_on",
			[
				("RT-A", "RT-A", "AAA", 1, 850, 820, 880, 10, 1, 0, 0, -2.5, 9, 90, 1, "", "2025-02-01"),
				("RT-B", "RT-B", "B", 1, 600, 590, 610, -30, 1, 40, 1, 12.0, 30, 40, 1, "", "2025-02-15"),
				("RT-C", "RT-C", "C", 1, 500, 450, 550, -5, 1, 0, 0, 0, 0, 10, 1, "", "2025-03-20"),
				("RT-D", "RT-D", "NR", 0, 700, 300, 900, 0, 0, 0, 0, 0, 0, 0, 0, "", None),
				("RT-F", "RT-F", "A", 1, 700, 400, 900, 0, 0, 0, 0, 20.0, 3, 60, 1, "", "2025-03-25"),
			],
		)
		make_user(SEES_GROUP, "CIMS Viewer")
		frappe.get_doc(
			doctype="User Permission",
			user=SEES_GROUP,
			allow="CIMS Customer Group",
			for_value=GROUP,
			apply_to_all_doctypes=1,
		).insert()
		# Otherwise customers without a group, which the site may have, are everyone's.
		frappe.db.set_single_value("System Settings", "apply_strict_user_permissions", 1)
		forget_settings()
		make_user(OUTSIDER, "Blogger" if frappe.db.exists("Role", "Blogger") else "Desk User")

	@classmethod
	def tearDownClass(cls):
		super().tearDownClass()
		forget_settings()

	def setUp(self):
		super().setUp()
		remembered.forget()
		frappe.db.savepoint("report_test")

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback(save_point="report_test")
		super().tearDown()

	def filters(self, **more) -> dict:
		return {"customer_group": [GROUP], **more}

	def check_refused(self, report: str):
		"""An outsider can't run the report, however it is asked for."""
		from frappe.desk.query_report import run

		frappe.set_user(OUTSIDER)
		with self.assertRaises(frappe.PermissionError):
			run(report, filters={})

	def check_roles(self, report: str):
		"""Each of the five roles by itself may run the report."""
		from frappe.desk.query_report import run

		for role in ROLES:
			user = f"report-{role.lower().replace(' ', '-')}@example.com"
			make_user(user, role)
			frappe.set_user(user)
			with self.subTest(role=role):
				self.assertIn("columns", run(report, filters={}))
			frappe.set_user("Administrator")


def forget_settings() -> None:
	"""Makes Frappe read the system settings again."""
	frappe.clear_document_cache("System Settings", "System Settings")
	if hasattr(frappe.local, "system_settings"):
		del frappe.local.system_settings


def insert(doctype: str, fields: str, rows: list[tuple]) -> None:
	"""Rows as they are: `fields` are names apart by blanks; text stands for days and times."""
	frappe.db.bulk_insert(doctype, fields.split(), [tuple(row) for row in rows])


def keep_points(rows: Iterable[tuple]) -> None:
	"""Points of curves, each as (customer, day, grade, score, whether the score moved on that day)."""
	points = [
		Point(
			customer,
			to_day(getdate(day)),
			score,
			score,
			score,
			0.5,
			grade,
			grade != NOT_RATED,
			"",
			event,
			"{}",
			None,
		)
		for customer, day, grade, score, event in rows
	]
	snapshots.write(points, "POL-0001")


def make_user(email: str, role: str) -> None:
	if not frappe.db.exists("User", email):
		frappe.get_doc(
			doctype="User", email=email, first_name="Report", send_welcome_email=0, roles=[{"role": role}]
		).insert(ignore_permissions=True)


def by(rows: list[dict], field: str) -> dict:
	"""The rows under the value that each has in `field`."""
	return {row[field]: row for row in rows}


def day(text: str) -> date:
	return date.fromisoformat(text)
