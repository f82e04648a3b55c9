frappe.listview_settings["CIMS Order"] = {
	add_fields: ["status", "payment_status", "currency", "outstanding_amount", "disputed_from", "disputed_to"],
	formatters: {
		grand_total: (amount, _field, doc) => format_currency(amount, doc.currency, 0),
		outstanding_amount: (amount, _field, doc) => (amount ? format_currency(amount, doc.currency, 0) : ""),
	},
	get_indicator(doc) {
		if (doc.disputed_from && !doc.disputed_to)
			return [__("In dispute"), "purple", "disputed_from,is,set|disputed_to,is,not set"];
		const money = { Overdue: "red", "Part Paid": "yellow", Paid: "green", "Written Off": "gray" };
		if (doc.payment_status in money) {
			return [
				__(doc.payment_status, null, "CIMS Order"),
				money[doc.payment_status],
				`payment_status,=,${doc.payment_status}`,
			];
		}
		const goods = { Confirmed: "blue", Delivered: "cyan", Returned: "gray" };
		return [__(doc.status, null, "CIMS Order"), goods[doc.status], `status,=,${doc.status}`];
	},
};
