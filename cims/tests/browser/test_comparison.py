"""Comparing customers: picking, hiding, a link that shows the same again, and the exports."""

import csv
import io

import pytest
from playwright.sync_api import expect

from cims.tests.browser.test_customer_form import whole


@pytest.fixture
def page(log_in):
	return log_in("CIMS Viewer")


def open_comparison(page, *codes: str, **more: str):
	asked = "&".join([f"customers={','.join(codes)}", *(f"{key}={value}" for key, value in more.items())])
	page.goto(f"/app/trust-comparison?{asked}")
	page.wait_for_selector(".trust-comparison-table", timeout=60_000)


def exported(page, what: str):
	page.get_by_role("button", name="Export", exact=True).click()
	with page.expect_download(timeout=60_000) as download:
		page.locator(".inner-group-button .dropdown-item", has_text=what).click()
	return download.value.suggested_filename, download.value.path().read_bytes()


def test_an_empty_page_says_what_to_do_and_customers_are_found_by_name(page, customers):
	page.goto("/app/trust-comparison")
	expect(page.get_by_text("Which customers do you want to compare?")).to_be_visible(timeout=60_000)
	search = page.get_by_label("Add a customer")
	search.fill("Harbour")
	page.get_by_role("option").filter(has_text="Harbour Trading Ltd").first.click()
	expect(page.locator(".trust-comparison-chart canvas")).to_be_visible()
	expect(page.locator(".trust-comparison-table tbody tr")).to_have_count(1)
	assert f"customers={customers.late}" in page.url


def test_a_link_shows_the_same_again(page, customers):
	open_comparison(page, customers.late, customers.prompt)
	chips = page.locator(".trust-chip-name")
	expect(chips).to_have_count(3)
	chips.nth(1).click()
	page.get_by_role("button", name="12 months").click()
	expect(page.get_by_role("button", name="12 months")).to_have_attribute("aria-pressed", "true")
	link = page.url
	other = page.context.new_page()
	other.goto(link)
	other.wait_for_selector(".trust-comparison-table", timeout=60_000)
	expect(other.get_by_role("button", name="12 months")).to_have_attribute("aria-pressed", "true")
	shown = [chip.get_attribute("aria-pressed") for chip in other.locator(".trust-chip-name").all()]
	assert shown == ["true", "false", "true"]
	assert other.url == link


def test_figures_of_the_table(page, customers):
	import frappe

	open_comparison(page, customers.late, customers.newcomer)
	rating = frappe.get_doc("Trust Rating", customers.late)
	late, newcomer = page.locator(".trust-comparison-table tbody tr").all()
	expect(late).to_contain_text(whole(rating.score))
	expect(late.locator(".trust-pill")).to_have_text(rating.grade)
	expect(newcomer.locator(".trust-pill")).to_have_text("NR")


def test_removing_a_customer(page, customers):
	open_comparison(page, customers.late, customers.prompt)
	page.get_by_role("button", name="Remove Harbour Trading Ltd").click()
	expect(page.locator(".trust-comparison-table tbody tr")).to_have_count(1)
	assert customers.late not in page.url


def test_exports(page, customers):
	open_comparison(page, customers.late, customers.prompt)
	name, picture = exported(page, "Picture (PNG)")
	assert name.endswith(".png") and picture.startswith(b"\x89PNG")
	name, document = exported(page, "Document (PDF)")
	assert name.endswith(".pdf") and document.startswith(b"%PDF")
	_name, figures = exported(page, "Figures (CSV)")
	rows = list(csv.reader(io.StringIO(figures.decode("utf-8-sig"))))
	assert [row[0] for row in rows] == ["Code", customers.late, customers.prompt]
	assert {len(row) for row in rows} == {len(rows[0])}
	_name, curves = exported(page, "Curves (CSV)")
	rows = list(csv.DictReader(io.StringIO(curves.decode("utf-8-sig"))))
	of_late = [row for row in rows if row["Code"] == customers.late]
	assert len(of_late) >= 20
	assert all(
		0 <= float(row["Low End"]) <= float(row["Score"]) <= float(row["High End"]) <= 1000 for row in of_late
	)
