"""What an ERPNext customer owes one company, and what it will owe: the exposures that a rule may count.

All amounts are in the company's currency. A due date on a day off binds from the next business day, as in the rating.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

import frappe
from frappe.utils import flt, getdate

from cims.ratings.calendar import site_calendar, today
from cims.trust.calendar import to_day

CENT = 0.005


@dataclass(frozen=True)
class Owed:
	"""What is in the books: the balance, and what of it is due, as (days overdue, amount)."""

	balance: float
	due: tuple[tuple[int, float], ...]

	def overdue(self, days: int = 0) -> float:
		"""What has been overdue for more than so many days."""
		return flt(sum(amount for late, amount in self.due if late > days), 2)

	def oldest(self) -> int:
		"""For how many days the oldest of it has been overdue."""
		return max((late for late, _amount in self.due), default=0)


def owed(customer: str, company: str) -> Owed:
	"""What a customer owes a company now. Two statements."""
	open_now = _open_vouchers(customer, company)
	schedules = _schedules([row.name for row in open_now if row.type == "Sales Invoice" and row.amount > 0])
	parts = [part for row in open_now if row.amount > 0 for part in _parts(row, schedules.get(row.name, ()))]
	days = np.array([to_day(getdate(due)) for due, _amount in parts], dtype=np.int64)
	late = today() - site_calendar().roll(days)
	return Owed(
		flt(sum(row.amount for row in open_now), 2),
		tuple((int(by), amount) for by, (_due, amount) in zip(late, parts, strict=True) if by > 0),
	)


def _open_vouchers(customer: str, company: str) -> list[frappe._dict]:
	"""Everything in the payment ledger that isn't balanced; advances and credit are negative."""
	return frappe.db.sql(
		"""SELECT against_voucher_type AS type, against_voucher_no AS name, SUM(amount) AS amount,
			COALESCE(MAX(IF(voucher_no = against_voucher_no, due_date, NULL)), MIN(posting_date)) AS due
		FROM `tabPayment Ledger Entry`
		WHERE party = %(customer)s AND party_type = 'Customer' AND company = %(company)s
			AND account_type = 'Receivable' AND delinked = 0
		GROUP BY against_voucher_type, against_voucher_no HAVING ABS(SUM(amount)) > %(cent)s""",
		{"customer": customer, "company": company, "cent": CENT},
		as_dict=True,
	)


def _schedules(invoices: Collection[str]) -> dict[str, list[tuple]]:
	"""Invoice -> its terms as (due date, amount), the last first, for those with several."""
	if not invoices:
		return {}
	found: dict[str, list[tuple]] = {}
	for invoice, due, amount in frappe.db.sql(
		"""SELECT parent, due_date, base_payment_amount FROM `tabPayment Schedule`
		WHERE parenttype = 'Sales Invoice' AND parent IN %(invoices)s ORDER BY due_date DESC, idx DESC""",
		{"invoices": list(invoices)},
	):
		found.setdefault(invoice, []).append((due, flt(amount)))
	return {invoice: rows for invoice, rows in found.items() if len(rows) > 1}


def _parts(row: frappe._dict, terms: Collection[tuple]) -> list[tuple]:
	"""What is left of a voucher by due date: what was paid went to the terms that were due first."""
	left, parts = flt(row.amount), []
	for due, amount in terms:
		part = min(left, amount)
		if part > CENT:
			parts.append((due, part))
			left -= part
	if left > CENT:
		parts.append((terms[-1][0] if terms else row.due, left))
	return parts


def orders(customer: str, company: str) -> float:
	"""Sales orders that are submitted and not billed yet."""
	(total,) = frappe.db.sql(
		"""SELECT SUM(base_grand_total * (100 - per_billed) / 100) FROM `tabSales Order`
		WHERE customer = %s AND company = %s AND docstatus = 1 AND per_billed < 100 AND status != 'Closed'""",
		(customer, company),
	)[0]
	return flt(total, 2)


def deliveries(customer: str, company: str, with_orders: bool) -> float:
	"""Goods that were delivered and not billed yet. with_orders: what belongs to a sales order is left out, for the order counts."""
	of_order = "AND COALESCE(i.against_sales_order, '') = ''" if with_orders else ""
	(total,) = frappe.db.sql(
		f"""SELECT SUM(GREATEST(i.base_amount - i.billed_amt * d.conversion_rate, 0) * d.base_grand_total / d.base_total)
		FROM `tabDelivery Note` d JOIN `tabDelivery Note Item` i ON i.parent = d.name
		WHERE d.customer = %s AND d.company = %s AND d.docstatus = 1 AND d.is_return = 0 AND d.base_total > 0
			AND d.status NOT IN ('Closed', 'Stopped', 'Completed') AND COALESCE(i.against_sales_invoice, '') = '' {of_order}""",
		(customer, company),
	)[0]
	return flt(total, 2)


def added(doc, with_orders: bool, with_deliveries: bool) -> float:
	"""What a document adds to what is counted already: its lines out of orders or deliveries that count add nothing."""

	def counted(item) -> bool:
		order = item.get("against_sales_order") or item.get("sales_order")
		return bool((with_orders and order) or (with_deliveries and item.get("delivery_note")))

	lines = [(flt(item.get("base_amount")), counted(item)) for item in doc.get("items") or ()]
	total = sum(amount for amount, _counted in lines)
	if not total:
		return flt(doc.get("base_grand_total"), 2)
	new = sum(amount for amount, is_counted in lines if not is_counted)
	return flt(flt(doc.get("base_grand_total")) * new / total, 2)
