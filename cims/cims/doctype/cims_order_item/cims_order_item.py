from frappe.model.document import Document


class CIMSOrderItem(Document):
	# begin: auto-generated types
	# end: auto-generated types

	pass
