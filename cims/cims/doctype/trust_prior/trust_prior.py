from frappe.model.document import Document


class TrustPrior(Document):
	pass
