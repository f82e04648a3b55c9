frappe.ui.form.on("Customer Merge", {
	async refresh(frm) {
		frm.disable_save();
		await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
		const element = frm.fields_dict.summary_html.$wrapper.get(0);
		const { may_undo } = await cims.duplicates.show_merge(element, frm.doc.name);
		frm.add_custom_button(__("Queue"), () => frappe.set_route("List", "Duplicate Candidate", { status: "Open" }));
		if (may_undo) frm.page.set_primary_action(__("Undo"), () => cims.duplicates.undo(frm));
		else frm.page.clear_primary_action();
	},
});
