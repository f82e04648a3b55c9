// How far? Grade, score, interval, confidence and change; and what a person suggests from them.

import { html, icon } from "./html";
import {
	NOT_RATED,
	TOP,
	confidence_word,
	in_a_row,
	date,
	direction,
	interval,
	money,
	percent,
	points,
	text_on,
} from "./format";
import { pill, scale } from "./grade";

export function headline({ rating, bands, terms }) {
	return html`<header class="trust-headline">
		<div class="trust-grade" style="background:${rating.colour};color:${text_on(rating.colour)}">
			<span class="trust-grade-letter">${rating.grade}</span>
			<span class="trust-grade-word">${rating.word}</span>
		</div>
		<div class="trust-score">
			<div class="trust-score-line">
				<span class="trust-score-figure">${points(rating.score)}</span>
				<span class="text-muted">${__("of {0} points", [points(TOP)])}</span>
				${change(rating.change_90d, __("in 90 days"))} ${change(rating.change_1y, __("in a year"))}
			</div>
			${scale(rating, bands)}
			<div class="trust-score-words text-muted">${basis(rating)}</div>
		</div>
		${terms && suggested(terms)}
	</header>`;
}

function change(moved, span) {
	if (moved === null || moved === undefined) return null;
	const { name, sign } = direction(moved);
	return html`<span class="trust-change trust-${name}">
		<span aria-hidden="true">${sign}</span> ${name === "level" ? __("unchanged") : points(Math.abs(moved))}
		<span class="text-muted">${span}</span>
	</span>`;
}

function basis(rating) {
	const sentences = [
		__("Interval {0}.", [interval(rating.low, rating.high)]),
		__("{0}: {1}", [confidence_word(rating.confidence), based_on(rating)]),
	];
	if (rating.percentile !== null && rating.percentile !== undefined) {
		const share = percent(rating.percentile / 100);
		sentences.push(
			rating.segment
				? __("Better than {0} of {1}.", [share, __(rating.segment)])
				: __("Better than {0} of all customers.", [share]),
		);
	}
	return in_a_row(sentences);
}

function based_on({ payments, months, evidence_count }) {
	if (payments) return __("based on {0} payments over {1} months.", [points(payments), points(months)]);
	return __("based on {0} events over {1} months, no payment yet.", [points(evidence_count), points(months)]);
}

function suggested({ credit_days, limit, currency }) {
	return html`<div class="trust-terms">
		<div class="trust-label">${__("Suggested terms")}</div>
		<div class="trust-terms-days">
			${credit_days ? __("{0} days", [points(credit_days)]) : __("Pay in advance")}
		</div>
		<div>${limit ? __("up to {0}", [money(limit, currency)]) : __("no credit")}</div>
	</div>`;
}

// What a person must know before relying on the grade: watch, and a grade set by hand.
export function notices({ rating, bands }) {
	return [
		rating.watch.length > 0 &&
			html`<div class="trust-notice trust-notice-watch" role="status">
				${icon("solid-warning")} <b>${__("On watch")}</b> <span>${in_a_row(rating.watch)}</span>
			</div>`,
		rating.override && overridden(rating, bands),
	];
}

function overridden({ override, computed_grade }, bands) {
	const until = __("until {0}, approved by {1}", [date(override.expires_on), override.approver_name]);
	return html`<div class="trust-notice trust-notice-override" role="status">
		${icon("edit")}
		<b>${__("Grade set by hand")}</b>
		<a href="${frappe.utils.get_form_link("Trust Override", override.name)}">${until}</a>
		<span>${override.reason}</span>
		<span class="text-muted">${__("Computed grade")}</span> ${pill(computed_grade, bands)}
	</div>`;
}

// can: the names of what the reader may do.
export function unrated({ missing }, can) {
	return html`<header class="trust-headline trust-headline-empty">
		<div class="trust-grade trust-grade-empty">
			<span class="trust-grade-letter">${NOT_RATED}</span>
			<span class="trust-grade-word">${__("Not rated")}</span>
		</div>
		<div class="trust-score">
			<div class="trust-empty-title">${__("There is not enough evidence to rate this customer yet.")}</div>
			<ul class="trust-missing">
				${missing.map((text) => html`<li>${text}</li>`)}
			</ul>
			<div class="trust-actions">
				${can.order && action("order", __("Enter an order"))}
				${can.import && action("import", __("Import receivables"))}
				${can.evidence && action("evidence", __("Record Evidence"))}
			</div>
		</div>
	</header>`;
}

function action(name, label) {
	return html`<button type="button" class="btn btn-default btn-sm" data-action="${name}">${label}</button>`;
}
