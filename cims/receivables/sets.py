"""Orders and payments from files, written as sets: the same documents as through the controllers, thousands at a time.

What a document works out in its `validate` is worked out here by the same functions (`settlement.standing`, `order_status`);
a test holds the rows of both ways against each other. The caller has checked what the documents would refuse.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import frappe
from frappe import _
from frappe.utils import flt, getdate, nowdate

from cims.customers.status import ACTIVE, DORMANT, PROSPECT, comment
from cims.imports import changes
from cims.imports.importer import Names
from cims.ratings import sql
from cims.receivables import ledger
from cims.receivables.settlement import CENT, order_status, standing

CUSTOMER, ORDER, PAYMENT = "CIMS Customer", "CIMS Order", "CIMS Payment"
# What an order's standing consists of, and what a file may change of an order that is there.
STANDING = (
	"paid_amount", "outstanding_amount", "refund_due_amount", "written_off_amount", "settled_on", "payment_status",
)  # fmt: skip


@dataclass
class Item:
	name: str
	qty: float
	rate: float
	uom: str | None = None


@dataclass
class Money:
	"""A payment of one order. amount: None for whatever is outstanding."""

	day: date
	amount: float | None = None
	method: str = "Bank Transfer"
	reference: str | None = None


@dataclass
class FileOrder:
	"""An order as a file has it. customer: its text in the file; code and customer_name: of the one that it means. name: of the
	document, once there is one."""

	customer: str
	order_no: str
	order_date: date
	due_date: date
	items: list[Item]
	delivery_date: date | None = None
	discount: float = 0.0
	disputed: bool = False
	payments: list[Money] = field(default_factory=list)
	remarks: str | None = None
	code: str | None = None
	customer_name: str = ""
	name: str | None = None
	# Of an order that is there: what of it is news, None for one that is new as a whole.
	fresh: list[Money] | None = None
	freshly_disputed: bool | None = None

	@property
	def to_pay(self) -> list[Money]:
		return self.payments if self.fresh is None else self.fresh

	@property
	def to_dispute(self) -> bool:
		return self.disputed if self.freshly_disputed is None else self.freshly_disputed

	@property
	def total(self) -> float:
		return flt(sum(flt(item.qty * item.rate, 2) for item in self.items), 2)

	@property
	def grand_total(self) -> float:
		return flt(self.total - self.discount, 2)


@dataclass
class Payment:
	"""A payment that is to be written, and the order it pays. before: what the order was owed until then."""

	order: str
	order_no: str
	code: str
	customer_name: str
	grand_total: float
	before: float
	money: Money
	amount: float

	@property
	def allocated(self) -> float:
		return flt(min(self.amount, self.before), 2)


@dataclass
class Writer:
	"""own: the import's ID; said: what the documents keep as remarks; dispute: their reason for a dispute."""

	own: str
	currency: str
	stamp: str
	said: str
	dispute: str
	order_names: Names
	payment_names: Names

	def insert(self, orders: Sequence[FileOrder]) -> None:
		"""New submitted orders with their items and payments; what their customers become by them."""
		if not orders:
			return
		for order, name in zip(orders, self.order_names.take(len(orders)), strict=True):
			order.name = name
		payments = [payment for order in orders for payment in self.payments_of(order)]
		self._insert_orders(orders)
		self._insert_items(orders)
		self._insert_payments(payments)
		self._customers_have_ordered(orders)

	@staticmethod
	def payments_of(order: FileOrder) -> Iterator[Payment]:
		rest = order.grand_total
		for money in order.to_pay:
			amount = flt(rest if money.amount is None else money.amount, 2)
			if rest <= CENT or amount <= 0:
				continue
			yield Payment(
				order.name,
				order.order_no,
				order.code,
				order.customer_name,
				order.grand_total,
				rest,
				money,
				amount,
			)
			rest = flt(rest - min(rest, amount), 2)

	def _insert_orders(self, orders: Sequence[FileOrder]) -> None:
		today = getdate(nowdate())
		states = [
			standing(
				order.grand_total,
				order.order_date,
				order.due_date,
				[(payment.money.day, payment.allocated) for payment in self.payments_of(order)],
				today,
			)
			for order in orders
		]
		columns = {
			"name": [order.name for order in orders],
			"customer": [order.code for order in orders],
			"customer_name": [order.customer_name for order in orders],
			"order_no": [order.order_no for order in orders],
			"status": [order_status(1, bool(order.delivery_date), order.grand_total, 0) for order in orders],
			"order_date": [order.order_date for order in orders],
			"delivery_date": [order.delivery_date for order in orders],
			"credit_days": [(order.due_date - order.order_date).days for order in orders],
			"due_date": [order.due_date for order in orders],
			"total": [order.total for order in orders],
			"discount_amount": [order.discount for order in orders],
			"grand_total": [order.grand_total for order in orders],
			"remarks": [order.remarks or self.said for order in orders],
			"dispute_reason": [self.dispute if order.to_dispute else None for order in orders],
			**_columns([ledger.fields_of(state) for state in states]),
		}
		changes.insert(
			ORDER, columns, {"currency": self.currency, "docstatus": 1, "import_id": self.own}, self.stamp
		)

	def _insert_items(self, orders: Sequence[FileOrder]) -> None:
		lines = [
			(order.name, idx, item.name, item.qty, item.uom, item.rate, flt(item.qty * item.rate, 2))
			for order in orders
			for idx, item in enumerate(order.items, 1)
		]
		fields = ("parent", "idx", "item_name", "qty", "uom", "rate", "amount")
		self._insert_rows("CIMS Order Item", ORDER, "items", fields, lines)

	def _insert_rows(
		self, doctype: str, parent: str, parentfield: str, fields: Sequence[str], lines: list
	) -> None:
		columns = {
			"name": [sql.new_name() for _line in lines],
			**dict(zip(fields, map(list, zip(*lines, strict=True)), strict=True)),
		}
		same = {"parenttype": parent, "parentfield": parentfield, "docstatus": 1, "currency": self.currency}
		changes.insert(doctype, columns, same, self.stamp)

	def _insert_payments(self, payments: Sequence[Payment]) -> None:
		if not payments:
			return
		names = self.payment_names.take(len(payments))
		columns = {
			"name": names,
			"customer": [payment.code for payment in payments],
			"customer_name": [payment.customer_name for payment in payments],
			"payment_date": [payment.money.day for payment in payments],
			"cleared_on": [payment.money.day for payment in payments],
			"method": [payment.money.method for payment in payments],
			"reference_no": [payment.money.reference for payment in payments],
			"amount": [payment.amount for payment in payments],
			"unallocated_amount": [flt(payment.amount - payment.allocated, 2) for payment in payments],
		}
		same = {
			"currency": self.currency, "status": "Cleared", "remarks": self.said, "docstatus": 1, "import_id": self.own,
		}  # fmt: skip
		changes.insert(PAYMENT, columns, same, self.stamp)
		lines = [
			(name, 1, payment.order, payment.order_no, payment.grand_total, payment.before, payment.allocated)
			for name, payment in zip(names, payments, strict=True)
		]
		fields = (
			"parent",
			"idx",
			"order",
			"order_no",
			"grand_total",
			"outstanding_amount",
			"allocated_amount",
		)
		self._insert_rows("CIMS Payment Allocation", PAYMENT, "allocations", fields, lines)

	def _customers_have_ordered(self, orders: Sequence[FileOrder]) -> None:
		"""As `status.has_ordered` for each: who was a prospect or dormant is active now, by the first of the orders."""
		first = {}
		for order in orders:
			first.setdefault(order.code, order.name)
		for part in sql.chunks(sorted(first), sql.ROWS_AT_ONCE):
			rows = frappe.get_all(
				CUSTOMER,
				{"name": ("in", part), "status": ("in", (PROSPECT, DORMANT))},
				["name", "status"],
				limit=0,
			)
			if not rows:
				continue
			names = [row.name for row in rows]
			changes.keep(self.own, CUSTOMER, names, [{"status": row.status} for row in rows], self.stamp)
			changes.update(CUSTOMER, names, {"status": [ACTIVE] * len(names)}, self.stamp)
			comment({name: _("became active with order {0}").format(first[name]) for name in names})

	def update(self, orders: Sequence[FileOrder]) -> None:
		"""Orders that are there (`name`), with what is news in the file: payments, and that they are disputed."""
		if not orders:
			return
		rows = ledger.lock([order.name for order in orders])
		cleared = ledger.allocated(rows, "Cleared")
		former_of = standings(rows)
		payments, former, changed = [], [], []
		for order in orders:
			row, paid = rows[order.name], list(cleared[order.name])
			for money in order.to_pay:
				before = ledger.standing_of(row, paid).outstanding
				amount = flt(before if money.amount is None else money.amount, 2)
				if before <= CENT or amount <= 0:
					continue
				payment = Payment(
					order.name,
					row.order_no,
					row.customer,
					order.customer_name,
					flt(row.grand_total),
					before,
					money,
					amount,
				)
				payments.append(payment)
				paid.append((money.day, payment.allocated))
			now = ledger.fields_of(ledger.standing_of(row, paid))
			now["dispute_reason"] = (
				self.dispute if order.to_dispute else former_of[order.name]["dispute_reason"]
			)
			changed.append(now)
			former.append(former_of[order.name])
		self._insert_payments(payments)
		names = [order.name for order in orders]
		changes.keep(self.own, ORDER, names, former, self.stamp)
		changes.update(ORDER, names, _columns(changed), self.stamp)


def standings(names) -> dict[str, dict]:
	"""Order -> its standing and its reason for a dispute, as they are."""
	rows = frappe.get_all(
		ORDER, {"name": ("in", sorted(names))}, ["name", "dispute_reason", *STANDING], limit=0, order_by=None
	)
	return {row.pop("name"): dict(row) for row in rows}


def _columns(rows: Sequence[dict]) -> dict[str, list]:
	columns = defaultdict(list)
	for row in rows:
		for name, value in row.items():
			columns[name].append(value)
	return columns
