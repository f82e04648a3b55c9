"""Plain receivables from a file: an order for each invoice, delivered on the invoice's day, and a payment for each settled one."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

import frappe
from frappe import _
from frappe.utils import flt, formatdate

from cims.imports.importer import Field, in_cell
from cims.imports.outcome import REJECTED, Batch
from cims.imports.source import Chunk
from cims.receivables.importing import LONGEST, ORDER, PAYMENT, OrderImport, Orders
from cims.receivables.sets import FileOrder, Item, Money
from cims.receivables.settlement import CENT
from cims.trust.calendar import NEVER, to_date
from cims.trust.files.dates import OPEN_WORDS
from cims.trust.files.headers import DATES, HEADERS
from cims.trust.files.receivables import Forms, Part, Table, read_part
from cims.trust.problems import message

FIELDS = (
	Field("customer", "Customer", True, "The customer's code or name.", example="C-000001"),
	Field("invoice", "Invoice Number", True, "Unique for each customer.", example="INV-2025-0001"),
	Field("invoice_date", "Invoice Date", True, "The day of delivery: the credit period runs from it.", example="2025-01-15"),
	Field("due_date", "Due Date", True, "As agreed, without regard to holidays.", example="2025-02-14"),
	Field("amount", "Amount", True, "Above zero, all rows in one currency.", example="12500.00"),
	Field("settled_date", "Settled Date", True, "Empty while the invoice is open.", example="2025-02-10"),
	Field("disputed", "Disputed", False, "Yes or No; no column means No.", example="No"),
)  # fmt: skip


class ReceivablesImport(OrderImport):
	fields = tuple(
		Field(f.name, f.label, f.required, f.help, HEADERS[f.name], f.example) for f in FIELDS
	)  # fmt: skip

	def open(self, headers: Sequence[str], writes: bool) -> None:
		super().open(headers, writes)
		self.forms = Forms.of(self.chosen)

	def survey(self, chunk: Chunk) -> None:
		columns = {name: np.array(chunk.column(self.at[name]), dtype=object) for name in (*DATES, "amount")}
		self.forms.add(columns)
		self.survey_customers(chunk.column(self.at["customer"]))
		self.counts[ORDER] += len(chunk)
		self.counts[PAYMENT] += sum(text.lower() not in OPEN_WORDS for text in columns["settled_date"])

	def ready(self) -> None:
		self.forms.settle(self.doc.date_format)
		super().ready()

	def read(self, chunk: Chunk) -> Batch:
		batch = Batch(chunk)
		part = Part(self.headers, chunk.numbers, chunk.rows, chunk.beyond)
		table, problems = read_part(part, self.at, self.forms, self.doc.date_format or None, self.today)
		at_of = {number: at for at, number in enumerate(chunk.numbers)}
		for problem in problems:
			batch.reject(at_of[problem.row], in_cell(problem.column, message(problem, _)))
		batch.data = found = Orders()
		for number, order in orders_of(table):
			found.orders.append(order)
			found.rows.append([at_of[number]])
		return batch

	def twice(self, order: FileOrder, first: int) -> str:
		return _("Invoice {0} of this customer already stands in row {1}.").format(order.order_no, first)

	def compared(self, order: FileOrder, there: frappe._dict) -> Iterable[tuple]:
		invoiced_on, amount = there.delivery_date or there.order_date, order.grand_total
		return (
			("Amount", there.grand_total, amount, abs(there.grand_total - amount) < CENT, self.money),
			("Invoice Date", invoiced_on, order.order_date, invoiced_on == order.order_date, formatdate),
			("Due Date", there.due_date, order.due_date, there.due_date == order.due_date, formatdate),
		)

	def differs_besides(self, order: FileOrder, there: frappe._dict) -> list[str]:
		settled_on = order.payments[0].day if order.payments else None
		if not (settled_on and there.settled_on and settled_on != there.settled_on):
			return []
		said = _("it was settled on {0} according to {1} and on {2} according to the file")
		return [said.format(formatdate(there.settled_on), there.name, formatdate(settled_on))]

	def news(self, order: FileOrder, there: frappe._dict) -> list[str]:
		is_open = not there.settled_on and there.outstanding_amount > CENT
		order.fresh = order.payments if is_open else []
		order.freshly_disputed = order.disputed and not (there.disputed_from or there.dispute_reason)
		news = [_("settled on {0}").format(formatdate(money.day)) for money in order.fresh]
		return [*news, _("disputed")] if order.freshly_disputed else news

	def shown(self, batch: Batch, at: int) -> dict[str, str]:
		order = batch.data.at(at)
		if batch.outcomes[at] == REJECTED or not order:
			return {}
		return {
			_("Customer"): order.customer,
			_("Invoice Number"): order.order_no,
			_("Invoice Date"): formatdate(order.order_date),
			_("Due Date"): formatdate(order.due_date),
			_("Amount"): self.money(order.grand_total),
			_("Settled Date"): formatdate(order.payments[0].day) if order.payments else "",
			_("Disputed"): _("Yes") if order.disputed else _("No"),
		}


def orders_of(table: Table) -> Iterator[tuple[int, FileOrder]]:
	"""The table's rows one by one, with their numbers in the file."""
	columns = (
		table.row,
		table.customer,
		table.invoice,
		table.invoiced,
		table.due,
		table.amount,
		table.settled,
		table.disputed,
	)
	for number, customer, invoice, invoiced, due, amount, settled, disputed in zip(*columns, strict=True):
		invoice, invoiced_on = str(invoice), to_date(invoiced)
		yield (
			int(number),
			FileOrder(
				customer=table.customers[customer],
				order_no=invoice,
				order_date=invoiced_on,
				delivery_date=invoiced_on,
				due_date=to_date(due),
				items=[Item(_("Invoice {0}").format(invoice)[:LONGEST], 1, flt(float(amount), 2))],
				disputed=bool(disputed),
				payments=[Money(to_date(settled), reference=invoice)] if settled < NEVER else [],
			),
		)
