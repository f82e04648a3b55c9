frappe.listview_settings["Trust Policy"] = {
	// A draft begins with the figures of the policy in force.
	async primary_action() {
		const [policy] = await frappe.db.get_list("Trust Policy", { filters: { status: "Published" }, limit: 1 });
		const name = await frappe.xcall("cims.api.policies.new_version", { based_on: policy.name });
		frappe.set_route("Form", "Trust Policy", name);
	},
	get_indicator(doc) {
		const colour = { Draft: "orange", Published: "green", Retired: "gray" };
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
