import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from cims.ratings import sources, store


class ReceivableDispute(Document):
	"""A receivable that is in dispute, where its own document has no place to say so: its clock stands still meanwhile."""

	def validate(self):
		self.find_customer()
		self.check_days()
		self.check_only_one()

	def on_update(self):
		self.bring_in_line()

	def after_delete(self):
		self.bring_in_line()

	def find_customer(self):
		source = next((s for s in sources.sources() if self.reference_doctype in _disputable(s)), None)
		if source is None:
			known = sorted({doctype for s in sources.sources() for doctype in _disputable(s)})
			frappe.throw(
				_("Disputes of {0} aren't kept here. Choose one of: {1}.").format(
					_(self.reference_doctype), ", ".join(map(_, known)) or _("None")
				)
			)
		found = next(iter(source.receivables(names=[self.reference_name])), None)
		if found is None:
			frappe.throw(
				_(
					"{0} {1} isn't a receivable of a customer. Choose a submitted document of a customer that CIMS has."
				).format(_(self.reference_doctype), self.reference_name)
			)
		self.customer = found.customer
		self.invoiced_on = found.invoiced_on

	def check_days(self):
		start = getdate(self.disputed_from)
		if start < self.invoiced_on:
			frappe.throw(
				_("A dispute can't begin before its document. Enter a day from {0} on.").format(
					frappe.format(self.invoiced_on, "Date")
				)
			)
		if self.disputed_to and getdate(self.disputed_to) < start:
			frappe.throw(_("The dispute ends before it begins. Correct one of the two days."))

	def check_only_one(self):
		other = frappe.db.exists(
			self.doctype,
			{
				"reference_doctype": self.reference_doctype,
				"reference_name": self.reference_name,
				"name": ("!=", self.name),
			},
		)
		if other:
			frappe.throw(
				_("{0} is in dispute already: {1}. Change the days there.").format(self.reference_name, other)
			)

	def bring_in_line(self):
		store.changed(
			self.reference_doctype,
			self.reference_name,
			self.customer,
			since=store.earliest_change(self) or self.disputed_from,
		)


def _disputable(source) -> tuple[str, ...]:
	return getattr(source, "disputable", ())


def on_doctype_update():
	frappe.db.add_unique("Receivable Dispute", ["reference_doctype", "reference_name"], "unique_reference")
