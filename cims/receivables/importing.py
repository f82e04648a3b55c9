"""Orders and payments from a file: what plain receivables and orders with their payments have in common.

An order belongs to the customer with the code that stands in the file, else to the one with the name; else to a new customer,
if the import may make customers. It is the customer's order with its number, if there is one.

The fast lane writes sets (`cims.receivables.sets`) and skips what the framework does for each document, as
`cims.customers.importing` says; evidence and ratings of all customers are brought in line at the end, on the queue.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.utils import flt, fmt_money, formatdate, getdate, now, nowdate

from cims.cims.doctype.cims_customer.cims_customer import SERIES
from cims.customers import derived
from cims.imports import bulk, changes
from cims.imports.importer import Importer, Names, in_cell, insert, said_by
from cims.imports.outcome import DUPLICATE, NEW, REJECTED, SAMPLES, UPDATED, Batch, Tally
from cims.ratings import sql
from cims.receivables import events, ledger
from cims.receivables.parties import Parties, Party, looks_like_code, new_customer
from cims.receivables.sets import FileOrder, Money, Writer, standings
from cims.receivables.settlement import CENT

CUSTOMER, ORDER, PAYMENT = "CIMS Customer", "CIMS Order", "CIMS Payment"
LONGEST = 140
FAST_AT_ONCE, STRICT_AT_ONCE = 5000, 200
SAVEPOINT = "cims_import_row"
# What every document has.
STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "doctype")
# Tables of this connection: the order numbers of these rows, and those of the whole file with the first row of each.
HERE, SEEN = "cims_import_here", "cims_import_seen"
NUMBERS = "`row` INT NOT NULL, `customer` VARCHAR(141) NOT NULL, `number` VARCHAR(140) NOT NULL"


@dataclass
class Orders:
	"""The orders of a batch. rows: the positions of each one's rows; there: what is known of the one that is there."""

	orders: list[FileOrder] = field(default_factory=list)
	rows: list[list[int]] = field(default_factory=list)
	parties: dict[str, Party] = field(default_factory=dict)
	there: dict[int, frappe._dict] = field(default_factory=dict)

	def at(self, position: int) -> FileOrder | None:
		"""The order of a row."""
		return next(
			(order for order, rows in zip(self.orders, self.rows, strict=True) if position in rows), None
		)

	def of(self, batch: Batch, *outcomes: str) -> list[int]:
		"""The orders, by their place in the list, with these outcomes."""
		return [n for n, rows in enumerate(self.rows) if batch.outcomes[rows[0]] in outcomes]


