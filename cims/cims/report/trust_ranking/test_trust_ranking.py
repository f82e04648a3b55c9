import frappe
from frappe.desk.query_report import run

from cims.cims.report.testing import GROUP, SEES_GROUP, ReportTestCase, by
from cims.cims.report.trust_ranking.trust_ranking import execute

REPORT = "Trust Ranking"


class TestTrustRanking(ReportTestCase):
	def order(self, **filters):
		return [row.customer for row in execute(self.filters(**filters))[1]]

	def test_the_cautious_end_decides(self):
		# Zeta has the second best score, 700, yet so little is known that 400 is its low end.
		self.assertEqual(self.order(), ["RT-A", "RT-B", "RT-C", "RT-F"])
		self.assertEqual(self.order(order_by="Score"), ["RT-A", "RT-F", "RT-B", "RT-C"])

	def test_other_orders(self):
		self.assertEqual(self.order(last_first=1), ["RT-F", "RT-C", "RT-B", "RT-A"])
		self.assertEqual(self.order(order_by="Overdue amount")[:2], ["RT-C", "RT-B"])
		# Who has too little history for a figure has no place in an order by it.
		self.assertEqual(self.order(order_by="Days beyond terms"), ["RT-F", "RT-B", "RT-A"])
		self.assertEqual(self.order(order_by="Change in a year"), ["RT-B"])

	def test_only_on_watch_and_by_grade(self):
		self.assertEqual(self.order(watch=1), ["RT-B"])
		self.assertEqual(self.order(grade=["B", "C"]), ["RT-B", "RT-C"])
		self.assertEqual(self.order(grade='["B"]'), ["RT-B"])

	def test_figures_that_are_not_known_are_empty(self):
		rows = by(execute(self.filters())[1], "customer")
		self.assertIsNone(rows["RT-C"].days_beyond_terms)
		self.assertIsNone(rows["RT-A"].change_1y)
		self.assertEqual((rows["RT-B"].change_1y, rows["RT-B"].rank), (40, 2))

	def test_the_rest_is_mentioned(self):
		_columns, rows, message, *_rest = execute(self.filters(show=2))
		self.assertEqual(len(rows), 2)
		self.assertIn("2 of 4", message)

	def test_summary_and_chart(self):
		_columns, _rows, message, chart, summary = execute(self.filters())
		figures = by(summary, "label")
		self.assertIsNone(message)
		self.assertEqual((figures["Rated"]["value"], figures["Not Rated"]["value"]), (4, 1))
		self.assertEqual(figures["Mean Score"]["value"], "662.5")
		self.assertEqual(
			{(e["currency"], e["value"]) for e in summary if "currency" in e}, {("CNY", 1200), ("USD", 80)}
		)
		self.assertEqual(chart["data"]["labels"], [f"{low}+" for low in range(500, 900, 50)])
		self.assertEqual(chart["data"]["datasets"][0]["values"], [1, 0, 1, 0, 1, 0, 0, 1])

	def test_no_customers(self):
		_columns, rows, message, chart, summary = execute({"city": "Nowhere"})
		self.assertEqual((rows, message, chart), ([], None, None))
		self.assertEqual(by(summary, "label")["Mean Score"]["value"], "–")

	def test_unknown_order_is_refused(self):
		with self.assertRaises(frappe.ValidationError):
			execute({"order_by": "owner"})

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_ranks_own_customers_only(self):
		frappe.set_user(SEES_GROUP)
		rows = run(REPORT, filters={})["result"]
		self.assertEqual({row["customer_group"] for row in rows}, {GROUP})
		self.assertEqual(len(rows), 4)
