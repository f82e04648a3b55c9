"""Trust on ERPNext's own forms, in Chromium: the tab, the grade under a customer, the warning, and who sees nothing."""

from types import SimpleNamespace

import pytest

import frappe

from cims.tests.conftest import PASSWORD, ROOT, make_user
from cims.tests.erpnext import records, selling

ERPNEXT = ("Sales User", "Sales Manager", "Accounts User", "Stock User", "Sales Master Manager")
CONTROLLER, CONTROLLERS_MAIL = "Credit Controller", "wang.fang@example.com"
SIZE = {"width": 1280, "height": 800}


@pytest.fixture(scope="module")
def scene(base_url):
	"""late: owes for two months; prompt: pays early; new: has bought nothing; order: a draft of the late one's."""
	frappe.set_user("Administrator")
	frappe.db.set_single_value("CIMS Settings", "default_currency", records.CURRENCY)
	frappe.clear_document_cache("CIMS Settings", "CIMS Settings")
	names = {"late": "Harbour Trading Ltd", "prompt": "Meadow Foods Ltd", "new": "Newcomer Ltd"}
	made = SimpleNamespace()
	try:
		for key, name in names.items():
			setattr(made, key, selling.documents.adopted(customer_name=name))
		selling.history(made.late[0], 42_000, days_late=22, overdue=38_500)
		selling.history(made.prompt[0], 26_000, days_late=-12, months=12)
		selling.rate_now([made.late[1], made.prompt[1]])
		made.role = frappe.get_doc(doctype="Role", role_name=CONTROLLER).insert(ignore_if_duplicate=True).name
		make_user(CONTROLLER, email=CONTROLLERS_MAIL)
		frappe.db.set_value("User", CONTROLLERS_MAIL, {"first_name": "Wang Fang", "full_name": "Wang Fang"})
		made.order = selling.order(made.late[0], 64_000).name
		made.rule = selling.rule(
			"Ask for Approval", at_sales_order=1, overdue_amount=10_000, overdue_days=30,
			exposure_limit="Amount", exposure_amount=60_000, message="Ask for a deposit first.",
			decider=CONTROLLER,
		).name  # fmt: skip
		frappe.db.commit()
		yield made
	finally:
		frappe.db.rollback()
		selling.remove([getattr(made, key)[0] for key in names if hasattr(made, key)])
		frappe.db.delete("Trust Rule")
		frappe.delete_doc("User", CONTROLLERS_MAIL, force=True, ignore_missing=True)
		frappe.delete_doc("Role", CONTROLLER, force=True, ignore_missing=True)
		frappe.cache.delete_value("cims_trust_rules")
		selling.rate_now([])


@pytest.fixture
def log_in(browser_page):
	"""log_in("CIMS Sales", language="zh"): the page, as a user of ERPNext's with these roles of ours."""

	def as_user(*roles: str, language: str = "en"):
		slug = "-".join((*roles, "erpnext", language)).lower().replace(" ", "-")
		user = make_user(*ERPNEXT, *roles, email=f"{slug}@example.com")
		frappe.db.set_value(
			"User", user, {"language": language, "first_name": "Li Wei", "full_name": "Li Wei"}
		)
		frappe.db.commit()
		frappe.clear_cache(user=user)
		answer = browser_page.request.post("/api/method/login", form={"usr": user, "pwd": PASSWORD})
		assert answer.ok, answer.text()
		browser_page.set_viewport_size(SIZE)
		return browser_page

	return as_user


def keep(page, name: str) -> None:
	"""A picture for whoever looks at them."""
	page.wait_for_timeout(600)
	page.screenshot(path=ROOT / f"out/browser/erpnext-{name}.png")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_trust_tab_of_a_customer(scene, log_in, language):
	page = log_in("CIMS Manager", language=language)
	page.goto(f"/app/customer/{scene.late[0]}")
	page.click("#customer-cims_trust_tab-tab", timeout=60_000)
	page.wait_for_selector(".trust-panel .trust-headline", timeout=60_000)
	page.wait_for_selector(".trust-curve canvas")
	page.wait_for_selector(".cims-terms tbody tr")
	page.set_viewport_size({"width": 1280, "height": 940})
	assert records.COMPANY in page.inner_text(".cims-terms")
	keep(page, f"trust-tab-{language}")
	page.set_viewport_size({"width": 390, "height": 844})
	keep(page, f"trust-tab-{language}-390")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_warning_on_a_sales_order(scene, log_in, language):
	page = log_in("CIMS Sales", language=language)
	page.goto(f"/app/sales-order/{scene.order}")
	page.wait_for_selector(".cims-standing .trust-pill", timeout=60_000)
	verdict = page.wait_for_selector(".cims-verdict .form-message").inner_text()
	assert "Ask for a deposit first." in verdict
	assert "38,500" in verdict
	keep(page, f"order-{language}")
	page.set_viewport_size({"width": 390, "height": 844})
	keep(page, f"order-{language}-390")


