from frappe import _


def get_data():
	"""What hangs on a customer, below its trust."""
	return {
		"fieldname": "customer",
		"transactions": [
			{"label": _("Receivables"), "items": ["CIMS Order", "CIMS Payment"]},
			{"label": _("Trust"), "items": ["Trust Evidence", "Trust Snapshot", "Trust Override"]},
		],
	}
