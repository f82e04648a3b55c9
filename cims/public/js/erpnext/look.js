// Under the customer of what is sold: the grade and one line of reason; above all of it, what the rules say.

import { points } from "../trust/format";
import { pill } from "../trust/grade";
import { html, show } from "../trust/html";

const bands = () => frappe.boot.cims?.bands || [];

// Which field holds ERPNext's customer, and who it is; a quotation can be a lead's.
function customer_of({ doc }) {
	if (doc.doctype !== "Quotation") return { field: "customer", customer: doc.customer };
	return { field: "party_name", customer: doc.quotation_to === "Customer" ? doc.party_name : null };
}

// Ask how the customer stands, once for one state of the form. anew: of what is saved, what was answered may have changed.
export async function look(frm, anew = false) {
	const { field, customer } = customer_of(frm);
	const { doctype, name, company, modified, base_grand_total: amount } = frm.doc;
	const asked = JSON.stringify([doctype, name, modified, customer, company]);
	if (frm.cims_asked === asked && !(anew && frm.cims_seen && !frm.is_new())) return draw(frm, field, frm.cims_seen);
	frm.cims_asked = asked;
	frm.cims_seen = null;
	draw(frm, field, null);
	if (!customer || !company) return;
	const args = { customer, doctype, company, amount: amount || 0, ...(!frm.is_new() && { name }) };
	try {
		const seen = await frappe.xcall("cims.api.selling.see", args, "GET");
		// Another customer may have been chosen meanwhile.
		if (frm.cims_asked !== asked) return;
		frm.cims_seen = seen;
		draw(frm, field, seen);
	} catch (error) {
		frm.cims_asked = null;
		throw error;
	}
}

function draw(frm, field, seen) {
	place(frm.get_field(field).$wrapper, "append", "cims-standing", seen?.standing && standing(seen.standing));
	place($(frm.layout.wrapper), "prepend", "cims-verdict", seen?.verdict && verdict(seen.verdict, frm));
	$(frm.layout.wrapper)
		.children(".cims-verdict")
		.off("click")
		.on("click", "[data-decision]", ({ target }) => ask_reason(frm, target.dataset.decision));
}

// One element of ours in each place, there only while it says something.
function place($parent, how, name, markup) {
	let $element = $parent.children(`.${name}`);
	if (!markup) return $element.remove();
	if (!$element.length) $element = $(`<div class="${name}">`)[`${how}To`]($parent);
	show($element.get(0), markup);
}

function standing({ customer, grade, score, watch, text }) {
	return html`<a href="/app/cims-customer/${encodeURIComponent(customer)}" title="${__("Trust rating")}"
			>${pill(grade, bands())}</a
		>
		${score !== null && html`<span>${__("{0} points", [points(score)])}</span> · `}
		${watch && html`<b class="trust-down">${__("On watch")}</b> · `}<span class="text-muted">${text}</span>`;
}

const LABELS = {
	Asked: () => __("Ask for a Decision"),
	Approved: () => __("Approve"),
	Overridden: () => __("Let It Pass"),
	Rejected: () => __("Reject"),
};

function verdict(found, frm) {
	const { title, text, who, colour, decision, possible } = found;
	// A decision is about a document that is there.
	const buttons = frm.is_new() || frm.doc.docstatus > 0 || decision ? [] : possible.filter((one) => may(one, found));
	return html`<div class="form-message ${decision ? "green" : colour}" role="status">
		<b>${title}</b> <span>${text}</span> ${(decision || who) && html`<div>${decision || who}</div>`}
		${
			buttons.length > 0 &&
			html`<div class="cims-verdict-actions">
				${buttons.map(
					(one) =>
						html`<button type="button" class="btn btn-xs btn-default" data-decision="${one}">
							${LABELS[one]()}
						</button>`,
				)}
			</div>`
		}
	</div>`;
}

// Who decides needn't ask.
const may = (decision, { may_decide }) => (decision === "Asked" ? !may_decide : may_decide);

function ask_reason(frm, decision) {
	if (frm.is_dirty()) {
		frappe.msgprint(__("Save the document first."));
		return;
	}
	frappe.prompt(
		{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
		async ({ reason }) => {
			const { doctype, docname: name } = frm;
			await frappe.xcall("cims.api.selling.decide", { doctype, name, decision, reason });
			frm.reload_doc();
		},
		LABELS[decision](),
		LABELS[decision](),
	);
}
