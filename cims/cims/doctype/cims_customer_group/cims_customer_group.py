from frappe.model.document import Document


class CIMSCustomerGroup(Document):
	# begin: auto-generated types
	# end: auto-generated types

	pass
