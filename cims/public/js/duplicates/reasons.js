// Why two customers look alike, in words: what speaks for it, and what against.

import { html } from "../trust/html";

export function reasons(found) {
	const items = found.map(
		({ text, against }) =>
			html`<li class="${against ? "duplicate-against" : ""}">
				<span aria-hidden="true">${against ? "−" : "+"}</span> ${text}
			</li>`,
	);
	return html`<ul class="duplicate-reasons list-unstyled">
		${items}
	</ul>`;
}

export function likeness(score) {
	const colour = score >= 80 ? "red" : score >= 50 ? "orange" : "gray";
	return html`<span class="indicator-pill no-indicator-dot ${colour}">${__("{0} % alike", [score])}</span>`;
}

export const count = (number) => format_number(number || 0, null, 0);

export async function call(method, args, options = {}) {
	const { message } = await frappe.call({ method: `cims.api.duplicates.${method}`, args, ...options });
	return message;
}
