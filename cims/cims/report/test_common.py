import frappe

from cims.cims.report import common
from cims.cims.report.customer_distribution import customer_distribution
from cims.cims.report.customer_growth import customer_growth
from cims.cims.report.receivables_ageing_by_grade import receivables_ageing_by_grade
from cims.cims.report.testing import GROUP, ReportTestCase
from cims.cims.report.trust_comparison import trust_comparison
from cims.cims.report.trust_movements import trust_movements
from cims.cims.report.trust_ranking import trust_ranking

REPORTS = (
	customer_distribution,
	customer_growth,
	receivables_ageing_by_grade,
	trust_comparison,
	trust_movements,
	trust_ranking,
)


class TestCommon(ReportTestCase):
	def test_a_report_takes_a_few_statements_whatever_the_number_of_customers(self):
		names = frappe.get_all("CIMS Customer", {"customer_group": GROUP}, pluck="name")
		for report in REPORTS:
			filters = {"customers": names} if report is trust_comparison else self.filters()
			report.execute(dict(filters))
			with self.subTest(report.__name__), self.assertQueryCount(12):
				report.execute(dict(filters))

	def test_grades_of_the_policy_in_force(self):
		frappe.db.set_value("Trust Policy", {"status": "Published"}, "status", "Retired")
		self.assertEqual(common.grades(), ["AAA", "AA", "A", "B", "C", "D", "NR"])
		for version, bands in ((901, [("Old", 0)]), (902, [("Poor", 0), ("Fine", 500)])):
			policy = f"report-policy-{version}"
			frappe.db.bulk_insert(
				"Trust Policy", ["name", "version", "status"], [(policy, version, "Published")]
			)
			frappe.db.bulk_insert(
				"Trust Grade Band",
				["name", "parent", "parenttype", "parentfield", "grade", "floor"],
				[
					(f"{policy}-{grade}", policy, "Trust Policy", "bands", grade, floor)
					for grade, floor in bands
				],
			)
		self.assertEqual(common.grades(), ["Fine", "Poor", "NR"])
		self.assertEqual(
			common.in_order(["Poor", "Old", "NR"], common.grades()), ["Fine", "Poor", "NR", "Old"]
		)

	def test_a_filter_may_be_a_text_a_list_or_json(self):
		for value in ("B", ["B"], '["B"]'):
			self.assertEqual(common.as_list(value), ["B"])

	def test_amounts_of_different_currencies_are_kept_apart(self):
		where = common.readable(frappe._dict(self.filters()))
		self.assertEqual(common.amounts_by_currency("overdue_amount", where), [("CNY", 1200), ("USD", 80)])
