import frappe

from cims.ratings.guard import ReadOnlyDocument


class TrustDecision(ReadOnlyDocument):
	"""Who let a document of ERPNext's pass, or didn't, and why: see `cims.erpnext.acting.decisions`."""

	# begin: auto-generated types
	# end: auto-generated types


def on_doctype_update():
	frappe.db.add_index("Trust Decision", ["decided_on"])
