import frappe
from frappe.desk.query_report import run
from frappe.utils import add_days, today

from cims.cims.report.testing import SEES_GROUP, ReportTestCase, by, keep_points
from cims.cims.report.trust_movements.trust_movements import DOWN, GONE, NEW, UP, execute

REPORT = "Trust Movements"
MONTH_ENDS = ("2025-01-31", "2025-02-28", "2025-03-31")
SPAN = {"from_date": "2025-01-31", "to_date": "2025-03-31"}


class TestTrustMovements(ReportTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		snapshots = (
			# A: up. The days after the first and after the last asked about must not count.
			("RT-A", "2025-01-31", "A", 720), ("RT-A", "2025-02-01", "D", 100), ("RT-A", "2025-02-28", "A", 725),
			("RT-A", "2025-03-31", "AA", 760), ("RT-A", "2025-04-01", "D", 100),
			# B: down, by what happened on the 14th and the 16th of March.
			("RT-B", "2025-01-31", "A", 700), ("RT-B", "2025-02-28", "A", 701), ("RT-B", "2025-03-14", "B", 610),
			("RT-B", "2025-03-16", "C", 550), ("RT-B", "2025-03-31", "B", 600),
			# C: rated for the first time. D: not rated any more. F: the same grade, 15 points less.
			("RT-C", "2025-03-31", "C", 500),
			("RT-D", "2025-01-31", "B", 600), ("RT-D", "2025-02-28", "B", 600), ("RT-D", "2025-03-31", "NR", 600),
			("RT-F", "2025-01-31", "A", 715), ("RT-F", "2025-02-28", "A", 715), ("RT-F", "2025-03-31", "A", 700),
			("RT-X", "2025-01-31", "A", 715), ("RT-X", "2025-03-31", "D", 100),
		)  # fmt: skip
		keep_points((*row, row[1] not in MONTH_ENDS) for row in snapshots)

	def moved(self, **filters):
		return execute(self.filters(**SPAN, **filters))[1]

	def test_grades_and_scores_of_the_two_days(self):
		rows = by(self.moved(), "customer")
		self.assertEqual(
			{name: (row.grade_from, row.grade_to, row.change, row.direction) for name, row in rows.items()},
			{
				"RT-A": ("A", "AA", 40, UP),
				"RT-B": ("A", "B", -100, DOWN),
				"RT-C": ("NR", "C", None, NEW),
				"RT-D": ("B", "NR", None, GONE),
				"RT-F": ("A", "A", -15, "Same grade"),
			},
		)
		self.assertEqual(list(rows)[:3], ["RT-B", "RT-A", "RT-F"])

	def test_between_month_ends_what_moved_since_the_last_one_counts(self):
		rows = by(execute(self.filters(from_date="2025-02-01", to_date="2025-03-15"))[1], "customer")
		self.assertEqual(
			{name: (row.grade_from, row.grade_to, row.change) for name, row in rows.items()},
			{"RT-A": ("D", "A", 625), "RT-B": ("A", "B", -90)},
		)

	def test_small_moves_are_left_out(self):
		self.assertNotIn("RT-F", by(self.moved(points=15.1), "customer"))

	def test_one_direction(self):
		for direction, name in ((UP, "RT-A"), (DOWN, "RT-B"), (NEW, "RT-C"), (GONE, "RT-D")):
			with self.subTest(direction):
				self.assertEqual([row.customer for row in self.moved(direction=direction)], [name])

	def test_summary_and_chart(self):
		_columns, _rows, _message, chart, summary = execute(self.filters(**SPAN))
		self.assertEqual([figure["value"] for figure in summary], [1, 1, 1, 1, 1])
		at = chart["data"]["labels"].index("from A")
		self.assertEqual([dataset["values"][at] for dataset in chart["data"]["datasets"]], [1, 1])

	def test_up_to_today_means_the_rating_of_today(self):
		rows = by(execute(self.filters(from_date="2025-03-31", to_date=today()))[1], "customer")
		self.assertEqual((rows["RT-A"].grade_to, rows["RT-A"].score_to), ("AAA", 850))

	def test_no_snapshots(self):
		_columns, rows, message, chart, summary = execute(
			self.filters(from_date="2020-01-01", to_date="2020-02-01")
		)
		self.assertEqual((rows, message, chart), ([], None, None))
		self.assertEqual({figure["value"] for figure in summary}, {0})

	def test_days_in_the_wrong_order_and_unknown_directions(self):
		for wrong in ({"from_date": today(), "to_date": add_days(today(), -1)}, {"direction": "Sideways"}):
			with self.subTest(wrong), self.assertRaises(frappe.ValidationError):
				execute(wrong)

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_sees_own_customers_only(self):
		frappe.set_user(SEES_GROUP)
		self.assertEqual(
			{row["customer"] for row in run(REPORT, filters=SPAN)["result"]},
			{"RT-A", "RT-B", "RT-C", "RT-D", "RT-F"},
		)
