// Why, and what now: what costs and earns points, what would lift the grade, what is open and when it will be paid.

import { html } from "./html";
import { date, direction, percent, points, signed } from "./format";
import { pill } from "./grade";

const SHOWN = 5;
const LATENESS = ["1", "15", "30"];

export function why({ reasons }) {
	const { costs, earns } = reasons;
	if (!costs.length && !earns.length) {
		return html`<p class="text-muted">
			${__("Nothing stands out: no single factor costs or earns many points.")}
		</p>`;
	}
	return html`<ul class="trust-reasons">
		${costs.map(reason)} ${earns.map(reason)}
	</ul>`;
}

function reason({ code, points: moved, text }) {
	const { name, sign } = direction(moved);
	return html`<li class="trust-reason" data-code="${code}">
		<span class="trust-points trust-${name}" title="${code}"
			><span aria-hidden="true">${sign}</span> ${signed(moved)}</span
		>
		<span>${text}</span>
	</li>`;
}

export function lifts({ lifts: found, bands }) {
	if (!found.length) {
		return html`<p class="text-muted">
			${__("Nothing that could be done at once would move the score by a point.")}
		</p>`;
	}
	return html`<ul class="trust-lifts">
		${found.map(
			(lift) =>
				html`<li>
					<span>${lift.text}</span>
					<span class="trust-lift-to"
						><span aria-hidden="true">→</span> ${pill(lift.grade, bands)} ${points(lift.score)}</span
					>
				</li>`,
		)}
	</ul>`;
}

export function receivables({ receivables: rows, more_receivables: more, currency }) {
	if (!rows.length) return html`<p class="text-muted">${__("Nothing is open.")}</p>`;
	return html`<div class="trust-table-frame">
		<table class="trust-table">
			<thead>
				<tr>
					<th>${__("Receivable")}</th>
					<th class="text-right">${__("Outstanding, {0}", [currency])}</th>
					<th>${__("Due on")}</th>
					<th>${__("Expected on")}</th>
					${LATENESS.map((days) => html`<th class="text-right" title="${__("Probability of payment {0} or more days late", [days])}">${lateness(days)}</th>`)}
				</tr>
			</thead>
			<tbody>
				${rows.map((row, index) => receivable(row, index >= SHOWN))}
			</tbody>
		</table>
		${
			rows.length > SHOWN &&
			html`<button type="button" class="btn btn-xs btn-default trust-more" data-action="more">
				${__("Show all {0}", [points(rows.length)])}
			</button>`
		}
		${more > 0 && html`<a class="trust-more trust-more-link" data-action="list" href="#">${__("{0} more in the list", [points(more)])}</a>`}
		${
			rows.some((row) => row.forecast?.fallback) &&
			html`<p class="trust-footnote text-muted">
				${__("Too few receivables have been settled for the full forecast: the probabilities are the customer's share of late payments, drawn towards that of similar customers.")}
			</p>`
		}
	</div>`;
}

function receivable(row, hidden) {
	const { forecast } = row;
	const between = forecast && __("Between {0} and {1}", [date(forecast.low_on), date(forecast.high_on)]);
	return html`<tr class="${hidden ? "trust-row-more hidden" : ""}">
		<td><a href="${frappe.utils.get_form_link(row.doctype, row.name)}">${row.reference || row.name}</a></td>
		<td class="text-right">${points(row.outstanding)}</td>
		<td class="trust-due" data-label="${__("Due on")}">${date(row.due_on)} ${state(row)}</td>
		<td class="trust-expected" data-label="${__("Expected on")}" title="${between}">
			${date(forecast?.expected_on)}
		</td>
		${LATENESS.map((days) => chance(days, forecast?.p?.[days]))}
	</tr>`;
}

function state({ disputed, days_overdue }) {
	if (disputed) return html`<span class="text-muted">${__("disputed")}</span>`;
	if (days_overdue > 0) {
		return html`<span class="trust-overdue">${__("{0} days overdue", [points(days_overdue)])}</span>`;
	}
	return null;
}

function chance(days, share) {
	const known = share !== null && share !== undefined;
	return html`<td
		class="text-right trust-chance"
		data-label="${lateness(days)}"
		style="--chance:${known ? Math.round(share * 100) : 0}%"
	>
		${known ? percent(share) : "–"}
	</td>`;
}

const lateness = (days) => __("≥ {0} d", [days]);
