"""ERPNext's documents for tests, on whatever day: made and submitted through ERPNext's own controllers."""

from collections.abc import Sequence
from datetime import date

import frappe
from frappe.utils import flt

from cims.erpnext import LINK, links
from cims.tests import records as ours
from cims.tests.erpnext.records import COMPANY, CURRENCY, ITEM, customer
from cims.tests.erpnext.records import account as account_of_company

Day = date | str


def account(name: str, company: str | None = None) -> str:
	"""An account by its name in the standard chart, of the company of all tests unless told otherwise."""
	return account_of_company(name) if company in (None, COMPANY) else f"{name} - {SECOND_ABBR}"


def adopted(**values) -> tuple[str, str]:
	"""A customer of ERPNext's and what it is called with us: (its name, our code)."""
	erp = customer(**values)
	code = links.codes_of([erp.name]).get(erp.name)
	if not code:
		code = ours.customer(customer_name=erp.customer_name, **{LINK: erp.name}).name
	return erp.name, code


def invoice(
	customer: str, amount: float, on: Day, due: Day | Sequence[tuple[Day, float]] | None = None, **values
):
	"""A Sales Invoice of one item. due: a day, or days with the amounts that fall due on each; without, the invoice's own."""
	doc = frappe.get_doc(
		{
			"doctype": "Sales Invoice",
			"company": COMPANY,
			"customer": customer,
			"set_posting_time": 1,
			"posting_date": on,
			"currency": CURRENCY,
			"conversion_rate": 1,
			"items": [_item(amount, company=values.get("company", COMPANY), **values.pop("item", {}))],
			**values,
		}
	)
	if isinstance(due, date | str):
		doc.due_date = due
	elif due:
		doc.ignore_default_payment_terms_template = 1
		for day, part, *term in due:
			row = {"due_date": day, "payment_amount": part, "invoice_portion": 100 * part / amount}
			doc.append("payment_schedule", row | {"payment_term": term[0]} if term else row)
	return submitted(doc)


def credit_note(invoice: str, on: Day, qty: float = -1.0, rate: float | None = None, **values):
	"""What the seller lets go of an invoice, from that day on. qty: of the invoice's one item; rate: other than the invoice's."""
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

	doc = mapped(make_sales_return, invoice)
	doc.update({"set_posting_time": 1, "posting_date": on, "update_outstanding_for_self": 0, **values})
	doc.due_date, doc.payment_schedule = on, []
	doc.items[0].qty = qty
	if rate:
		doc.items[0].rate = rate
	return submitted(doc)


def pos_invoice(customer: str, amount: float, on: Day, tendered: float | None = None):
	"""Sold over the counter and paid in cash. tendered: the notes that were given, change from which went back."""
	paid = tendered or amount
	return invoice(
		customer,
		amount,
		on,
		on,
		is_pos=1,
		cash_bank_account=account("Cash"),
		account_for_change_amount=account("Cash"),
		payments=[{"mode_of_payment": _cash(), "account": account("Cash"), "amount": paid}],
	)


def _cash() -> str:
	"""The way of paying in cash, with the company's account."""
	doc = frappe.get_doc("Mode of Payment", "Cash")
	if not any(row.company == COMPANY for row in doc.accounts):
		doc.append("accounts", {"company": COMPANY, "default_account": account("Cash")})
		doc.save()
	return doc.name


def terms(*names: str) -> None:
	for name in names:
		if not frappe.db.exists("Payment Term", name):
			frappe.get_doc(
				{"doctype": "Payment Term", "payment_term_name": name, "invoice_portion": 50}
			).insert()


def foreign_account(currency: str) -> str:
	"""The company's debtors in another currency."""
	name = account(f"Debtors {currency}")
	if not frappe.db.exists("Account", name):
		parent = frappe.db.get_value("Account", account("Debtors"), "parent_account")
		frappe.get_doc(
			{
				"doctype": "Account",
				"account_name": f"Debtors {currency}",
				"company": COMPANY,
				"parent_account": parent,
				"account_type": "Receivable",
				"account_currency": currency,
			}
		).insert()
	return name


SECOND, SECOND_ABBR = "CIMS Trading West", "CTW"


def second_company() -> str:
	"""Another company beside that of all tests, made if it isn't there, and left for the next run."""
	if not frappe.db.exists("Company", SECOND):
		frappe.get_doc(
			{
				"doctype": "Company",
				"company_name": SECOND,
				"abbr": SECOND_ABBR,
				"default_currency": CURRENCY,
				"country": "China",
				"create_chart_of_accounts_based_on": "Standard Template",
				"chart_of_accounts": "Standard",
			}
		).insert(ignore_permissions=True)
		frappe.db.commit()
	return SECOND


def amended(doc, **values):
	"""A cancelled document typed anew."""
	again = frappe.copy_doc(doc)
	for row in (again, *again.get_all_children()):
		row.docstatus = 0
	again.update({"amended_from": doc.name, **values})
	return again


def payment(
	customer: str,
	amount: float,
	on: Day,
	*allocations: tuple,
	deduct: tuple[str, float] | None = None,
	**values,
):
	"""Money that came in on a day, for invoices: (invoice, amount) or (invoice, amount, payment term). The rest is an advance.
	deduct: (account, amount), what is allocated beyond the money."""
	doc = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Receive",
			"company": COMPANY,
			"posting_date": on,
			"party_type": "Customer",
			"party": customer,
			"paid_from": account("Debtors", values.get("company")),
			"paid_to": account("Cash", values.get("company")),
			"paid_amount": amount,
			"received_amount": amount,
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"references": [
				{
					"reference_doctype": "Sales Invoice",
					"reference_name": name,
					"allocated_amount": part,
					"payment_term": term[0] if term else None,
				}
				for name, part, *term in allocations
			],
			**values,
		}
	)
	if deduct:
		doc.append(
			"deductions", {"account": account(deduct[0]), "amount": deduct[1], "cost_center": _cost_center()}
		)
	return submitted(doc)


