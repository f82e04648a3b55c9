// The trust panel in its place at the top of the customer's form, and what one can do from there.

import { may_record, record_evidence } from "./evidence";
import { TrustPanel } from "./panel";

// For a site whose realtime service is down.
const RATED_SOON = 3000;

frappe.realtime.on("cims_rated", ({ customer }) => {
	if (cur_frm?.trust_panel && cur_frm.trust_customer === customer) reload(cur_frm);
});

// The panel on a form of ours, or on another app's form of the same customer: its code with us, the field for the panel, and
// what the list of open receivables is there.
export function mount(frm, { customer = frm.docname, field = "trust_panel", open_list = open_orders } = {}) {
	if (frm.doctype !== "CIMS Customer") frappe.realtime.doc_subscribe("CIMS Customer", customer);
	frm.trust_customer = customer;
	frm.trust_panel ||= new TrustPanel(frm.get_field(field).$wrapper.get(0), actions_of(frm, open_list));
	add_buttons(frm);
	return reload(frm);
}

const open_orders = (frm) =>
	frappe.set_route("List", "CIMS Order", { customer: frm.docname, outstanding_amount: [">", 0] });

// What the reader may do from the panel; a button without its action is not shown.
function actions_of(frm, open_list) {
	// Another app's customer has orders and invoices of that app.
	const may_create = (doctype) => frm.doctype === "CIMS Customer" && frappe.model.can_create(doctype);
	return {
		order: may_create("CIMS Order") && (() => frappe.new_doc("CIMS Order", { customer: frm.docname })),
		import: may_create("CIMS Import") && (() => frappe.new_doc("CIMS Import", { kind: "Receivables" })),
		evidence:
			may_record() &&
			(() => record_evidence(frm.trust_customer, () => setTimeout(() => reload(frm), RATED_SOON))),
		list: () => open_list(frm),
	};
}

const reload = (frm) => frm.trust_panel.load(frm.trust_customer);

function add_buttons(frm) {
	const group = __("Trust");
	const { evidence } = frm.trust_panel.actions;
	if (evidence) frm.add_custom_button(__("Record Evidence"), evidence, group);
	if (frappe.model.can_create("Trust Override")) {
		frm.add_custom_button(
			__("Ask for Another Grade"),
			() => frappe.new_doc("Trust Override", { customer: frm.trust_customer }),
			group,
		);
	}
	frm.add_custom_button(
		__("Compare"),
		() => frappe.set_route("trust-comparison", { customers: frm.trust_customer }),
		group,
	);
	frm.add_custom_button(__("Print Trust Report"), () => print_report(frm), group);
}

function print_report(frm) {
	const asked = new URLSearchParams({
		doctype: "CIMS Customer",
		name: frm.trust_customer,
		format: "Trust Report",
		no_letterhead: 0,
		_lang: frappe.boot.lang,
	});
	window.open(`/api/method/frappe.utils.print_format.download_pdf?${asked}`);
}
