import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import (
	add_days,
	cint,
	date_diff,
	escape_html,
	flt,
	formatdate,
	get_link_to_form,
	getdate,
	nowdate,
)

from cims import indexes
from cims.customers import status as customer_status
from cims.receivables import checks, ledger
from cims.receivables.settlement import CENT, UNPAID, order_status

# On a submitted order these change through the methods below, never by typing.
BY_METHOD = ("delivery_date", "credit_days", "due_date", "returned_on", "returned_amount", "written_off_on")


class CIMSOrder(Document):
	# begin: auto-generated types
	# end: auto-generated types

	def before_insert(self):
		if self.amended_from:
			self.forget_what_happened()

	def validate(self):
		self.keep_sample_mark()
		self.fill_defaults()
		self.check_customer()
		self.check_items()
		self.set_totals()
		self.set_due_date()
		checks.order_number(self)
		self.set_standing()

	def before_submit(self):
		customer_status.check_may_order(self.customer)

	def on_submit(self):
		customer_status.has_ordered(self.customer, self.name)

	def before_update_after_submit(self):
		checks.refuse_typed(
			self,
			BY_METHOD,
			_("{0} of a submitted order can't be typed in. Use its buttons: Deliver, Return, Write Off."),
		)
		checks.order_days(self)
		self.set_standing()

	def before_cancel(self):
		checks.nothing_paid(self)
		self.status = "Cancelled"
		self.cancelled_on = nowdate()
		self.update({"outstanding_amount": 0, "payment_status": UNPAID})
		# Failed and refunded payments keep naming the order.
		self.ignore_linked_doctypes = ("CIMS Payment",)

	def forget_what_happened(self):
		"""An amended order starts afresh: Frappe copies even what is not to be copied."""
		for df in self.meta.get("fields", {"no_copy": 1}):
			if df.fieldname != "amended_from":
				self.set(df.fieldname, None)
		if self.order_no == self.amended_from:
			self.order_no = None

	def keep_sample_mark(self):
		before = self.get_doc_before_save()
		self.sample_data = before.sample_data if before else 0
		self.import_id = before.import_id if before else None

	def fill_defaults(self):
		settings = frappe.get_cached_doc("CIMS Settings")
		self.order_no = (self.order_no or "").strip() or self.name
		self.order_date = self.order_date or nowdate()
		self.currency = self.currency or settings.default_currency
		if self.credit_days is None and not self.due_date:
			self.credit_days = cint(settings.default_credit_days)

	def check_customer(self):
		if self.is_new() or self.has_value_changed("customer"):
			customer_status.check_may_draft_order(self.customer)

	def check_items(self):
		for row in self.items:
			if flt(row.qty) <= 0:
				frappe.throw(_("Row {0}: enter a quantity above 0 for {1}.").format(row.idx, row.item_name))
			if flt(row.rate) < 0:
				frappe.throw(
					_("Row {0}: the rate of {1} is below 0. Enter what you take off under Discount.").format(
						row.idx, row.item_name
					)
				)

	def set_totals(self):
		for row in self.items:
			row.currency = self.currency
			row.amount = flt(flt(row.qty) * flt(row.rate), row.precision("amount"))
		self.total = flt(sum(row.amount for row in self.items), self.precision("total"))
		self.grand_total = flt(self.total - flt(self.discount_amount), self.precision("grand_total"))
		if flt(self.discount_amount) < 0 or self.grand_total < 0:
			frappe.throw(
				_("The discount must lie between 0 and the total, {0}.").format(self.get_formatted("total"))
			)

	def set_due_date(self):
		"""The due date that was typed decides; where none was, the credit days do."""
		before = self.get_doc_before_save()
		typed = self.due_date and (not before or getdate(before.due_date) != getdate(self.due_date))
		if typed:
			self.credit_days = date_diff(self.due_date, self.order_date)
		else:
			self.due_date = add_days(self.order_date, cint(self.credit_days))
		if cint(self.credit_days) < 0:
			frappe.throw(
				_("The due date {0} is before the order date {1}. Enter a later due date.").format(
					formatdate(self.due_date), formatdate(self.order_date)
				)
			)

	def set_standing(self):
		self.status = order_status(
			self.docstatus, bool(self.delivery_date), self.grand_total, flt(self.returned_amount)
		)
		payable = self.docstatus and not self.is_new()
		cleared = ledger.allocated([self.name], "Cleared")[self.name] if payable else []
		self.update(ledger.fields_of(ledger.standing_of(self, cleared)))
		if not self.docstatus:
			self.settled_on = None

	@frappe.whitelist()
	def deliver(self, delivery_date: str | None = None, due_date: str | None = None):
		"""The goods arrived: the credit period runs from this day (default today), or ends on `due_date`."""
		self.check_submitted()
		self.delivery_date = getdate(delivery_date or nowdate())
		self.due_date = (
			getdate(due_date) if due_date else add_days(self.delivery_date, cint(self.credit_days))
		)
		self.credit_days = date_diff(self.due_date, self.delivery_date)
		if self.credit_days < 0:
			checks.refuse_day(
				self, "due_date", _("It can't be before the delivery, {0}."), self.delivery_date
			)
		self.save_by_method()

	@frappe.whitelist()
	def record_return(self, returned_on: str | None = None, amount: float | None = None):
		"""Goods came back: their amount (default all that is left) is owed no longer."""
		self.check_submitted()
		left = flt(self.grand_total) - flt(self.returned_amount)
		amount = left if amount is None else flt(amount, self.precision("returned_amount"))
		if amount <= 0 or amount > left + CENT:
			frappe.throw(
				_(
					"Enter a returned amount above 0 and up to {0}, which is what hasn't come back yet."
				).format(checks.money(self, left))
			)
		self.returned_on = getdate(returned_on or nowdate())
		self.returned_amount = flt(self.returned_amount) + amount
		self.save_by_method()

	@frappe.whitelist()
	def open_dispute(self, reason: str, disputed_from: str | None = None):
		"""The customer disputes the order: until the dispute closes, its days don't count as late."""
		self.check_submitted()
		if self.settled_on:
			frappe.throw(
				_("This order was settled on {0}; there is nothing left to dispute.").format(
					formatdate(self.settled_on)
				)
			)
		if self.disputed_from and not self.disputed_to:
			frappe.throw(
				_("This order has been in dispute since {0}.").format(formatdate(self.disputed_from))
			)
		# A dispute that comes back is one dispute: the clock has one pause.
		self.disputed_from = self.disputed_from or getdate(disputed_from or nowdate())
		self.disputed_to = None
		self.dispute_reason = reason
		self.save_by_method()

	@frappe.whitelist()
	def close_dispute(self, disputed_to: str | None = None):
		"""The dispute is over: from this day (default today) on, days count again."""
		self.check_submitted()
		if not self.disputed_from or self.disputed_to:
			frappe.throw(_("This order isn't in dispute."))
		self.disputed_to = getdate(disputed_to or nowdate())
		self.save_by_method()

	@frappe.whitelist()
	def write_off(self, written_off_on: str | None = None):
		"""Give up what is still owed. A hard event: it caps the customer's grade."""
		self.check_submitted()
		self.check_permission("cancel")
		if not self.outstanding_amount:
			frappe.throw(_("Nothing is outstanding on this order, so there is nothing to write off."))
		self.written_off_on = getdate(written_off_on or nowdate())
		self.save_by_method()

	@frappe.whitelist()
	def undo_write_off(self):
		"""The written off amount is owed again."""
		self.check_submitted()
		self.check_permission("cancel")
		if not self.written_off_on:
			frappe.throw(_("This order hasn't been written off."))
		self.written_off_on = None
		self.save_by_method()

	def check_submitted(self):
		if self.docstatus != 1:
			frappe.throw(
				_(
					"Submit the order first; a draft or cancelled order can't be delivered, returned or disputed."
				)
			)

	def save_by_method(self):
		self.flags.by_method = True
		self.save()
		self.flags.by_method = False


def on_doctype_update():
	"""The list, the timeline of a customer, what is open of one customer or of all, and what becomes overdue tonight."""
	indexes.bring(
		"CIMS Order",
		{
			"customer_order_date": ("customer", "order_date"),
			"open_of_customer": ("customer", "docstatus", "outstanding_amount"),
			"outstanding": ("outstanding_amount", "docstatus"),
			"status_modified": ("status", "modified"),
			"payment_status_modified": ("payment_status", "modified"),
			"payment_status_due_date": ("payment_status", "due_date"),
		},
		retired=("customer_docstatus_due_date", "open_orders"),
	)
