"""ERPNext's customers becoming ours, on a site with ERPNext: all of them at once, again, and what it adds to changing them.

Fills an ERPNext without customers with `place.customers` of them, and deletes them and ours again at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import measure
from measure import Figure, per_second
from place import Place

import frappe
from frappe.utils import now

from cims.erpnext import CUSTOMER, LINK, OURS, adoption
from cims.imports import changes
from cims.ratings import sql

# Saved one by one, in rounds with and without our events, which take turns.
SAVED, ROUNDS = 200, 5
AT_MOST = 1.3
MOST_SECONDS = 60
PREFIX = "Adopted "


def figures(place: Place) -> Iterator[Figure]:
	if frappe.db.count(CUSTOMER):
		raise SystemExit("This site has customers of ERPNext's already; measure on a fresh one.")
	try:
		fill(place.customers)
		took = measure.seconds(adoption.everybody)
		if adoption.missing():
			raise SystemExit(f"{adoption.missing():,} customers were not adopted")
		yield Figure(
			"adopting ERPNext's customers",
			place.customers / took,
			per_second(place.customers / took),
			goal=f"100,000 in {MOST_SECONDS} s",
			reached=place.customers / took >= 100_000 / MOST_SECONDS,
			seconds=took,
		)
		again = measure.seconds(adoption.everybody)
		yield Figure("the same again, nothing changed", again, f"{again:,.1f} s")
		yield bulk_change()
	finally:
		clear()


def fill(customers: int) -> None:
	"""Customers with what a company keeps of them, a primary address each second one, as rows."""
	group, territory = (
		frappe.db.get_value(doctype, {"is_group": 0}) for doctype in ("Customer Group", "Territory")
	)
	for numbers in sql.chunks(range(customers), 10_000):
		names = [f"{PREFIX}{number:07d}" for number in numbers]
		with_address = [number % 2 == 0 for number in numbers]
		changes.insert(
			"Address",
			{
				"name": [f"{name}-Billing" for name, has in zip(names, with_address, strict=True) if has],
				"address_title": [name for name, has in zip(names, with_address, strict=True) if has],
			},
			{
				"address_type": "Billing", "address_line1": "Tianhe Road 1", "city": "广州市", "state": "广东省", "country": "China",
			},
			now(),
		)  # fmt: skip
		changes.insert(
			CUSTOMER,
			{
				"name": names,
				"customer_name": [f"{name} Trading Ltd" for name in names],
				"customer_type": ["Individual" if number % 5 == 0 else "Company" for number in numbers],
				"mobile_no": [f"138{number:08d}" for number in numbers],
				"email_id": [f"sales{number}@example.com" for number in numbers],
				"website": [f"www.example{number}.com" for number in numbers],
				"customer_primary_address": [
					f"{name}-Billing" if has else None for name, has in zip(names, with_address, strict=True)
				],
			},
			{"customer_group": group, "territory": territory},
			now(),
		)
	frappe.db.commit()


def bulk_change() -> Figure:
	"""Saving ERPNext's customers one after the other, with another name each: what costs us most, for search and duplicates go
	by it."""
	names = frappe.get_all(CUSTOMER, pluck="name", limit=SAVED, order_by="name")
	turn = count()

	def bare() -> None:
		with no_events():
			save(names, next(turn))

	own, without, ratio = measure.in_turns(lambda: save(names, next(turn)), bare, ROUNDS)
	return Figure(
		"changing ERPNext's customers one by one, with CIMS",
		SAVED / own,
		per_second(SAVED / own),
		"without CIMS",
		SAVED / without,
		per_second(SAVED / without),
		ratio,
		f"at most {AT_MOST} times the time",
		ratio <= AT_MOST,
		own,
	)


def save(names: list[str], turn: int) -> None:
	for name in names:
		doc = frappe.get_doc(CUSTOMER, name)
		doc.customer_name = f"{name} Trading {turn} Ltd"
		doc.save()
	frappe.db.commit()


@contextmanager
def no_events() -> Iterator[None]:
	"""Our events of ERPNext's DocTypes don't happen."""
	frappe.get_doc_hooks()
	hooks = frappe.local.doc_events_hooks
	frappe.local.doc_events_hooks = {
		doctype: {
			event: [path for path in paths if not path.startswith("cims.")] for event, paths in events.items()
		}
		for doctype, events in hooks.items()
	}
	try:
		yield
	finally:
		frappe.local.doc_events_hooks = hooks


def clear() -> None:
	frappe.db.rollback()
	codes = frappe.get_all(OURS, {LINK: ("like", f"{PREFIX}%")}, pluck="name", limit=0)
	from cims.customers import derived

	for part in sql.chunks(codes, 10_000):
		frappe.db.delete(OURS, {"name": ("in", part)})
		derived.refresh(part)
		frappe.db.commit()
	frappe.db.delete("Address", {"name": ("like", f"{PREFIX}%")})
	for doctype, field in (("Version", "docname"), (CUSTOMER, "name")):
		frappe.db.delete(doctype, {field: ("like", f"{PREFIX}%")})
	frappe.db.commit()
