import frappe

from cims.ratings.guard import ReadOnlyDocument


class TrustTermsChange(ReadOnlyDocument):
	"""A credit limit and payment terms that were applied, with those before: see `cims.erpnext.acting.terms`."""

	# begin: auto-generated types
	# end: auto-generated types


def on_doctype_update():
	frappe.db.add_index("Trust Terms Change", ["applied_on"])
