frappe.ui.form.on("Trust Terms Change", {
	refresh(frm) {
		if (frm.doc.status !== "Applied" || !frappe.user.has_role(["CIMS Manager", "System Manager"])) return;
		frm.add_custom_button(__("Undo"), async () => {
			const { skipped } = await frappe.xcall("cims.api.terms.undo", { changes: JSON.stringify([frm.docname]) });
			if (skipped.length) frappe.msgprint(frappe.utils.escape_html(skipped[0].reason));
			frm.reload_doc();
		});
	},
});
