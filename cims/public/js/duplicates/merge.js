// The log of a merge: what it changed and repointed, and how it is undone.

import { html, show } from "../trust/html";
import { call, count } from "./reasons";

export async function show_merge(element, merge) {
	const found = await call("merged", { merge });
	const none = html`<span class="text-muted">${__("empty")}</span>`;
	const changes = found.changes.map(
		({ label, before, after }) =>
			html`<div class="duplicate-row">
				<div class="text-muted">${label}</div>
				<div class="duplicate-cell">${before || none}</div>
				<div class="duplicate-cell">${after || none}</div>
			</div>`,
	);
	const heads = html`<div class="duplicate-row duplicate-heads">
		<div></div>
		<div>${__("Before the merge")}</div>
		<div>${__("After the merge")}</div>
	</div>`;
	show(
		element,
		html`<div class="duplicate-comparison">
			<h6 class="duplicate-title">${__("Repointed")}</h6>
			<ul class="duplicate-points list-unstyled">
				${found.points.map((point) => html`<li><b>${count(point.count)}</b> ${point.label}</li>`)}
			</ul>
			${found.points.length ? "" : html`<p class="text-muted">${__("Nothing pointed at the customer merged.")}</p>`}
			<h6 class="duplicate-title">${__("Changed on the customer kept")}</h6>
			${changes.length ? html`<div class="duplicate-grid">${heads} ${changes}</div>` : html`<p class="text-muted">${__("No field was changed.")}</p>`}
		</div>`,
	);
	return found;
}

export function undo(frm) {
	const question = __("Undo this merge? {0} comes back, and everything that was repointed points back to it.", [
		frappe.utils.escape_html(`${frm.doc.retired_name} (${frm.doc.retired})`),
	]);
	frappe.confirm(question, async () => {
		const done = await call("undo", { merge: frm.doc.name }, { freeze: true, freeze_message: __("Undoing...") });
		const rows = Object.values(done.restored).reduce((sum, many) => sum + many, 0);
		const said = __("Both customers are back as they were; {0} records point back.", [count(rows)]);
		if (done.kept.length) {
			const items = done.kept.map((text) => html`<li>${text}</li>`);
			frappe.msgprint({ title: __("Undone"), message: String(html`<p>${said}</p><ul>${items}</ul>`), indicator: "orange" });
		} else {
			frappe.show_alert({ message: said, indicator: "green" });
		}
		frm.reload_doc();
	});
}
