// The same customers in figures: on the screen, in a CSV and in the PDF.

import { html } from "./html";
import { NOT_RATED, direction, interval, money, points, signed } from "./format";
import { number_badge } from "./comparison_chart";
import { pill } from "./grade";

// What each column shows of a row, and what it gives to a CSV: plain numbers.
const COLUMNS = () => [
	{ label: __("Grade"), show: (row, bands) => pill(row.grade, bands), plain: (row) => row.grade },
	{ label: __("Score"), right: true, show: (row) => figure(row.score, points), plain: (row) => row.score },
	{
		label: __("Score interval"),
		right: true,
		show: (row) => figure(row.low, () => interval(row.low, row.high)),
		plain: (row) => [row.low, row.high],
		plain_labels: [__("Low End"), __("High End")],
	},
	{
		label: __("3 months"),
		right: true,
		show: (row) => change(row.change_90d),
		plain: (row) => row.change_90d,
	},
	{
		label: __("12 months"),
		right: true,
		show: (row) => change(row.change_1y),
		plain: (row) => row.change_1y,
	},
	{
		label: __("Days beyond terms"),
		right: true,
		show: (row) => figure(row.days_beyond_terms, (days) => format_number(days, null, 1)),
		plain: (row) => row.days_beyond_terms,
	},
	{
		label: __("Overdue amount"),
		right: true,
		show: (row) => money(row.overdue_amount || 0, row.currency),
		plain: (row) => row.overdue_amount,
	},
	{
		label: __("Open amount"),
		right: true,
		show: (row) => money(row.open_amount || 0, row.currency),
		plain: (row) => row.open_amount,
	},
];

const figure = (value, write) => (value === null || value === undefined ? "–" : write(value));

function change(moved) {
	if (moved === null || moved === undefined) return "–";
	const { name, sign } = direction(moved);
	return html`<span class="trust-${name}"><span aria-hidden="true">${sign}</span> ${signed(moved)}</span>`;
}

export function comparison_table({ rows, bands }) {
	const columns = COLUMNS();
	return html`<div class="trust-table-frame">
		<table class="trust-table trust-comparison-table">
			<thead>
				<tr>
					<th scope="col">${__("Customer")}</th>
					${columns.map((column) => html`<th scope="col" class="${column.right ? "text-right" : ""}">${column.label}</th>`)}
				</tr>
			</thead>
			<tbody>
				${rows.map(
					(row) =>
						html`<tr>
							<th scope="row">
								${number_badge(row.number)}
								<a href="${frappe.utils.get_form_link("CIMS Customer", row.customer)}">${row.title}</a>
							</th>
							${columns.map((column) => html`<td class="${column.right ? "text-right" : ""}">${column.show(row, bands)}</td>`)}
						</tr>`,
				)}
			</tbody>
		</table>
	</div>`;
}

// Rows of plain values: a header and one row for each customer.
export function figures_of({ rows }) {
	const columns = COLUMNS();
	return [
		[
			__("Code"),
			__("Customer"),
			...columns.flatMap((column) => column.plain_labels || column.label),
			__("Currency"),
		],
		...rows.map((row) => [
			row.customer,
			row.customer_name,
			...columns.flatMap((column) => column.plain(row)),
			row.currency,
		]),
	];
}

// Rows of plain values: a header and one row for each customer and day of the curves, then the peers.
export function curves_of({ rows, peers, peers_title }) {
	return [
		[__("Code"), __("Customer"), __("Date"), __("Score"), __("Low End"), __("High End"), __("Grade")],
		...rows.flatMap((row) =>
			row.points.map((point) => [
				row.customer,
				row.customer_name,
				point.day,
				point.score,
				point.low,
				point.high,
				point.grade || NOT_RATED,
			]),
		),
		...peers.map((peer) => ["", peers_title, peer.day, peer.median, peer.q1, peer.q3, ""]),
	];
}
