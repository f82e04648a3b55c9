"""Customers for the browser to look at, committed for the server to see, and taken away again."""

from types import SimpleNamespace

import pytest

MONTHS = 24
AMOUNT = 20_000


@pytest.fixture(scope="session")
def customers():
	"""late: on watch, with a breach and an overdue receivable; prompt: pays before it is due; newcomer: no evidence."""
	import frappe
	from frappe.utils import add_days, nowdate

	from cims.ratings import replay, store, together

	frappe.set_user("Administrator")
	made = SimpleNamespace(
		late=_customer("Harbour Trading Ltd", days_late=25, overdue=True),
		prompt=_customer("Meadow Foods Ltd", days_late=-5, overdue=False),
		newcomer=_newcomer("Newcomer Ltd"),
	)
	store.record_manual(made.late, "conduct.breach", note="Clause 4", occurred_on=add_days(nowdate(), -200))
	codes = list(vars(made).values())
	together.rate_many(codes, replay.CURVE, with_events=True)
	_compare()
	yield made
	frappe.db.rollback()
	_remove(codes)
	_compare()


def _compare() -> None:
	import frappe

	from cims.ratings import together

	together.compare_everyone()
	together.fill_segments(everything=True)
	frappe.db.commit()


def _customer(name: str, days_late: int, overdue: bool) -> str:
	from cims.tests import records

	code = records.customer(customer_name=name, customer_group="Retail").name
	for month in range(MONTHS, 1, -1):
		order = _delivered(code, month * 30)
		records.payment(code, AMOUNT, (order.name, AMOUNT), days_ago=(month - 1) * 30 - days_late)
	_delivered(code, 75 if overdue else 10)
	return code


def _newcomer(name: str) -> str:
	from cims.tests import records

	code = records.customer(customer_name=name, customer_group="Retail").name
	records.order(code)
	return code


def _delivered(code: str, days_ago: int):
	from cims.tests import records

	order = records.order(code, AMOUNT, days_ago=days_ago, credit_days=30)
	order.deliver(order.order_date)
	return order


def _remove(codes: list[str]) -> None:
	"""Past all guards, as if they had never been."""
	import frappe

	from cims.duplicates import keys
	from cims.ratings import store

	frappe.set_user("Administrator")
	for parent, child in (("CIMS Order", "CIMS Order Item"), ("CIMS Payment", "CIMS Payment Allocation")):
		names = frappe.get_all(parent, {"customer": ("in", codes)}, pluck="name", limit=0)
		frappe.db.delete(child, {"parent": ("in", names)})
		frappe.db.delete(parent, {"name": ("in", names)})
	store.forget(codes)
	frappe.db.delete("CIMS Customer", {"name": ("in", codes)})
	keys.refresh(codes)
	frappe.db.commit()


@pytest.fixture
def log_in(browser_page):
	"""log_in("CIMS Viewer", language="zh"): the page, logged in as a user with just this role; by_form: as people do."""
	import frappe

	from cims.tests.conftest import PASSWORD, make_user

	def as_role(role: str, language: str = "en", by_form: bool = False):
		slug = f"{role} {language}".lower().replace(" ", "-")
		user = make_user(role, email=f"browser-{slug}@example.com")
		frappe.db.set_value("User", user, "language", language)
		frappe.db.commit()
		frappe.clear_cache(user=user)
		if by_form:
			browser_page.login(user, PASSWORD)
		else:
			answer = browser_page.request.post("/api/method/login", form={"usr": user, "pwd": PASSWORD})
			assert answer.ok, answer.text()
		return browser_page

	return as_role


@pytest.fixture
def enter(browser_page):
	"""enter("note", "..."): type into a field of the open dialog, and wait until the dialog has taken it."""
	from playwright.sync_api import expect

	def into(fieldname: str, text: str):
		browser_page.wait_for_function("window.cur_dialog?.display")
		field = browser_page.locator(f'.modal.show [data-fieldname="{fieldname}"] textarea')
		field.fill(text)
		field.press("Tab")
		expect(field).to_have_value(text)

	return into


@pytest.fixture
def open_form(browser_page):
	"""open_form("C-000001"): the customer's form, once its trust panel is there."""

	def at(customer: str):
		browser_page.goto(f"/app/cims-customer/{customer}")
		browser_page.wait_for_selector(".trust-panel .trust-headline", timeout=60_000)
		return browser_page

	return at
