"""The HTML report: complete in itself, escaped, in both languages."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from cims.trust import report, words
from cims.trust.calendar import to_day
from cims.trust.file_rating import rate_receivables
from cims.trust.files.receivables import read
from cims.trust.policy import DEFAULT_BANDS, Policy
from cims.trust.sample.make import FILE
from cims.trust.tests.strategies import CALENDAR, date

NASTY = """<script>alert("x")</script>'&"""
FACTS = {"file": NASTY, "as_of_given": False, "rows": 3, "rejected": 1}


@pytest.fixture(scope="module")
def table():
	return read(FILE)[0]


def made(table, language="en", policy=None, top=50, **facts) -> str:
	found = rate_receivables(table, CALENDAR, table.last_day, policy or Policy(usual_amount=15_000), True)
	order = found.order("worst").tolist()
	return report.render(found, order, top, "worst", FACTS | facts, language)


class Tags(HTMLParser):
	"""The tags of a page, checked to be closed in order."""

	def __init__(self, page: str):
		super().__init__()
		self.open, self.seen = [], []
		self.feed(page)

	def handle_starttag(self, tag, attributes):
		self.seen.append((tag, dict(attributes)))
		if tag not in ("meta", "input", "rect", "line", "circle", "polyline", "polygon", "br"):
			self.open.append(tag)

	def handle_startendtag(self, tag, attributes):
		self.seen.append((tag, dict(attributes)))

	def handle_endtag(self, tag):
		assert self.open.pop() == tag


def test_the_page_is_well_formed_and_needs_nothing_from_elsewhere(table):
	page = made(table)
	tags = Tags(page)
	assert tags.open == []
	assert sum(tag == "svg" for tag, _ in tags.seen) == len(re.findall('class="card detail"', page)) > 30
	for tag, attributes in tags.seen:
		assert tag not in ("link", "img", "iframe")
		assert "src" not in attributes
		if "href" in attributes:
			assert attributes["href"].startswith("#")
	assert "http" not in page.replace("http-equiv", "")


def test_names_are_escaped_everywhere(table):
	names = [NASTY + str(at) for at in range(len(table.customers))]
	page = made(replace(table, customers=names))
	assert "<script>alert" not in page and page.count("<script") == 1
	assert "&lt;script&gt;alert" in page
	assert "{0}" not in page.replace('data-text="{0} shown"', "").replace('replace("{0}"', "")


def test_a_policy_cannot_smuggle_in_styles(table):
	bands = (replace(DEFAULT_BANDS[0], colour='red;background:url("x")', word=NASTY), *DEFAULT_BANDS[1:])
	page = made(table, policy=Policy(bands=bands, usual_amount=15_000))
	assert "url(" not in page and words.GREY in page


def test_numbers_of_the_page_are_those_of_the_ratings(table):
	page = made(table, top=0)
	assert page.count("<tr data-grade=") == len(table.customers)
	assert 'class="card detail"' not in page


def test_chinese_says_so(table, monkeypatch, tmp_path):
	(tmp_path / "zh.csv").write_text('"Trust report","信任评级报告"\n', encoding="utf-8")
	monkeypatch.setattr(words, "TRANSLATIONS", tmp_path)
	page = made(table, "zh", top=2)
	assert '<html lang="zh-CN">' in page and "<h1>信任评级报告</h1>" in page


def test_a_report_of_nobody_rated(table):
	early = to_day(date(2023, 1, 4))
	few = table.where(table.invoiced <= early)
	found = rate_receivables(few, CALENDAR, early, Policy(minimum_evidence=50), False)
	page = report.render(found, found.order("worst").tolist(), 50, "worst", FACTS, "en")
	assert "<svg" not in page and Tags(page).open == []


@pytest.mark.parametrize(
	"colour, front",
	[("#ffffff", "#111111"), ("#000000", "#ffffff"), ("#0a5c8c", "#ffffff"), ("#f6d55c", "#111111")],
)
def test_letters_can_be_read_on_their_colour(colour, front):
	assert report.readable_on(words.rgb(colour)) == front


def test_a_curve_breaks_where_there_was_no_rating(table):
	found = rate_receivables(table, CALENDAR, table.last_day, Policy(usual_amount=15_000), True)
	new = table.customers.index("厦门鹭岛电子商务有限公司")
	curves = found.curve([new])
	drawing = report.Drawing(curves, 0, found.policy)
	assert len(curves.days) == 25 and not curves.rated[0, 0] and curves.rated[0, -1]
	assert drawing.unrated and len(drawing.lines) == 1 and drawing.points[0]["moved"]
	assert found.ratings[new].score == pytest.approx(curves.score[0, -1], abs=1e-3)
	assert found.policy.grades[curves.grade[0, -1]] == found.ratings[new].grade
	for band in drawing.bands:
		assert (
			drawing.ABOVE <= band["y"] and band["y"] + band["height"] <= drawing.HEIGHT - drawing.BELOW + 0.2
		)
