// How far a run is, while it runs.
frappe.ui.form.on("Trust Run", {
	setup(frm) {
		frappe.realtime.on("cims_rating_progress", (progress) => {
			if (progress.run === frm.doc.name) show(frm, progress);
		});
	},
	refresh(frm) {
		if (frm.doc.status === "Running") {
			frappe.xcall("cims.api.rating.progress", { run: frm.doc.name }).then((progress) => show(frm, progress));
		}
	},
});

function show(frm, progress) {
	if (!progress || progress.run !== frm.doc.name) return;
	if (progress.status !== "Running") {
		frm.dashboard.hide_progress();
		if (frm.doc.status === "Running") frm.reload_doc();
		return;
	}
	const left = progress.seconds_left === null ? "" : ` · ${__("{0} s left", [Math.round(progress.seconds_left)])}`;
	const told = __("{0} of {1} customers", [format_number(progress.done), format_number(progress.total)]);
	frm.dashboard.show_progress(__("Rating"), progress.percent, `${__(progress.stage)} · ${told}${left}`);
}
