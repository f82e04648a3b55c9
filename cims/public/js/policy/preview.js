// What a draft would change, before it is published: grades from and to, the largest movers, the backtest of old and new.

import { direction, points, signed } from "../trust/format";
import { pill } from "../trust/grade";
import { html, show } from "../trust/html";

// Realtime events may be cut off by a proxy; the result is asked for as well.
const ASK_EVERY = 3000;

export function preview(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("What This Policy Would Change"),
		size: "extra-large",
		fields: [
			{ fieldname: "changes", fieldtype: "HTML" },
			{
				fieldname: "reason",
				fieldtype: "Small Text",
				label: __("Reason for publishing"),
				max_height: "64px",
				description: __("Kept with the version, for whoever asks later why grades changed."),
				hidden: 1,
			},
		],
		primary_action_label: __("Publish as a New Version"),
		primary_action: ({ reason }) => publish(frm, dialog, reason),
	});
	dialog.get_primary_btn().prop("disabled", true);
	dialog.show();
	return fill(frm, dialog);
}

const asked = (frm) => ({ policy: frm.docname, ...(frm.is_dirty() ? { changes: frm.doc } : {}) });

async function fill(frm, dialog) {
	const frame = dialog.fields_dict.changes.wrapper;
	wait(frame, __("Customers are rated as this policy would rate them."));
	try {
		const found = await frappe.xcall("cims.api.policies.preview", asked(frm));
		show_report(frm, frame, found);
	} catch (error) {
		dialog.hide();
		throw error;
	}
	dialog.set_df_property("reason", "hidden", 0);
	dialog.set_df_property("reason", "reqd", 1);
	dialog.get_primary_btn().prop("disabled", false);
}

function wait(frame, text) {
	show(
		frame,
		html`<div class="trust-panel" aria-busy="true">
			<p role="status">${text}</p>
			<div class="trust-bone"></div>
		</div>`,
	);
}

function show_report(frm, frame, found) {
	show(frame, report(found, frm.doc.bands));
	const button = frame.querySelector('[data-action="all"]');
	button?.addEventListener("click", () => rate_all(frm, frame));
}

// With many customers the first answer comes from a sample; a job rates the rest and tells how far it is.
async function rate_all(frm, frame) {
	const job = await frappe.xcall("cims.api.policies.preview_all", asked(frm));
	wait(frame, __("All customers are being rated. The result appears here as soon as it is there."));
	const status = frame.querySelector('[role="status"]');
	const on_event = (event) => {
		if (event.result) done(event.result);
		else status.textContent = __("{0} of {1} customers rated.", [points(event.done), points(event.total)]);
	};
	const timer = setInterval(async () => {
		if (!frame.closest(".modal.show")) return stop();
		const found = await frappe.xcall("cims.api.policies.preview_result", { job });
		if (found) done(found);
	}, ASK_EVERY);
	const stop = () => {
		clearInterval(timer);
		frappe.realtime.off("cims_policy_preview", on_event);
	};
	const done = (found) => {
		stop();
		show_report(frm, frame, found);
	};
	frappe.realtime.on("cims_policy_preview", on_event);
}

async function publish(frm, dialog, reason) {
	if (frm.is_dirty()) await frm.save();
	await frappe.xcall("cims.api.policies.publish", { policy: frm.docname, reason });
	dialog.hide();
	frappe.show_alert({ message: __("Published. All customers are being rated anew."), indicator: "green" });
	frm.reload_doc();
}

function report(found, bands) {
	return html`<div class="trust-panel trust-preview">
		<p class="trust-preview-sum">${summary(found)}</p>
		${found.n < found.of && sample(found)}
		<div class="trust-preview-grid">
			${part(__("Grades from and to"), matrix(found, bands))}
			${part(__("Backtest on this site's receivables"), backtest(found.backtest))}
			${part(__("Largest falls"), movers(found.down, bands))}
			${part(__("Largest rises"), movers(found.up, bands))}
		</div>
	</div>`;
}

const part = (title, body) =>
	html`<section>
		<h6 class="trust-label">${title}</h6>
		${body}
	</section>`;

function sample({ n, of }) {
	return html`<p class="text-muted">
		${__("From an even sample of {0} of {1} customers.", [points(n), points(of)])}
		<button type="button" class="btn btn-default btn-xs" data-action="all">${__("Rate all of them")}</button>
	</p>`;
}

