from frappe.model.document import Document


class DuplicateSearch(Document):
	"""A search through all customers and how far it is: see `cims.duplicates.finding`."""

	# begin: auto-generated types
	# end: auto-generated types
