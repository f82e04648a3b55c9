frappe.listview_settings["CIMS Customer"] = {
	add_fields: ["trust_grade", "trust_change", "trust_watch", "currency"],
	formatters: {
		trust_score: (_score, _field, doc) => cims.standing(doc.trust_grade, doc.trust_score, doc.trust_change),
		overdue_amount: (amount, _field, doc) => (amount ? format_currency(amount, doc.currency, 0) : ""),
	},
	get_indicator(doc) {
		if (doc.trust_watch) return [__("On watch"), "orange", "trust_watch,=,1"];
		const colour = { Active: "green", Prospect: "blue", Dormant: "gray", Blocked: "red", Archived: "gray" };
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
