"""Receivables from a file: an order for each invoice, delivered on the invoice's day, and a payment for each settled one.

A row belongs to the customer with its code, else to the one with its name; else to a new customer, if the import may
make customers. It belongs to that customer's order with its invoice number, if there is one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import flt, fmt_money, formatdate, getdate, nowdate

from cims.customers.status import ACTIVE, ARCHIVED, BLOCKED
from cims.imports.importer import (
	DUPLICATE,
	NEW,
	REJECTED,
	UPDATED,
	Field,
	Importer,
	Plan,
	Step,
	in_cell,
	insert,
	reserve,
)
from cims.receivables import events
from cims.receivables.settlement import CENT
from cims.trust import reader
from cims.trust.calendar import NEVER, to_date
from cims.trust.cells import open_cells
from cims.trust.problems import message

CUSTOMER, ORDER, PAYMENT = "CIMS Customer", "CIMS Order", "CIMS Payment"
CUSTOMER_SERIES = "C-.######"
# Identifiers are looked up this many at a time.
AT_ONCE = 1000
LONGEST = 140

FIELDS = (
	Field("customer", "Customer", True, "The customer's code or name.", example="C-000001"),
	Field("invoice", "Invoice Number", True, "Unique for each customer.", example="INV-2025-0001"),
	Field("invoice_date", "Invoice Date", True, "The day of delivery: the credit period runs from it.", example="2025-01-15"),
	Field("due_date", "Due Date", True, "As agreed, without regard to holidays.", example="2025-02-14"),
	Field("amount", "Amount", True, "Above zero, all rows in one currency.", example="12500.00"),
	Field("settled_date", "Settled Date", True, "Empty while the invoice is open.", example="2025-02-10"),
	Field("disputed", "Disputed", False, "Yes or No; no column means No.", example="No"),
)  # fmt: skip


@dataclass(frozen=True)
class Row:
	"""One good row of the file. customer: as it stands there."""

	number: int
	customer: str
	invoice: str
	invoiced_on: date
	due_on: date
	amount: float
	settled_on: date | None
	disputed: bool


@dataclass(frozen=True)
class Party:
	"""Whom a customer's text in the file means. code: None for one that is to be made and named by the series.
	refusal: why its rows can't be taken, already translated."""

	code: str | None
	name: str
	is_new: bool = False
	refusal: str = ""
	# A blocked or archived customer still pays what it owes, but takes no new orders.
	no_orders: str = ""


