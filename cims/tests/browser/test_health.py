"""The page of the site's health."""

import pytest
from playwright.sync_api import expect


def open_health(page):
	page.goto("/app/cims-health")
	page.wait_for_selector(".cims-health-figure", timeout=60_000)


def test_figures_with_their_levels_and_what_to_do(log_in):
	page = log_in("System Manager")
	open_health(page)
	for group in ("System services", "Jobs", "Ratings and curves", "Data and backups", "Largest tables"):
		expect(page.locator(".cims-health h5", has_text=group)).to_be_visible()
	database = page.locator("[data-figure=database_answer]")
	expect(database).to_contain_text("answers in")
	# What needs somebody comes first in its group, and says what to do.
	levels = (
		page.locator(".cims-health section")
		.nth(0)
		.locator("article")
		.evaluate_all(
			"found => found.map(one => [one.dataset.level, Boolean(one.querySelector('.cims-health-advice'))])"
		)
	)
	order = ["Failing", "Warning", "OK"]
	assert [level for level, _advice in levels] == sorted(
		(level for level, _advice in levels), key=order.index
	)
	assert all(advice is (level != "OK") for level, advice in levels)
	expect(page.locator(".cims-health-head .indicator-pill")).to_have_attribute(
		"data-level", next(level for level in order if page.locator(f"article[data-level={level}]").count())
	)


def test_a_drill_is_started_only_after_a_question(log_in):
	page = log_in("System Manager")
	open_health(page)
	page.get_by_role("button", name="Start a Restore Drill").click()
	expect(page.get_by_text("the drill needs a worker and room")).to_be_visible()
	page.get_by_role("button", name="No", exact=True).click()


@pytest.mark.parametrize("width", [1280, 390])
def test_in_chinese_and_nothing_wider_than_the_screen(log_in, width):
	page = log_in("CIMS Manager", language="zh")
	page.set_viewport_size({"width": width, "height": 900})
	open_health(page)
	expect(page.locator(".cims-health h5", has_text="数据与备份")).to_be_visible()
	assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	# Looking is a manager's business, restoring the system manager's.
	expect(page.get_by_role("button", name="开始恢复演练")).to_have_count(0)


def test_others_don_t_see_it(log_in):
	page = log_in("CIMS Viewer")
	page.goto("/app/cims-health")
	expect(page.get_by_text("Not permitted").or_(page.get_by_text("not permitted")).first).to_be_visible(
		timeout=60_000
	)
