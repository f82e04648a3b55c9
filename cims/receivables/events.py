"""Document events of orders and payments: each customer whose receivables moved is rated anew."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

LATER = "cims_evidence_later"


@contextmanager
def evidence_later() -> Iterator[None]:
	"""Inside of it orders and payments change without evidence. The caller brings the evidence of all their customers in
	line afterwards, at once (`cims.ratings.store.backfill`)."""
	before = frappe.flags.get(LATER)
	frappe.flags[LATER] = True
	try:
		yield
	finally:
		frappe.flags[LATER] = before


def order_changed(doc, method=None) -> None:
	"""A submitted order changed, or was cancelled."""
	if frappe.flags.get(LATER):
		return
	from cims.ratings import store

	store.changed(doc.doctype, doc.name, doc.customer, since=store.earliest_change(doc))


def payment_changed(doc, method=None) -> None:
	"""A submitted payment changed, or was cancelled: it is the orders it pays that are evidence."""
	if frappe.flags.get(LATER):
		return
	from cims.ratings import store

	since = store.earliest_change(doc)
	for order in sorted(doc.orders_touched()):
		store.changed("CIMS Order", order, doc.customer, since=since)
