import frappe
from frappe.desk.query_report import run

from cims.cims.report.customer_growth.customer_growth import CREATED, EVIDENCE, execute
from cims.cims.report.testing import SEES_GROUP, ReportTestCase, by, day

REPORT = "Customer Growth"
SPAN = {"from_date": "2025-01-15", "to_date": "2025-04-10"}


class TestCustomerGrowth(ReportTestCase):
	def test_months_with_new_and_all_customers(self):
		rows = execute(self.filters(**SPAN))[1]
		self.assertEqual([row.period for row in rows], ["2025-01", "2025-02", "2025-03", "2025-04"])
		# January: Alpha, Beta. March: Gamma, and the one of the 31st. Before: Zeta, of the last day of 2024.
		self.assertEqual([row.new for row in rows], [2, 0, 2, 0])
		self.assertEqual([row.total for row in rows], [3, 3, 5, 5])
		self.assertEqual(rows[0].growth, 200.0)
		self.assertEqual((rows[0].from_date, rows[-1].to_date), (day("2025-01-01"), day("2025-04-10")))

	def test_quarters_and_years(self):
		quarters = execute(self.filters(**SPAN, interval="Quarter"))[1]
		self.assertEqual([(row.period, row.new) for row in quarters], [("2025 Q1", 4), ("2025 Q2", 0)])
		years = execute(self.filters(from_date="2024-05-05", to_date="2025-12-31", interval="Year"))[1]
		self.assertEqual(
			[(row.period, row.new, row.total) for row in years], [("2024", 1, 1), ("2025", 4, 5)]
		)

	def test_counting_from_the_first_evidence(self):
		rows = execute(self.filters(**SPAN, count_by=EVIDENCE))[1]
		self.assertEqual([row.new for row in rows], [0, 2, 2, 0])

	def test_summary_and_chart(self):
		_columns, rows, _message, chart, summary = execute(self.filters(**SPAN, count_by=CREATED))
		figures = by(summary, "label")
		self.assertEqual((figures["All Customers"]["value"], figures["New Customers"]["value"]), (5, 4))
		self.assertEqual(figures["Growth"]["value"], 400.0)
		self.assertEqual(chart["data"]["datasets"][1]["values"], [row.total for row in rows])

	def test_no_customers(self):
		_columns, rows, _message, chart, summary = execute({"city": "Nowhere", **SPAN})
		self.assertEqual((rows, chart), ([], None))
		self.assertEqual([figure["value"] for figure in summary], [0, 0, "–"])

	def test_days_that_make_no_sense(self):
		for wrong in (
			{"from_date": "2025-02-01", "to_date": "2025-01-01"},
			{"from_date": "1900-01-01", "to_date": "2025-01-01"},
			{"interval": "Fortnight"},
		):
			with self.subTest(wrong), self.assertRaises(frappe.ValidationError):
				execute(wrong)

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_counts_own_customers_only(self):
		frappe.set_user(SEES_GROUP)
		self.assertEqual(run(REPORT, filters=SPAN)["result"][-1]["total"], 5)