class OrderImport(Importer):
	doctypes = (CUSTOMER, ORDER, PAYMENT)
	follow_up = "cims.receivables.importing.bring_evidence"

	def check_rights(self) -> None:
		for doctype, right in ((ORDER, "create"), (ORDER, "submit"), (PAYMENT, "create")):
			frappe.has_permission(doctype, right, throw=True)
		if self.doc.create_customers:
			frappe.has_permission(CUSTOMER, "create", throw=True)

	# --- before the first row

	def open(self, headers: Sequence[str], writes: bool) -> None:
		super().open(headers, writes)
		self.rows_at_once = STRICT_AT_ONCE if self.strict else FAST_AT_ONCE
		self.currency = self.doc.currency or frappe.get_cached_doc("CIMS Settings").default_currency
		if not self.currency:
			frappe.throw(
				_("Choose the currency of the amounts, or set the default currency in {0}.").format(
					_("CIMS Settings")
				)
			)
		self.today = getdate(nowdate())
		self.counts = {ORDER: 0, PAYMENT: 0}
		# Hashes of the texts that may be names of new customers, and of those that are.
		self.strangers: set[int] = set()
		self.new: set[int] = set()
		self.first_new: list[str] = []
		self.names: dict[str, Names] = {}
		self.parties = Parties(self.doc, self.currency)
		self.stamp = now()
		bulk.create(SEEN, f"{NUMBERS}, PRIMARY KEY (`customer`, `number`)")

	def survey_customers(self, texts: Iterable[str]) -> None:
		self.strangers.update(hash(text.casefold()) for text in texts if text and not looks_like_code(text))

	def ready(self) -> None:
		if not self.writes:
			return
		series = {ORDER: frappe.get_meta(ORDER).autoname, PAYMENT: frappe.get_meta(PAYMENT).autoname}
		self.names = {
			doctype: Names(doctype, series[doctype], count) for doctype, count in self.counts.items()
		}
		self.names[CUSTOMER] = Names(CUSTOMER, SERIES, self.unknown())
		self.writer = Writer(
			self.doc.name,
			self.currency,
			self.stamp,
			_("Imported with {0}.").format(self.doc.name),
			self.dispute(),
			self.names[ORDER],
			self.names[PAYMENT],
		)

	def unknown(self) -> int:
		"""How many codes new customers may need."""
		return len(self.strangers) if self.doc.create_customers else 0

	def close(self) -> None:
		for names in self.names.values():
			names.give_back()
		for table in (HERE, SEEN):
			bulk.drop(table)

	def dispute(self) -> str:
		"""The file says that there was a dispute, not when: the reason without days is how the order keeps that."""
		return _("Disputed according to the file of {0}.").format(self.doc.name)

	# --- whom a row is about

	def judge(self, batch: Batch) -> None:
		found: Orders = batch.data
		found.parties = self.parties.of({order.customer for order in found.orders})
		self.load(batch)
		firsts = self.firsts(batch)
		existing = self.existing(
			{
				(party.code, order.order_no)
				for order in found.orders
				if (party := found.parties[order.customer]).code
			}
		)
		for n, order in enumerate(found.orders):
			party = found.parties[order.customer]
			if there := existing.get((party.code, order.order_no.casefold())):
				found.there[n] = there
			number = batch.chunk.numbers[found.rows[n][0]]
			outcome, note = self.outcome(order, party, there, firsts.get(number))
			for at in found.rows[n]:
				if batch.outcomes[at] != REJECTED:
					batch.reject(at, note) if outcome == REJECTED else batch.say(at, outcome, note)
			if outcome == NEW and party.is_new:
				self.note_new(party.name)

	def note_new(self, name: str) -> None:
		key = hash(name.casefold())
		if key not in self.new and len(self.first_new) < SAMPLES:
			self.first_new.append(name)
		self.new.add(key)

	def pass_by(self, batch: Batch) -> None:
		found: Orders = batch.data
		found.parties = self.parties.of({order.customer for order in found.orders})
		self.load(batch)

	def load(self, batch: Batch) -> None:
		"""Note which orders stand in these rows."""
		found: Orders = batch.data
		keys = [
			(batch.chunk.numbers[rows[0]], found.parties[order.customer].key, order.order_no)
			for order, rows in zip(found.orders, found.rows, strict=True)
			if len(order.order_no) <= LONGEST and len(order.customer) <= LONGEST
		]
		bulk.create(HERE, NUMBERS)
		if keys:
			bulk.load(HERE, ("row", "customer", "number"), list(zip(*keys, strict=True)))
			bulk.run(f"INSERT IGNORE INTO `{SEEN}` SELECT * FROM `{HERE}` ORDER BY `row`")

	def firsts(self, batch: Batch) -> dict[int, int]:
		"""Number of a row -> number of the row where its order stands first, of those that stand twice."""
		return dict(
			bulk.rows(
				f"""SELECT here.`row`, seen.`row` FROM `{HERE}` here
				JOIN `{SEEN}` seen ON seen.customer = here.customer AND seen.`number` = here.`number`
				WHERE seen.`row` != here.`row`"""
			)
		)

	# --- what becomes of an order

	def existing(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], frappe._dict]:
		"""(customer, order number in small letters) -> the order that is there."""
		order = DocType(ORDER)
		found = {}
		for part in sql.chunks(sorted(keys), sql.ROWS_AT_ONCE):
			rows = (
				frappe.qb.from_(order)
				.select(
					order.name, order.customer, order.customer_name, order.order_no, order.docstatus, order.order_date,
					order.delivery_date, order.due_date, order.currency, order.grand_total, order.outstanding_amount,
					order.settled_on, order.disputed_from, order.dispute_reason,
				)
				.where(order.customer.isin({code for code, _number in part}))
				.where(order.order_no.isin({number for _code, number in part}))
				.where(order.docstatus < 2)
				.where(order.import_id.isnull() | (order.import_id != self.doc.name))
				.run(as_dict=True)
			)  # fmt: skip
			found |= {(row.customer, row.order_no.casefold()): row for row in rows}
		return found

	def outcome(self, order: FileOrder, party: Party, there, first: int | None) -> tuple[str, str]:
		if party.refusal:
			return REJECTED, party.refusal
		if len(order.order_no) > LONGEST:
			return REJECTED, _("The invoice number is too long: {0} characters are the most.").format(LONGEST)
		if first:
			return REJECTED, self.twice(order, first)
		if there:
			return self.compare(order, there)
		if party.no_orders:
			return REJECTED, party.no_orders
		return NEW, ""

	@abstractmethod
	def twice(self, order: FileOrder, first: int) -> str:
		"""What is said of an order that stands in the file a second time, `first` in that row."""

	def compare(self, order: FileOrder, there: frappe._dict) -> tuple[str, str]:
		"""What the file says that the order which is there doesn't."""
		if there.docstatus == 0:
			return REJECTED, _("Order {0} is still a draft. Submit or delete it, then import again.").format(
				there.name
			)
		differs = [
			_("{0} is {1} in {2} and {3} in the file").format(_(label), shown(here), there.name, shown(file))
			for label, here, file, same, shown in (*self.compared(order, there), self.currencies(there))
			if not same
		]
		differs += self.differs_besides(order, there)
		if differs:
			return REJECTED, _("The order is there and differs: {0}. Correct the file or the order.").format(
				"; ".join(differs)
			)
		news = self.news(order, there)
		if news:
			return UPDATED, in_cell(there.name, ", ".join(news))
		return DUPLICATE, _("Is there as {0}; nothing changes.").format(there.name)

	def currencies(self, there) -> tuple:
		return "Currency", there.currency, self.currency, there.currency == self.currency, str

	@abstractmethod
	def compared(self, order: FileOrder, there: frappe._dict) -> Iterable[tuple]:
		"""(label, here, in the file, whether they are the same, how to show them)."""

	def differs_besides(self, order: FileOrder, there: frappe._dict) -> list[str]:
		return []

	@abstractmethod
	def news(self, order: FileOrder, there: frappe._dict) -> list[str]:
		"""What changes of the order that is there: noted in `order`, and said in words."""

	def money(self, amount: float) -> str:
		return fmt_money(amount, currency=self.currency)

	# --- writing

	def write(self, batch: Batch) -> None:
		found: Orders = batch.data
		new, updated = found.of(batch, NEW), found.of(batch, UPDATED)
		for n in updated:
			order, there = found.orders[n], found.there[n]
			order.name, order.code, order.customer_name = there.name, there.customer, there.customer_name
		if self.strict:
			self.write_documents(batch, [*new, *updated])
			return
		made = self.make_customers(found, new)
		for n in new:
			order, party = found.orders[n], found.parties[found.orders[n].customer]
			order.code = party.code or made[party.name.casefold()]
			order.customer_name = party.stored_name or party.name
		self.writer.insert([found.orders[n] for n in new])
		# Money that is on its way to an order is for the payment's own document to judge.
		reserved = ledger.allocated([found.orders[n].name for n in updated], "Pending")
		self.write_documents(batch, [n for n in updated if reserved.get(found.orders[n].name)])
		self.writer.update([found.orders[n] for n in updated if not reserved.get(found.orders[n].name)])

	def make_customers(self, found: Orders, new: list[int]) -> dict[str, str]:
		"""The new customers of these orders. Returns name in small letters -> code."""
		parties = {}
		for n in new:
			party = found.parties[found.orders[n].customer]
			if party.is_new:
				parties.setdefault(party.name.casefold(), party)
		if not parties:
			return {}
		names = iter(self.names[CUSTOMER].take(sum(not party.code for party in parties.values())))
		codes = {key: party.code or next(names) for key, party in parties.items()}
		titles = [party.stored_name or party.name for party in parties.values()]
		usual = new_customer(None, "?")
		usual.run_method("validate")
		same = {
			name: value
			for name, value in usual.get_valid_dict(ignore_virtual=True).items()
			if value is not None and name not in (*STANDARD, "code", "customer_name", "import_id")
		}
		columns = {"name": list(codes.values()), "code": list(codes.values()), "customer_name": titles}
		changes.insert(CUSTOMER, columns, {**same, "import_id": self.doc.name}, self.stamp)
		derived.refresh(columns["name"])
		return codes

	def write_documents(self, batch: Batch, orders: Sequence[int]) -> None:
		found: Orders = batch.data
		for n in orders:
			frappe.db.savepoint(SAVEPOINT)
			try:
				with events.evidence_later():
					self.write_document(found.orders[n], found.parties[found.orders[n].customer])
			except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
				frappe.db.rollback(save_point=SAVEPOINT)
				for at in found.rows[n]:
					batch.reject(at, said_by(error))
			finally:
				frappe.clear_messages()

	def write_document(self, order: FileOrder, party: Party) -> None:
		if order.name:
			former = standings([order.name])[order.name]
			if order.to_dispute:
				doc = frappe.get_doc(ORDER, order.name)
				doc.dispute_reason = self.dispute()
				doc.save()
		else:
			former = None
			order.code = self.customer(party)
			order.customer_name = party.stored_name or party.name
			order.name = self.make_order(order)
		for money in order.to_pay:
			self.pay(order, money)
		if former:
			stamp = frappe.db.get_value(ORDER, order.name, "modified")
			changes.keep(self.doc.name, ORDER, [order.name], [former], stamp)

	def customer(self, party: Party) -> str:
		"""The code of the order's customer, who is made when the first order needs it."""
		if party.code and not party.is_new:
			return party.code
		same = {"customer_name": party.stored_name or party.name, "import_id": self.doc.name}
		if there := frappe.db.get_value(CUSTOMER, party.code or same, "name"):
			return there
		code = party.code or next(iter(self.names[CUSTOMER].take()), None)
		doc = insert(new_customer(code, party.name))
		changes.mark(CUSTOMER, [doc.name], self.doc.name)
		return doc.name

	def make_order(self, order: FileOrder) -> str:
		doc = frappe.get_doc(
			{
				"doctype": ORDER,
				"customer": order.code,
				"customer_name": order.customer_name,
				"order_no": order.order_no,
				"order_date": order.order_date,
				"delivery_date": order.delivery_date,
				"due_date": order.due_date,
				"currency": self.currency,
				"discount_amount": order.discount,
				"items": [
					{"item_name": item.name, "qty": item.qty, "uom": item.uom, "rate": item.rate}
					for item in order.items
				],
				"dispute_reason": self.dispute() if order.to_dispute else None,
				"remarks": order.remarks or self.writer.said,
				"docstatus": 1,
			}
		)
		status = frappe.db.get_value(CUSTOMER, order.code, "status")
		name = insert(doc, next(iter(self.names[ORDER].take()), None)).name
		changes.mark(ORDER, [name], self.doc.name)
		now_status, stamp = frappe.db.get_value(CUSTOMER, order.code, ["status", "modified"])
		if now_status != status:
			changes.keep(self.doc.name, CUSTOMER, [order.code], [{"status": status}], stamp)
		return name

	def pay(self, order: FileOrder, money: Money) -> None:
		outstanding = flt(frappe.db.get_value(ORDER, order.name, "outstanding_amount"))
		amount = flt(outstanding if money.amount is None else money.amount, 2)
		if outstanding <= CENT or amount <= 0:
			return
		payment = frappe.get_doc(
			{
				"doctype": PAYMENT,
				"customer": order.code,
				"customer_name": order.customer_name,
				"payment_date": money.day,
				"method": money.method,
				"status": "Cleared",
				"amount": amount,
				"currency": self.currency,
				"reference_no": money.reference,
				"allocations": [{"order": order.name, "allocated_amount": min(amount, outstanding)}],
				"remarks": self.writer.said,
				"docstatus": 1,
			}
		)
		# Who may import may say what was paid: it is the file that clears the payment, which who may only enter payments
		# couldn't do in the form.
		payment.check_permission("create")
		payment.flags.ignore_permissions = True
		name = insert(payment, next(iter(self.names[PAYMENT].take()), None)).name
		changes.mark(PAYMENT, [name], self.doc.name)

	# --- afterwards

	def customers_made(self, tally: Tally) -> None:
		"""Which customers were made, or would be, into the tally."""
		if self.writes:
			filters = {"import_id": self.doc.name}
			tally.customers_made = frappe.db.count(CUSTOMER, filters)
			rows = frappe.get_all(
				CUSTOMER, filters, ["name", "customer_name"], order_by="name", limit=SAMPLES
			)
			tally.customers = [[row.name, row.customer_name] for row in rows]
		else:
			tally.customers_made = len(self.new)
			tally.customers = [[name if looks_like_code(name) else "", name] for name in self.first_new]


def bring_evidence(own: str) -> None:
	"""Bring the evidence of all customers whom an import gave orders or payments in line with these; ratings follow."""
	from cims.ratings import store

	if touched := customers_of(own):
		store.backfill(touched)


def customers_of(own: str) -> list[str]:
	"""The customers of an import's orders and payments."""
	return frappe.db.sql_list(
		f"SELECT customer FROM `tab{ORDER}` WHERE import_id = %(own)s"
		f" UNION SELECT customer FROM `tab{PAYMENT}` WHERE import_id = %(own)s",
		{"own": own},
	)