def test_the_grade_comes_as_soon_as_a_customer_is_chosen(scene, log_in):
	page = log_in("CIMS Sales")
	for doctype, field in (
		("sales-order", "customer"),
		("quotation", "party_name"),
		("sales-invoice", "customer"),
		("delivery-note", "customer"),
	):
		page.goto(f"/app/{doctype}/new")
		page.wait_for_function(
			f"window.cur_frm && cur_frm.doctype.toLowerCase().replace(' ', '-') === '{doctype}'"
		)
		requests = []
		page.on(
			"request",
			lambda request, seen=requests: "selling.see" in request.url and seen.append(request.url),
		)
		page.evaluate(f"cur_frm.set_value('{field}', {scene.prompt[0]!r})")
		page.wait_for_selector(".cims-standing .trust-pill", timeout=20_000)
		assert len(requests) == 1, requests
		# ERPNext is still filling in what belongs to the first one.
		page.wait_for_load_state("networkidle")
		page.evaluate(f"cur_frm.set_value('{field}', {scene.new[0]!r})")
		page.wait_for_selector(".cims-standing .trust-pill-empty", timeout=20_000)
		assert "Not rated" in page.inner_text(".cims-standing")


def test_grades_in_the_list_of_customers(scene, log_in):
	page = log_in("CIMS Viewer")
	requests = []
	page.on("request", lambda request: "selling.grades" in request.url and requests.append(request.url))
	page.goto("/app/customer")
	page.wait_for_selector(".cims-list-grade .trust-pill", timeout=60_000)
	keep(page, "list")
	rows = page.locator(".list-row-container", has_text="Harbour Trading Ltd")
	assert rows.locator(".cims-list-grade .trust-pill").count() == 1
	assert len(requests) == 1


def test_who_has_no_role_of_ours_sees_nothing_and_no_error(scene, log_in):
	page = log_in()
	errors = []
	page.on("pageerror", lambda error: errors.append(str(error)))
	page.on(
		"response", lambda answer: answer.status >= 400 and "cims" in answer.url and errors.append(answer.url)
	)
	page.goto(f"/app/customer/{scene.late[0]}")
	page.wait_for_selector(".form-layout [data-fieldname=customer_name] .control-input", timeout=60_000)
	page.wait_for_timeout(1500)
	assert not page.locator(".trust-panel").count()
	assert not page.locator('[data-fieldname="cims_trust_tab"]:visible').count()
	page.goto(f"/app/sales-order/{scene.order}")
	page.wait_for_selector(".cims-verdict .form-message", timeout=60_000)
	assert "Ask for a deposit first." in page.inner_text(".cims-verdict")
	assert "grade" not in page.inner_text(".cims-verdict")
	assert not page.locator(".cims-standing").count()
	page.goto("/app/customer")
	page.wait_for_selector(".list-row-container", timeout=60_000)
	assert not page.locator(".cims-list-grade").count()
	assert errors == []


def test_asked_for_and_approved_on_the_form(scene, log_in):
	page = log_in("CIMS Sales")
	page.goto(f"/app/sales-order/{scene.order}")
	page.click('.cims-verdict [data-decision="Asked"]')
	decide(page, "They pay on Friday")
	page.wait_for_selector(".new-timeline >> text=They pay on Friday")
	page = log_in("CIMS Sales", CONTROLLER)
	page.goto(f"/app/sales-order/{scene.order}")
	page.click('.cims-verdict [data-decision="Approved"]')
	decide(page, "The deposit is there")
	page.wait_for_selector(".cims-verdict .form-message.green >> text=The deposit is there")
	keep(page, "order-approved")


def decide(page, reason: str) -> None:
	page.wait_for_function("window.cur_dialog?.display")
	field = page.locator('.modal.show [data-fieldname="reason"] textarea')
	field.fill(reason)
	field.press("Tab")
	page.click(".modal.show .btn-modal-primary")
