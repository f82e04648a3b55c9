frappe.ui.form.on("CIMS Customer", {
	refresh(frm) {
		frm.toggle_display("trust_section", !frm.is_new());
		if (!frm.is_new()) frm.trigger("show_trust");
	},

	async show_trust(frm) {
		if (!window.cims?.trust?.mount) {
			await frappe.require(["cims_trust.bundle.js", "cims_trust.bundle.css"]);
		}
		cims.trust.mount(frm);
	},
});
