"""What the REST tests need on the site, committed for the server to see, and taken away again."""

import functools

import pytest


@pytest.fixture(scope="session")
def who(http):
	"""who("CIMS Viewer") asks as a user with this role: each user and key is made once."""
	return functools.cache(http.client)


@pytest.fixture(scope="session")
def created():
	"""Codes of customers; they and all that hangs on them are deleted at the end."""
	codes: list[str] = []
	yield codes
	remove(codes)


@pytest.fixture(scope="session")
def rated_customers(created):
	"""The codes of two rated customers: one who pays, and one who is late with one order."""
	import frappe

	from cims.ratings import rerate
	from cims.tests import records

	frappe.set_user("Administrator")
	codes = []
	for name, late in (("Riverside Ltd", 0), ("Seaside Ltd", 20)):
		code = records.customer(customer_name=name, mobile="+86 138 0013 8000").name
		created.append(code)
		codes.append(code)
		for months in range(12, 1, -1):
			order = records.order(code, 20_000, days_ago=months * 30, credit_days=30)
			order.deliver(order.order_date)
			records.payment(code, 20_000, (order.name, 20_000), days_ago=(months - 1) * 30 - late)
		order = records.order(code, 20_000, days_ago=50, credit_days=30)
		order.deliver(order.order_date)
		rerate.rate(code)
	frappe.db.commit()
	return codes


def remove(codes: list[str]) -> None:
	"""Delete customers with their orders, payments, evidence and imports, past all guards: they never were."""
	import frappe

	from cims.duplicates import keys
	from cims.ratings import store

	frappe.set_user("Administrator")
	frappe.db.rollback()
	for parent, child in (("CIMS Order", "CIMS Order Item"), ("CIMS Payment", "CIMS Payment Allocation")):
		names = frappe.get_all(parent, {"customer": ("in", codes)}, pluck="name", limit=0)
		frappe.db.delete(child, {"parent": ("in", names)})
		frappe.db.delete(parent, {"name": ("in", names)})
	store.forget(codes)
	frappe.db.delete("CIMS Customer", {"name": ("in", codes)})
	keys.refresh(codes)
	frappe.db.delete("Customer Merge", {"survivor": ("in", codes)})
	frappe.db.delete("Duplicate Search")
	frappe.db.delete("CIMS Import")
	for name in frappe.get_all("File", {"attached_to_doctype": "CIMS Import"}, pluck="name", limit=0):
		frappe.delete_doc("File", name, force=True)
	frappe.db.commit()
