frappe.ui.form.on("CIMS Settings", {
	async refresh(frm) {
		if (!frappe.user.has_role(["System Manager", "CIMS Manager"])) return;
		const state = await frappe.xcall("cims.api.erpnext.state");
		if (!state.installed) return;
		frm.set_intro(
			state.missing
				? __("ERPNext has {0} customers, {1} of which aren't in CIMS yet.", [state.customers, state.missing])
				: __("All of ERPNext's {0} customers are in CIMS, and follow it.", [state.customers]),
			state.missing ? "orange" : "green",
		);
		frm.add_custom_button(__("Adopt ERPNext's Customers"), () => frm.events.adopt(frm));
	},

	async adopt(frm) {
		const title = __("Adopting ERPNext's Customers");
		const event = "cims_adoption_progress";
		const done = (outcome) => {
			frappe.realtime.off(event);
			frappe.hide_progress();
			if (outcome.failed) {
				frappe.msgprint(__("Adopting the customers has failed; the Error Log says why. What is done stays."));
			} else {
				frappe.show_alert({
					message: __("{0} new, {1} linked, {2} changed", [outcome.made, outcome.linked, outcome.changed]),
					indicator: "green",
				});
			}
			frm.refresh();
		};
		frappe.realtime.off(event);
		frappe.realtime.on(event, (state) => {
			if (state.finished || state.failed) done(state);
			else frappe.show_progress(title, state.done, state.total);
		});
		const outcome = await frappe.xcall("cims.api.erpnext.adopt");
		if (!outcome.running) done(outcome);
		else frappe.show_alert(__("The customers are being adopted in the background."));
	},
});
