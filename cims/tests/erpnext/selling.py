"""What a company sells, for tests: rated customers of ERPNext's, rules, and the documents that rules look at."""

import time

import frappe
from frappe.utils import add_days, flt, nowdate

from cims.erpnext import links
from cims.tests.erpnext import documents, records


def rated(grade: str = "NR", limit: float = 0, days: int = 0, score: float = 700, **values):
	"""ERPNext's customer with a rating of ours as if the evidence had given it: (ERPNext's name, our code)."""
	customer, code = documents.adopted(**values)
	rate(code, grade, limit, days, score)
	return customer, code


def rate(code: str, grade: str, limit: float = 0, days: int = 0, score: float = 700, **more) -> None:
	"""Give a customer of ours a rating, past the evidence."""
	from cims.ratings import store

	store.hold({code: None})
	is_rated = int(grade != "NR")
	rating = {
		"grade": grade, "computed_grade": grade, "rated": is_rated, "score": score * is_rated, "as_of": nowdate(),
		"suggested_limit": limit, "suggested_credit_days": days, "dirty": 0, **more,
	}  # fmt: skip
	frappe.db.set_value("Trust Rating", code, rating)
	frappe.db.set_value(
		"CIMS Customer", code, {"trust_grade": grade, "trust_score": score * is_rated}, update_modified=False
	)


def rule(action: str, grade: str | None = None, **values):
	"""A rule at sales orders, unless told otherwise."""
	values = {"doctype": "Trust Rule", "action": action, "grade": grade, "at_sales_order": 1, **values}
	return frappe.get_doc(values).insert()


def quotation(customer: str, amount: float = 1000, submit: bool = False):
	return _made("Quotation", amount, submit, quotation_to="Customer", party_name=customer)


def order(customer: str, amount: float = 1000, submit: bool = False, **values):
	return _made("Sales Order", amount, submit, customer=customer, delivery_date=nowdate(), **values)


def delivery(customer: str, amount: float = 1000, submit: bool = False):
	return _made("Delivery Note", amount, submit, customer=customer)


def invoice(
	customer: str,
	amount: float = 1000,
	days_ago: int = 0,
	credit_days: int = 30,
	submit: bool = True,
	**values,
):
	"""Posted some days ago, due so many days later."""
	posted = add_days(nowdate(), -days_ago)
	return _made(
		"Sales Invoice", amount, submit, customer=customer, posting_date=posted, set_posting_time=1,
		due_date=add_days(posted, credit_days), **values,
	)  # fmt: skip


def _made(doctype: str, amount: float, submitted: bool, **values):
	date_field = {"Quotation": "transaction_date", "Sales Order": "transaction_date"}.get(
		doctype, "posting_date"
	)
	item = {"item_code": records.ITEM, "qty": 1, "rate": amount, "delivery_date": nowdate()}
	values = {
		"doctype": doctype,
		"company": records.COMPANY,
		date_field: nowdate(),
		"items": [item],
		**values,
	}
	doc = save(frappe.get_doc(values))
	return submit(doc) if submitted else doc


def save(doc):
	documents.forget_defaults()
	return doc.insert() if doc.is_new() else doc.save()


def submit(doc):
	documents.forget_defaults()
	return doc.submit()


def payment(of, amount: float | None = None, days_ago: int = 0):
	"""A payment of an invoice or order, or a part of it."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	entry = get_payment_entry(of.doctype, of.name, bank_account=records.account("Cash"))
	entry.posting_date = add_days(nowdate(), -days_ago)
	entry.reference_no, entry.reference_date = "1", entry.posting_date
	if amount is not None:
		rate = flt(entry.source_exchange_rate) or 1
		entry.paid_amount, entry.received_amount = amount, amount * rate
		entry.references[0].allocated_amount = amount
	return entry.insert().submit()


# --- for the browser: committed, and taken away again ----------------------------------------------


def history(customer: str, amount: float, days_late: int, months: int = 24, overdue: float = 0) -> None:
	"""An invoice each month, each paid so many days late; overdue: of one that nobody has paid for two months."""
	for month in range(months, 1, -1):
		posted = add_days(nowdate(), -30 * month)
		due = add_days(posted, 30)
		# No two invoices are alike.
		part = round(amount * (0.8 + 0.07 * (month % 7)), -2)
		sold = documents.invoice(customer, part, posted, due)
		paid_on = min(add_days(due, days_late + month % 5), nowdate())
		documents.payment(customer, part, paid_on, (sold.name, part))
	if overdue:
		documents.invoice(customer, overdue, add_days(nowdate(), -95), add_days(nowdate(), -65))
	documents.invoice(customer, amount, add_days(nowdate(), -12), add_days(nowdate(), 18))


def rate_now(codes: list[str]) -> None:
	"""Evidence and ratings, with whole curves, of what is in the books, once the site's worker has read it."""
	from cims.erpnext.evidence.live import WAITING
	from cims.ratings import replay, together

	deadline = time.monotonic() + 120
	frappe.db.commit()
	while frappe.db.a_row_exists(WAITING):
		assert time.monotonic() < deadline, "the worker hasn't read what changed"
		time.sleep(0.5)
		frappe.db.rollback()
	together.rate_many(codes, replay.CURVE, with_events=True)
	together.compare_everyone()
	together.fill_segments(everything=True)
	frappe.db.commit()


def remove(customers: list[str]) -> None:
	"""Customers of ERPNext's and ours and all that hangs on them, past all guards, as if they had never been."""
	from cims.duplicates import keys
	from cims.ratings import store

	frappe.set_user("Administrator")
	codes = list(links.codes_of(customers).values())
	for doctype, field in (
		("Sales Invoice", "customer"), ("Sales Order", "customer"), ("Delivery Note", "customer"),
		("Quotation", "party_name"), ("Payment Entry", "party"),
	):  # fmt: skip
		names = frappe.get_all(doctype, {field: ("in", customers)}, pluck="name", limit=0)
		for table in frappe.get_meta(doctype).get_table_fields():
			frappe.db.delete(table.options, {"parent": ("in", names), "parenttype": doctype})
		frappe.db.delete("GL Entry", {"voucher_no": ("in", names)})
		frappe.db.delete("Payment Ledger Entry", {"voucher_no": ("in", names)})
		frappe.db.delete("Trust Decision", {"reference_name": ("in", names)})
		frappe.db.delete("Notification Log", {"document_name": ("in", names)})
		frappe.db.delete(doctype, {"name": ("in", names)})
	frappe.db.delete("Trust Terms Change", {"customer": ("in", codes)})
	store.forget(codes)
	frappe.db.delete("CIMS Customer", {"name": ("in", codes)})
	frappe.db.delete("Customer Credit Limit", {"parent": ("in", customers)})
	frappe.db.delete("Customer", {"name": ("in", customers)})
	keys.refresh(codes)
	frappe.db.commit()
