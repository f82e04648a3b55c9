import frappe
from frappe.desk.query_report import run
from frappe.utils import getdate, today

from cims.cims.report.testing import SEES_GROUP, ReportTestCase, by, insert, keep_points
from cims.cims.report.trust_comparison.trust_comparison import execute
from cims.trust.calendar import month_ends, to_date, to_day

REPORT = "Trust Comparison"
# The last 8 month ends, oldest first.
ENDS = [to_date(day) for day in month_ends(to_day(getdate(today())), 8)]


class TestTrustComparison(ReportTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		rows = [("RT-A", day, "AAA", 800 + at) for at, day in enumerate(ENDS)]
		# Beta has been rated from the second month on and misses one; Gamma for two months only.
		rows += [("RT-B", day, "B", 600 + at) for at, day in enumerate(ENDS) if at not in (0, 4)]
		rows += [("RT-B", ENDS[4], "NR", 0), ("RT-C", ENDS[-1], "C", 500)]
		keep_points((*row, False) for row in rows)
		frappe.db.delete("Trust Segment Snapshot", {"day": ("in", ENDS)})
		insert(
			"Trust Segment Snapshot",
			"name segment day customers q1 median q3",
			[(f"rts-{at}", "All", day, 5, 400 + at, 600 + at, 800 + at) for at, day in enumerate(ENDS)],
		)

	def compared(self, *names, **filters):
		return execute({"customers": list(names), "months": 8, **filters})

	def test_rows_in_the_order_asked(self):
		rows = self.compared("RT-B", "RT-A", "RT-D")[1]
		self.assertEqual([row.customer for row in rows], ["RT-B", "RT-A", "RT-D"])
		self.assertEqual(
			(rows[0].low, rows[0].high, rows[0].change_90d, rows[0].change_1y), (590, 610, -30, 40)
		)
		self.assertEqual((rows[2].grade, rows[2].score, rows[2].low), ("NR", None, None))

	def test_curves_over_the_quartiles(self):
		chart = self.compared("RT-A", "RT-B")[3]
		names = [dataset["name"] for dataset in chart["data"]["datasets"]]
		self.assertEqual(names[3:], ["Alpha", "Beta"])
		values = [dataset["values"] for dataset in chart["data"]["datasets"]]
		# From the second month on, when both were rated; today at the end, the last quartiles standing for it.
		self.assertEqual(values[3], [801, 802, 803, 804, 805, 806, 807, 850])
		self.assertEqual(values[4], [601, 602, 603, 603, 605, 606, 607, 600])
		self.assertEqual(values[1], [601, 602, 603, 604, 605, 606, 607, 607])
		self.assertEqual(chart["data"]["labels"][0], f"{ENDS[1]:%Y-%m}")
		self.assertEqual(chart["data"]["labels"][-1], "Today")

	def test_a_short_history_does_not_cut_the_others_short(self):
		_columns, rows, message, chart, _summary = self.compared("RT-A", "RT-C")
		self.assertEqual(len(rows), 2)
		self.assertIn("Gamma", message)
		self.assertEqual(chart["data"]["datasets"][-1]["name"], "Alpha")
		self.assertEqual(len(chart["data"]["labels"]), 9)

	def test_only_short_histories_are_drawn_as_far_as_they_go(self):
		chart = self.compared("RT-C")[3]
		self.assertEqual(chart["data"]["datasets"][-1]["values"], [500, 500])

	def test_without_the_peers(self):
		frappe.db.delete("Trust Segment Snapshot", {"segment": "All", "day": ENDS[3]})
		_columns, _rows, message, chart, _summary = self.compared("RT-A")
		self.assertEqual(len(chart["data"]["datasets"]), 1)
		self.assertIn("quartiles", message)

	def test_summary(self):
		summary = by(self.compared("RT-A", "RT-B", "RT-D")[4], "label")
		self.assertEqual(
			[summary[name]["value"] for name in ("Most Trusted", "Least Trusted", "Not Rated")],
			["Alpha", "Beta", 1],
		)

	def test_nobody_chosen_and_nobody_rated(self):
		_columns, rows, message, chart, summary = execute({})
		self.assertEqual((rows, chart, summary), ([], None, []))
		self.assertIn("10", message)
		_columns, rows, message, chart, summary = self.compared("RT-D")
		self.assertEqual((len(rows), chart, summary), (1, None, []))

	def test_more_than_ten_are_refused(self):
		with self.assertRaises(frappe.ValidationError):
			self.compared(*(f"RT-{at}" for at in range(11)))

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_is_not_told_whether_others_exist(self):
		frappe.set_user(SEES_GROUP)
		result = run(REPORT, filters={"customers": ["RT-A", "RT-X", "RT-Nobody"], "months": 8})
		self.assertEqual([row["customer"] for row in result["result"]], ["RT-A"])
		self.assertIn("RT-X, RT-Nobody", result["message"])
