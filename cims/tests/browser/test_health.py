"""The page of the site's health."""

from playwright.sync_api import expect

import frappe

from cims.operations import drill_records
from cims.operations.losses import Loss
from cims.operations.restored import FAILED, Finding


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
	# A drill is started only after a question.
	page.get_by_role("button", name="Start a Restore Drill").click()
	expect(page.get_by_text("the drill needs a worker and room")).to_be_visible()
	page.get_by_role("button", name="No", exact=True).click()


def test_in_chinese_and_nothing_wider_than_the_screen(log_in):
	page = log_in("CIMS Manager", language="zh")
	open_health(page)
	expect(page.locator(".cims-health h5", has_text="数据与备份")).to_be_visible()
	for width in (1280, 390):
		page.set_viewport_size({"width": width, "height": 900})
		assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
	# Looking is a manager's business, restoring the system manager's.
	expect(page.get_by_role("button", name="开始恢复演练")).to_have_count(0)


def test_a_drill_s_record_says_what_was_found_in_full(log_in):
	said = (
		"Each of these words is read, however many of them a sentence has, and whatever <b>it</b> holds. " * 3
	)
	name = drill_records.start()
	drill_records.finish(
		name,
		FAILED,
		[Finding("Rows", FAILED, said)],
		[Loss("CIMS Customer", 12, 3, 0, 2)],
		error="One row is missing.",
	)
	frappe.db.commit()
	try:
		page = log_in("System Manager")
		page.goto(f"/app/restore-drill/{name}")
		expect(page.locator(".cims-health-figure.red")).to_contain_text(said.strip(), timeout=60_000)
		row = page.locator(".cims-health-losses tbody tr")
		assert [cell.strip() for cell in row.locator("td").all_inner_texts()] == [
			"CIMS Customer",
			"12 (2)",
			"3",
			"",
		]
		expect(page.get_by_role("button", name="Save")).to_have_count(0)
	finally:
		for doctype, field in (
			(drill_records.DRILL, "name"),
			(drill_records.CHECK, "parent"),
			(drill_records.LOSS, "parent"),
		):
			frappe.db.delete(doctype, {field: name})
		frappe.db.commit()


def test_others_don_t_see_it(log_in):
	page = log_in("CIMS Viewer")
	page.goto("/app/cims-health")
	expect(page.get_by_text("Not permitted").or_(page.get_by_text("not permitted")).first).to_be_visible(
		timeout=60_000
	)
