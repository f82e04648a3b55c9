from frappe.model.document import Document


class RestoreDrillCheck(Document):
	"""What one check of a restored site has found."""
