from frappe.model.document import Document


class TrustForecastCoefficient(Document):
	pass
