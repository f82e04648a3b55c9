frappe.ui.form.on("Duplicate Candidate", {
	async refresh(frm) {
		frm.disable_save();
		frm.page.clear_primary_action();
		const { doc } = frm;
		frm.set_intro("");
		if (doc.note) frm.set_intro(frappe.utils.escape_html(doc.note), "blue");
		frm.toggle_display("compare_section", doc.status !== "Merged");
		if (doc.status === "Merged") {
			if (doc.merge) frm.add_custom_button(__("Show Merge"), () => frappe.set_route("Form", "Customer Merge", doc.merge));
			return;
		}
		await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
		const element = $("<div>").appendTo(frm.fields_dict.compare_html.$wrapper.empty()).get(0);
		const comparison = new cims.duplicates.Comparison(element, doc.customer, doc.other, (merged) => {
			if (!merged) return frm.reload_doc();
			frappe.model.clear_doc(frm.doctype, doc.name);
			frappe.set_route("Form", "Customer Merge", merged.merge);
		});
		await comparison.loaded;
		if (comparison.found.may_merge) frm.page.set_primary_action(__("Merge"), () => comparison.merge());
		if (comparison.found.may_decide && doc.status === "Open") {
			frm.add_custom_button(__("Not the Same"), () => comparison.not_the_same());
		}
	},
});
