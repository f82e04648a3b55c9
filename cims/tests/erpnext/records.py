"""ERPNext's records for tests: a company with its accounts and years, and what its documents need.

Made through ERPNext's own setup and documents. The company and what belongs to it are committed and stay on the site;
everything else belongs to the test that makes it.
"""

import frappe
from frappe.utils import getdate, nowdate

COMPANY, ABBR = "CIMS Trading", "CT"
CURRENCY, COUNTRY = "CNY", "China"
# Documents of tests lie in these years before today's.
YEARS_BACK = 5
ITEM = "CIMS Test Service"


def company() -> str:
	"""The company, made if it isn't there: with ERPNext's setup where nobody has set the site up, else beside the others."""
	if not frappe.db.exists("Company", COMPANY):
		(_add_company if frappe.db.a_row_exists("Company") else _set_up_site)()
	_make_years()
	_make_item()
	_set_defaults()
	frappe.db.commit()
	return COMPANY


def _set_up_site() -> None:
	"""What ERPNext's wizard does at the first log-in."""
	from erpnext.setup.setup_wizard import setup_wizard
	from frappe.desk.page.setup_wizard.setup_wizard import setup_complete

	year = getdate(nowdate()).year
	answers = {
		"language": "English",
		"country": COUNTRY,
		"timezone": "Asia/Shanghai",
		"currency": CURRENCY,
		"company_name": COMPANY,
		"company_abbr": ABBR,
		"chart_of_accounts": "Standard",
		"fy_start_date": f"{year}-01-01",
		"fy_end_date": f"{year}-12-31",
	}
	setup_complete(answers)
	if not frappe.db.a_row_exists("Company"):
		# Frappe's own setup was done before ERPNext came.
		setup_wizard.setup_complete(frappe._dict(answers))


def _add_company() -> None:
	frappe.get_doc(
		{
			"doctype": "Company",
			"company_name": COMPANY,
			"abbr": ABBR,
			"default_currency": CURRENCY,
			"country": COUNTRY,
			"create_chart_of_accounts_based_on": "Standard Template",
			"chart_of_accounts": "Standard",
		}
	).insert(ignore_permissions=True)


def _make_years() -> None:
	this = getdate(nowdate()).year
	for year in range(this - YEARS_BACK, this + 2):
		first, last = f"{year}-01-01", f"{year}-12-31"
		if frappe.db.exists(
			"Fiscal Year", {"year_start_date": ("<=", first), "year_end_date": (">=", last), "disabled": 0}
		):
			continue
		frappe.get_doc(
			{"doctype": "Fiscal Year", "year": str(year), "year_start_date": first, "year_end_date": last}
		).insert(ignore_permissions=True)


def _make_item() -> None:
	"""A service, so that it needs no stock."""
	if not frappe.db.exists("Item", ITEM):
		frappe.get_doc(
			{
				"doctype": "Item",
				"item_code": ITEM,
				"item_group": root("Item Group"),
				"stock_uom": "Nos",
				"is_stock_item": 0,
			}
		).insert(ignore_permissions=True)


def _set_defaults() -> None:
	"""What the forms would fill in."""
	frappe.db.set_single_value(
		"Selling Settings", {"customer_group": root("Customer Group"), "territory": root("Territory")}
	)
	frappe.db.set_single_value("Global Defaults", "default_company", COMPANY)
	frappe.db.set_default("company", COMPANY)


def root(doctype: str) -> str:
	"""The root of one of ERPNext's trees."""
	from frappe.utils.nestedset import get_root_of

	return get_root_of(doctype)


def account(name: str) -> str:
	"""An account of the company by its name in the standard chart: "Debtors", "Cash", "Sales", ..."""
	return f"{name} - {ABBR}"


def customer(**values):
	"""A company of ERPNext's, unless told otherwise."""
	values = {
		"doctype": "Customer",
		"customer_name": f"Customer {frappe.generate_hash(length=8)}",
		"customer_type": "Company",
		"customer_group": root("Customer Group"),
		"territory": root("Territory"),
		**values,
	}
	return frappe.get_doc(values).insert()
