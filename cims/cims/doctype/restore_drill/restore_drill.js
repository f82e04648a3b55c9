frappe.ui.form.on("Restore Drill", {
	async refresh(frm) {
		frm.disable_save();
		await frappe.require(["cims_health.bundle.js", "cims_health.bundle.css"]);
		cims.show_drill(frm);
	},
});
