frappe.listview_settings["Trust Policy"] = {
	get_indicator(doc) {
		const colour = { Draft: "orange", Published: "green", Retired: "gray" };
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
