frappe.ui.form.on("Trust Rating", {
	async refresh(frm) {
		frm.disable_save();
		frm.toggle_display(["reasons", "contributions", "sums"], frappe.boot.developer_mode);
		frm.add_custom_button(__("Open Customer"), () =>
			frappe.set_route("Form", "CIMS Customer", frm.doc.customer),
		);
		if (!window.cims?.trust?.contributions) {
			await frappe.require(["cims_trust.bundle.js", "cims_trust.bundle.css"]);
		}
		frm.dashboard.clear_headline();
		frm.dashboard.add_section(cims.trust.contributions(frm.doc), __("Where the Score Comes From"));
		frm.dashboard.show();
	},
});
