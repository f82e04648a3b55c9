// ERPNext's Customer: our panel in a tab of its own, for whoever may see the rating; the server says so on loading.
frappe.ui.form.on("Customer", {
	async refresh(frm) {
		const customer = frm.doc.__onload?.cims_customer;
		if (frm.is_new() || !customer) return;
		if (!window.cims?.trust?.mount || !cims.terms) {
			await frappe.require(["cims_trust.bundle.js", "cims_trust.bundle.css", "cims_erpnext.bundle.js"]);
		}
		cims.trust.mount(frm, { customer, field: "cims_trust_panel", open_list: cims.terms.open_invoices });
		cims.terms.mount(frm, "cims_trust_terms");
	},
});
