"""Where an order stands, from its amounts and days alone. Plain Python: the site's documents and the sample data share it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

# Amounts closer than this are the same amount.
CENT = 0.005

UNPAID, PART_PAID, PAID, OVERDUE, WRITTEN_OFF = "Unpaid", "Part Paid", "Paid", "Overdue", "Written Off"
DRAFT, CONFIRMED, DELIVERED, RETURNED, CANCELLED = "Draft", "Confirmed", "Delivered", "Returned", "Cancelled"


@dataclass(frozen=True)
class Standing:
	"""Amounts in the order's currency. refund_due: what was paid or credited beyond what the order is worth.
	settled_on: the day on which nothing was left to pay, None before."""

	paid: float
	outstanding: float
	refund_due: float
	written_off: float
	settled_on: date | None
	payment_status: str


def standing(
	grand_total: float,
	order_date: date,
	due_date: date,
	payments: Iterable[tuple[date, float]],
	today: date,
	returned: tuple[date, float] | None = None,
	written_off_on: date | None = None,
) -> Standing:
	"""The standing of an order today.

	payments: cleared payments allocated to it, as (day cleared, amount). returned: day and amount of goods taken back.
	An advance settles its order on the order's own day, never before it.
	"""
	payments = list(payments)
	paid = round(sum(amount for _day, amount in payments), 6)
	credits = [*payments, returned] if returned else payments
	rest = round(grand_total - sum(amount for _day, amount in credits), 6)
	settled_on = _settled_on(grand_total, order_date, credits)
	outstanding = rest if rest > CENT else 0.0
	written_off = outstanding if written_off_on else 0.0
	return Standing(
		paid=paid,
		outstanding=outstanding - written_off,
		refund_due=-rest if rest < -CENT else 0.0,
		written_off=written_off,
		settled_on=settled_on,
		payment_status=_payment_status(paid, outstanding, bool(written_off), due_date < today),
	)


def _settled_on(grand_total: float, order_date: date, credits: list[tuple[date, float]]) -> date | None:
	rest, day = grand_total, order_date
	for when, amount in sorted(credits):
		if rest <= CENT:
			break
		rest -= amount
		day = max(day, when)
	return day if rest <= CENT else None


def _payment_status(paid: float, outstanding: float, written_off: bool, past_due: bool) -> str:
	if written_off:
		return WRITTEN_OFF
	if outstanding <= 0:
		return PAID
	if past_due:
		return OVERDUE
	return PART_PAID if paid > CENT else UNPAID


def order_status(docstatus: int, delivered: bool, grand_total: float, returned_amount: float) -> str:
	"""The status of an order: it is returned once everything came back."""
	if docstatus == 0:
		return DRAFT
	if docstatus == 2:
		return CANCELLED
	if returned_amount and returned_amount >= grand_total - CENT:
		return RETURNED
	return DELIVERED if delivered else CONFIRMED
