from frappe.model.document import Document


class TrustPolicyDimension(Document):
	pass
