frappe.listview_settings["Duplicate Search"] = {
	hide_name_column: true,

	get_indicator(doc) {
		const colour = { Queued: "gray", Running: "blue", Finished: "green", Failed: "red" }[doc.status];
		return [__(doc.status, null, "Duplicate Search"), colour, `status,=,${doc.status}`];
	},
};
