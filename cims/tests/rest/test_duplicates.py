"""Merges of the same customer at the same moment, over real HTTP: one of them happens, whole, and the other says why not."""

from concurrent.futures import ThreadPoolExecutor

import pytest

MERGE = "/api/method/cims.api.duplicates.merge"
ROUNDS = 5


@pytest.fixture
def customers(created):
	"""customers(3): that many new customers, each with an order."""
	import frappe

	from cims.tests import records

	def make(count: int) -> list[str]:
		frappe.set_user("Administrator")
		codes = [records.customer().name for _ in range(count)]
		for code in codes:
			records.order(code, 100)
		created.extend(codes)
		frappe.db.commit()
		return codes

	return make


def at_once(who, *pairs: tuple[str, str]) -> list[int]:
	"""The statuses of merges (survivor, retired) that are asked for at the same moment."""
	managers = [who("CIMS Manager") for _pair in pairs]

	def merge(at: int) -> int:
		survivor, retired = pairs[at]
		return managers[at].post(MERGE, data={"survivor": survivor, "retired": retired}).status_code

	with ThreadPoolExecutor(len(pairs)) as threads:
		return list(threads.map(merge, range(len(pairs))))


def orders(code: str) -> int:
	import frappe

	return frappe.db.count("CIMS Order", {"customer": code})


def test_one_customer_goes_one_way_only(who, customers):
	import frappe

	for _round in range(ROUNDS):
		one, other, goes = customers(3)
		statuses = at_once(who, (one, goes), (other, goes))
		frappe.db.rollback()
		assert statuses.count(200) == 1, statuses
		assert sorted([orders(one), orders(other), orders(goes)]) == [0, 1, 2]
		assert frappe.db.count("Customer Merge", {"retired": goes}) == 1


def test_two_customers_don_t_swallow_each_other(who, customers):
	import frappe

	for _round in range(ROUNDS):
		one, other = customers(2)
		statuses = at_once(who, (one, other), (other, one))
		frappe.db.rollback()
		assert statuses.count(200) == 1, statuses
		assert frappe.db.count("CIMS Customer", {"name": ("in", [one, other])}) == 1
		assert orders(one) + orders(other) == 2


def test_a_chain_loses_nothing(who, customers):
	"""B into A while C goes into B: whichever comes first, what C had ends with a customer that is there."""
	import frappe

	for _round in range(ROUNDS):
		a, b, c = customers(3)
		at_once(who, (a, b), (b, c))
		frappe.db.rollback()
		there = [code for code in (a, b, c) if frappe.db.exists("CIMS Customer", code)]
		assert sum(map(orders, there)) == 3
		assert not frappe.db.sql(
			"""SELECT o.name FROM `tabCIMS Order` o LEFT JOIN `tabCIMS Customer` c ON c.name = o.customer
			WHERE c.name IS NULL AND o.customer IN %(codes)s""",
			{"codes": [a, b, c]},
		)
