// Suggested credit limit and credit days beside those of ERPNext's record: how they were worked out, applied, taken back.

import { html, show } from "../trust/html";
import { money, points } from "../trust/format";

const APPLIERS = ["CIMS Manager", "System Manager"];
const MOST = 200;

export const open_invoices = (frm) =>
	frappe.set_route("List", "Sales Invoice", { customer: frm.docname, outstanding_amount: [">", 0], docstatus: 1 });

// The table under the panel on ERPNext's Customer, a row for each company.
export async function mount(frm, field) {
	const { docname } = frm;
	const element = frm.get_field(field).$wrapper.get(0);
	const rows = await frappe.xcall("cims.api.terms.suggest", { customers: JSON.stringify([docname]) }, "GET");
	if (frm.docname !== docname) return;
	show(element, rows.length ? table(rows) : "");
	element.onclick = ({ target }) => {
		const { company } = target.closest("[data-company]")?.dataset || {};
		if (company) ask(company, [docname], () => frm.reload_doc());
		if (target.closest("[data-history]")) {
			frappe.set_route("List", "Trust Terms Change", { customer: frm.trust_customer });
		}
	};
}

function table(rows) {
	const may_apply = frappe.user.has_role(APPLIERS) && frappe.model.can_write("Customer");
	return html`<div class="trust-panel cims-terms">
		<h6 class="trust-label">${__("Suggested terms")}</h6>
		<div class="trust-table-frame">
			<table class="trust-table">
				<thead>
					<tr>
						<th>${__("Company")}</th>
						<th class="text-right">${__("Credit limit now")}</th>
						<th class="text-right">${__("Suggested")}</th>
						<th>${__("Payment terms now")}</th>
						<th>${__("Suggested")}</th>
						<th></th>
					</tr>
				</thead>
				<tbody>
					${rows.map((row) => line(row, may_apply))}
				</tbody>
			</table>
		</div>
		<p class="trust-footnote text-muted">
			${rows[0].working} <a href="#" data-history>${__("What was applied before")}</a>
		</p>
	</div>`;
}

function line(row, may_apply) {
	return html`<tr>
		<td>${row.company}</td>
		<td class="text-right" data-label="${__("Credit limit now")}">
			${row.limit_now ? money(row.limit_now, row.currency) : __("none")}
		</td>
		<td class="text-right" data-label="${__("Suggested")}"><b>${limit_of(row)}</b></td>
		<td data-label="${__("Payment terms now")}">${row.terms_now || __("none")}</td>
		<td data-label="${__("Suggested")}"><b>${days_of(row)}</b></td>
		<td class="text-right">
			${
				may_apply &&
				html`<button type="button" class="btn btn-xs btn-default" data-company="${row.company}">
					${__("Apply")}
				</button>`
			}
		</td>
	</tr>`;
}

const limit_of = ({ limit, currency }) =>
	limit === null ? "–" : limit ? money(limit, currency) : __("no credit");

const days_of = ({ credit_days: days }) => (days ? __("{0} days", [points(days)]) : __("Pay in advance"));

// The list's checked customers.
export function apply_to(list) {
	const names = list.get_checked_items(true);
	if (names.length > MOST) {
		frappe.msgprint(__("{0} customers are too many; choose {1} at most.", [points(names.length), MOST]));
		return;
	}
	ask(null, names, () => list.refresh());
}

// Which company, what of it; then do it, say what came of it, and offer to take it back.
function ask(company, customers, done) {
	const one = customers.length === 1;
	const dialog = new frappe.ui.Dialog({
		title: one ? __("Apply Suggested Terms") : __("Apply Suggested Terms to {0} Customers", [points(customers.length)]),
		fields: [
			{
				fieldname: "company",
				fieldtype: "Link",
				options: "Company",
				label: __("Company"),
				reqd: 1,
				default: company || frappe.defaults.get_user_default("Company"),
			},
			{ fieldname: "limit", fieldtype: "Check", label: __("Credit limit"), default: 1 },
			{ fieldname: "days", fieldtype: "Check", label: __("Credit days, as payment terms"), default: 0 },
		],
		primary_action_label: __("Apply"),
		async primary_action({ company, limit, days }) {
			const args = { customers: JSON.stringify(customers), company, limit, days };
			const { applied, skipped } = await frappe.xcall("cims.api.terms.apply", args);
			dialog.hide();
			say(applied, skipped, done);
			done();
		},
	});
	dialog.show();
}

function say(applied, skipped, done) {
	const dialog = frappe.msgprint({
		title: __("Suggested Terms"),
		indicator: skipped.length ? "orange" : "green",
		message: String(html`<p>${__("Applied to {0} customers.", [points(applied.length)])}</p>
			${left_out(skipped)}`),
	});
	if (!applied.length) return;
	dialog.set_secondary_action_label(__("Undo"));
	dialog.set_secondary_action(async () => {
		const { undone, skipped: kept } = await frappe.xcall("cims.api.terms.undo", { changes: JSON.stringify(applied) });
		dialog.hide();
		frappe.msgprint({
			title: __("Suggested Terms"),
			message: String(html`<p>${__("Taken back for {0} customers.", [points(undone.length)])}</p>
				${left_out(kept)}`),
		});
		done();
	});
}

const left_out = (skipped) =>
	skipped.length > 0 &&
	html`<p>${__("Left as they were:")}</p>
		<ul>
			${skipped.map(({ customer, reason }) => html`<li><b>${customer}</b>: ${reason}</li>`)}
		</ul>`;
