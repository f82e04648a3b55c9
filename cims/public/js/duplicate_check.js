// The customer's form asks before it makes somebody twice, and offers to compare with another customer.

frappe.ui.form.on("CIMS Customer", {
	async onload() {
		await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
	},

	async refresh(frm) {
		await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
		if (frm.is_new()) return;
		frm.cims_looked_up = cims.duplicates.signature(frm.doc);
		if (frappe.model.can_read("Duplicate Candidate") && frappe.model.can_write("CIMS Customer")) {
			frm.add_custom_button(__("Same Customer as..."), () => cims.duplicates.propose(frm), __("Duplicates"));
			frm.add_custom_button(
				__("Queue"),
				() => frappe.set_route("List", "Duplicate Candidate", { status: "Open" }),
				__("Duplicates"),
			);
		}
	},

	async validate(frm) {
		if (frm.cims_looked_up === cims.duplicates.signature(frm.doc)) return;
		if (!(await cims.duplicates.ask(frm))) frappe.validated = false;
	},
});
