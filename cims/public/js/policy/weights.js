// The dimensions as sliders: what each weighs, and how fast what happened fades.

import { html, show } from "../trust/html";
import { dimension_name } from "../trust/kinds";
import { HALF_LIVES, nearest_half_life, rebalanced } from "./shares";

const SHORTEST = 7;
const LONGEST = 36500;

const meaning_of = (dimension) =>
	({
		payment: __("how late receivables were settled"),
		exposure: __("what is open and overdue now"),
		trading: __("orders fulfilled, cancelled and returned"),
		service: __("complaints, agents' ratings, feedback"),
		conduct: __("identity, breaches, fraud, assessments"),
	})[dimension];

export class Weights {
	// change(row, field, value): keeps what was moved
	constructor(element, rows, { editable, change }) {
		Object.assign(this, { element, rows, editable, change });
		this.held = rows.map(() => false);
		this.draw();
		element.addEventListener("input", (event) => this.on_input(event));
		// What the others give is reckoned from where they stood when this slider was taken, so that it can go back.
		element.addEventListener("focusin", () => (this.start = this.weights()));
		element.addEventListener("pointerdown", () => (this.start = this.weights()));
	}

	draw() {
		show(
			this.element,
			html`<div class="trust-weights">
				<div class="trust-weights-head text-muted">
					<span></span>
					<span>${__("Weight: what it counts of 100")}</span>
					<span>${__("Half-life: days until an event counts half")}</span>
				</div>
				${this.rows.map((row, index) => this.line(row, index))}
			</div>`,
		);
	}

	line(row, index) {
		const name = dimension_name(row.dimension);
		const off = this.editable ? "" : "disabled";
		const field = (kind, label, attributes, value) =>
			html`<input
				class="${kind === "number" ? "form-control input-xs" : ""}"
				type="${kind}"
				aria-label="${label}"
				data-index="${index}"
				${attributes}
				value="${value}"
				${off}
			/>`;
		const weight = (kind) =>
			field(
				kind,
				__("Weight of {0}", [name]),
				html`data-field="weight" min="0" max="100" step="1"`,
				row.weight,
			);
		const stop = field(
			"range",
			__("Half-life of {0}", [name]),
			html`data-field="stop" min="0" max="${HALF_LIVES.length - 1}" step="1"
			aria-valuetext="${__("{0} days", [row.half_life])}"`,
			nearest_half_life(row.half_life),
		);
		const days = field(
			"number",
			__("Half-life of {0}", [name]),
			html`data-field="half_life" min="${SHORTEST}" max="${LONGEST}" step="1"`,
			row.half_life,
		);
		return html`<div class="trust-weight" data-dimension="${row.dimension}">
			<span class="trust-weight-name"
				><b>${name}</b> <span class="text-muted">${meaning_of(row.dimension)}</span></span
			>
			<span class="trust-slider"
				>${weight("range")} ${weight("number")} ${this.editable && this.hold(index, name)}</span
			>
			<span class="trust-slider">${stop} ${days}</span>
		</div>`;
	}

	hold(index, name) {
		return html`<label class="trust-hold" title="${__("{0} stays while other weights are moved.", [name])}">
			<input type="checkbox" data-field="hold" data-index="${index}" /> ${__("Lock")}</label
		>`;
	}

	on_input({ target }) {
		const index = Number(target.dataset.index);
		const value = Number(target.value);
		if (target.dataset.field === "hold") this.held[index] = target.checked;
		if (target.dataset.field === "weight") this.set_weight(index, value);
		if (target.dataset.field === "stop") this.set_half_life(index, HALF_LIVES[value]);
		if (target.dataset.field === "half_life" && value >= SHORTEST && value <= LONGEST) {
			this.set_half_life(index, value);
		}
	}

	weights() {
		return this.rows.map((row) => row.weight);
	}

	set_weight(moved, wanted) {
		const before = this.weights();
		const after = rebalanced(this.start || before, moved, wanted, this.held);
		after.forEach((weight, index) => {
			if (weight !== before[index]) this.change(this.rows[index], "weight", weight);
			this.put(index, "weight", weight);
		});
	}

	set_half_life(index, days) {
		this.change(this.rows[index], "half_life", days);
		this.put(index, "half_life", days);
		this.put(index, "stop", nearest_half_life(days));
	}

	// Shows a value in place, so that the slider under the reader's hand stays where it is.
	put(index, field, value) {
		this.element.querySelectorAll(`[data-index="${index}"][data-field="${field}"]`).forEach((input) => {
			if (input !== document.activeElement || Number(input.value) !== value) input.value = value;
		});
	}
}
