// Markup that escapes what is put into it: html`<b>${name}</b>`. Arrays are joined, nested markup is kept as it is,
// and null, undefined and false leave nothing behind.

class Markup {
	constructor(text) {
		this.text = text;
	}

	toString() {
		return this.text;
	}
}

function written(value) {
	if (value instanceof Markup) return value.text;
	if (Array.isArray(value)) return value.map(written).join("");
	if (value === null || value === undefined || value === false) return "";
	return frappe.utils.escape_html(String(value));
}

export function html(strings, ...values) {
	return new Markup(String.raw({ raw: strings }, ...values.map(written)));
}

// A translated sentence with a piece of markup in the place of {0}.
export function sentence(translated, markup) {
	const [before, after = ""] = translated.split("{0}");
	return html`${before}${markup}${after}`;
}

export function show(element, markup) {
	element.innerHTML = String(markup);
}

// One of Frappe's icons; its name must be one of our own words, never data.
export function icon(name, size = "sm") {
	return new Markup(frappe.utils.icon(name, size));
}
