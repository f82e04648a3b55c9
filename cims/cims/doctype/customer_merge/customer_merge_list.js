frappe.listview_settings["Customer Merge"] = {
	get_indicator(doc) {
		const colour = doc.status === "Done" ? "green" : "gray";
		return [__(doc.status, null, "Customer Merge"), colour, `status,=,${doc.status}`];
	},

	onload(list) {
		list.page.add_inner_button(__("Queue"), () => frappe.set_route("List", "Duplicate Candidate", { status: "Open" }));
	},
};
