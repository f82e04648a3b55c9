from frappe.model.document import Document


class CIMSImportChange(Document):
	"""What an import has changed in a document that was there: the former values, for undoing it. Written by imports only."""

	# begin: auto-generated types
	# end: auto-generated types