// Where a grade of the old policy stands in the new one; a grade that is gone keeps its place from the top.
const place = ({ to }, grade, at) => (to.includes(grade) ? to.indexOf(grade) : at);

function summary(found) {
	if (!found.n) return __("No customer has evidence yet, so nothing would change.");
	if (!found.changed) return __("None of {0} customers would change grade.", [points(found.n)]);
	const count = (wanted) =>
		found.matrix
			.flatMap((row, from) =>
				row.map((customers, to) => [Math.sign(to - place(found, found.from[from], from)), customers]),
			)
			.filter(([moved]) => moved === wanted)
			.reduce((total, [_moved, customers]) => total + customers, 0);
	return __("{0} of {1} customers would change grade: {2} up, {3} down.", [
		points(found.changed),
		points(found.n),
		points(count(-1)),
		points(count(1)),
	]);
}

// Rows: the grade now; columns: the grade then. What stays is on the diagonal.
function matrix(found, bands) {
	const cell = (customers, row, column) => {
		const moved = column - place(found, found.from[row], row);
		const kind = !customers ? "none" : moved < 0 ? "up" : moved > 0 ? "down" : "same";
		return html`<td class="text-right trust-matrix-${kind}">${customers ? points(customers) : "·"}</td>`;
	};
	return html`<div class="trust-table-frame">
		<table class="trust-table trust-matrix">
			<thead>
				<tr>
					<th>${__("now ↓ then →")}</th>
					${found.to.map((grade) => html`<th class="text-right">${pill(grade, bands)}</th>`)}
				</tr>
			</thead>
			<tbody>
				${found.from.map(
					(grade, row) =>
						html`<tr>
							<th scope="row">${pill(grade, bands)}</th>
							${found.matrix[row].map((customers, column) => cell(customers, row, column))}
						</tr>`,
				)}
			</tbody>
		</table>
	</div>`;
}

const FIGURES = () => [
	["auc_score", __("Score: area under the curve (AUC)")],
	["auc", __("Forecast: area under the curve (AUC)")],
	["brier", __("Forecast: mean squared error (Brier)")],
];

function backtest({ error, old, new: then, late_days }) {
	if (error) return html`<p class="text-muted">${error}</p>`;
	const write = (of, key) => {
		if (of[key] === null || of[key] === undefined) return "–";
		const value = format_number(of[key], null, 3);
		const [low, high] = [of[`${key}_low`], of[`${key}_high`]];
		if (low === null || low === undefined) return value;
		return html`${value}
			<span class="text-muted">(${format_number(low, null, 3)} – ${format_number(high, null, 3)})</span>`;
	};
	return html`<div class="trust-table-frame">
			<table class="trust-table">
				<thead>
					<tr>
						<th></th>
						<th class="text-right">${__("Policy in force")}</th>
						<th class="text-right">${__("This draft")}</th>
					</tr>
				</thead>
				<tbody>
					${FIGURES().map(
						([key, label]) =>
							html`<tr>
								<td>${label}</td>
								<td class="text-right">${write(old, key)}</td>
								<td class="text-right">${write(then, key)}</td>
							</tr>`,
					)}
				</tbody>
			</table>
		</div>
		<p class="trust-footnote text-muted">
			${__(
				"{0} receivables foreseen; {1} of them were paid {2} or more days late. An AUC of 1 tells late from prompt every time, 0.5 is a coin.",
				[points(then.n_test), points(then.positives), points(late_days)],
			)}
		</p>`;
}

function movers(rows, bands) {
	if (!rows.length) return html`<p class="text-muted">${__("No score would move this way.")}</p>`;
	return html`<div class="trust-table-frame trust-movers">
		<table class="trust-table">
			<tbody>
				${rows.map((row) => {
					const moved = row.new - row.old;
					const { name, sign } = direction(moved);
					return html`<tr>
						<td>
							<a href="${frappe.utils.get_form_link("CIMS Customer", row.customer)}" target="_blank"
								>${row.customer_name || row.customer}</a
							>
						</td>
						<td>${pill(row.old_grade, bands)} → ${pill(row.new_grade, bands)}</td>
						<td class="text-right">${points(row.old)} → ${points(row.new)}</td>
						<td class="text-right trust-${name}">${sign} ${signed(moved)}</td>
					</tr>`;
				})}
			</tbody>
		</table>
	</div>`;
}
