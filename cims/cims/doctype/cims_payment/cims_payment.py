import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import flt, formatdate, get_link_to_form, getdate, nowdate

from cims import indexes
from cims.customers import status as customer_status
from cims.receivables import allocation, checks, ledger
from cims.receivables.allocation import CLEARED, FAILED, PENDING, REFUNDED

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
		allocation.check(self)

	def on_submit(self):
		ledger.settle(self.orders_touched())

	def before_update_after_submit(self):
		checks.refuse_typed(
			self,
			BY_METHOD,
			_("{0} of a submitted payment can't be typed in. Use its buttons: Clear, Fail, Refund."),
		)
		self.check_days()
		allocation.check(self)

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
		self.import_id = before.import_id if before else None

	def fill_defaults(self):
		self.payment_date = self.payment_date or nowdate()
		self.currency = self.currency or frappe.get_cached_doc("CIMS Settings").default_currency
		self.cleared_on = (self.cleared_on or self.payment_date) if self.status == CLEARED else None

	def check_amount(self):
		if flt(self.amount) <= 0:
			frappe.throw(
				_("Enter an amount above 0. To give money back, refund the payment that brought it.")
			)

	def check_status(self):
		if self.status not in (PENDING, CLEARED):
			frappe.throw(
				_(
					"A new payment is Pending or Cleared. Submit it, then use its buttons Fail and Refund when that happens."
				)
			)

	def check_days(self):
		for field, earliest in (
			("payment_date", None),
			("cleared_on", self.payment_date),
			("refunded_on", self.cleared_on),
		):
			day = self.get(field)
			if not day:
				continue
			label = frappe.bold(checks.label(self, field))
			if getdate(day) > getdate(nowdate()):
				frappe.throw(_("{0} can't be after today, {1}.").format(label, formatdate(nowdate())))
			if earliest and getdate(day) < getdate(earliest):
				frappe.throw(_("{0} can't be before {1}.").format(label, formatdate(earliest)))

	@frappe.whitelist()
	def clear(self, cleared_on: str | None = None):
		"""The money is here (default today): the orders that it pays count it from this day on."""
		self.check_is(PENDING, _("Only a pending payment can be cleared; this one is {0}."))
		self.cleared_on = getdate(cleared_on or nowdate())
		self.save_as(CLEARED)

	@frappe.whitelist()
	def fail(self):
		"""The money never came (a cheque bounced, a transfer was rejected): the orders don't wait for it."""
		self.check_is(
			PENDING, _("Only a pending payment can fail; this one is {0}. Refund it if the money went back.")
		)
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
		allocation.spread(self)
		if self.docstatus == 1:
			self.save()

	def check_is(self, status: str, refusal: str):
		if self.docstatus != 1:
			frappe.throw(
				_(
					"Submit the payment first; a draft or cancelled payment can't be cleared, failed or refunded."
				)
			)
		if self.status != status:
			frappe.throw(refusal.format(frappe.bold(_(self.status, context=self.doctype))))

	def save_as(self, status: str):
		self.status = status
		self.flags.by_method = True
		self.save()
		self.flags.by_method = False


def on_doctype_update():
	"""The list and the timeline of a customer."""
	indexes.bring(
		"CIMS Payment",
		{
			"customer_payment_date": ("customer", "payment_date"),
			"status_modified": ("status", "modified"),
			"method_modified": ("method", "modified"),
		},
		retired=("customer_docstatus_payment_date",),
	)
