import frappe

from cims.ratings.guard import ReadOnlyDocument


class TrustSnapshot(ReadOnlyDocument):
	"""A point of a customer's curve: see `cims.ratings.snapshots`."""


def on_doctype_update():
	frappe.db.add_unique("Trust Snapshot", ["customer", "day"], "unique_customer_day")
	frappe.db.add_index("Trust Snapshot", ["day", "cause"])
	# Everyone's grade on a day, for the report of movements, without touching the rows.
	frappe.db.add_index("Trust Snapshot", ["day", "customer", "rated", "grade", "score"], "day_curve")
