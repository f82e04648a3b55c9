// The trust panel in its place at the top of the customer's form, and what one can do from there.

import { record_evidence } from "./evidence";
import { TrustPanel } from "./panel";

export function mount(frm) {
	frm.trust_panel ||= new TrustPanel(frm.get_field("trust_panel").$wrapper.get(0), {
		order: () => frappe.new_doc("CIMS Order", { customer: frm.docname }),
		import: () => frappe.new_doc("CIMS Import", { kind: "Receivables" }),
		evidence: () => record_evidence(frm.docname, () => reload(frm)),
		list: () => frappe.set_route("List", "CIMS Order", { customer: frm.docname, payment_status: "Overdue" }),
	});
	add_buttons(frm);
	return reload(frm);
}

const reload = (frm) => frm.trust_panel.load(frm.docname);

function add_buttons(frm) {
	const group = __("Trust");
	if (frappe.model.can_create("Trust Evidence")) {
		frm.add_custom_button(__("Record Evidence"), () => frm.trust_panel.actions.evidence(), group);
	}
	if (frappe.model.can_create("Trust Override")) {
		frm.add_custom_button(
			__("Ask for Another Grade"),
			() => frappe.new_doc("Trust Override", { customer: frm.docname }),
			group
		);
	}
	frm.add_custom_button(
		__("Compare"),
		() => frappe.set_route("trust-comparison", { customers: frm.docname }),
		group
	);
	frm.add_custom_button(__("Print Trust Report"), () => print_report(frm), group);
}

function print_report(frm) {
	const asked = new URLSearchParams({
		doctype: frm.doctype,
		name: frm.docname,
		format: "Trust Report",
		no_letterhead: 0,
		_lang: frappe.boot.lang,
	});
	window.open(`/api/method/frappe.utils.print_format.download_pdf?${asked}`);
}
