"""The customer's form answers four questions without a click: How far? Which way? Why? What now?"""

import re

import pytest
from playwright.sync_api import expect

import frappe

LAPTOP = {"width": 1280, "height": 800}
TELEPHONE = {"width": 390, "height": 844}


def whole(score: float) -> str:
	"""A score as the form writes it: in whole points."""
	return str(int(frappe.utils.flt(score, 1) + 0.5))


def bottom_of(page, selector: str) -> float:
	box = page.locator(selector).first.bounding_box()
	return box["y"] + box["height"]


def test_four_questions_are_answered_without_a_click_or_a_scroll(log_in, open_form, customers):
	log_in("CIMS Viewer").set_viewport_size(LAPTOP)
	page = open_form(customers.late)
	rating = frappe.get_doc("Trust Rating", customers.late)
	expect(page.locator(".trust-grade-letter")).to_have_text(rating.grade)
	expect(page.locator(".trust-score-figure")).to_have_text(whole(rating.score))
	expect(page.locator(".trust-score-words")).to_contain_text("based on")
	expect(page.locator(".trust-curve canvas")).to_be_visible()
	expect(page.locator('.trust-reason[data-code="P01"]')).to_contain_text("days beyond terms")
	expect(page.locator(".trust-open tbody tr")).to_have_count(1)
	expect(page.locator(".trust-open .trust-overdue")).to_contain_text("days overdue")
	expect(page.locator(".trust-lift")).to_contain_text("overdue")
	expect(page.locator(".trust-terms")).to_contain_text("days")
	for part in (".trust-headline", ".trust-which-way", ".trust-why", ".trust-open tbody", ".trust-lift ul"):
		assert bottom_of(page, part) <= LAPTOP["height"], f"{part} is below the fold"
	assert bottom_of(page, ".trust-panel") < page.locator(".form-dashboard").bounding_box()["y"]


def test_what_moved_the_curve_is_reached_by_keyboard(log_in, open_form, customers):
	log_in("CIMS Viewer")
	page = open_form(customers.late)
	page.locator(".trust-curve").focus()
	page.keyboard.press("ArrowRight")
	tip = page.locator(".trust-tip")
	expect(tip).to_be_visible()
	expect(tip.locator(".trust-tip-event").first).to_be_visible()
	page.keyboard.press("Enter")
	page.wait_for_url(re.compile(r"/app/(cims-order|cims-payment|trust-evidence)/"))


def test_a_customer_without_evidence_is_told_what_to_do_first(log_in, open_form, customers):
	log_in("CIMS Sales")
	page = open_form(customers.newcomer)
	expect(page.locator(".trust-grade-letter")).to_have_text("NR")
	expect(page.locator(".trust-missing li").first).to_be_visible()
	page.get_by_role("button", name="Enter an order").click()
	page.wait_for_url("**/app/cims-order/new-**")
	assert page.evaluate("cur_frm.doc.customer") == customers.newcomer


def test_a_telephone_shows_all_of_it_without_scrolling_sideways(log_in, open_form, customers):
	log_in("CIMS Viewer").set_viewport_size(TELEPHONE)
	page = open_form(customers.late)
	expect(page.locator(".trust-curve canvas")).to_be_visible()
	assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]
	for part in (".trust-headline", ".trust-scale", ".trust-curve", ".trust-open .trust-table"):
		box = page.locator(part).bounding_box()
		assert box["x"] >= 0 and box["x"] + box["width"] <= TELEPHONE["width"], part


def test_chinese(log_in, open_form, customers):
	log_in("CIMS Viewer", language="zh")
	page = open_form(customers.late)
	panel = page.locator(".trust-panel")
	for words in ("评级原因", "未结应收账款", "建议条件", "逾期"):
		expect(panel).to_contain_text(words)
	left_in_english = [
		line
		for line in panel.inner_text().splitlines()
		# Names and codes are nobody's to translate.
		if re.search(r"[A-Za-z]{4,}", re.sub(r"SO-\S+|POL-\S+|Retail", "", line))
	]
	assert not left_in_english


@pytest.mark.parametrize("role, can", [("CIMS Service", True), ("CIMS Viewer", False)])
def test_who_may_record_evidence(log_in, open_form, customers, role, can):
	log_in(role)
	page = open_form(customers.prompt)
	page.locator(".page-head").get_by_role("button", name="Trust", exact=True).click()
	expect(page.get_by_role("link", name="Record Evidence")).to_have_count(int(can))


def test_recorded_evidence_reaches_the_rating(log_in, open_form, enter, customers):
	log_in("CIMS Manager")
	page = open_form(customers.prompt)
	before = frappe.db.get_value("Trust Rating", customers.prompt, "score")
	page.locator(".page-head").get_by_role("button", name="Trust", exact=True).click()
	page.get_by_role("link", name="Record Evidence").click()
	dialog = page.locator(".modal.show")
	page.wait_for_function("window.cur_dialog?.display")
	dialog.locator('[data-fieldname="kind"] select').select_option("conduct.breach")
	enter("note", "Contract 2026-17, clause 4")
	dialog.get_by_role("button", name="Record Evidence").click()
	expect(dialog).to_have_count(0)
	expect(page.locator(".trust-score-figure")).not_to_have_text(whole(before), timeout=30_000)
	frappe.db.rollback()
	found = frappe.get_all(
		"Trust Evidence", {"customer": customers.prompt, "kind": "conduct.breach"}, ["note"]
	)
	assert [row.note for row in found] == ["Contract 2026-17, clause 4"]
	assert frappe.db.get_value("Trust Rating", customers.prompt, "score") < before


def test_the_trust_report_is_a_pdf(log_in, customers):
	page = log_in("CIMS Viewer")
	asked = f"doctype=CIMS Customer&name={customers.late}&format=Trust Report"
	answer = page.request.get(f"/api/method/frappe.utils.print_format.download_pdf?{asked}")
	assert answer.ok, answer.text()
	assert answer.body().startswith(b"%PDF")
