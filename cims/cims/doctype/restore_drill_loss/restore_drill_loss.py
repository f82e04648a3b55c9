from frappe.model.document import Document


class RestoreDrillLoss(Document):
	"""What restoring a backup would lose of one DocType."""