class ReceivablesImport(Importer):
	fields = tuple(
		Field(f.name, f.label, f.required, f.help, reader.HEADERS[f.name], f.example) for f in FIELDS
	)  # fmt: skip
	doctypes = (CUSTOMER, ORDER, PAYMENT)

	def __init__(self, doc, path: str):
		super().__init__(doc, path)
		self.currency = doc.currency or frappe.get_cached_doc("CIMS Settings").default_currency
		# Names taken in advance, the next one last.
		self.new_codes: list[str] = []
		self.orders: list[str] = []
		self.payments: list[str] = []
		# New customer's name in small letters -> code.
		self.codes: dict[str, str] = {}
		self.touched: set[str] = set()

	def check_permission(self) -> None:
		for doctype, right in ((ORDER, "create"), (ORDER, "submit"), (PAYMENT, "create")):
			frappe.has_permission(doctype, right, throw=True)
		if self.doc.create_customers:
			frappe.has_permission(CUSTOMER, "create", throw=True)

	def plan(self, progress: Callable[[int, int], None]) -> Plan:
		if not self.currency:
			frappe.throw(
				_("Choose the currency of the amounts, or set the default currency in {0}.").format(
					_("CIMS Settings")
				)
			)
		headers = open_cells(self.path).headers
		table, problems = reader.read(
			self.path,
			mapping=self.mapping(headers),
			date_format=self.doc.date_format or None,
			today=getdate(nowdate()),
		)
		bad = defaultdict(list)
		for problem in problems:
			bad[problem.row].append(in_cell(problem.column, message(problem, _)))
		steps = [Step(row, REJECTED, {}, "\n".join(said)) for row, said in bad.items()]
		rows = list(rows_of(table))
		progress(0, len(rows) + len(steps))
		parties = self.parties({row.customer for row in rows})
		orders = self.existing(
			{(party.code, row.invoice) for row, party in self.with_party(rows, parties) if party.code}
		)
		seen: dict[tuple[str, str], int] = {}
		for row, party in self.with_party(rows, parties):
			steps.append(self.step(row, party, orders, seen))
		steps.sort(key=lambda step: step.row)
		used = {step.data[1] for step in steps if step.outcome in (NEW, UPDATED)}
		made = dict.fromkeys(party for party in parties.values() if party.is_new and party in used)
		return Plan(steps, [(party.code or "", party.name) for party in made])

	@staticmethod
	def with_party(rows: Iterable[Row], parties: dict[str, Party]) -> Iterable[tuple[Row, Party]]:
		return ((row, parties[row.customer]) for row in rows)

	def parties(self, texts: set[str]) -> dict[str, Party]:
		"""Text in the file -> whom it means."""
		by_code, by_name = self.known_customers(texts)
		# What is a customer to the database is one customer here, whatever its spelling in the file.
		made: dict[str, Party] = {}
		found = {}
		for text in sorted(texts):
			same = by_code.get(text.casefold())
			named = [same] if same else by_name.get(text.casefold(), [])
			if len(named) > 1:
				codes = ", ".join(row.name for row in named[:5])
				refusal = _(
					"Several customers are called {0}: {1}. Write the code instead of the name."
				).format(text, codes)
				found[text] = Party(None, text, refusal=refusal)
			elif named:
				found[text] = self.party_of(named[0])
			else:
				found[text] = made.setdefault(text.casefold(), self.new_party(text))
		return found

	@staticmethod
	def known_customers(texts: set[str]):
		"""Customers by code and by name, both in small letters."""
		by_code, by_name = {}, defaultdict(list)
		for part in chunks(sorted(texts)):
			for field in ("name", "customer_name"):
				rows = frappe.get_all(
					CUSTOMER,
					{field: ("in", part)},
					["name", "customer_name", "status"],
					limit=0,
					order_by="name",
				)
				for row in rows:
					if field == "name":
						by_code[row.name.casefold()] = row
					else:
						by_name[row.customer_name.casefold()].append(row)
		return by_code, by_name

	def party_of(self, row) -> Party:
		refusal = no_orders = ""
		if not frappe.has_permission(CUSTOMER, "read", doc=row.name):
			refusal = _(
				"Customer {0} is not yours to see. Ask the account manager to import this row."
			).format(row.name)
		elif row.status in (BLOCKED, ARCHIVED):
			no_orders = _(
				"Customer {0} has the status {1} and takes no new orders. Set the status back to Active first."
			).format(row.name, _(row.status))
		return Party(row.name, row.customer_name, refusal=refusal, no_orders=no_orders)

	def new_party(self, text: str) -> Party:
		refusal = ""
		if not self.doc.create_customers:
			refusal = _(
				"There is no customer with the code or name {0}. Create it first, or let the import create customers."
			).format(text)
		elif len(text) > LONGEST:
			refusal = _("{0} is too long for a customer's name: {1} characters are the most.").format(
				text, LONGEST
			)
		return Party(text if looks_like_code(text) else None, text, is_new=True, refusal=refusal)

	@staticmethod
	def existing(keys: set[tuple[str, str]]) -> dict[tuple[str, str], frappe._dict]:
		"""(customer, invoice number in small letters) -> the order that is there."""
		order = DocType(ORDER)
		found = {}
		for part in chunks(sorted(keys)):
			rows = (
				frappe.qb.from_(order)
				.select(
					order.name, order.customer, order.order_no, order.docstatus, order.order_date, order.delivery_date,
					order.due_date, order.currency, order.grand_total, order.outstanding_amount, order.settled_on,
					order.disputed_from, order.dispute_reason,
				)
				.where(order.customer.isin({code for code, _number in part}))
				.where(order.order_no.isin({number for _code, number in part}))
				.where(order.docstatus < 2)
				.run(as_dict=True)
			)  # fmt: skip
			found |= {(row.customer, row.order_no.casefold()): row for row in rows}
		return found

	def step(self, row: Row, party: Party, orders: dict, seen: dict) -> Step:
		"""What becomes of a good row."""
		key = (party.code or f"\0{party.name.casefold()}", row.invoice.casefold())
		first = seen.setdefault(key, row.number)
		order = orders.get(key)
		if party.refusal:
			outcome, note = REJECTED, party.refusal
		elif len(row.invoice) > LONGEST:
			outcome, note = (
				REJECTED,
				_("The invoice number is too long: {0} characters are the most.").format(LONGEST),
			)
		elif first != row.number:
			outcome, note = (
				REJECTED,
				_("Invoice {0} of this customer already stands in row {1}.").format(row.invoice, first),
			)
		elif order:
			outcome, note = self.compare(row, order)
		elif party.no_orders:
			outcome, note = REJECTED, party.no_orders
		else:
			outcome, note = NEW, ""
		return Step(row.number, outcome, self.shown(row), note, (row, party, order))

	def compare(self, row: Row, order: frappe._dict) -> tuple[str, str]:
		"""What a row says that the order which is there doesn't."""
		if order.docstatus == 0:
			return REJECTED, _("Order {0} is still a draft. Submit or delete it, then import again.").format(
				order.name
			)
		invoiced_on = order.delivery_date or order.order_date
		differs = [
			_("{0} is {1} in {2} and {3} in the file").format(_(label), here, order.name, there)
			for label, here, there, same in (
				("Amount", self.money(order.grand_total), self.money(row.amount), abs(order.grand_total - row.amount) < CENT),
				("Invoice Date", formatdate(invoiced_on), formatdate(row.invoiced_on), invoiced_on == row.invoiced_on),
				("Due Date", formatdate(order.due_date), formatdate(row.due_on), order.due_date == row.due_on),
				("Currency", order.currency, self.currency, order.currency == self.currency),
			)
			if not same
		]  # fmt: skip
		if row.settled_on and order.settled_on and row.settled_on != order.settled_on:
			differs.append(
				_("it was settled on {0} according to {1} and on {2} according to the file").format(
					formatdate(order.settled_on), order.name, formatdate(row.settled_on)
				)
			)
		if differs:
			return REJECTED, _("The order is there and differs: {0}. Correct the file or the order.").format(
				"; ".join(differs)
			)
		news = []
		if row.settled_on and not order.settled_on and order.outstanding_amount > CENT:
			news.append(_("settled on {0}").format(formatdate(row.settled_on)))
		if row.disputed and not (order.disputed_from or order.dispute_reason):
			news.append(_("disputed"))
		if news:
			return UPDATED, in_cell(order.name, ", ".join(news))
		return DUPLICATE, _("Is there as {0}; nothing changes.").format(order.name)

	def shown(self, row: Row) -> dict[str, str]:
		return {
			_("Customer"): row.customer,
			_("Invoice Number"): row.invoice,
			_("Invoice Date"): formatdate(row.invoiced_on),
			_("Due Date"): formatdate(row.due_on),
			_("Amount"): self.money(row.amount),
			_("Settled Date"): formatdate(row.settled_on) if row.settled_on else "",
			_("Disputed"): _("Yes") if row.disputed else _("No"),
		}

	def money(self, amount: float) -> str:
		return fmt_money(amount, currency=self.currency)

	def prepare(self, plan: Plan) -> None:
		steps = list(plan.of(NEW, UPDATED))
		unnamed = sum(not code for code, _name in plan.customers)
		self.new_codes = reserve(CUSTOMER, CUSTOMER_SERIES, unnamed)
		self.orders = reserve(
			ORDER, frappe.get_meta(ORDER).autoname, sum(step.outcome == NEW for step in steps)
		)
		settled = sum(bool(step.data[0].settled_on) for step in steps)
		self.payments = reserve(PAYMENT, frappe.get_meta(PAYMENT).autoname, settled)
		for names in (self.new_codes, self.orders, self.payments):
			names.reverse()

	def write(self, step: Step) -> None:
		made = len(self.codes)
		try:
			self.write_row(*step.data, is_new=step.outcome == NEW)
		except Exception:
			# The job takes the row back, and with it the customer that was made for it.
			while len(self.codes) > made:
				self.codes.popitem()
			raise

	def write_row(self, row: Row, party: Party, order, is_new: bool) -> None:
		with events.evidence_later():
			if is_new:
				customer = self.customer(party)
				order = self.make_order(row, party, customer)
			else:
				customer = order.customer
				if row.disputed and not (order.disputed_from or order.dispute_reason):
					doc = frappe.get_doc(ORDER, order.name)
					doc.dispute_reason = self.dispute()
					doc.save()
			if row.settled_on and not order.settled_on:
				self.pay(row, party, order)
		self.touched.add(customer)

	def customer(self, party: Party) -> str:
		"""The code of the row's customer, who is made when the first row needs it."""
		if not party.is_new:
			return party.code
		key = party.name.casefold()
		if key not in self.codes:
			code = party.code or (self.new_codes.pop() if self.new_codes else None)
			doc = frappe.new_doc(CUSTOMER)
			doc.update({"code": code, "customer_name": party.name, "status": ACTIVE})
			self.codes[key] = insert(doc).name
		return self.codes[key]

	def make_order(self, row: Row, party: Party, customer: str):
		order = frappe.get_doc(
			{
				"doctype": ORDER,
				"customer": customer,
				"customer_name": party.name,
				"order_no": row.invoice,
				"order_date": row.invoiced_on,
				"delivery_date": row.invoiced_on,
				"due_date": row.due_on,
				"currency": self.currency,
				"items": [
					{
						"item_name": _("Invoice {0}").format(row.invoice)[:LONGEST],
						"qty": 1,
						"rate": row.amount,
					}
				],
				"dispute_reason": self.dispute() if row.disputed else None,
				"remarks": self.origin(),
				"docstatus": 1,
			}
		)
		return insert(order, self.orders.pop() if self.orders else None)

	def pay(self, row: Row, party: Party, order) -> None:
		payment = frappe.get_doc(
			{
				"doctype": PAYMENT,
				"customer": order.customer,
				"customer_name": party.name,
				"payment_date": row.settled_on,
				"method": "Bank Transfer",
				"status": "Cleared",
				"amount": order.outstanding_amount,
				"currency": order.currency,
				"reference_no": row.invoice,
				"allocations": [{"order": order.name, "allocated_amount": order.outstanding_amount}],
				"remarks": self.origin(),
				"docstatus": 1,
			}
		)
		# Who may import may say what was paid: it is the file that clears the payment, which who may only enter payments
		# couldn't do in the form.
		payment.check_permission("create")
		payment.flags.ignore_permissions = True
		insert(payment, self.payments.pop() if self.payments else None)

	def origin(self) -> str:
		return _("Imported with {0}.").format(self.doc.name)

	def dispute(self) -> str:
		"""The file says that there was a dispute, not when: the reason without days is how the order keeps that."""
		return _("Disputed according to the file of {0}.").format(self.doc.name)

	def customers_made(self, plan: Plan) -> list[tuple[str, str]]:
		keys = ((name, name.casefold()) for _code, name in plan.customers)
		return [(self.codes[key], name) for name, key in keys if key in self.codes]

	def finish(self) -> None:
		from cims.ratings import store

		if self.touched:
			store.backfill(self.touched)


def rows_of(table: reader.Table) -> Iterable[Row]:
	"""The table's rows one by one."""
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
		yield Row(
			number=int(number),
			customer=table.customers[customer],
			invoice=str(invoice),
			invoiced_on=to_date(invoiced),
			due_on=to_date(due),
			amount=flt(float(amount), 2),
			settled_on=to_date(settled) if settled < NEVER else None,
			disputed=bool(disputed),
		)


def looks_like_code(text: str) -> bool:
	"""Whether a customer's text is rather a code than a name: no spaces, plain letters and a digit among them."""
	return (
		text.isascii() and not any(sign.isspace() for sign in text) and any(sign.isdigit() for sign in text)
	)


def chunks(items: list) -> Iterable[list]:
	return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
