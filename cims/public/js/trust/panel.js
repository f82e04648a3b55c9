// The trust panel of a customer's form: How far? Which way? Why? What now? Answered without a click.

import { Curve } from "./curve";
import { headline, notices, unrated } from "./headline";
import { html, show } from "./html";
import { date } from "./format";
import { lifts, receivables, why } from "./reasons";

export class TrustPanel {
	// element: where to draw; actions: name -> what its button does (order, import, evidence, list)
	constructor(element, actions = {}) {
		this.element = element;
		this.actions = { ...actions, retry: () => this.load(this.customer, this.company), more: () => this.show_all() };
		element.addEventListener("click", (event) => this.on_click(event));
		element.addEventListener("change", (event) => this.on_change(event));
	}

	// company: by its books alone; without, over all
	async load(customer, company = null) {
		if (this.customer !== customer) this.show_waiting();
		this.customer = customer;
		this.company = company;
		try {
			const data = await frappe.xcall("cims.api.rating.panel", { customer, company });
			// The form may have gone on to another customer meanwhile.
			if (this.customer === customer && this.company === company) this.render(data);
		} catch (error) {
			this.show_failure();
			throw error;
		}
	}

	render(data) {
		this.dispose();
		const currency = data.currency || data.terms?.currency || frappe.boot.sysdefaults.currency;
		this.data = data = { ...data, currency };
		show(this.element, data.rating?.score != null ? rated(data) : not_rated(data, this.actions));
		const frame = this.element.querySelector(".trust-curve");
		if (frame) this.curve = new Curve(frame, data);
	}

	show_waiting() {
		this.dispose();
		show(
			this.element,
			html`<div class="trust-panel trust-waiting" aria-busy="true">
				<div class="trust-bone"></div>
				<div class="trust-bone trust-bone-tall"></div>
			</div>`,
		);
	}

	show_failure() {
		this.dispose();
		show(
			this.element,
			html`<div class="trust-panel trust-failure">
				${__("The rating could not be loaded.")}
				<button type="button" class="btn btn-default btn-xs" data-action="retry">${__("Try again")}</button>
			</div>`,
		);
	}

	on_click(event) {
		const name = event.target.closest("[data-action]")?.dataset.action;
		if (!name || !this.actions[name]) return;
		event.preventDefault();
		this.actions[name](this.data);
	}

	on_change(event) {
		if (event.target.matches(".trust-company")) this.load(this.customer, event.target.value || null);
	}

	show_all() {
		this.element.querySelectorAll(".trust-row-more").forEach((row) => row.classList.remove("hidden"));
		this.element.querySelector('[data-action="more"]').remove();
	}

	dispose() {
		this.curve?.dispose();
		this.curve = null;
	}
}

function rated(data) {
	return html`<div class="trust-panel">
		${choice(data)} ${headline(data)} ${notices(data)}
		<div class="trust-grid">
			${part(
				"trust-which-way",
				__("24 months"),
				html`${legend(data)}
					<div class="trust-curve"></div>`,
			)}
			${part("trust-why", __("Why this grade"), why(data))}
			${part("trust-open", __("Open receivables"), receivables(data))}
			${part("trust-lift", __("What would lift it"), lifts(data))}
		</div>
		<div class="trust-footnote text-muted">
			${__("As of {0}, by policy {1}.", [date(data.rating.as_of), data.rating.policy])}
		</div>
	</div>`;
}

function not_rated(data, can) {
	return html`<div class="trust-panel">
		${choice(data)} ${unrated(data, can)} ${data.rating && notices(data)}
		${
			data.receivables.length > 0 &&
			html`<div class="trust-grid trust-grid-one">
				${part("trust-open", __("Open receivables"), receivables(data))}
			</div>`
		}
	</div>`;
}

// Whose books: where a site keeps those of several companies.
function choice({ companies, company }) {
	if (!companies?.length) return null;
	const option = (value, text) =>
		html`<option value="${value}" ${(company || "") === value && html`selected`}>${text}</option>`;
	return html`<label class="trust-books text-muted">
		${__("By the books of")}
		<select class="trust-company form-control input-xs">
			${option("", __("all companies"))} ${companies.map((name) => option(name, name))}
		</select>
	</label>`;
}

function part(name, title, body) {
	return html`<section class="${name}" aria-label="${title}">
		<h6 class="trust-label">${title}</h6>
		${body}
	</section>`;
}

function legend({ rating, peers, marks }) {
	const segment = rating.segment ? __(rating.segment) : __("all customers");
	return html`<div class="trust-legend text-muted">
		<span><i class="trust-key trust-key-score"></i>${__("Score and interval")}</span>
		${
			peers.length > 0 &&
			html`<span
				><i class="trust-key trust-key-peers"></i>${__("Median and middle half of {0}", [segment])}</span
			>`
		}
		${marks.length > 0 && html`<span><i class="trust-key-event">▲▼</i>${__("What moved it")}</span>`}
	</div>`;
}
