"""The timeline on the customer's form: everything in one place, by kind, page by page, by keyboard."""

import pytest
from playwright.sync_api import expect

TELEPHONE = {"width": 390, "height": 844}
ENTRY = ".cims-timeline .timeline-item[data-doctype]"


@pytest.fixture
def open_timeline(open_form):
	"""open_timeline("C-000001"): the customer's form, with its timeline in sight and loaded."""

	def at(customer: str):
		page = open_form(customer)
		page.locator(".cims-timeline").scroll_into_view_if_needed()
		page.locator(".cims-timeline-foot").scroll_into_view_if_needed()
		page.wait_for_selector(ENTRY)
		return page

	return at


def kinds(page) -> set[str]:
	return set(page.locator(ENTRY).evaluate_all("entries => entries.map((entry) => entry.dataset.kind)"))


def pill(page, name: str):
	return page.locator(".cims-timeline-pills").get_by_role("button", name=name, exact=True)


def test_one_timeline_of_everything_and_no_other(log_in, open_timeline, customers):
	log_in("CIMS Viewer")
	page = open_timeline(customers.late)
	assert {"order", "payment", "evidence"} <= kinds(page)
	expect(page.locator(".new-timeline")).to_have_count(1)
	expect(page.get_by_text("last edited this", exact=False).locator("visible=true")).to_have_count(
		page.locator(".form-sidebar").get_by_text("last edited this").locator("visible=true").count()
	)
	order = page.locator(f'{ENTRY}[data-kind="order"] a').first
	expect(order).to_contain_text("Order")
	assert "/app/cims-order/" in order.get_attribute("href")


def test_kinds_are_chosen_and_older_entries_asked_for_by_keyboard(log_in, open_timeline, customers):
	log_in("CIMS Viewer")
	page = open_timeline(customers.late)
	pill(page, "Orders").focus()
	page.keyboard.press("Enter")
	expect(pill(page, "Orders")).to_have_attribute("aria-pressed", "true")
	expect(pill(page, "Orders")).to_be_focused()
	expect(page.locator(ENTRY)).to_have_count(20)
	assert kinds(page) == {"order"}
	older = page.get_by_role("button", name="Show older entries")
	older.focus()
	page.keyboard.press("Enter")
	expect(page.locator(ENTRY)).to_have_count(24)
	expect(page.locator(ENTRY).nth(20)).to_be_focused()
	expect(older).to_have_count(0)
	pill(page, "Payments").click()
	expect(page.locator(f'{ENTRY}[data-kind="payment"]').first).to_be_visible()
	assert kinds(page) == {"order", "payment"}
	pill(page, "All").click()
	expect(page.locator(f'{ENTRY}[data-kind="evidence"]').first).to_be_visible()


def test_what_to_do_where_there_is_nothing(log_in, open_timeline, customers):
	log_in("CIMS Sales")
	page = open_timeline(customers.newcomer)
	pill(page, "Payments").click()
	foot = page.locator(".cims-timeline-foot")
	expect(foot).to_contain_text("No payments yet.")
	foot.get_by_role("button", name="Enter a payment").click()
	page.wait_for_url("**/app/cims-payment/new-**")


def test_a_comment_appears_where_it_was_written(log_in, open_timeline, customers):
	import frappe

	log_in("CIMS Sales")
	page = open_timeline(customers.newcomer)
	try:
		page.locator(".comment-box .ql-editor").click()
		page.keyboard.type("They call back on Monday.")
		page.locator(".comment-box .btn-comment").click()
		expect(page.locator(f'{ENTRY}[data-kind="comment"]')).to_contain_text("They call back on Monday.")
	finally:
		frappe.db.rollback()
		frappe.db.delete("Comment", {"reference_name": customers.newcomer})
		frappe.db.commit()


def test_on_a_telephone_and_in_chinese(log_in, open_timeline, customers):
	log_in("CIMS Viewer", language="zh").set_viewport_size(TELEPHONE)
	page = open_timeline(customers.late)
	expect(pill(page, "订单")).to_be_visible()
	expect(page.locator(f'{ENTRY}[data-kind="order"]').first).to_contain_text("订单")
	assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
