"""Orders and the payments allocated to them, kept in step on the site.

Whoever changes what an order is owed locks its row first (`lock`) and reads allocations with locking reads, so that two
people who allocate to one order at the same moment wait for each other instead of paying it twice.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

import frappe
from frappe.query_builder import DocType
from frappe.utils import flt, getdate, nowdate

from cims.receivables.settlement import OVERDUE, PART_PAID, UNPAID, Standing, standing

ORDER, PAYMENT, ALLOCATION = "CIMS Order", "CIMS Payment", "CIMS Payment Allocation"
ORDER_FIELDS = (
	"name", "customer", "order_no", "docstatus", "currency", "order_date", "due_date", "grand_total",
	"returned_on", "returned_amount", "written_off_on", "outstanding_amount",
)  # fmt: skip


def lock(orders: Collection[str]) -> dict[str, frappe._dict]:
	"""The named orders as they are now, their rows locked until the transaction ends (always in the same order)."""
	if not orders:
		return {}
	order = DocType(ORDER)
	rows = (
		frappe.qb.from_(order)
		.select(*[order[field] for field in ORDER_FIELDS])
		.where(order.name.isin(sorted(set(orders))))
		.orderby(order.name)
		.for_update()
		.run(as_dict=True)
	)
	return {row.name: row for row in rows}


def allocated(
	orders: Collection[str], status: str, besides: str | None = None
) -> dict[str, list[tuple[date, float]]]:
	"""What submitted payments of a status put on each order, as (day cleared or paid, amount).

	besides: a payment to leave out.
	"""
	found = defaultdict(list)
	if not orders:
		return found
	row, payment = DocType(ALLOCATION), DocType(PAYMENT)
	query = (
		frappe.qb.from_(row)
		.join(payment)
		.on(payment.name == row.parent)
		.select(row.order, payment.cleared_on, payment.payment_date, row.allocated_amount)
		.where((payment.docstatus == 1) & (payment.status == status) & row.order.isin(sorted(set(orders))))
		.for_update()
	)
	if besides:
		query = query.where(payment.name != besides)
	for order, cleared_on, payment_date, amount in query.run():
		found[order].append((cleared_on or payment_date, flt(amount)))
	return found


def standing_of(order, payments: list[tuple[date, float]]) -> Standing:
	"""The standing of one order (document or row) with these cleared payments."""
	returned_on = order.get("returned_on")
	written_off_on = order.get("written_off_on")
	return standing(
		flt(order.get("grand_total")),
		getdate(order.get("order_date")),
		getdate(order.get("due_date")),
		payments,
		getdate(nowdate()),
		(getdate(returned_on), flt(order.get("returned_amount"))) if returned_on else None,
		getdate(written_off_on) if written_off_on else None,
	)


def fields_of(state: Standing) -> dict:
	"""A standing as the fields of CIMS Order."""
	return {
		"paid_amount": state.paid,
		"outstanding_amount": state.outstanding,
		"refund_due_amount": state.refund_due,
		"written_off_amount": state.written_off,
		"settled_on": state.settled_on,
		"payment_status": state.payment_status,
	}


def settle(orders: Collection[str]) -> None:
	"""Work out what the named orders are owed, from their cleared payments, in the caller's transaction."""
	rows = lock(orders)
	cleared = allocated(rows, "Cleared")
	for name, row in rows.items():
		if row.docstatus == 1:
			frappe.db.set_value(ORDER, name, fields_of(standing_of(row, cleared[name])))
			# Nobody watches the orders of an import one by one.
			if not frappe.flags.in_import:
				frappe.get_doc(ORDER, name).notify_update()


def open_orders(customer: str, currency: str | None = None) -> list[frappe._dict]:
	"""The customer's orders that still want payment, the longest due first."""
	filters = {"customer": customer, "docstatus": 1, "outstanding_amount": (">", 0)}
	if currency:
		filters["currency"] = currency
	return frappe.get_all(
		ORDER,
		filters=filters,
		fields=["name", "order_no", "due_date", "grand_total", "outstanding_amount", "currency"],
		order_by="due_date, name",
	)


def mark_overdue() -> None:
	"""Nightly: the payment status of what fell due. One statement for any number of orders."""
	order = DocType(ORDER)
	(
		frappe.qb.update(order)
		.set(order.payment_status, OVERDUE)
		.where(
			(order.docstatus == 1)
			& (order.outstanding_amount > 0)
			& (order.due_date < nowdate())
			& order.payment_status.isin([UNPAID, PART_PAID])
		)
		.run()
	)
