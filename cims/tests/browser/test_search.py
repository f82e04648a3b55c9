"""One search wherever a customer is looked for: the bar of the desk, the list, a field, the comparison."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def sought():
	import frappe

	from cims.search import index
	from cims.tests import records

	frappe.set_user("Administrator")
	names = [
		records.customer(customer_name=name, mobile=mobile).name
		for name, mobile in (
			("銀河星辰貿易", "+86 139 1111 2222"),
			("Quartz Valley Mining", None),
			("星辰银河物流", None),
		)
	]
	frappe.db.commit()
	yield names
	frappe.db.rollback()
	frappe.db.delete("CIMS Customer", {"name": ("in", names)})
	index.refresh(names)
	frappe.db.commit()


@pytest.fixture
def page(log_in):
	return log_in("CIMS Viewer")


@pytest.mark.parametrize("text", ("yinhexing", "yhxc", "星辰 银河", "139 1111 2222"))
def test_the_bar_of_the_desk(page, sought, text):
	page.goto("/app/cims")
	bar = page.locator("#navbar-search")
	bar.click(timeout=60_000)
	bar.press_sequentially(text, delay=30)
	option = page.locator(".search-bar li").filter(has_text=sought[0])
	expect(option).to_contain_text("銀河星辰貿易", timeout=20_000)
	option.click()
	expect(page).to_have_url(re.compile(f"/app/cims-customer/{sought[0]}$"), timeout=60_000)


def test_the_list(page, sought):
	page.goto("/app/cims-customer")
	box = page.get_by_label("Search customers")
	box.fill("galaxy without hits", timeout=60_000)
	expect(page.locator(".no-result").first).to_be_visible(timeout=20_000)
	box.fill("quartz vallye")
	rows = page.locator(".list-row .list-subject")
	expect(rows).to_have_count(1, timeout=20_000)
	expect(rows).to_contain_text("Quartz Valley Mining")
	expect(page.locator(".list-count")).to_contain_text("1 of 1")
	box.fill("xingchen yinhe")
	expect(rows).to_have_count(2, timeout=20_000)
	# What fits better comes first, whenever it was changed.
	expect(rows.first).to_contain_text("星辰银河物流")
	box.fill("")
	expect(rows.nth(2)).to_be_visible(timeout=20_000)


def test_a_link_reproduces_what_was_searched(page, sought):
	page.goto("/app/cims-customer?customer_name=" + '["like","yhxc%"]')
	rows = page.locator(".list-row .list-subject")
	expect(rows).to_have_count(1, timeout=60_000)
	expect(rows).to_contain_text("銀河星辰貿易")
	expect(page.get_by_label("Search customers")).to_have_value("yhxc")


def test_a_field(log_in, sought):
	page = log_in("CIMS Sales")
	page.goto("/app/cims-order/new")
	field = page.locator("input[data-fieldname=customer]").first
	field.click(timeout=60_000)
	field.press_sequentially("yhxc", delay=30)
	option = page.get_by_role("option").filter(has_text="銀河星辰貿易")
	expect(option).to_contain_text(sought[0], timeout=20_000)
	option.click()
	expect(field).to_have_value("銀河星辰貿易")
