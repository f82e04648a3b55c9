from frappe.model.document import Document


class TrustGradeBand(Document):
	pass
