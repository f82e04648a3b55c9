// The grade and one line of reason under the customer as soon as it is chosen, and what the rules say of the document.
(() => {
	// Each of the four forms brings this file along; it is for all of them.
	if (frappe.ui.form.cims_selling) return;
	frappe.ui.form.cims_selling = true;

	const look = async (frm, anew) => {
		if (!window.cims?.selling) await frappe.require("cims_erpnext.bundle.js");
		cims.selling.look(frm, anew === true);
	};
	const refresh = (frm) => look(frm, true);
	for (const doctype of ["Quotation", "Sales Order", "Delivery Note", "Sales Invoice"]) {
		frappe.ui.form.on(doctype, { refresh, customer: look, party_name: look, quotation_to: look, company: look });
	}
})();
