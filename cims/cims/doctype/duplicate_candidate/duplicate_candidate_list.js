frappe.listview_settings["Duplicate Candidate"] = {
	hide_name_column: true,
	filters: [["status", "=", "Open"]],
	formatters: { score: (value) => __("{0} % alike", [value]) },

	get_indicator(doc) {
		const colour = { Open: "orange", Merged: "green", "Not the Same": "gray" }[doc.status];
		return [__(doc.status, null, "Duplicate Candidate"), colour, `status,=,${doc.status}`];
	},

	onload(list) {
		list.page.add_inner_button(__("Log of Merges"), () => frappe.set_route("List", "Customer Merge"));
		if (!frappe.user.has_role(["CIMS Manager", "System Manager"])) return;
		list.page.add_inner_button(__("Search All Customers"), async () => {
			await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
			cims.duplicates.start_search();
		});
	},
};
