// The trust panel in its place at the top of the customer's form, and what one can do from there.

import { may_record, record_evidence } from "./evidence";
import { TrustPanel } from "./panel";

// For a site whose realtime service is down.
const RATED_SOON = 3000;

frappe.realtime.on("cims_rated", ({ customer }) => {
	if (cur_frm?.trust_panel && cur_frm.docname === customer) reload(cur_frm);
});

export function mount(frm) {
	frm.trust_panel ||= new TrustPanel(frm.get_field("trust_panel").$wrapper.get(0), actions_of(frm));
	add_buttons(frm);
	return reload(frm);
}

// What the reader may do from the panel; a button without its action is not shown.
function actions_of(frm) {
	const may_create = (doctype) => frappe.model.can_create(doctype);
	return {
		order: may_create("CIMS Order") && (() => frappe.new_doc("CIMS Order", { customer: frm.docname })),
		import: may_create("CIMS Import") && (() => frappe.new_doc("CIMS Import", { kind: "Receivables" })),
		evidence:
			may_record() && (() => record_evidence(frm.docname, () => setTimeout(() => reload(frm), RATED_SOON))),
		list: () =>
			frappe.set_route("List", "CIMS Order", { customer: frm.docname, outstanding_amount: [">", 0] }),
	};
}

const reload = (frm) => frm.trust_panel.load(frm.docname);

function add_buttons(frm) {
	const group = __("Trust");
	const { evidence } = frm.trust_panel.actions;
	if (evidence) frm.add_custom_button(__("Record Evidence"), evidence, group);
	if (frappe.model.can_create("Trust Override")) {
		frm.add_custom_button(
			__("Ask for Another Grade"),
			() => frappe.new_doc("Trust Override", { customer: frm.docname }),
			group,
		);
	}
	frm.add_custom_button(
		__("Compare"),
		() => frappe.set_route("trust-comparison", { customers: frm.docname }),
		group,
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
