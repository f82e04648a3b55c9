"""What knows ERPNext: its customers adopted as ours, its documents as evidence, its forms. Sites without it never come here.

Nothing in this package imports erpnext as it loads, so that CIMS runs where ERPNext isn't.
"""

import frappe

APP = "erpnext"
# ERPNext's own customer, and ours.
CUSTOMER, OURS = "Customer", "CIMS Customer"
# The field of ours that says whose customer it is.
LINK = "erpnext_customer"


def installed() -> bool:
	"""Whether this site has ERPNext."""
	return APP in frappe.get_installed_apps()
