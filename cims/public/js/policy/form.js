// The Trust Policy's form: sliders and ruler over the tables that hold the figures, and the way to a new version.

import { html } from "../trust/html";
import { preview } from "./preview";
import { Ruler } from "./ruler";
import { Weights } from "./weights";

export function mount(frm) {
	const editable = frm.doc.status === "Draft" && frm.perm[0].write && !frm.is_new();
	const change = (row, field, value) => frappe.model.set_value(row.doctype, row.name, field, value);
	new Weights(place(frm, "dimensions", __("Every figure of the dimensions")), frm.doc.dimensions || [], {
		editable,
		change,
	});
	frm.trust_ruler = new Ruler(place(frm, "bands", __("Every figure of the grades")), frm.doc.bands || [], {
		editable,
		least: () => Math.floor(frm.doc.dead_band || 0) + 1,
		change,
	});
	add_actions(frm);
}

// A new element above a table; the table itself folds away under `label`.
function place(frm, fieldname, label) {
	const table = frm.get_field(fieldname).$wrapper;
	const folder = table.parent(".trust-fold");
	if (folder.length) folder.replaceWith(table);
	table.siblings(".trust-editor").remove();
	table.wrap(String(html`<details class="trust-fold"></details>`));
	table.parent().prepend(String(html`<summary class="text-muted">${label}</summary>`));
	return $('<div class="trust-editor trust-panel"></div>').insertBefore(table.parent()).get(0);
}

function add_actions(frm) {
	if (frm.is_new()) return;
	if (frm.doc.status !== "Draft") {
		if (!frappe.model.can_create("Trust Policy")) return;
		frm.page.set_primary_action(__("Make a New Version"), async () => {
			const name = await frappe.xcall("cims.api.policies.new_version", { based_on: frm.docname });
			frappe.set_route("Form", "Trust Policy", name);
		});
		return;
	}
	frm.add_custom_button(__("Preview and Publish"), () => preview(frm));
}
