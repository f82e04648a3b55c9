"""Orders with their payments from a file: rows that stand together and have the same customer and order number are one order.

Each of them may bring an item, a payment, or both; what is said of the order as a whole stands in the first.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

import numpy as np

import frappe
from frappe import _
from frappe.utils import add_days, cint, flt, formatdate, getdate

from cims.imports.importer import Field, in_cell
from cims.imports.outcome import REJECTED, Batch
from cims.imports.source import Chunk
from cims.receivables.importing import LONGEST, ORDER, PAYMENT, OrderImport, Orders
from cims.receivables.sets import FileOrder, Item, Money
from cims.receivables.settlement import CENT
from cims.trust.calendar import to_date
from cims.trust.files.amounts import AmountColumn, AmountForms
from cims.trust.files.dates import OPEN_WORDS, WRONG, DateFormat, DateForms, settle_order
from cims.trust.files.headers import HEADERS as H
from cims.trust.problems import Problem, message

FIELDS = (
	Field("customer", "Customer", True, "The customer's code or name.", H["customer"], "C-000001"),
	Field("order_no", "Order Number", True, "Unique for each customer. Further items and payments follow in rows of their own.", ("orderno", "ordernumber", "orderid", *H["invoice"]), "SO-2025-0001"),
	Field("order_date", "Order Date", True, "", ("dateoforder", "orderedon", "下单日期", "订单日期", *H["invoice_date"]), "2025-01-10"),
	Field("delivery_date", "Delivery Date", False, "Empty while the goods aren't delivered.", ("deliveredon", "delivered", "shipdate", "发货日期", "交货日期", "送货日期"), "2025-01-15"),
	Field("due_date", "Due Date", False, "Empty: the usual credit days after the order date.", H["due_date"], "2025-02-14"),
	Field("item_name", "Item", False, "Empty: the order's number.", ("product", "article", "goods", "description", "商品", "商品名称", "产品", "产品名称", "品名", "货物名称"), "Steel pipe"),
	Field("qty", "Quantity", False, "Empty: 1.", ("quantity", "count", "pieces", "数量"), "10"),
	Field("uom", "Unit", False, "", ("unit", "unitofmeasure", "单位", "计量单位"), "pcs"),
	Field("rate", "Rate", False, "Empty: the amount divided by the quantity.", ("price", "unitprice", "单价", "价格"), "1250.00"),
	Field("amount", "Amount", False, "Quantity times rate, where no rate is given.", H["amount"], ""),
	Field("discount", "Discount", False, "Of the whole order.", ("discountamount", "rebate", "折扣", "优惠", "优惠金额"), ""),
	Field("paid_on", "Paid On", False, "The day on which money came.", H["settled_date"], "2025-02-10"),
	Field("paid_amount", "Paid Amount", False, "Empty: all that is outstanding then.", ("paid", "amountpaid", "payment", "paymentamount", "付款金额", "收款金额", "回款金额", "已付金额", "实收金额"), ""),
	Field("method", "Payment Method", False, "", ("paymentmethod", "paidby", "付款方式", "收款方式", "支付方式"), "Bank Transfer"),
	Field("reference", "Payment Reference", False, "", ("paymentreference", "transactionid", "receiptno", "付款凭证号", "流水号", "交易号"), ""),
	Field("remarks", "Remarks", False, "", ("remark", "note", "notes", "comment", "备注", "说明"), ""),
)  # fmt: skip
DATES = ("order_date", "delivery_date", "due_date", "paid_on")
NUMBERS = ("qty", "rate", "amount", "discount", "paid_amount")
TEXTS = ("order_no", "item_name", "uom", "reference")


class Refusal(ValueError):
	"""What is wrong with a cell: the field and the sentence."""

	def __init__(self, field: str | None, why: str):
		super().__init__(why)
		self.field, self.why = field, why


class OrdersImport(OrderImport):
	fields = FIELDS

	# --- before the first row

	def open(self, headers: Sequence[str], writes: bool) -> None:
		super().open(headers, writes)
		if "rate" not in self.at and "amount" not in self.at:
			frappe.throw(_("Choose a column for {0} or {1}.").format(_("Rate"), _("Amount")))
		self.together = (self.at["customer"], self.at["order_no"])
		self.dates = {name: DateForms(self.chosen[name]) for name in DATES if name in self.at}
		self.format = DateFormat(self.doc.date_format) if self.doc.date_format else None
		numbers = [self.chosen[name] for name in NUMBERS if name in self.at]
		self.numbers = AmountForms(numbers[0])
		self.credit_days = cint(frappe.get_cached_doc("CIMS Settings").default_credit_days)
		options = frappe.get_meta(PAYMENT).get_field("method").options.split("\n")
		self.methods = {
			spelling.casefold(): option
			for option in options
			for spelling in (_(option), _(option, "zh"), option)
		}

	def survey(self, chunk: Chunk) -> None:
		for name, forms in self.dates.items():
			forms.add(np.array(chunk.column(self.at[name]), dtype=object))
		for name in NUMBERS:
			if name in self.at:
				self.numbers.add(np.array(chunk.column(self.at[name]), dtype=object))
		self.survey_customers(chunk.column(self.at["customer"]))
		self.counts[ORDER] += len(chunk)
		if "paid_on" in self.at:
			self.counts[PAYMENT] += sum(map(bool, chunk.column(self.at["paid_on"])))

	def ready(self) -> None:
		if not self.format:
			settle_order(self.dates.values())
		self.numbers.settle()
		super().ready()

	# --- rows to orders

	def read(self, chunk: Chunk) -> Batch:
		batch = Batch(chunk)
		for at, beyond in chunk.beyond.items():
			batch.reject(
				at, message(Problem(chunk.numbers[at], None, "too_many_cells", {"value": beyond}), _)
			)
		columns = {name: chunk.column(at) for name, at in self.at.items()}
		for name in self.at:
			if name in DATES:
				columns[name] = self.read_dates(batch, name, columns[name])
			elif name in NUMBERS:
				columns[name] = self.read_numbers(batch, name, columns[name])
		self.check_cells(batch, columns)
		batch.data = found = Orders()
		keys = list(zip(columns["customer"], columns["order_no"], strict=True))
		for _key, group in groupby(range(len(chunk)), keys.__getitem__):
			self.read_order(batch, found, columns, list(group))
		return batch

	def read_dates(self, batch: Batch, name: str, texts: list[str]) -> list[date | None]:
		column = self.dates[name].settled(np.array(texts, dtype=object))
		days, form = column.days(self.format)
		found = [
			None if text in (OPEN_WORDS if name == "paid_on" else ("",)) else day
			for text, day in zip(column.lower, days, strict=True)
		]
		read = []
		for at, code in enumerate(column.codes):
			day = found[code]
			if day == WRONG:
				self.refuse(batch, at, name, "date_wrong", value=texts[at], form=form)
				day = None
			read.append(None if day is None else to_date(day))
		return read

	def read_numbers(self, batch: Batch, name: str, texts: list[str]) -> list[float | None]:
		column = AmountColumn(self.chosen[name], np.array(texts, dtype=object), None, self.numbers)
		for at in np.flatnonzero(column.wrong):
			self.refuse(batch, at, name, "amount_wrong", value=texts[at])
		for at in np.flatnonzero(column.other_currency):
			self.refuse(batch, at, name, "amount_currency", value=texts[at], currency=column.currency)
		return [None if np.isnan(number) else float(number) for number in column.amounts]

	def refuse(self, batch: Batch, at: int, name: str, code: str, **figures) -> None:
		problem = Problem(batch.chunk.numbers[at], None, code, figures)
		batch.reject(int(at), in_cell(self.chosen[name], message(problem, _)))

	def check_cells(self, batch: Batch, columns: dict[str, list]) -> None:
		for name in ("customer", "order_no"):
			for at, text in enumerate(columns[name]):
				if not text:
					self.refuse(batch, at, name, "empty")
		for name in TEXTS:
			for at, text in enumerate(columns.get(name, ())):
				if len(text) > LONGEST:
					why = _("The text is too long: {0} characters are the most.").format(LONGEST)
					batch.reject(at, in_cell(self.chosen[name], why))

	def read_order(self, batch: Batch, found: Orders, columns: dict[str, list], group: list[int]) -> None:
		"""An order of these rows; where one of them is wrong, none of them is taken."""
		rows = [{name: column[at] for name, column in columns.items()} for at in group]
		order = None
		for at, row in zip(group, rows, strict=True):
			if batch.outcomes[at] != REJECTED:
				try:
					order = order or self.begin(row)
					self.add(order, row)
				except Refusal as refusal:
					batch.reject(at, in_cell(self.chosen.get(refusal.field), refusal.why))
		wrong = [batch.chunk.numbers[at] for at in group if batch.outcomes[at] == REJECTED]
		if not wrong:
			try:
				self.check_order(order)
			except Refusal as refusal:
				batch.reject(group[0], in_cell(self.chosen.get(refusal.field), refusal.why))
				wrong = [batch.chunk.numbers[group[0]]]
		if wrong:
			for at in group:
				if batch.outcomes[at] != REJECTED:
					batch.reject(at, _("Row {0} of this order has a problem.").format(wrong[0]))
			return
		found.orders.append(order)
		found.rows.append(group)

	def begin(self, row: dict) -> FileOrder:
		"""The order that its first row speaks of, without items and payments."""
		if not row["order_date"]:
			raise Refusal("order_date", _("The cell is empty."))
		due = row.get("due_date") or getdate(add_days(row["order_date"], self.credit_days))
		return FileOrder(
			customer=row["customer"],
			order_no=row["order_no"],
			order_date=row["order_date"],
			delivery_date=row.get("delivery_date"),
			due_date=due,
			items=[],
			discount=flt(row.get("discount") or 0, 2),
			remarks=row.get("remarks") or None,
		)

	def add(self, order: FileOrder, row: dict) -> None:
		"""The item and the payment of a row."""
		rate, amount, qty = row.get("rate"), row.get("amount"), row.get("qty")
		qty = 1.0 if qty is None else qty
		if qty <= 0:
			raise Refusal("qty", _("Enter a quantity above 0."))
		if rate is None and amount is not None:
			rate = flt(amount / qty, 9)
		if rate is not None:
			if rate < 0:
				raise Refusal(
					"rate" if "rate" in self.at else "amount", _("Enter an amount that isn't below 0.")
				)
			name = row.get("item_name") or _("Order {0}").format(order.order_no)[:LONGEST]
			order.items.append(Item(name, qty, rate, row.get("uom") or None))
		if row.get("paid_on"):
			order.payments.append(self.payment(row))
		elif row.get("paid_amount"):
			raise Refusal("paid_on", _("Enter the day on which this was paid."))
		elif rate is None:
			raise Refusal(None, _("The row has neither an item with its rate or amount nor a payment."))

	def payment(self, row: dict) -> Money:
		if row["paid_on"] > self.today:
			figures = {"value": row["paid_on"].isoformat(), "today": self.today.isoformat()}
			raise Refusal("paid_on", message(Problem(None, None, "date_future", figures), _))
		if row.get("paid_amount") is not None and row["paid_amount"] <= 0:
			raise Refusal("paid_amount", _("Enter a paid amount above 0."))
		text = row.get("method") or "Bank Transfer"
		method = self.methods.get(text.casefold())
		if not method:
			options = ", ".join(_(option) for option in dict.fromkeys(self.methods.values()))
			raise Refusal("method", _("{0} isn't one of: {1}.").format(text, options))
		return Money(row["paid_on"], row.get("paid_amount"), method, row.get("reference") or None)

	def check_order(self, order: FileOrder) -> None:
		if not order.items:
			raise Refusal(None, _("The order has no item with its rate or amount."))
		if order.discount < 0 or order.grand_total < 0:
			raise Refusal(
				"discount",
				_("The discount must lie between 0 and the total, {0}.").format(self.money(order.total)),
			)
		figures = {"invoiced": order.order_date.isoformat()}
		if order.due_date < order.order_date:
			figures["value"] = order.due_date.isoformat()
			raise Refusal("due_date", _("{value} is before the order date {invoiced}.").format(**figures))
		if order.delivery_date and not order.order_date <= order.delivery_date <= self.today:
			said = _("{0} doesn't lie between the order date {1} and today.")
			raise Refusal(
				"delivery_date", said.format(formatdate(order.delivery_date), formatdate(order.order_date))
			)

	# --- orders that are there

	def existing(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], frappe._dict]:
		found = super().existing(keys)
		paid = payments_of([there.name for there in found.values()])
		for there in found.values():
			there.paid = paid[there.name]
		return found

	def twice(self, order: FileOrder, first: int) -> str:
		said = _("Order {0} of this customer already stands in row {1}. Put the rows of an order together.")
		return said.format(order.order_no, first)

	def compared(self, order: FileOrder, there: frappe._dict) -> Iterable[tuple]:
		amount = order.grand_total
		days = (
			(label, there[name], getattr(order, name), there[name] == getattr(order, name), formatdate)
			for label, name in (
				("Order Date", "order_date"),
				("Delivery Date", "delivery_date"),
				("Due Date", "due_date"),
			)
			if name in self.at
		)
		return (
			("Amount", there.grand_total, amount, abs(there.grand_total - amount) < CENT, self.money),
			*days,
		)

	def news(self, order: FileOrder, there: frappe._dict) -> list[str]:
		"""The payments that aren't there yet, by day and amount."""
		known = Counter((day, round(amount, 2)) for day, amount in there.paid)
		order.fresh, order.freshly_disputed, rest = [], False, flt(there.outstanding_amount)
		for money in order.payments:
			amount = order.grand_total if money.amount is None and not there.paid else money.amount
			key = (money.day, round(amount, 2)) if amount is not None else None
			if key and known[key]:
				known[key] -= 1
			elif rest > CENT and not (
				amount is None and any(day == money.day for day, _amount in there.paid)
			):
				order.fresh.append(money)
				rest -= rest if money.amount is None else money.amount
		return [_("paid on {0}").format(formatdate(money.day)) for money in order.fresh]

	def shown(self, batch: Batch, at: int) -> dict[str, str]:
		row = batch.chunk.rows[at]
		return {
			_(f.label): row[self.at[f.name]]
			for f in self.fields
			if f.name in self.at and row[self.at[f.name]]
		}


def payments_of(orders: Sequence[str]) -> dict[str, list[tuple[date, float]]]:
	"""Order -> (day cleared, amount) of what was paid of it."""
	found = defaultdict(list)
	if orders:
		rows = frappe.db.sql(
			"""SELECT part.`order`, payment.cleared_on, part.allocated_amount
			FROM `tabCIMS Payment Allocation` part JOIN `tabCIMS Payment` payment ON payment.name = part.parent
			WHERE part.`order` IN %s AND payment.docstatus = 1 AND payment.status = 'Cleared'""",
			(tuple(orders),),
		)
		for order, day, amount in rows:
			found[order].append((day, flt(amount)))
	return found
