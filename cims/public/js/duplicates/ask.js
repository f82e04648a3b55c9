// Before a customer is saved: the likely twins in a dialog, with "open it" and "save anyway".

import { html, show } from "../trust/html";
import { call, likeness, reasons } from "./reasons";

// By these twins are found; a customer is only looked up when one of them has changed.
const FIELDS = [
	"customer_name", "legal_name", "customer_type", "phone", "mobile", "email", "credit_code", "resident_id",
	"birth_date", "city", "address_line", "website", "country",
]; // prettier-ignore
const MOST = 5;

export const signature = (doc) => JSON.stringify(FIELDS.map((field) => doc[field] || ""));

// True where saving may go on; otherwise the dialog is open, and "save anyway" saves.
export async function ask(frm) {
	const values = Object.fromEntries(FIELDS.map((field) => [field, frm.doc[field]]));
	if (!frm.is_new()) values.name = frm.doc.name;
	const found = await call("check", { customer: JSON.stringify(values), limit: MOST });
	if (!found.twins.length) return true;
	open(frm, found);
	return false;
}

function open(frm, found) {
	const dialog = new frappe.ui.Dialog({
		title: __("Is this customer there already?"),
		size: "large",
		fields: [{ fieldtype: "HTML", fieldname: "twins" }],
		primary_action_label: __("Save Anyway"),
		primary_action() {
			dialog.hide();
			frm.cims_looked_up = signature(frm.doc);
			frm.save();
		},
		secondary_action_label: __("Go On Editing"),
		secondary_action: () => dialog.hide(),
	});
	const more = found.more && __("{0} more look alike.", [found.more]);
	const others = found.not_yours && __("{0} more look alike, whom you may not see.", [found.not_yours]);
	show(
		dialog.fields_dict.twins.$wrapper.get(0),
		html`<p>${__("What you enter looks like:")}</p>
			${found.twins.map(card)}
			<p class="text-muted">${[more, others].filter(Boolean).join(" ")}</p>
			<p class="text-muted small">
				${__("If you save anyway, the pair is put into the queue of duplicates.")}
			</p>`,
	);
	dialog.show();
}

function card(twin) {
	const facts = [twin.city, twin.mobile || twin.phone, twin.email].filter(Boolean).join(" · ");
	const address = `/app/cims-customer/${encodeURIComponent(twin.customer)}`;
	return html`<div class="duplicate-twin">
		<div class="duplicate-twin-head">
			<div>
				<b>${twin.customer_name}</b> <span class="text-muted">${twin.customer}</span> ${likeness(twin.score)}
				<div class="text-muted">${facts}</div>
			</div>
			<a class="btn btn-default btn-sm" href="${address}">${__("Open It")}</a>
		</div>
		${reasons(twin.reasons)}
	</div>`;
}
