import frappe

from cims.ratings.guard import ReadOnlyDocument


class CustomerMerge(ReadOnlyDocument):
	"""What a merge did, in full, so that it can be undone: see `cims.duplicates.merging`."""

	# begin: auto-generated types
	# end: auto-generated types


def on_doctype_update():
	frappe.db.add_index("Customer Merge", ["merged_on"])
