from frappe import _


def get_data():
	"""What an order led to."""
	return {
		"fieldname": "order",
		"non_standard_fieldnames": {"Trust Evidence": "source_name"},
		"dynamic_links": {"source_name": ["CIMS Order", "source_doctype"]},
		"transactions": [
			{"label": _("Money"), "items": ["CIMS Payment"]},
			{"label": _("Trust"), "items": ["Trust Evidence"]},
		],
	}
