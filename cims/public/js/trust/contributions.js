// Where a score comes from: for every dimension and kind of evidence the points that it earns and costs.

import { points } from "./format";
import { html } from "./html";
import { dimension_name, kind_name } from "./kinds";

export function contributions(rating) {
	const found = Object.entries(JSON.parse(rating.contributions || "{}"));
	if (!found.length) return String(html`<p class="text-muted">${__("Nothing has been counted yet.")}</p>`);
	const most = Math.max(...found.map(([_kind, worth]) => Math.max(...worth)));
	const rows = found.map(([kind, worth]) => ({ kind, dimension: kind.split(".")[0], lost: worth[0], gained: worth[1] }));
	const dimensions = [...new Set(rows.map((row) => row.dimension))];
	return String(
		html`<div class="trust-panel trust-table-frame">
			<table class="trust-table trust-contributions">
				<thead>
					<tr>
						<th>${__("Evidence")}</th>
						<th class="text-right">${__("Costs points")}</th>
						<th>${__("Earns points")}</th>
					</tr>
				</thead>
				<tbody>
					${dimensions.map((dimension) =>
						section(
							dimension,
							rows.filter((row) => row.dimension === dimension),
							most,
						),
					)}
				</tbody>
			</table>
		</div>`,
	);
}

function section(dimension, rows, most) {
	const total = (side) => rows.reduce((sum, row) => sum + row[side], 0);
	return html`<tr class="trust-contributions-sum">
			<th scope="row">${dimension_name(dimension)}</th>
			<td class="text-right">${points(total("lost"))}</td>
			<td>${points(total("gained"))}</td>
		</tr>
		${rows.map(
			(row) =>
				html`<tr>
					<td>${kind_name(row.kind)}</td>
					<td class="text-right">${worth(row.lost)} ${bar(row.lost, most, "down")}</td>
					<td>${bar(row.gained, most, "up")} ${worth(row.gained)}</td>
				</tr>`,
		)}`;
}

const worth = (moved) => (Math.round(moved) ? points(moved) : "");

const bar = (moved, most, direction) =>
	html`<span
		class="trust-bar trust-bar-${direction}"
		style="width:${Math.round((moved / most) * 120)}px"
	></span>`;
