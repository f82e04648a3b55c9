from frappe.model.document import Document


class CustomerSource(Document):
	# begin: auto-generated types
	# end: auto-generated types

	pass
