// The search through all customers: started from the queue, watched wherever one is.

import { html, show } from "../trust/html";
import { call, count } from "./reasons";

const KEYS = () => ({
	phone: __("telephone number"),
	email: __("e-mail address"),
	name: __("name"),
	mobile: __("telephone number"),
	phone_as_mobile: __("telephone number"),
	credit_code: __("credit code"),
	resident_id: __("resident ID"),
});

export async function start_search() {
	const { name } = await call("find");
	frappe.set_route("Form", "Duplicate Search", name);
}

export async function show_search(element, name) {
	const found = await call("search", { name });
	const busy = ["Queued", "Running"].includes(found.status);
	const done = Math.round((100 * found.step) / found.steps);
	const bar = html`<div class="progress" role="progressbar" aria-valuenow="${done}" aria-valuemin="0" aria-valuemax="100">
			<div class="progress-bar" style="width:${done}%"></div>
		</div>
		<p class="text-muted mt-2">${__("Step {0} of {1}: {2}", [found.step + 1, found.steps, found.doing])}</p>`;
	const figures = [
		[__("Pairs compared"), found.pairs_compared],
		[__("Likely duplicates"), found.pairs_found],
		[__("Of these, new"), found.pairs_new],
	].map(
		([label, figure]) => html`<div class="duplicate-figure"><div class="h4 mb-0">${count(figure)}</div>${label}</div>`,
	);
	const stopped = __("The search was stopped. Start it again: it goes on where it was.");
	show(
		element,
		html`${busy ? bar : ""} ${found.stopped || found.status === "Failed" ? html`<div class="alert alert-warning" role="status">${stopped}</div>` : ""}
			<div class="duplicate-figures">${figures}</div>
			${passed_over(found.passed_over)}`,
	);
	return found;
}

function passed_over(keys) {
	if (!keys.length) return "";
	const items = keys.map(({ key, values, customers, most }) => {
		const such = most.slice(0, 3).map(([value, many]) => `${value} (${count(many)})`);
		const said = __("{0}: {1} values that {2} customers share, such as {3}", [
			KEYS()[key],
			count(values),
			count(customers),
			such.join(", "),
		]);
		return html`<li>${said}</li>`;
	});
	return html`<p class="mb-1 mt-3">${__("Passed over, because what so many customers share tells nobody apart:")}</p>
		<ul>
			${items}
		</ul>`;
}
