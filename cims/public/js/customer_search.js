// Customers in the search bar of the desk, as one types: the same search as in lists and in fields.

import { html } from "./trust/html";

const CUSTOMER = "CIMS Customer";
const MOST = 6;
// Below the bar's own first line, above everything else.
const INDEX = 99;

frappe.search.AwesomeBar = class extends frappe.search.AwesomeBar {
	add_defaults(text) {
		super.add_defaults(text);
		this.sought = text;
		if (text.startsWith("#") || !frappe.model.can_read(CUSTOMER)) return;
		if (this.found?.text === text) {
			this.options.push(...this.found.options);
		} else {
			this.find_customers(text);
		}
	}

	async find_customers(text) {
		const { customers } = await frappe.xcall("cims.api.search.customers", { text, limit: MOST });
		// Another letter may have been typed meanwhile.
		if (this.sought !== text) return;
		this.found = { text, options: customers.map(option) };
		this.options.push(...this.found.options);
		this.awesomplete.list = this.deduplicate(this.options);
	}
};

function option(customer, at) {
	const { code, customer_name, city, matched } = customer;
	const shown = ["code", "customer_name", "city"].includes(matched) ? null : customer[matched];
	const beside = [code, shown, city].filter(Boolean).join(" · ");
	return {
		value: `${customer_name} ${code}`,
		label: String(html`${customer_name} <span class="text-muted">${beside}</span>`),
		route: ["Form", CUSTOMER, code],
		index: INDEX - at / 100,
		type: "Customer",
	};
}
