"""A customer that is there already is shown before it is made twice; two that are one are merged, and parted again."""

import re
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

WAIT = 30_000


@pytest.fixture
def twins():
	import frappe

	from cims.duplicates import queue
	from cims.tests import records
	from cims.tests.browser.conftest import _remove

	frappe.set_user("Administrator")
	made = SimpleNamespace(
		one=records.customer(customer_name="Pebble Beach Supplies Ltd", mobile="13800138444").name,
		other=records.customer(
			customer_name="Pebble Beach Supplies", mobile="13800138444", email="desk@pebble.example.com"
		).name,
	)
	records.order(made.one, 500)
	made.candidate = queue.of_pair(made.one, made.other)
	frappe.db.commit()
	yield made
	frappe.db.rollback()
	merges = frappe.get_all("Customer Merge", {"survivor": ("in", [made.one, made.other])}, pluck="name")
	frappe.db.delete("Customer Merge", {"name": ("in", merges)})
	frappe.db.delete("Duplicate Candidate", {"name": made.candidate})
	new = frappe.get_all("CIMS Customer", {"customer_name": ("like", "Pebble Beach%")}, pluck="name")
	_remove([made.one, made.other, *new])


def test_a_likely_twin_is_shown_before_saving(log_in, twins):
	page = log_in("CIMS Manager")
	page.goto("/app/cims-customer/new")
	page.wait_for_selector('[data-fieldname="customer_name"] input', timeout=60_000)
	page.fill('[data-fieldname="customer_name"] input', "PEBBLE BEACH SUPPLIES INC")
	page.locator('[data-fieldname="customer_name"] input').press("Tab")
	page.get_by_role("button", name="Save", exact=True).click()
	dialog = page.locator(".modal.show")
	expect(dialog).to_contain_text("Is this customer there already?", timeout=WAIT)
	expect(dialog).to_contain_text("Their names are the same but for legal form and spelling")
	expect(dialog.get_by_role("link", name="Open It").first).to_have_attribute(
		"href", re.compile(f"/app/cims-customer/({twins.one}|{twins.other})")
	)
	dialog.get_by_role("button", name="Save Anyway").click()
	page.wait_for_url(re.compile(r"/app/cims-customer/C-\d+"), timeout=WAIT)


def test_merged_and_undone(log_in, twins):
	import frappe

	page = log_in("CIMS Manager")
	page.goto(f"/app/duplicate-candidate/{twins.candidate}")
	comparison = page.locator(".duplicate-comparison")
	expect(comparison).to_contain_text("They have the same telephone number", timeout=60_000)
	expect(comparison).to_contain_text("Nothing points at Pebble Beach Supplies")
	# The one that goes has an address that the one that stays lacks: it is chosen already.
	mine = comparison.locator('[data-field="email"][value="1"]')
	expect(mine).to_be_checked()
	comparison.locator('[data-field="customer_name"][value="1"]').check()
	page.get_by_role("button", name="Merge", exact=True).click()
	page.get_by_role("button", name="Yes").click()
	page.wait_for_url(re.compile("/app/customer-merge/MRG-"), timeout=WAIT)
	log = page.locator(".duplicate-comparison:visible")
	expect(log).to_contain_text("Changed on the customer kept", timeout=WAIT)
	expect(log).to_contain_text("desk@pebble.example.com")
	frappe.db.rollback()
	assert frappe.db.get_value("CIMS Customer", twins.one, "customer_name") == "Pebble Beach Supplies"
	assert not frappe.db.exists("CIMS Customer", twins.other)
	page.get_by_role("button", name="Undo", exact=True).click()
	page.get_by_role("button", name="Yes").click()
	expect(page.locator(".indicator-pill:visible", has_text="Undone").first).to_be_visible(timeout=WAIT)
	frappe.db.rollback()
	assert frappe.db.get_value("CIMS Customer", twins.one, "customer_name") == "Pebble Beach Supplies Ltd"
	assert frappe.db.exists("CIMS Customer", twins.other)


def test_who_only_reads_decides_nothing(log_in, twins):
	page = log_in("CIMS Viewer")
	page.goto(f"/app/duplicate-candidate/{twins.candidate}")
	expect(page.locator(".duplicate-comparison")).to_contain_text("Pebble Beach Supplies Ltd", timeout=60_000)
	expect(page.locator(".duplicate-comparison input")).to_have_count(0)
	expect(page.get_by_role("button", name="Merge", exact=True)).to_have_count(0)
	expect(page.get_by_role("button", name="Not the Same")).to_have_count(0)


def test_not_the_same_is_kept_with_its_reason(log_in, twins, enter):
	import frappe

	page = log_in("CIMS Manager")
	page.goto(f"/app/duplicate-candidate/{twins.candidate}")
	page.get_by_role("button", name="Not the Same").click(timeout=60_000)
	enter("note", "Two branches")
	page.get_by_role("button", name="Keep Both").click()
	expect(page.locator(".indicator-pill:visible", has_text="Not the Same").first).to_be_visible(timeout=WAIT)
	frappe.db.rollback()
	kept = frappe.db.get_value("Duplicate Candidate", twins.candidate, ["status", "note"])
	assert kept == ("Not the Same", "Two branches")
