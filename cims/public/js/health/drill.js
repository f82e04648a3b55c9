// What a restore drill has found, in its form: sentences in full, and figures only where there are any.

import { html, show } from "../trust/html";

const COLOURS = { Passed: "green", Warning: "orange", Failed: "red" };

export function show_drill(frm) {
	show(frm.get_field("checks_html").$wrapper[0], checks(frm.doc.checks || []));
	show(frm.get_field("losses_html").$wrapper[0], losses(frm.doc.losses || []));
}

function checks(found) {
	const rows = found.map(
		({ check_name, outcome, said }) => html`<article class="cims-health-figure ${COLOURS[outcome]}">
			<header>
				<span class="cims-health-label">${check_name}</span>
				<span class="indicator-pill ${COLOURS[outcome]}">${__(outcome)}</span>
			</header>
			<div class="cims-health-advice">${said}</div>
		</article>`,
	);
	return html`<div class="cims-health-figures mb-3">${rows}</div>`;
}

function losses(found) {
	const number = (value) => (value ? value.toLocaleString() : "");
	const rows = found.map(
		({ of_doctype, lost, changed, deleted, older }) => html`<tr>
			<td>${__(of_doctype)}</td>
			<td>${number(lost)}${older ? html` <span class="text-muted">(${older})</span>` : ""}</td>
			<td>${number(changed)}</td>
			<td>${number(deleted)}</td>
		</tr>`,
	);
	const older = found.some((loss) => loss.older)
		? html`<p class="text-muted">
				${__("In brackets: of these, dated before the backup; they were committed after it, or written with an earlier date.")}
			</p>`
		: "";
	return html`<table class="cims-health-losses">
			<thead>
				<tr>
					<th>${__("DocType")}</th>
					<th>${__("Lost")}</th>
					<th>${__("Changed Since")}</th>
					<th>${__("Deleted Since")}</th>
				</tr>
			</thead>
			<tbody>${rows}</tbody>
		</table>
		${older}`;
}