def journal(
	customer: str, invoice: str, amount: float, on: Day, against: str, voucher_type: str = "Journal Entry"
):
	"""A Journal Entry that takes an amount off an invoice, to another account; below 0 it puts it back on."""
	side, other = ("credit", "debit") if amount > 0 else ("debit", "credit")
	debtors = {
		"account": account("Debtors"),
		"party_type": "Customer",
		"party": customer,
		"reference_type": "Sales Invoice",
		"reference_name": invoice,
		f"{side}_in_account_currency": abs(amount),
	}
	doc = frappe.get_doc(
		{
			"doctype": "Journal Entry",
			"voucher_type": voucher_type,
			"company": COMPANY,
			"posting_date": on,
			"accounts": [
				debtors,
				{
					"account": account(against),
					f"{other}_in_account_currency": abs(amount),
					"cost_center": _cost_center(),
				},
			],
		}
	)
	return submitted(doc)


def quotation(customer: str, amount: float, on: Day):
	doc = frappe.get_doc(
		{
			"doctype": "Quotation",
			"company": COMPANY,
			"quotation_to": "Customer",
			"party_name": customer,
			"transaction_date": on,
			"valid_till": "2099-12-31",
			"currency": CURRENCY,
			"conversion_rate": 1,
			"items": [_item(amount)],
		}
	)
	return submitted(doc)


def order(customer: str, amount: float, on: Day, qty: float = 1.0, **values):
	doc = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"company": COMPANY,
			"customer": customer,
			"transaction_date": on,
			"delivery_date": on,
			"currency": CURRENCY,
			"conversion_rate": 1,
			"items": [_item(amount / qty, qty=qty, delivery_date=on)],
			**values,
		}
	)
	return submitted(doc)


def delivery(customer: str, amount: float, on: Day, qty: float = 1.0):
	doc = frappe.get_doc(
		{
			"doctype": "Delivery Note",
			"company": COMPANY,
			"customer": customer,
			"set_posting_time": 1,
			"posting_date": on,
			"currency": CURRENCY,
			"conversion_rate": 1,
			"items": [_item(amount / qty, qty=qty)],
		}
	)
	return submitted(doc)


def delivery_return(delivery: str, on: Day, qty: float):
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	doc = mapped(make_sales_return, delivery)
	doc.update({"set_posting_time": 1, "posting_date": on})
	doc.items[0].qty = -qty
	return submitted(doc)


def issue(customer: str, on: Day, status: str = "Open", **values):
	return frappe.get_doc(
		{
			"doctype": "Issue",
			"subject": "The goods arrived damaged",
			"customer": customer,
			"opening_date": on,
			"company": COMPANY,
			"status": status,
			**values,
		}
	).insert()


def dunning(invoice: str, on: Day):
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import create_dunning

	doc = create_dunning(invoice)
	doc.update({"posting_date": on, "income_account": account("Sales"), "cost_center": _cost_center()})
	return submitted(doc)


def reconcile(customer: str, payment: str, invoice: str, amount: float | None = None) -> None:
	"""What an accountant does with an advance: ERPNext's Payment Reconciliation."""
	doc = frappe.get_doc("Payment Reconciliation")
	doc.update(
		{
			"company": COMPANY,
			"party_type": "Customer",
			"party": customer,
			"receivable_payable_account": account("Debtors"),
		}
	)
	doc.get_unreconciled_entries()
	payments = [row.as_dict() for row in doc.payments if row.reference_name == payment]
	invoices = [row.as_dict() for row in doc.invoices if row.invoice_number == invoice]
	doc.allocate_entries(frappe._dict({"payments": payments, "invoices": invoices}))
	if amount:
		doc.allocation[0].allocated_amount = amount
	doc.reconcile()


def unreconcile(payment: str, invoice: str) -> None:
	doc = frappe.get_doc(
		{
			"doctype": "Unreconcile Payment",
			"company": COMPANY,
			"voucher_type": "Payment Entry",
			"voucher_no": payment,
		}
	)
	doc.add_references()
	doc.allocations = [row for row in doc.allocations if row.reference_name == invoice]
	submitted(doc)


def submitted(doc):
	"""Insert and submit a document of items.

	Each selling document leaves defaults of its company at its items, and ERPNext 15.90 reads those with an argument that Frappe
	15.44 doesn't know. So each save starts from an item without.
	"""
	forget_defaults()
	doc.insert()
	forget_defaults()
	return doc.submit()


def mapped(maker, name: str):
	"""The document that one of ERPNext's buttons makes of another one."""
	forget_defaults()
	return maker(name)


def forget_defaults() -> None:
	frappe.db.delete("Item Default", {"parent": ITEM})
	frappe.clear_document_cache("Item", ITEM)


def _item(rate: float, qty: float = 1.0, company: str = COMPANY, **values) -> dict:
	return {
		"item_code": ITEM,
		"qty": flt(qty),
		"rate": rate,
		"uom": "Nos",
		"conversion_factor": 1,
		"income_account": account("Sales", company),
		"cost_center": _cost_center(company),
		**values,
	}


def _cost_center(company: str = COMPANY) -> str:
	return frappe.get_cached_value("Company", company, "cost_center")
