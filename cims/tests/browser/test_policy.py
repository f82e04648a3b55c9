"""Editing a policy: weights that add up to 100, bands without gaps, a preview, and publishing with a reason."""

from itertools import pairwise

import pytest
from playwright.sync_api import expect

import frappe

from cims.ratings import policies

POLICY = policies.POLICY


@pytest.fixture
def policy(customers):
	"""The name of the policy in force; afterwards it is in force again, and versions made meanwhile are gone."""
	frappe.set_user("Administrator")
	policies.install_default()
	before = {
		row.name: row for row in frappe.get_all(POLICY, fields=["name", "status", "retired_on"], limit=0)
	}
	frappe.db.commit()
	yield next(name for name, row in before.items() if row.status == policies.PUBLISHED)
	frappe.db.rollback()
	for name in frappe.get_all(POLICY, {"name": ("not in", list(before))}, pluck="name"):
		for table in frappe.get_meta(POLICY).get_table_fields():
			frappe.db.delete(table.options, {"parent": name})
		frappe.db.delete(POLICY, {"name": name})
	for name, row in before.items():
		frappe.db.set_value(
			POLICY, name, {"status": row.status, "retired_on": row.retired_on}, update_modified=False
		)
		frappe.clear_document_cache(POLICY, name)
	policies.forget_active()
	frappe.db.commit()


@pytest.fixture
def draft(log_in, policy):
	"""The form of a new version, opened by its button."""
	page = log_in("CIMS Manager")
	page.goto(f"/app/trust-policy/{policy}")
	page.get_by_role("button", name="Make a New Version").click(timeout=60_000)
	page.wait_for_function(f"window.cur_frm?.docname && cur_frm.docname !== '{policy}'")
	page.wait_for_selector(".trust-weight input:not([disabled])")
	return page


def weights(page) -> list[float]:
	return page.evaluate("cur_frm.doc.dimensions.map((row) => row.weight)")


def bands(page) -> list[list[float]]:
	return page.evaluate("cur_frm.doc.bands.map((row) => [row.floor, row.ceiling])")


def test_weights_always_add_up_to_a_hundred(draft):
	first = draft.locator('input[type="range"][data-field="weight"]').first
	start = weights(draft)
	first.focus()
	for _press in range(7):
		draft.keyboard.press("ArrowRight")
	assert weights(draft)[0] == start[0] + 7
	assert sum(weights(draft)) == 100
	draft.locator('[data-field="hold"]').nth(1).check()
	held = weights(draft)[1]
	first.focus()
	draft.keyboard.press("End")
	assert weights(draft)[:2] == [100 - held, held]
	assert sum(weights(draft)) == 100


def test_bands_neither_gap_nor_overlap(draft):
	handle = draft.locator(".trust-ruler-handle").nth(2)
	floor = bands(draft)[2][0]
	handle.focus()
	draft.keyboard.press("PageUp")
	assert bands(draft)[2][0] == floor + 10
	box = draft.locator(".trust-ruler-handle").nth(2).bounding_box()
	draft.mouse.move(box["x"] + 8, box["y"] + 20)
	draft.mouse.down()
	draft.mouse.move(box["x"] - 2000, box["y"] + 20, steps=5)
	draft.mouse.up()
	tiles = bands(draft)
	assert tiles[0][1] == 1000 and tiles[-1][0] == 0
	assert all(better[0] == worse[1] for better, worse in pairwise(tiles))
	assert all(ceiling - floor > draft.evaluate("cur_frm.doc.dead_band") for floor, ceiling in tiles)


def test_preview_and_publish(draft, policy, enter):
	draft.locator('input[type="range"][data-field="weight"]').first.focus()
	draft.keyboard.press("Home")
	draft.get_by_role("button", name="Preview and Publish").click()
	dialog = draft.locator(".modal.show")
	expect(dialog.locator(".trust-preview-sum")).to_contain_text("customers", timeout=120_000)
	expect(dialog.locator(".trust-matrix")).to_be_visible()
	frappe.db.rollback()
	assert frappe.db.get_value(POLICY, policy, "status") == policies.PUBLISHED, "a preview changes nothing"
	publish = dialog.get_by_role("button", name="Publish as a New Version")
	enter("reason", "Payment no longer counts")
	publish.click()
	expect(dialog).to_have_count(0, timeout=60_000)
	name = draft.evaluate("cur_frm.docname")
	frappe.db.rollback()
	published = frappe.get_doc(POLICY, name)
	assert (published.status, published.reason) == (policies.PUBLISHED, "Payment no longer counts")
	assert published.dimensions[0].weight == 0
	assert frappe.db.get_value(POLICY, policy, "status") == policies.RETIRED
	expect(draft.locator(".trust-weight input").first).to_be_disabled()


def test_who_may_not_publish_sees_a_policy_that_is_read(log_in, policy):
	page = log_in("CIMS Auditor")
	page.goto(f"/app/trust-policy/{policy}")
	expect(page.locator(".trust-weight input").first).to_be_disabled(timeout=60_000)
	expect(page.get_by_role("button", name="Make a New Version")).to_have_count(0)
	expect(page.get_by_role("button", name="Preview and Publish")).to_have_count(0)
