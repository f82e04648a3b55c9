"""Which orders a payment pays, and how much of each."""

from collections.abc import Mapping

import frappe
from frappe import _
from frappe.utils import flt, get_link_to_form

from cims.receivables import checks, ledger
from cims.receivables.settlement import CENT

PENDING, CLEARED, FAILED, REFUNDED = "Pending", "Cleared", "Failed", "Refunded"


def check(payment) -> None:
	"""Each allocation goes to an order of this customer that still wants that much. The orders stay locked until the
	transaction ends; what is left of the payment becomes its advance."""
	names = payment.orders_touched()
	orders = ledger.lock(names)
	cleared = ledger.allocated(names, CLEARED, besides=payment.name)
	pending = ledger.allocated(names, PENDING, besides=payment.name)
	seen = set()
	for row in payment.allocations:
		order = _order_of(row, payment, orders, seen)
		open_amount = ledger.standing_of(order, cleared[row.order]).outstanding
		_check_amount(row, payment, open_amount, sum(amount for _day, amount in pending[row.order]))
		row.update(
			{
				"order_no": order.order_no,
				"grand_total": order.grand_total,
				"outstanding_amount": open_amount,
				"currency": payment.currency,
			}
		)
	_check_total(payment)


def _order_of(row, payment, orders: Mapping[str, frappe._dict], seen: set[str]) -> frappe._dict:
	order = orders.get(row.order)
	if not order:
		frappe.throw(
			_("Row {0}: there is no order {1}. Choose one from the list.").format(row.idx, row.order)
		)
	link = get_link_to_form("CIMS Order", row.order)
	if row.order in seen:
		frappe.throw(
			_("Row {0}: order {1} is there twice. Put its whole amount into one row.").format(row.idx, link)
		)
	seen.add(row.order)
	if order.customer != payment.customer:
		frappe.throw(
			_("Row {0}: order {1} is another customer's. Choose one of this customer.").format(row.idx, link)
		)
	if order.docstatus != 1:
		frappe.throw(_("Row {0}: order {1} isn't submitted. Submit it first.").format(row.idx, link))
	if order.currency != payment.currency:
		frappe.throw(
			_(
				"Row {0}: order {1} is in {2} and this payment in {3}. Choose an order in the payment's currency."
			).format(row.idx, link, order.currency, payment.currency)
		)
	return order


def _check_amount(row, payment, open_amount: float, reserved: float) -> None:
	"""reserved: what other payments that are on their way put on the order."""
	amount, left = flt(row.allocated_amount), open_amount - reserved
	if amount <= 0:
		frappe.throw(_("Row {0}: enter an allocated amount above 0.").format(row.idx))
	# What was allocated before stays allowed: goods may have come back since.
	if amount <= left + CENT or amount <= _before(row, payment) or payment.status in (FAILED, REFUNDED):
		return
	if reserved:
		message = _(
			"Row {0}: {1} of order {2} can be allocated ({3} is outstanding, {4} of it is on its way). Allocate less."
		)
	else:
		message = _("Row {0}: {1} of order {2} is outstanding. Allocate less.")
	shown = [checks.money(payment, part) for part in (max(left, 0), open_amount, reserved)]
	frappe.throw(message.format(row.idx, shown[0], get_link_to_form("CIMS Order", row.order), *shown[1:]))


def _before(row, payment) -> float:
	"""What the submitted payment has put on the row's order so far."""
	before = payment.get_doc_before_save()
	if not before or before.docstatus == 0:
		return 0
	return sum(flt(other.allocated_amount) for other in before.allocations if other.order == row.order)


def _check_total(payment) -> None:
	total = flt(sum(flt(row.allocated_amount) for row in payment.allocations), payment.precision("amount"))
	payment.unallocated_amount = flt(flt(payment.amount) - total, payment.precision("unallocated_amount"))
	if payment.unallocated_amount < -CENT:
		frappe.throw(
			_("The allocations add up to {0}, more than the payment's {1}. Allocate less.").format(
				checks.money(payment, total), checks.money(payment, payment.amount)
			)
		)


def spread(payment) -> None:
	"""Allocate what is left of a payment to the customer's open orders, the longest due first."""
	rest = flt(payment.amount) - sum(flt(row.allocated_amount) for row in payment.allocations)
	taken = {row.order for row in payment.allocations}
	orders = ledger.open_orders(payment.customer, payment.currency)
	pending = ledger.allocated([order.name for order in orders], PENDING, besides=payment.name)
	for order in orders:
		reserved = sum(amount for _day, amount in pending[order.name])
		amount = flt(min(rest, order.outstanding_amount - reserved), payment.precision("amount"))
		if amount > CENT and order.name not in taken:
			row = {**order, "name": None, "order": order.name, "allocated_amount": amount}
			payment.append("allocations", row)
			rest -= amount
