import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, formatdate, get_link_to_form, getdate, nowdate

from cims.customers import status as customer_status
from cims.receivables import ledger
from cims.receivables.settlement import CENT

PENDING, CLEARED, FAILED, REFUNDED = "Pending", "Cleared", "Failed", "Refunded"
# On a submitted payment these change through the methods below, never by typing.
BY_METHOD = ("status", "cleared_on", "refunded_on")


class CIMSPayment(Document):
	# begin: auto-generated types
	# end: auto-generated types

	def before_insert(self):
		if self.amended_from and self.status in (FAILED, REFUNDED):
			self.status = PENDING
		self.refunded_on = None

	def validate(self):
		self.keep_sample_mark()
		self.fill_defaults()
		customer_status.check_exists(self.customer)
		self.check_amount()
		self.check_status()
		self.check_days()
		self.check_allocations()

	def on_submit(self):
		ledger.settle(self.orders_touched())

	def before_update_after_submit(self):
		self.check_by_method()
		self.check_days()
		self.check_allocations()

	def on_update_after_submit(self):
		ledger.settle(self.orders_touched())

	def before_cancel(self):
		ledger.lock(self.orders_touched())

	def on_cancel(self):
		ledger.settle(self.orders_touched())

	def orders_touched(self) -> set[str]:
		"""The orders that this payment pays, or paid before it was changed."""
		before = self.get_doc_before_save()
		return {row.order for doc in (self, before) if doc for row in doc.allocations if row.order}

	def keep_sample_mark(self):
		before = self.get_doc_before_save()
		self.sample_data = before.sample_data if before else 0

	def fill_defaults(self):
		self.payment_date = self.payment_date or nowdate()
		self.currency = self.currency or frappe.get_cached_doc("CIMS Settings").default_currency
		self.cleared_on = (self.cleared_on or self.payment_date) if self.status == CLEARED else None

	def check_amount(self):
		if flt(self.amount) <= 0:
			frappe.throw(_("Enter an amount above 0. To give money back, refund the payment that brought it."))

	def check_status(self):
		if self.status not in (PENDING, CLEARED):
			frappe.throw(
				_("A new payment is Pending or Cleared. Submit it, then use its buttons Fail and Refund when that happens.")
			)

	def check_days(self):
		for field, earliest in (("payment_date", None), ("cleared_on", self.payment_date), ("refunded_on", self.cleared_on)):
			day = self.get(field)
			if not day:
				continue
			label = frappe.bold(_(self.meta.get_label(field)))
			if getdate(day) > getdate(nowdate()):
				frappe.throw(_("{0} can't be after today, {1}.").format(label, formatdate(nowdate())))
			if earliest and getdate(day) < getdate(earliest):
				frappe.throw(_("{0} can't be before {1}.").format(label, formatdate(earliest)))

	def check_allocations(self):
		"""Each allocation to an order of this customer that still wants that much; the orders stay locked."""
		names = self.orders_touched()
		orders = ledger.lock(names)
		cleared = ledger.allocated(names, CLEARED, besides=self.name)
		pending = ledger.allocated(names, PENDING, besides=self.name)
		seen = set()
		for row in self.allocations:
			order = self.check_order(row, orders, seen)
			open_amount = ledger.standing_of(order, cleared[row.order]).outstanding
			reserved = sum(amount for _day, amount in pending[row.order])
			self.check_allocated(row, open_amount, reserved)
			row.update(
				{
					"order_no": order.order_no,
					"grand_total": order.grand_total,
					"outstanding_amount": open_amount,
					"currency": self.currency,
				}
			)
		total = flt(sum(flt(row.allocated_amount) for row in self.allocations), self.precision("amount"))
		self.unallocated_amount = flt(flt(self.amount) - total, self.precision("unallocated_amount"))
		if self.unallocated_amount < -CENT:
			frappe.throw(
				_("The allocations add up to {0}, more than the payment's {1}. Allocate less.").format(
					self.money(total), self.money(self.amount)
				)
			)

	def check_order(self, row, orders, seen):
		order = orders.get(row.order)
		link = get_link_to_form("CIMS Order", row.order)
		if not order:
			frappe.throw(_("Row {0}: there is no order {1}. Choose one from the list.").format(row.idx, row.order))
		if row.order in seen:
			frappe.throw(_("Row {0}: order {1} is there twice. Put its whole amount into one row.").format(row.idx, link))
		seen.add(row.order)
		if order.customer != self.customer:
			frappe.throw(_("Row {0}: order {1} is another customer's. Choose one of this customer.").format(row.idx, link))
		if order.docstatus != 1:
			frappe.throw(_("Row {0}: order {1} isn't submitted. Submit it first.").format(row.idx, link))
		if order.currency != self.currency:
			frappe.throw(
				_("Row {0}: order {1} is in {2} and this payment in {3}. Choose an order in the payment's currency.").format(
					row.idx, link, order.currency, self.currency
				)
			)
		return order

	def check_allocated(self, row, open_amount: float, reserved: float):
		if flt(row.allocated_amount) <= 0:
			frappe.throw(_("Row {0}: enter an allocated amount above 0.").format(row.idx))
		# What was allocated before stays allowed: goods may have come back since.
		if not self.is_more_than_before(row) or self.status in (FAILED, REFUNDED):
			return
		left = open_amount - reserved
		if flt(row.allocated_amount) <= left + CENT:
			return
		if reserved:
			message = _("Row {0}: {1} of order {2} can be allocated ({3} is outstanding, {4} of it is on its way). Allocate less.")
		else:
			message = _("Row {0}: {1} of order {2} is outstanding. Allocate less.")
		link = get_link_to_form("CIMS Order", row.order)
		frappe.throw(message.format(row.idx, self.money(max(left, 0)), link, self.money(open_amount), self.money(reserved)))

	def is_more_than_before(self, row) -> bool:
		before = self.get_doc_before_save()
		if not before or before.docstatus == 0:
			return True
		return flt(row.allocated_amount) > sum(flt(r.allocated_amount) for r in before.allocations if r.order == row.order)

	def check_by_method(self):
		before = self.get_doc_before_save()
		if self.flags.by_method or not before:
			return
		for field in BY_METHOD:
			if (self.get(field) and str(self.get(field))) != (before.get(field) and str(before.get(field))):
				frappe.throw(
					_("{0} of a submitted payment can't be typed in. Use its buttons: Clear, Fail, Refund.").format(
						frappe.bold(_(self.meta.get_label(field)))
					)
				)

	def money(self, amount) -> str:
		return frappe.format(amount, {"fieldtype": "Currency", "options": "currency"}, doc=self)

	@frappe.whitelist()
	def clear(self, cleared_on: str | None = None):
		"""The money is here (default today): the orders that it pays count it from this day on."""
		self.check_is(PENDING, _("Only a pending payment can be cleared; this one is {0}."))
		self.cleared_on = getdate(cleared_on or nowdate())
		self.save_as(CLEARED)

	@frappe.whitelist()
	def fail(self):
		"""The money never came (a cheque bounced, a transfer was rejected): the orders don't wait for it."""
		self.check_is(PENDING, _("Only a pending payment can fail; this one is {0}. Refund it if the money went back."))
		self.save_as(FAILED)

	@frappe.whitelist()
	def refund(self, refunded_on: str | None = None):
		"""The whole money went back (default today): the orders that it paid are open again."""
		self.check_is(CLEARED, _("Only a cleared payment can be refunded; this one is {0}."))
		self.refunded_on = getdate(refunded_on or nowdate())
		self.save_as(REFUNDED)

	@frappe.whitelist()
	def allocate(self):
		"""Spread what isn't allocated over the customer's open orders, the longest due first."""
		if self.docstatus == 2 or self.status in (FAILED, REFUNDED):
			frappe.throw(_("There is no money in this payment to allocate."))
		rest = flt(self.amount) - sum(flt(row.allocated_amount) for row in self.allocations)
		taken = {row.order for row in self.allocations}
		for order in ledger.open_orders(self.customer, self.currency):
			reserved = sum(amount for _day, amount in ledger.allocated([order.name], PENDING, self.name)[order.name])
			amount = flt(min(rest, order.outstanding_amount - reserved), self.precision("amount"))
			if amount > CENT and order.name not in taken:
				self.append("allocations", {**order, "name": None, "order": order.name, "allocated_amount": amount})
				rest -= amount
		if self.docstatus == 1:
			self.save()

	def check_is(self, status: str, refusal: str):
		if self.docstatus != 1:
			frappe.throw(_("Submit the payment first; a draft or cancelled payment can't be cleared, failed or refunded."))
		if self.status != status:
			frappe.throw(refusal.format(frappe.bold(_(self.status))))

	def save_as(self, status: str):
		self.status = status
		self.flags.by_method = True
		self.save()
		self.flags.by_method = False


def on_doctype_update():
	"""The lists filter by these; each one is used from the left."""
	frappe.db.add_index("CIMS Payment", ["customer", "docstatus", "payment_date"], "customer_docstatus_payment_date")
	frappe.db.add_index("CIMS Payment", ["status", "modified"], "status_modified")
