"""What is done on the scratch site of `test_leaving`, each step in a process of its own: leaving.py STEP SITE, in sites/."""

import sys

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.permissions import add_permission, setup_custom_perms
from frappe.utils import add_days, nowdate

from cims.tests.erpnext import records
from cims.tests.records import credit_code


def keep_books() -> None:
	"""A company with documents, and what its people have made of the forms and the rights."""
	records.company()
	for number in range(5):
		customer = records.customer(
			customer_name=f"Customer {number}",
			tax_id=credit_code() if number == 0 else f"DE{number}",
			mobile_no="138 0013 8000" if number == 1 else None,
			disabled=int(number == 4),
		)
		if number < 3:
			invoice(customer.name, number)
	address = frappe.get_doc(
		{
			"doctype": "Address", "address_title": "Customer 0", "address_type": "Billing", "address_line1": "Tianhe Road 1",
			"city": "广州市", "state": "广东省", "country": "China",
			"links": [{"link_doctype": "Customer", "link_name": "Customer 0"}],
		}
	).insert()  # fmt: skip
	frappe.db.set_value("Customer", "Customer 0", "customer_primary_address", address.name)
	# Not checked: ERPNext's Customer links to a DocType that isn't its own, which any check of its fields refuses.
	make_property_setter(
		"Customer", "tax_id", "label", "Tax Number", "Data", validate_fields_for_doctype=False
	)
	region = {"fieldname": "region", "label": "Region", "fieldtype": "Data", "insert_after": "territory"}
	create_custom_fields({"Customer": [region]}, ignore_validate=True)
	setup_custom_perms("Contact")
	add_permission("Customer", "Purchase User", 0)


def invoice(customer: str, number: int) -> None:
	due = add_days(nowdate(), -60 + 30 * number)
	frappe.get_doc(
		{
			"doctype": "Sales Invoice", "customer": customer, "company": records.COMPANY, "set_posting_time": 1,
			"posting_date": add_days(due, -30), "due_date": due, "debit_to": records.account("Debtors"),
			"items": [{"item_code": records.ITEM, "qty": 1, "rate": 100, "income_account": records.account("Sales")}],
		}
	).insert().submit()  # fmt: skip


def use() -> None:
	"""CIMS at work, with nothing written through to ERPNext."""
	from cims.erpnext import LINK, OURS, adoption
	from cims.ratings import rerate
	from cims.tests import records as ours

	assert adoption.missing() == 0, "not everybody was adopted"
	doc = frappe.get_doc(OURS, {LINK: "Customer 0"})
	assert (doc.city, doc.credit_code) == ("广州市", credit_code()), (doc.city, doc.credit_code)
	doc.notes = "Ours alone"
	doc.save()
	doc.add_comment("Comment", "Called back")
	ours.order(ours.customer().name)
	adoption.everybody()
	rerate.nightly()


def main() -> None:
	step, site = sys.argv[1:]
	frappe.init(site=site)
	frappe.connect()
	{"keep_books": keep_books, "use": use}[step]()
	frappe.db.commit()
	frappe.destroy()


if __name__ == "__main__":
	main()
