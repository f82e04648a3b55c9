const POLL = 2000;

frappe.ui.form.on("Duplicate Search", {
	async refresh(frm) {
		frm.disable_save();
		// They stand above, and are kept up to date there.
		frm.toggle_display(["step", "steps", "pairs_compared", "pairs_found", "pairs_new"], false);
		frm.add_custom_button(__("Queue"), () => frappe.set_route("List", "Duplicate Candidate", { status: "Open" }));
		await frappe.require(["cims_duplicates.bundle.js", "cims_duplicates.bundle.css"]);
		frm.trigger("watch");
	},

	// The page asks now and then, so that nothing depends on a socket, nor on staying here.
	async watch(frm) {
		const { name, status } = frm.doc;
		const found = await cims.duplicates.show_search(frm.fields_dict.progress_html.$wrapper.get(0), name);
		if (cur_frm !== frm || frm.doc.name !== name) return;
		const stopped = found.stopped || found.status === "Failed";
		if (stopped && frappe.user.has_role(["CIMS Manager", "System Manager"])) {
			frm.page.set_primary_action(__("Start Again"), () => cims.duplicates.start_search().then(() => frm.reload_doc()));
		}
		if (found.status !== status) return frm.reload_doc();
		if (["Queued", "Running"].includes(found.status)) setTimeout(() => frm.trigger("watch"), POLL);
	},
});
