"""Records for tests, made as a person would make them: through the documents, with nothing skipped."""

import random

from stdnum.cn import ric, uscc

import frappe
from frappe.utils import add_days, nowdate

from cims.permissions import ROLES

ADDRESS = "{0}@cims.example.com"
SYSTEM_MANAGER = "system-manager@example.com"


def customer(**values):
	"""A company in Guangzhou, unless told otherwise."""
	values = {
		"doctype": "CIMS Customer",
		"customer_name": f"Customer {frappe.generate_hash(length=6)}",
		"customer_type": "Company",
		"status": "Active",
		"country": "China",
		"province": "广东省",
		"city": "广州市",
		**values,
	}
	return frappe.get_doc(values).insert()


def order(
	customer: str,
	amount: float = 1000,
	days_ago: int = 0,
	credit_days: int = 30,
	submit: bool = True,
	**values,
):
	"""An order of one item, `days_ago` days back."""
	doc = frappe.get_doc(
		{
			"doctype": "CIMS Order",
			"customer": customer,
			"order_date": add_days(nowdate(), -days_ago),
			"credit_days": credit_days,
			"currency": "CNY",
			"items": [{"item_name": "Steel pipe", "qty": 1, "rate": amount}],
			**values,
		}
	).insert()
	return doc.submit() if submit else doc


def payment(customer: str, amount: float, *allocations, days_ago: int = 0, submit: bool = True, **values):
	"""A cleared payment with (order, amount) allocations."""
	doc = frappe.get_doc(
		{
			"doctype": "CIMS Payment",
			"customer": customer,
			"payment_date": add_days(nowdate(), -days_ago),
			"amount": amount,
			"currency": "CNY",
			"method": "Bank Transfer",
			"allocations": [{"order": order, "allocated_amount": part} for order, part in allocations],
			**values,
		}
	).insert()
	return doc.submit() if submit else doc


def before_tests() -> None:
	"""Hook: a System Manager besides Administrator, as every site at work has one. Frappe makes one of the first user otherwise."""
	if not frappe.db.exists("User", SYSTEM_MANAGER):
		doc = frappe.get_doc(
			{"doctype": "User", "email": SYSTEM_MANAGER, "first_name": "System", "send_welcome_email": 0}
		)
		doc.append_roles("System Manager")
		doc.insert(ignore_permissions=True)
		# Frappe's runner begins a transaction next, for whichever app's tests.
		frappe.db.commit()


def user(role: str | None) -> str:
	"""A user with just this role."""
	address = ADDRESS.format(role.lower().replace(" ", "-") if role else "nobody")
	if not frappe.db.exists("User", address):
		doc = frappe.get_doc(
			{"doctype": "User", "email": address, "first_name": role or "Nobody", "send_welcome_email": 0}
		).insert(ignore_permissions=True)
		if role:
			doc.add_roles(role)
	return address


def users() -> dict[str, str]:
	"""A user for each of our roles."""
	return {role: user(role) for role in ROLES}


def resident_id(
	birth: str = "19900307", order_code: str = "011", place: str = "440106", seed: int | None = None
) -> str:
	"""A resident ID with a right check digit; an odd order code is a man's."""
	if seed is not None:
		order_code = f"{random.Random(seed).randrange(1, 999):03d}"
	body = f"{place}{birth}{order_code}"
	return body + ric.calc_check_digit(body + "0")


def credit_code(body: str = "91440101MA59ABCD7") -> str:
	"""A unified social credit code with a right check digit."""
	return body + uscc.calc_check_digit(body)
