from frappe.model.document import Document


class CIMSPaymentAllocation(Document):
	# begin: auto-generated types
	# end: auto-generated types

	pass
