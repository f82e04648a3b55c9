from frappe.model.document import Document


class CIMSSettings(Document):
	# begin: auto-generated types
	# end: auto-generated types

	pass
