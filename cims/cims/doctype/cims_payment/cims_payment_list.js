frappe.listview_settings["CIMS Payment"] = {
	add_fields: ["status", "currency"],
	formatters: {
		amount: (amount, _field, doc) => format_currency(amount, doc.currency, 0),
	},
	get_indicator(doc) {
		const colour = { Pending: "orange", Cleared: "green", Failed: "red", Refunded: "gray" };
		return [__(doc.status, null, "CIMS Payment"), colour[doc.status], `status,=,${doc.status}`];
	},
};
