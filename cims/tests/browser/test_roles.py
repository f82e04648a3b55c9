"""The log-ins of all five roles: each sees what it should and no more."""

import pytest
from playwright.sync_api import expect

import frappe

# role: may save a customer, may make a customer, may make an order, may ask for another grade
ROLES = {
	"CIMS Manager": (True, True, True, True),
	"CIMS Sales": (True, True, True, True),
	"CIMS Service": (True, False, False, False),
	"CIMS Viewer": (False, False, False, False),
	"CIMS Auditor": (False, False, False, False),
}


def offered(page, group: str) -> list[str]:
	"""What a group of buttons at the head of the form offers; nothing where there is no such group."""
	button = page.locator(".page-head .inner-group-button", has_text=group)
	if not button.count():
		return []
	return [text.strip() for text in button.locator(".dropdown-item").all_inner_texts()]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_sees_what_it_should(log_in, open_form, customers, role):
	save, make, order, ask = ROLES[role]
	page = log_in(role, by_form=True)
	open_form(customers.late)
	page.wait_for_function("cur_frm.page.inner_toolbar.find('.inner-group-button').length > 0")
	page.locator(".page-head .inner-group-button", has_text="Trust").click()
	assert ("Ask for Another Grade" in offered(page, "Trust")) is ask
	page.keyboard.press("Escape")
	assert page.evaluate("Boolean(cur_frm.perm[0].write)") is save
	assert page.evaluate("Boolean(frappe.model.can_create('CIMS Customer'))") is make
	assert page.evaluate("Boolean(frappe.model.can_create('CIMS Order'))") is order
	# The trust record can be read by all of them and written by none.
	for doctype in ("Trust Rating", "Trust Evidence", "Trust Snapshot"):
		assert page.evaluate(f"frappe.model.can_read('{doctype}') && !frappe.model.can_create('{doctype}')")
		assert not page.evaluate(f"frappe.model.can_write('{doctype}')")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_finds_its_way_from_the_workspace(log_in, customers, role):
	page = log_in(role)
	page.goto("/app/cims")
	expect(page.locator(".layout-main-section").get_by_text("Customers", exact=True).first).to_be_visible(
		timeout=60_000
	)
	page.goto("/app/cims-customer")
	row = page.locator(".list-row", has_text="Harbour Trading Ltd")
	expect(row).to_be_visible(timeout=60_000)
	expect(row.locator(".trust-pill")).to_have_text(
		frappe.db.get_value("Trust Rating", customers.late, "grade")
	)
	assert page.evaluate("Boolean(frappe.model.can_export('CIMS Customer'))") is (
		role in ("CIMS Manager", "CIMS Auditor")
	)


def test_a_viewer_is_refused_by_the_server_too(log_in, customers):
	page = log_in("CIMS Viewer")
	page.goto("/app/cims-customer")
	page.wait_for_function("window.frappe?.csrf_token")
	status = page.evaluate(
		"""async (name) => (await fetch(`/api/resource/CIMS Customer/${name}`, {
			method: "PUT",
			headers: { "Content-Type": "application/json", "X-Frappe-CSRF-Token": frappe.csrf_token },
			body: JSON.stringify({ customer_name: "Changed" }),
		})).status""",
		customers.late,
	)
	assert status == 403


def test_an_override_is_asked_for_by_one_and_approved_by_another(log_in, open_form, customers):
	page = log_in("CIMS Sales")
	open_form(customers.late)
	page.locator(".page-head .inner-group-button", has_text="Trust").click()
	page.get_by_role("link", name="Ask for Another Grade").click()
	page.wait_for_url("**/app/trust-override/new-**")
	page.locator('.frappe-control[data-fieldname="grade"] input').click()
	page.locator('[data-fieldname="grade"] .awesomplete strong').get_by_text("A", exact=True).click()
	expires = frappe.utils.add_days(frappe.utils.nowdate(), 60)
	page.evaluate(f"cur_frm.set_value({{expires_on: '{expires}', reason: 'A parent company stands in'}})")
	page.get_by_role("button", name="Save").click()
	page.wait_for_function("!cur_frm.is_new()")
	name = page.evaluate("cur_frm.docname")
	expect(page.get_by_role("button", name="Approve")).to_have_count(0)
	log_in("CIMS Manager")
	page.goto(f"/app/trust-override/{name}")
	page.get_by_role("button", name="Approve").click(timeout=60_000)
	page.locator(".modal.show").get_by_role("button", name="Confirm").click()
	page.wait_for_function("cur_frm.doc.status === 'Approved'")
	open_form(customers.late)
	expect(page.locator(".trust-grade-letter")).to_have_text("A")
	notice = page.locator(".trust-notice-override")
	expect(notice).to_contain_text("A parent company stands in")
	expect(notice.locator(".trust-pill")).to_have_text(
		frappe.db.get_value("Trust Rating", customers.late, "computed_grade")
	)
