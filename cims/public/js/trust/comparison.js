// Up to ten customers beside each other: curves, figures, a link that shows the same again, and exports.

import { Chart, picture_of } from "./chart";
import { comparison_option, number_badge } from "./comparison_chart";
import { comparison_table, curves_of, figures_of } from "./comparison_table";
import { download_csv, download_pdf, download_picture } from "./download";
import { date } from "./format";
import { pill } from "./grade";
import { html, show } from "./html";

const MOST = 10;
const SPANS = [6, 12, 24];
const PICTURE = { width: 1200, height: 560 };

export class Comparison {
	constructor(page) {
		this.page = page;
		this.state = { customers: [], hidden: new Set(), months: 24 };
		this.make();
	}

	make() {
		show(
			this.page.main.get(0),
			html`<div class="trust-panel trust-comparison">
				<div class="trust-picker">
					<div class="trust-picker-search"></div>
					<div
						class="trust-picker-span btn-group btn-group-sm"
						role="group"
						aria-label="${__("Time span")}"
					></div>
				</div>
				<div class="trust-chips" role="group" aria-label="${__("Customers compared")}"></div>
				<div class="trust-comparison-body"></div>
			</div>`,
		);
		this.find = (selector) => this.page.main.get(0).querySelector(selector);
		this.find(".trust-comparison").addEventListener("click", (event) => this.on_click(event));
		this.make_search();
		this.make_actions();
	}

	make_search() {
		this.search = frappe.ui.form.make_control({
			parent: this.find(".trust-picker-search"),
			df: {
				fieldtype: "Link",
				options: "CIMS Customer",
				fieldname: "customer",
				placeholder: __("Add a customer: type a name or a code"),
				only_select: true,
				change: () => this.add(this.search.get_value()),
			},
			only_input: true,
			render_input: true,
		});
		this.search.$input.attr("aria-label", __("Add a customer"));
	}

	make_actions() {
		const group = __("Export");
		this.page.add_inner_button(__("Copy Link"), () => frappe.utils.copy_to_clipboard(this.link()));
		this.page.add_inner_button(__("Picture (PNG)"), () => this.export_picture(), group);
		this.page.add_inner_button(__("Figures (CSV)"), () => this.export_csv(figures_of, __("figures")), group);
		this.page.add_inner_button(__("Curves (CSV)"), () => this.export_csv(curves_of, __("curves")), group);
		this.page.add_inner_button(__("Document (PDF)"), () => this.export_pdf(), group);
	}

	// --- what is compared ---

	// asked: the options of a link, all text: customers and hidden as codes with commas between, months
	open(asked) {
		if (asked?.customers) {
			const codes = (text) => (text || "").split(",").filter(Boolean);
			this.state = {
				customers: codes(asked.customers).slice(0, MOST),
				hidden: new Set(codes(asked.hidden)),
				months: SPANS.includes(Number(asked.months)) ? Number(asked.months) : 24,
			};
		}
		return this.load();
	}

	link() {
		const { customers, hidden, months } = this.state;
		const asked = new URLSearchParams();
		if (customers.length) asked.set("customers", customers.join(","));
		if (hidden.size) asked.set("hidden", [...hidden].join(","));
		if (months !== 24) asked.set("months", months);
		const text = asked.toString().replace(/%2C/g, ",");
		return `${window.location.origin}/app/trust-comparison${text ? `?${text}` : ""}`;
	}

	add(customer) {
		if (!customer) return;
		this.search.set_value("");
		if (this.state.customers.includes(customer)) return;
		if (this.state.customers.length >= MOST) {
			frappe.show_alert({
				message: __("{0} customers are compared already. Remove one first.", [MOST]),
				indicator: "orange",
			});
			return;
		}
		this.state.customers.push(customer);
		this.load();
	}

	remove(customer) {
		this.state.customers = this.state.customers.filter((code) => code !== customer);
		this.state.hidden.delete(customer);
		this.load();
	}

	toggle(name) {
		const { hidden } = this.state;
		hidden.has(name) ? hidden.delete(name) : hidden.add(name);
		this.draw();
	}

	on_click(event) {
		const button = event.target.closest("[data-action]");
		if (!button) return;
		const { action, value } = button.dataset;
		if (action === "toggle") this.toggle(value);
		if (action === "remove") this.remove(value);
		if (action === "suggest") this.suggest(value);
		if (action === "months") {
			this.state.months = Number(value);
			this.load();
		}
	}

	async load() {
		const { customers, months } = this.state;
		if (!customers.length) {
			this.data = null;
			return this.draw();
		}
		const asked = (this.asked = customers.join(","));
		const data = await frappe.xcall("cims.api.compare.get", { customers: asked, months });
		// Another customer may have been picked meanwhile.
		if (asked === this.asked && months === this.state.months) {
			this.data = data;
			this.draw();
		}
	}

	// What is drawn: each customer with number and title, the peers of all of them, and what the reader has hidden.
	view() {
		const { hidden } = this.state;
		const { curves, segments, bands, currency } = this.data;
		const shared = new Set(curves.map((row) => row.segment));
		const segment = shared.size === 1 ? curves[0].segment : null;
		return {
			rows: curves.map((row, index) => ({
				...row,
				number: index + 1,
				title: row.customer_name || row.customer,
				hidden: hidden.has(row.customer),
				currency,
			})),
			bands,
			peers: segments[segment || "All"] || [],
			show_peers: !hidden.has("peers"),
			peers_title: __("Median and middle half of {0}", [segment ? __(segment) : __("all customers")]),
		};
	}

	// --- drawing ---

