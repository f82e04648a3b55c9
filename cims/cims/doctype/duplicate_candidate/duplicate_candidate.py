import frappe

from cims.duplicates import finding, keys
from cims.ratings.guard import ReadOnlyDocument


class DuplicateCandidate(ReadOnlyDocument):
	"""Two customers who may be one: see `cims.duplicates.queue`."""

	# begin: auto-generated types
	# end: auto-generated types


def on_doctype_update():
	frappe.db.add_unique("Duplicate Candidate", ["customer", "other"], "unique_pair")
	frappe.db.add_index("Duplicate Candidate", ["status", "score"], "status_score")
	frappe.db.add_index("Duplicate Candidate", ["score"])
	keys.make_table()
	finding.make_table()
