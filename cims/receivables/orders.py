"""CIMS Order and CIMS Payment as a source of receivables.

A submitted order is a receivable from its own day on. Goods that came back lower its amount from that day on, and a
cancelled order was owed until it was cancelled; unless it was replaced by an amended one, which is a correction of what
was typed and says nothing about the customer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date

import numpy as np

import frappe
from frappe.query_builder import DocType

from cims.ratings import packed, sql
from cims.receivables.settlement import CENT
from cims.receivables.source import UNDIVIDED, Undivided
from cims.trust import kinds
from cims.trust.evidence import Evidence, Receivable

ORDER = "CIMS Order"
Names = Collection[str] | None


class CIMSOrders:
	"""Two queries for the receivables of any number of customers, two for their trading events."""

	doctypes = (ORDER,)
	reference_field = "order_no"

	def receivables(
		self, customers: Names = None, names: Names = None, open_only: bool = False
	) -> Iterator[Receivable]:
		orders, payments = _open(customers, names) if open_only else _all(customers, names)
		for row in orders:
			amount, credits = _owed(row)
			if amount + sum(part for _day, part in credits) <= CENT:
				continue
			yield Receivable(
				customer=row.customer,
				reference=row.name,
				invoiced_on=row.order_date,
				due_on=row.due_date,
				amount=amount,
				settled_on=row.settled_on if amount else None,
				# A file may say that there was a dispute without saying when: then there is only a reason.
				disputed=bool(row.disputed_from or row.dispute_reason),
				disputed_from=row.disputed_from,
				disputed_to=row.disputed_to,
				payments=_parts(payments.get(row.name, ()), row.order_date, row.grand_total, bool(credits)),
				credits=credits,
				written_off_on=None if row.settled_on else row.written_off_on,
				source_doctype=ORDER,
			)

	def undivided(
		self, customers: Sequence[str], since: date | None = None, all_named: bool = False
	) -> Undivided:
		"""The receivables of many customers; since: without those that were closed by the end of this day. all_named: with the
		names of all of them, not only of the open ones."""
		odd = sorted({name for (name,) in _in_parts(customers, since)})
		found = packed.read(
			customers,
			_NUMBERS,
			f"""FROM `tabCIMS Order` WHERE docstatus = 1 AND returned_on IS NULL AND grand_total > {CENT}
				{_CLOSED_LATER if since else ""} {"AND name NOT IN %(odd)s" if odd else ""}
				AND NOT (settled_on IS NULL AND paid_amount != 0)""",
			"customer",
			"name" if all_named else "IF(settled_on IS NULL AND written_off_on IS NULL, name, NULL)",
			odd=odd,
			since=since,
		)
		columns = dict(zip(UNDIVIDED, packed.with_nan(found.columns), strict=True))
		names = {at: text.split("\n") for at, text in found.texts.items() if text}
		others = list(self.receivables(names=odd)) if odd else []
		return Undivided(ORDER, found.owner, **columns, names=names, others=others)

	def undivided_open(self, customers: Sequence[str]) -> Undivided:
		"""What many customers still owe."""
		found = packed.read(
			customers,
			(*_NUMBERS, _IN_PARTS),
			f"""FROM `tabCIMS Order` o FORCE INDEX (open_of_customer) WHERE docstatus = 1 AND outstanding_amount > 0
				AND ({_IN_PARTS} OR settled_on IS NULL AND grand_total > {CENT})""",
			"customer",
			f"IF({_IN_PARTS}, name, NULL)",
		)
		plain = found.columns[-1] == 0
		numbers = found.columns[:-1, plain]
		columns = dict(zip(UNDIVIDED, packed.with_nan(numbers), strict=True))
		odd = [name for text in found.texts.values() if text for name in text.split("\n")]
		others = list(self.receivables(names=odd, open_only=True)) if odd else []
		return Undivided(ORDER, found.owner[plain], **columns, names={}, others=others)

	def outstanding(self):
		order = DocType(ORDER)
		return (
			frappe.qb.from_(order)
			.select(
				order.customer,
				order.currency,
				order.order_date.as_("invoiced_on"),
				order.due_date.as_("due_on"),
				order.disputed_from,
				order.disputed_to,
				order.outstanding_amount.as_("outstanding"),
			)
			.where((order.docstatus == 1) & (order.outstanding_amount > 0))
		)

	def trading_events(self, customers: Names = None, names: Names = None) -> Iterator[Evidence]:
		cancelled, returned = kinds.BY_NAME[kinds.CANCELLED], kinds.BY_NAME[kinds.RETURNED]
		for row in _cancelled(customers, names):
			yield _event(row, cancelled, row.cancelled_on, cancelled.weight, row.grand_total)
		for row in _returned(customers, names):
			share = min(row.returned_amount / row.grand_total, 1)
			yield _event(row, returned, row.returned_on, returned.weight * share, row.returned_amount)


_NUMBERS = (
	packed.day_or_none("order_date"),
	packed.day_or_none("due_date"),
	"grand_total",
	packed.day_or_none("settled_on"),
	packed.day_or_none("IF(settled_on IS NULL, written_off_on, NULL)"),
	"(disputed_from IS NOT NULL OR COALESCE(dispute_reason, '') != '')",
	packed.day_or_none("disputed_from"),
	packed.day_or_none("disputed_to"),
)


# Of an open order `o`, whether its pieces have days of their own; those of a payment that was refunded matter in a dispute only.
_IN_PARTS = """(paid_amount != 0 OR returned_on IS NOT NULL OR disputed_from IS NOT NULL AND EXISTS (
	SELECT 1 FROM `tabCIMS Payment Allocation` a JOIN `tabCIMS Payment` p ON p.name = a.parent
	WHERE a.order = o.name AND p.docstatus = 1 AND p.refunded_on IS NOT NULL))"""


_CLOSED_LATER = """AND (settled_on IS NULL OR settled_on > %(since)s)
	AND (written_off_on IS NULL OR written_off_on > %(since)s) AND (cancelled_on IS NULL OR cancelled_on > %(since)s)"""


def _in_parts(customers: Sequence[str], since: date | None) -> Iterator[tuple[str]]:
	"""The orders whose pieces have days of their own: paid in parts or paid back, come back, or cancelled."""
	for condition, among in sql.among("p.customer", customers):
		yield from frappe.db.sql(
			f"""SELECT a.order FROM `tabCIMS Payment` p JOIN `tabCIMS Payment Allocation` a ON a.parent = p.name
			JOIN `tabCIMS Order` o ON o.name = a.order
			WHERE p.docstatus = 1 AND p.status IN ('Cleared', 'Refunded') AND p.cleared_on IS NOT NULL AND {condition}
				{"AND (p.cleared_on > %(since)s OR p.refunded_on IS NOT NULL)" if since else ""}
			GROUP BY a.order HAVING COUNT(*) > 1 OR MAX(p.refunded_on) IS NOT NULL
				OR MIN(a.allocated_amount - o.grand_total) < -{CENT}""",
			{**among, "since": since},
		)
	for condition, among in sql.among("customer", customers):
		yield from frappe.db.sql(
			f"""SELECT name FROM `tabCIMS Order` WHERE (docstatus = 2 AND cancelled_on IS NOT NULL
				OR docstatus = 1 AND (returned_on IS NOT NULL OR settled_on IS NULL AND paid_amount != 0)) AND {condition}
				{_CLOSED_LATER if since else ""}""",
			{**among, "since": since},
		)


def _event(row, kind: kinds.Kind, day: date, weight: float, amount: float) -> Evidence:
	return Evidence(
		customer=row.customer,
		kind=kind.name,
		occurred_on=day,
		value=kind.value,
		weight=weight,
		amount=amount,
		source_doctype=ORDER,
		source_name=row.name,
		source_event=kind.name.split(".")[1],
	)


def _owed(row) -> tuple[float, tuple[tuple[date, float], ...]]:
	"""What an order is worth, and what it was worth besides until a day: what came back, or all of it when cancelled."""
	if row.docstatus == 2:
		return 0.0, ((row.cancelled_on, row.grand_total),)
	returned = min(row.returned_amount or 0, row.grand_total) if row.returned_on else 0
	amount = row.grand_total - returned
	return (amount if amount > CENT else 0.0), ((row.returned_on, returned),) if returned > CENT else ()


def _parts(payments, order_date: date, amount: float, credited: bool) -> tuple[tuple[date, float], ...]:
	"""Part payments in the order of their days, up to what the order was worth, and below 0 where one was refunded; none
	when one payment settled it. credited: something came back, so the days of all payments matter.

	An advance counts from the order's day: before it nothing was owed.
	"""
	moves = []
	for at, (cleared_on, refunded_on, paid) in enumerate(payments):
		moves.append((max(cleared_on, order_date), 0, at, paid))
		if refunded_on:
			moves.append((max(refunded_on, order_date), 1, at, paid))
	parts, counted, rest = [], {}, amount
	for day, refund, at, paid in sorted(moves):
		if refund:
			paid = -counted.get(at, 0)
		else:
			paid = counted[at] = min(paid, rest)
		if abs(paid) > CENT:
			parts.append((day, paid))
			rest -= paid
	return () if len(parts) == 1 and rest <= CENT and not credited else tuple(parts)


Payments = dict[str, list[tuple[date, date | None, float]]]
_FIELDS = (
	"name", "customer", "docstatus", "order_date", "due_date", "grand_total", "returned_on", "returned_amount",
	"settled_on", "disputed_from", "disputed_to", "dispute_reason", "written_off_on", "cancelled_on",
)  # fmt: skip
_OPEN = f"""SELECT {", ".join(f"o.{field}" for field in _FIELDS)}, p.cleared_on, p.refunded_on, a.allocated_amount
	FROM `tabCIMS Order` o LEFT JOIN (`tabCIMS Payment Allocation` a JOIN `tabCIMS Payment` p ON p.name = a.parent
		AND p.docstatus = 1 AND p.status IN ('Cleared', 'Refunded') AND p.cleared_on IS NOT NULL) ON a.order = o.name
	WHERE o.docstatus = 1 AND o.outstanding_amount > 0"""


def _open(customers: Names, names: Names) -> tuple[list[frappe._dict], Payments]:
	"""Orders of which something is owed, with their payments. One statement."""
	conditions, values = "", {}
	for field, wanted in (("customer", customers), ("name", names)):
		if wanted is not None:
			if not wanted:
				return [], {}
			conditions += f" AND o.{field} IN %({field})s"
			values[field] = sorted(set(wanted))
	found = frappe.db.sql(f"{_OPEN}{conditions} ORDER BY o.customer, o.order_date, o.name", values)
	orders, payments = {}, defaultdict(list)
	for row in found:
		orders[row[0]] = row
		if row[-3]:
			payments[row[0]].append(row[-3:])
	return [frappe._dict(zip(_FIELDS, row, strict=False)) for row in orders.values()], payments


def _all(customers: Names, names: Names) -> tuple[list[frappe._dict], Payments]:
	return _orders(customers, names), _payments(customers, names)


def _orders(customers: Names, names: Names) -> list[frappe._dict]:
	"""Submitted orders, and those that were cancelled (and not corrected): they were owed until then."""
	order, successor = DocType(ORDER), DocType(ORDER).as_("successor")
	corrected = (
		frappe.qb.from_(successor).select(successor.amended_from).where(successor.amended_from.isnotnull())
	)
	cancelled = (order.docstatus == 2) & order.cancelled_on.isnotnull() & order.name.notin(corrected)
	query = (
		frappe.qb.from_(order)
		.select(*(order[field] for field in _FIELDS))
		.where((order.docstatus == 1) | cancelled)
		.orderby(order.customer, order.order_date, order.name)
	)
	return _rows(query, order, customers, order.name, names)


def _payments(customers: Names, names: Names) -> Payments:
	part, payment = DocType("CIMS Payment Allocation"), DocType("CIMS Payment")
	query = (
		frappe.qb.from_(payment)
		.join(part)
		.on(part.parent == payment.name)
		.select(part.order, payment.cleared_on, payment.refunded_on, part.allocated_amount)
		.where(
			(payment.docstatus == 1)
			& payment.status.isin(["Cleared", "Refunded"])
			& payment.cleared_on.isnotnull()
		)
	)
	found = defaultdict(list)
	for row in _rows(query, payment, customers, part.order, names):
		found[row.order].append((row.cleared_on, row.refunded_on, row.allocated_amount))
	return found


def _cancelled(customers: Names, names: Names):
	order, successor = DocType(ORDER), DocType(ORDER).as_("successor")
	query = (
		frappe.qb.from_(order)
		.left_join(successor)
		.on(successor.amended_from == order.name)
		.select(order.name, order.customer, order.cancelled_on, order.grand_total)
		.where((order.docstatus == 2) & order.cancelled_on.isnotnull() & successor.name.isnull())
		.orderby(order.customer, order.cancelled_on, order.name)
	)
	return _rows(query, order, customers, order.name, names)


def _returned(customers: Names, names: Names):
	order = DocType(ORDER)
	query = (
		frappe.qb.from_(order)
		.select(order.name, order.customer, order.returned_on, order.returned_amount, order.grand_total)
		.where((order.docstatus == 1) & order.returned_on.isnotnull() & (order.returned_amount > 0))
		.orderby(order.customer, order.returned_on, order.name)
	)
	return _rows(query, order, customers, order.name, names)


def _rows(query, table, customers: Names, name, names: Names):
	for field, wanted in ((table.customer, customers), (name, names)):
		if wanted is not None:
			if not wanted:
				return []
			query = query.where(field.isin(sorted(set(wanted))))
	return query.run(as_dict=True)
