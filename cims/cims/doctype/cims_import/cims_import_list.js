frappe.listview_settings["CIMS Import"] = {
	get_indicator(doc) {
		const colour = { Draft: "gray", Checking: "orange", Checked: "blue", Importing: "orange", Imported: "green", Failed: "red" };
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
