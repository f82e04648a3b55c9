from frappe.model.document import Document


class TrustHardEvent(Document):
	pass
