from frappe.model.document import Document


class ChangedDocument(Document):
	"""A document that changed and whose evidence waits to be brought in line: see `cims.erpnext.evidence.live`."""
