from datetime import date, timedelta
from unittest.mock import patch

import frappe
from frappe.desk.query_report import run

from cims.cims.report.receivables_ageing_by_grade import receivables_ageing_by_grade as report
from cims.cims.report.testing import GROUP, SEES_GROUP, ReportTestCase, by, insert
from cims.trust.calendar import Calendar, to_day

REPORT = "Receivables Ageing by Grade"
# A Monday.
TODAY = date(2026, 3, 2)


def ago(days: int) -> date:
	return TODAY - timedelta(days=days)


class TestReceivablesAgeing(ReportTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		orders = (
			# customer, due days ago, outstanding, currency, docstatus, disputed from and to (days ago)
			("RT-A", -10, 100, "CNY", 1, None, None),
			("RT-A", 0, 200, "CNY", 1, None, None),
			("RT-B", 1, 10, "CNY", 1, None, None),
			("RT-B", 30, 20, "CNY", 1, None, None),
			("RT-B", 31, 40, "CNY", 1, None, None),
			("RT-B", 60, 80, "CNY", 1, None, None),
			("RT-C", 61, 160, "CNY", 1, None, None),
			("RT-C", 90, 320, "CNY", 1, None, None),
			("RT-C", 91, 640, "CNY", 1, None, None),
			# In dispute since before it was due: the clock has not moved.
			("RT-C", 40, 1000, "CNY", 1, 50, None),
			# In dispute for 15 of its 40 days: 25 days late.
			("RT-C", 40, 2000, "CNY", 1, 30, 15),
			("RT-E", 5, 5, "CNY", 1, None, None),
			("RT-F", 5, 7, "USD", 1, None, None),
			# Not owed: settled, a draft, cancelled. And another group's.
			("RT-A", 50, 0, "CNY", 1, None, None),
			("RT-A", 50, 9999, "CNY", 0, None, None),
			("RT-A", 50, 9999, "CNY", 2, None, None),
			("RT-X", 50, 9999, "CNY", 1, None, None),
		)
		insert(
			"CIMS Order",
			"name customer order_date delivery_date due_date outstanding_amount currency docstatus disputed_from disputed_to",
			[
				(f"RT-SO-{at}", customer, ago(200), ago(190), ago(due), amount, currency, docstatus,
				 start and ago(start), end and ago(end))
				for at, (customer, due, amount, currency, docstatus, start, end) in enumerate(orders)
			],
		)  # fmt: skip

	def setUp(self):
		super().setUp()
		self.at(TODAY, "1111111")

	def at(self, day: date, weekmask: str):
		"""The report as of `day`, on a site with these business days."""
		for name, value in (("today", to_day(day)), ("site_calendar", Calendar(weekmask))):
			patcher = patch.object(report, name, return_value=value)
			patcher.start()
			self.addCleanup(patcher.stop)

	def rows(self, **filters):
		return report.execute(self.filters(**filters))[1]

	def test_buckets_of_each_grade(self):
		rows = by(self.rows(currency="CNY"), "grade")
		self.assertEqual(list(rows), ["AAA", "B", "C", "D", "Total"])
		buckets = {grade: [row[name] for name in report.BUCKETS] for grade, row in rows.items()}
		self.assertEqual(buckets["AAA"], [300, 0, 0, 0, 0])
		self.assertEqual(buckets["B"], [0, 30, 120, 0, 0])
		self.assertEqual(buckets["C"], [1000, 2000, 0, 480, 640])
		self.assertEqual(buckets["D"], [0, 5, 0, 0, 0])
		self.assertEqual((rows["C"].receivables, rows["C"].customers, rows["C"].disputed), (5, 1, 1000))

	def test_the_total_is_what_is_outstanding(self):
		rows = self.rows()
		names = frappe.get_all("CIMS Customer", {"customer_group": GROUP}, pluck="name")
		for currency in ("CNY", "USD"):
			total = next(row for row in rows if row.get("is_total") and row.currency == currency)
			orders = frappe.get_all(
				"CIMS Order",
				{"customer": ("in", names), "docstatus": 1, "currency": currency},
				pluck="outstanding_amount",
			)
			self.assertEqual(total.outstanding, sum(orders))
			self.assertEqual(
				total.outstanding, sum(row.outstanding for row in rows if row.currency == currency) / 2
			)

	def test_overdue_and_its_share(self):
		rows = by(self.rows(currency="CNY"), "grade")
		self.assertEqual((rows["C"].overdue, rows["C"].outstanding), (3120, 4120))
		self.assertAlmostEqual(rows["C"].overdue_share, 100 * 3120 / 4120)

	def test_only_what_is_overdue(self):
		_columns, rows, _message, chart, _summary = report.execute(
			self.filters(currency="CNY", overdue_only=1)
		)
		self.assertNotIn("AAA", by(rows, "grade"))
		self.assertEqual(len(chart["data"]["datasets"]), 4)
		self.assertEqual(by(rows, "grade")["Total"].outstanding, 30 + 120 + 3120 + 5)

	def test_a_due_date_on_a_day_off_binds_from_the_next_business_day(self):
		# Due on Sunday, asked on Monday: not late. Due on Saturday the week before: late since that Monday, 7 days.
		self.at(TODAY, "1111100")
		rows = by(self.rows(currency="CNY"), "grade")
		self.assertEqual(rows["B"].not_due, 10)
		# Due 31 days ago was a Friday, 30 days ago a Saturday: 28 days late.
		self.assertEqual((rows["B"].days_1_30, rows["B"].days_31_60), (20, 120))

	def test_two_currencies_are_not_added_up(self):
		_columns, rows, message, chart, summary = report.execute(self.filters())
		self.assertEqual(
			[(row.grade, row.outstanding) for row in rows if row.currency == "USD"], [("A", 7), ("Total", 7)]
		)
		self.assertIn("CNY", message)
		self.assertEqual((chart["currency"], chart["data"]["labels"]), ("CNY", ["AAA", "B", "C", "D"]))
		self.assertEqual(
			[entry["currency"] for entry in summary if "currency" in entry], ["CNY"] * 3 + ["USD"] * 3
		)

	def test_nothing_owed(self):
		_columns, rows, message, chart, summary = report.execute({"city": "Nowhere"})
		self.assertEqual((rows, message, chart, summary), ([], None, None, []))

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_sees_what_own_customers_owe(self):
		frappe.set_user(SEES_GROUP)
		rows = run(REPORT, filters={"currency": "CNY"})["result"]
		self.assertEqual(by(rows, "grade")["Total"]["outstanding"], 300 + 150 + 4120 + 5)
