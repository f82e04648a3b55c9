"""What is checked of orders and payments before they are kept; the controllers say when."""

from collections.abc import Sequence
from datetime import date

import frappe
from frappe import _
from frappe.utils import escape_html, flt, formatdate, get_link_to_form, getdate, nowdate

from cims.receivables import ledger


def label(doc, field: str) -> str:
	"""A field's label in the user's language."""
	return _(doc.meta.get_label(field), context=doc.doctype)


def money(doc, amount: float) -> str:
	"""An amount in the document's currency, as it is shown."""
	return frappe.format(amount, {"fieldtype": "Currency", "options": "currency"}, doc=doc)


def refuse_typed(doc, fields: Sequence[str], refusal: str) -> None:
	"""Refuse a change of these fields of a submitted document, unless one of its own methods makes it.

	refusal: says what to use instead; {0} is the field.
	"""
	before = doc.get_doc_before_save()
	if doc.flags.by_method or not before:
		return
	for field in fields:
		if _plain(doc, field) != _plain(before, field):
			frappe.throw(refusal.format(frappe.bold(label(doc, field))))


def _plain(doc, field: str):
	value, kind = doc.get(field), doc.meta.get_field(field).fieldtype
	if kind == "Date":
		return getdate(value) if value else None
	return flt(value) if kind in ("Currency", "Int", "Float") else value or None


def order_number(order) -> None:
	"""One customer's order numbers are unique among what is not cancelled, also for two people at once."""
	frappe.db.get_value("CIMS Customer", order.customer, "name", for_update=True)
	table = frappe.qb.DocType(order.doctype)
	same = (
		frappe.qb.from_(table)
		.select(table.name)
		.where(
			(table.customer == order.customer)
			& (table.order_no == order.order_no)
			& (table.docstatus < 2)
			& (table.name != order.name)
		)
		.for_update()
		.run()
	)
	if same:
		frappe.throw(
			_("{0} already has an order with the number {1}: {2}. Enter another number.").format(
				frappe.bold(escape_html(order.customer_name)),
				frappe.bold(escape_html(order.order_no)),
				get_link_to_form(order.doctype, same[0][0]),
			),
			frappe.UniqueValidationError,
		)


def order_days(order) -> None:
	"""Nothing happens to an order before its own day, in the future, or in reverse."""
	for field in ("delivery_date", "returned_on", "disputed_from", "disputed_to", "written_off_on"):
		day = order.get(field)
		if not day:
			continue
		if getdate(day) < getdate(order.order_date):
			refuse_day(order, field, _("It can't be before the order date, {0}."), order.order_date)
		if getdate(day) > getdate(nowdate()):
			refuse_day(order, field, _("It can't be after today, {0}."), nowdate())
	if order.disputed_to and not order.disputed_from:
		frappe.throw(_("Enter the day on which the dispute began as well."))
	if order.disputed_to and getdate(order.disputed_to) < getdate(order.disputed_from):
		why = _("It can't be before the day on which the dispute began, {0}.")
		refuse_day(order, "disputed_to", why, order.disputed_from)


def refuse_day(doc, field: str, why: str, day: date | str) -> None:
	"""Refuse the day in a field. why: {0} is the day that it was compared with."""
	typed = formatdate(doc.get(field))
	frappe.throw(f"{frappe.bold(label(doc, field))}: {typed}. " + why.format(formatdate(day)))


def nothing_paid(order) -> None:
	"""Refuse to cancel an order that payments have been allocated to; the message links them. Locks the order."""
	ledger.lock([order.name])
	cleared, pending = (ledger.allocated([order.name], status) for status in ("Cleared", "Pending"))
	held = sum(amount for _day, amount in cleared[order.name] + pending[order.name])
	if held:
		frappe.throw(
			_("{0} has been allocated to this order by payments. Cancel or refund them first: {1}").format(
				frappe.bold(money(order, held)),
				", ".join(get_link_to_form("CIMS Payment", name) for name in _payments_of(order.name)),
			)
		)


def _payments_of(order: str) -> list[str]:
	row, payment = frappe.qb.DocType("CIMS Payment Allocation"), frappe.qb.DocType("CIMS Payment")
	return (
		frappe.qb.from_(row)
		.join(payment)
		.on(payment.name == row.parent)
		.select(payment.name)
		.distinct()
		.where((row.order == order) & (payment.docstatus == 1) & payment.status.isin(["Pending", "Cleared"]))
		.run(pluck=True)
	)
