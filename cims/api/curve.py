"""The curve of one customer's score over time."""

import frappe

from cims.api import arguments
from cims.ratings import curves

MOST_MONTHS = curves.MOST_MONTHS


@frappe.whitelist(methods=["GET", "POST"])
def get(customer: str = "", months: int = 24) -> dict:
	"""The points of a customer's curve over the last months (1 to 120), what moved it, and the quartiles of the segment.

	Returns {"customer", "customer_name", "grade", "segment", "points", "marks", "peers", "bands"}.
	"""
	arguments.may_read("Trust Snapshot")
	code = arguments.customer(customer)
	arguments.between(months, "months", 1, MOST_MONTHS)
	found = curves.curves([code], months)
	curve = found["curves"][0]
	return curve | {"peers": found["segments"][curve["segment"] or "All"], "bands": found["bands"]}