	draw() {
		window.history.replaceState(null, null, this.link());
		this.chart?.dispose();
		this.chart = null;
		this.draw_spans();
		const body = this.find(".trust-comparison-body");
		if (!this.data) {
			show(this.find(".trust-chips"), html``);
			show(body, empty());
			return;
		}
		const view = this.view();
		show(this.find(".trust-chips"), chips(view));
		const drawable = view.rows.some((row) => row.points.length);
		show(
			body,
			html`${
				drawable
					? html`<div
							class="trust-comparison-chart"
							role="img"
							aria-label="${__("Curves of the customers listed below")}"
						></div>`
					: html`<p class="text-muted">
							${__("None of these customers has been rated yet, so there is no curve to draw.")}
						</p>`
			}
			${comparison_table(view)}`,
		);
		if (!drawable) return;
		const frame = this.find(".trust-comparison-chart");
		this.chart = new Chart(frame, (theme) => comparison_option(theme, view, { height: frame.clientHeight }));
	}

	draw_spans() {
		show(
			this.find(".trust-picker-span"),
			html`${SPANS.map(
				(months) =>
					html`<button
						type="button"
						class="btn btn-default ${months === this.state.months ? "active" : ""}"
						aria-pressed="${String(months === this.state.months)}"
						data-action="months"
						data-value="${months}"
					>
						${__("{0} months", [months])}
					</button>`,
			)}`,
		);
	}

	// --- an empty page says what to do first ---

	async suggest(name) {
		const order_by = {
			overdue: "overdue_amount desc",
			falling: "trust_change asc",
			best: "trust_score desc",
		}[name];
		const rows = await frappe.db.get_list("CIMS Customer", {
			filters: { trust_grade: ["not in", ["", "NR"]] },
			order_by,
			limit: 5,
		});
		if (!rows.length) {
			frappe.show_alert({ message: __("No customer has been rated yet."), indicator: "orange" });
			return;
		}
		this.state.customers = rows.map((row) => row.name);
		this.load();
	}

	// --- exports ---

	name() {
		return `${__("Trust Comparison")} ${frappe.datetime.get_today()}`;
	}

	picture(view) {
		return picture_of((theme) => comparison_option(theme, view, { ...PICTURE, legend: true }), PICTURE);
	}

	export_picture() {
		if (this.ready()) download_picture(this.picture(this.view()), this.name());
	}

	export_csv(rows_of, what) {
		if (this.ready()) download_csv(rows_of(this.view()), `${this.name()} ${what}`);
	}

	async export_pdf() {
		if (!this.ready()) return;
		const view = this.view();
		await download_pdf(String(document_of(view, this.picture(view))), this.name());
	}

	ready() {
		if (!this.data)
			frappe.show_alert({ message: __("Choose customers to compare first."), indicator: "orange" });
		return Boolean(this.data);
	}
}

function chips(view) {
	const chip = (value, shown, body, removable) =>
		html`<span class="trust-chip ${shown ? "" : "trust-chip-off"}">
			<button
				type="button"
				class="trust-chip-name"
				data-action="toggle"
				data-value="${value}"
				aria-pressed="${String(shown)}"
				title="${shown ? __("Hide this curve") : __("Show this curve")}"
			>
				${body}
			</button>
			${
				removable &&
				html`<button
					type="button"
					class="trust-chip-remove"
					data-action="remove"
					data-value="${value}"
					aria-label="${__("Remove {0}", [removable])}"
				>
					×
				</button>`
			}
		</span>`;
	return html`${view.rows.map((row) =>
		chip(
			row.customer,
			!row.hidden,
			html`${number_badge(row.number)} ${row.title} ${pill(row.grade, view.bands)}`,
			row.title,
		),
	)}
	${
		view.peers.length > 0 &&
		chip("peers", view.show_peers, html`<i class="trust-key trust-key-peers"></i>${view.peers_title}`)
	}`;
}

function empty() {
	const suggestion = (value, label) =>
		html`<button type="button" class="btn btn-default btn-sm" data-action="suggest" data-value="${value}">
			${label}
		</button>`;
	return html`<div class="trust-comparison-empty">
		<div class="trust-empty-title">${__("Which customers do you want to compare?")}</div>
		<p class="text-muted">${__("Add up to {0} by name or code above, or begin with:", [MOST])}</p>
		<div class="trust-actions">
			${suggestion("overdue", __("The largest overdue amounts"))}
			${suggestion("falling", __("The steepest falls"))} ${suggestion("best", __("The highest scores"))}
		</div>
	</div>`;
}

function document_of(view, picture) {
	return html`<!doctype html>
		<html>
			<head>
				<meta charset="utf-8" />
				<style>
					body {
						font-family: sans-serif;
						font-size: 11px;
						color: #171717;
					}
					h1 {
						font-size: 18px;
						margin: 0 0 4px;
					}
					img {
						width: 100%;
					}
					table {
						width: 100%;
						border-collapse: collapse;
						margin-top: 12px;
					}
					th,
					td {
						padding: 4px 6px;
						border-bottom: 1px solid #ddd;
						text-align: left;
						font-weight: normal;
					}
					thead th {
						color: #525252;
					}
					.text-right {
						text-align: right;
					}
					a {
						color: inherit;
						text-decoration: none;
					}
					.trust-pill {
						padding: 1px 6px;
						border-radius: 3px;
						font-weight: bold;
					}
					.trust-number {
						padding: 1px 5px;
						border-radius: 8px;
						color: #fff;
						font-weight: bold;
					}
				</style>
			</head>
			<body>
				<h1>${__("Trust Comparison")}</h1>
				<div>${date(frappe.datetime.get_today())}</div>
				<img src="${picture}" />
				${comparison_table(view)}
			</body>
		</html>`;
}
