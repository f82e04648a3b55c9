frappe.ui.form.on("Trust Override", {
	setup(frm) {
		const bands = frappe.boot.cims?.bands || [];
		frm.get_field("grade").set_data(bands.map((band) => ({ value: band.grade, description: band.word })));
	},

	refresh(frm) {
		if (frm.is_new()) {
			frm.set_intro(
				__(
					"Somebody else with the role CIMS Manager decides on it. The computed grade stays visible beside it.",
				),
			);
			return;
		}
		const { status, owner } = frm.doc;
		const manager = frappe.user.has_role(["CIMS Manager", "System Manager"]);
		const own = owner === frappe.session.user;
		if (status === "Requested" && manager && !own) {
			frm.add_custom_button(__("Approve"), () => frm.events.decide(frm, "approve")).addClass("btn-primary");
			frm.add_custom_button(__("Reject"), () => frm.events.decide(frm, "reject"));
		}
		if (["Requested", "Approved"].includes(status) && (manager || own)) {
			frm.add_custom_button(__("Withdraw"), () => frm.events.decide(frm, "withdraw"));
		}
		if (status === "Requested" && own) {
			frm.set_intro(__("Waits for somebody else with the role CIMS Manager to decide on it."));
		}
		if (status !== "Requested") frm.disable_form();
	},

	decide(frm, decision) {
		const titles = {
			approve: __("Approve This Grade"),
			reject: __("Reject This Grade"),
			withdraw: __("Withdraw This Override"),
		};
		frappe.prompt(
			{ fieldname: "note", fieldtype: "Small Text", label: __("Note"), reqd: decision === "reject" },
			async ({ note }) => {
				await frappe.xcall(`cims.api.overrides.${decision}`, { override: frm.docname, note });
				frm.reload_doc();
			},
			titles[decision],
			__("Confirm"),
		);
	},
});
