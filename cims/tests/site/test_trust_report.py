"""The Trust Report on paper: the curve as an SVG that any renderer knows, and the page in both languages."""

import re
from datetime import date, timedelta
from unittest import TestCase
from xml.etree import ElementTree

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.ratings import rerate
from cims.ratings.drawing import curve_svg
from cims.tests import records

BANDS = [
	{"grade": "A", "floor": 600, "ceiling": 1000, "colour": "#93cfa0"},
	{"grade": "<D>", "floor": 0, "ceiling": 600, "colour": "#a8202f"},
]
FIRST = date(2025, 1, 31)


def day(number: int) -> str:
	return (FIRST + timedelta(days=number)).isoformat()


def panel(points: int = 24) -> dict:
	curve = [
		{"day": day(at * 30), "score": 640 + at, "low": 600 + at, "high": 690 + at, "grade": "A"}
		for at in range(points)
	]
	return {
		"curve": curve,
		"peers": [{"day": row["day"], "q1": 580, "median": 650, "q3": 710} for row in curve],
		"marks": [{"day": day(45), "points": -18.0}, {"day": day(-400), "points": 20.0}],
		"bands": BANDS,
	}


class TestCurve(TestCase):
	def drawn(self, data: dict) -> ElementTree.Element:
		return ElementTree.fromstring(curve_svg(data))

	def corners(self, svg: ElementTree.Element) -> list[tuple[float, float]]:
		pairs = " ".join(shape.get("points") for shape in svg.iter() if shape.get("points")).split()
		return [tuple(float(number) for number in pair.split(",")) for pair in pairs]

	def test_everything_lies_on_the_paper(self):
		svg = self.drawn(panel())
		for x, y in self.corners(svg):
			self.assertTrue(0 <= x <= 880 and 0 <= y <= 260, (x, y))

	def test_a_higher_score_is_drawn_higher(self):
		line = next(shape for shape in self.drawn(panel()).iter() if shape.get("stroke-width") == "2")
		heights = [float(pair.split(",")[1]) for pair in line.get("points").split()]
		self.assertEqual(heights, sorted(heights, reverse=True))

	def test_marks_outside_of_the_curve_are_left_out(self):
		triangles = [shape for shape in self.drawn(panel()).iter() if shape.get("stroke") == "#ffffff"]
		self.assertEqual(len(triangles), 1)

	def test_names_of_grades_are_text(self):
		self.assertIn("&lt;D&gt;", curve_svg(panel()))

	def test_one_point_and_none(self):
		self.assertTrue(self.corners(self.drawn(panel(points=1))))
		self.assertEqual(curve_svg(panel(points=0)), "")


class TestTrustReport(FrappeTestCase):
	def tearDown(self):
		frappe.local.lang = "en"

	def written(self, customer: str, language: str) -> str:
		frappe.local.lang = language
		page = frappe.get_print("CIMS Customer", customer, "Trust Report")
		return re.sub(r"<style.*?</style>|<svg.*?</svg>|<[^>]+>", " ", page, flags=re.DOTALL)

	def test_a_rated_customer(self):
		code = records.customer(customer_name="Quarry & Sons").name
		for months in range(6, 1, -1):
			order = records.order(code, 20_000, days_ago=months * 30, credit_days=30)
			order.deliver(order.order_date)
			records.payment(code, 20_000, (order.name, 20_000), days_ago=(months - 1) * 30 - 10)
		rerate.rate(code)
		grade = frappe.db.get_value("Trust Rating", code, "grade")
		english, chinese = self.written(code, "en"), self.written(code, "zh")
		for words in (
			"Trust Report",
			"Why this grade",
			"Open receivables",
			"days beyond terms",
			grade,
			"Quarry &amp; Sons",
		):
			self.assertIn(words, english)
		for words in ("信任评级报告", "评级原因", "未结应收", grade):
			self.assertIn(words, chinese)

	def test_a_customer_without_evidence(self):
		page = self.written(records.customer().name, "en")
		self.assertIn("Not rated", page)
		self.assertIn("There is no evidence yet", page)
