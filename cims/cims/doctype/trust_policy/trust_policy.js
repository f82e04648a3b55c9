frappe.ui.form.on("Trust Policy", {
	async refresh(frm) {
		if (!window.cims?.policy) {
			await frappe.require(["cims_policy.bundle.js", "cims_trust.bundle.css"]);
		}
		cims.policy.mount(frm);
		// What is done at documents is no part of a version: changing it rates nobody anew.
		if (frappe.boot.cims?.erpnext) {
			frm.add_custom_button(__("Rules at Documents"), () => frappe.set_route("List", "Trust Rule"));
		}
	},

	dead_band: (frm) => frm.trust_ruler?.draw(),
});

// Typed into the table, a boundary is still the boundary of both of its grades.
frappe.ui.form.on("Trust Grade Band", {
	floor(frm, doctype, name) {
		const row = locals[doctype][name];
		const worse = frm.doc.bands[row.idx];
		if (worse && worse.ceiling !== row.floor) {
			frappe.model.set_value(worse.doctype, worse.name, "ceiling", row.floor);
		}
		frm.trust_ruler?.draw();
	},

	ceiling(frm, doctype, name) {
		const row = locals[doctype][name];
		const better = frm.doc.bands[row.idx - 2];
		if (better && better.floor !== row.ceiling) {
			frappe.model.set_value(better.doctype, better.name, "floor", row.ceiling);
		}
		frm.trust_ruler?.draw();
	},

	colour: (frm) => frm.trust_ruler?.draw(),
	grade: (frm) => frm.trust_ruler?.draw(),
});
