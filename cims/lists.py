"""What our lists offer: the orders, the filters and the saved views. Every one of them is served by an index.

The desk reads this from its boot (`public/js/lists.js`); `cims/tests/site/test_lists.py` asks the database about each.
A DocType that isn't named here offers what Frappe makes of its fields, and is tested the same.
"""

import frappe
from frappe import _

# A customer that has lost so many points in 90 days is falling.
FALL = -15

# DocType -> fields that its list can be sorted by, beside its name and the time of its last change. What many rows have in
# common is no order: filter by it.
SORTS = {
	"CIMS Customer": ("customer_name", "creation", "trust_score", "trust_change", "overdue_amount"),
	"CIMS Import Change": (),
	"CIMS Order": ("order_date", "due_date", "outstanding_amount"),
	"CIMS Payment": ("payment_date",),
	"Customer Merge": ("merged_on",),
	"Duplicate Candidate": ("score",),
	"Trust Evidence": ("creation",),
	"Trust Rating": (),
}
# Packed customer by customer (`cims/ratings/curve_tables.py`): everybody's are looked through by day alone.
OF_ALL_CUSTOMERS = ("Trust Snapshot",)
# Standard filters for a text that take the whole of it; the others, how it begins.
WHOLE = {"CIMS Customer": ("trust_grade",)}
# Standard filters that another one makes needless: a customer is found by any part of the name, the kind of evidence names
# its dimension, and customers are listed by grade, watch and group.
NEEDLESS = {
	"CIMS Order": ("customer_name",),
	"CIMS Payment": ("customer_name",),
	"Customer Merge": ("survivor_name", "status"),
	"Duplicate Candidate": ("customer_name", "found_by"),
	"Trust Evidence": ("dimension", "source_doctype", "reversal"),
	"Trust Rating": ("grade", "watch", "segment"),
}


def views(user: str) -> list[dict]:
	"""The saved views of the customer list: name, filters, and the order in which they read best."""
	return [
		{"label": _("On Watch"), "filters": [["trust_watch", "=", 1]]},
		{"label": _("Falling"), "filters": [["trust_change", "<=", FALL]], "sort": ["trust_change", "asc"]},
		{"label": _("My Customers"), "filters": [["account_manager", "=", user]]},
		{
			"label": _("New This Month"),
			"filters": [["creation", "Timespan", "this month"]],
			"sort": ["creation", "desc"],
		},
		{"label": _("All Customers"), "filters": []},
	]


def offered() -> dict:
	"""DocType -> {"sorts", "whole", "needless", "views"} for the user's desk."""
	found = {
		doctype: {
			"sorts": [*fields] if doctype in OF_ALL_CUSTOMERS else ["modified", "name", *fields],
			"whole": WHOLE.get(doctype, ()),
			"needless": NEEDLESS.get(doctype, ()),
			"views": [],
		}
		for doctype, fields in SORTS.items()
	}
	found["CIMS Customer"]["views"] = views(frappe.session.user)
	return found
