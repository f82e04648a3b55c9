"""Customers with orders and evidence, put into the site's tables at once; the same every time."""

from frappe.utils import add_days, nowdate

from cims.customers import derived
from cims.ratings import sql, store

CUSTOMER, ORDER = "CIMS Customer", "CIMS Order"
CITIES = ("广州市", "深圳市", "佛山市")


def code(at: int) -> str:
	return f"F-{at:05}"


def name(at: int) -> str:
	"""Names that differ as much as their numbers do."""
	return f"{word(at)} Harbour Ltd"


def word(at: int) -> str:
	letters = []
	for _place in range(5):
		at, digit = divmod(at * 7919 + 104729, 26)
		letters.append(chr(ord("a") + digit))
	return "".join(letters).capitalize()


def email(at: int) -> str:
	return f"office{at}@harbour.example.com"


def customers(count: int, first: int = 0) -> list[str]:
	"""As many customers, indexed. Returns their codes."""
	rows = [
		(code(at), code(at), name(at), "Company", "Active", "China", "广东省", CITIES[at % 3], email(at))
		for at in range(first, first + count)
	]
	fields = (
		"name",
		"code",
		"customer_name",
		"customer_type",
		"status",
		"country",
		"province",
		"city",
		"email",
	)
	sql.insert(CUSTOMER, fields, rows)
	codes = [row[0] for row in rows]
	derived.refresh(codes)
	return codes


def orders(codes: list[str], each: int) -> None:
	"""As many orders of each customer, all but the last settled, some early and some late; with their evidence."""
	fields = (
		"name", "docstatus", "customer", "customer_name", "order_no", "status", "order_date", "delivery_date", "due_date",
		"credit_days", "currency", "total", "grand_total", "payment_status", "settled_on", "paid_amount",
		"outstanding_amount",
	)  # fmt: skip
	rows = []
	for at, customer in enumerate(codes):
		for number in range(each):
			placed = add_days(nowdate(), -60 * (number + 1) - at % 20)
			due, amount = add_days(placed, 30), 1000 + at
			settled = add_days(due, at % 25 - 10) if number else None
			paid, left = (amount, 0) if settled else (0, amount)
			rows.append(
				(
					f"{customer}-{number}", 1, customer, customer, f"{customer}-{number}", "Delivered", placed, placed, due,
					30, "CNY", amount, amount, "Paid" if settled else "Overdue", settled, paid, left,
				)
			)  # fmt: skip
	sql.insert(ORDER, fields, rows)
	store.backfill(codes, rate=False)
