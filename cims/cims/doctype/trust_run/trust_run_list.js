// Evidence of documents that were there before CIMS, or that somebody changed behind its back.
frappe.listview_settings["Trust Run"] = {
	onload(list) {
		if (!frappe.user.has_role(["CIMS Manager", "System Manager"])) return;
		list.page.add_inner_button(__("Read All Documents Anew"), () =>
			frappe.confirm(
				__("Bring the evidence of all customers in line with their documents? It goes on in the background."),
				async () => {
					const { run } = await frappe.xcall("cims.api.evidence.bring");
					frappe.set_route("Form", "Trust Run", run);
				},
			),
		);
	},
};
