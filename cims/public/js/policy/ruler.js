// The grades on a ruler from 0 to 1000. A boundary belongs to both of its grades, so there is never a gap or an overlap.

import { TOP, points, text_on } from "../trust/format";
import { html, show } from "../trust/html";
import { between } from "./shares";

const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };

export class Ruler {
	// bands: rows, best first; least(): points that a grade must at least be wide; change(row, field, value)
	constructor(element, bands, { editable, least, change }) {
		Object.assign(this, { element, bands, editable, least, change });
		this.draw();
		element.addEventListener("pointerdown", (event) => this.on_grab(event));
		element.addEventListener("keydown", (event) => this.on_key(event));
	}

	draw() {
		show(
			this.element,
			html`<div class="trust-ruler">
					<div class="trust-ruler-bands">${[...this.bands].reverse().map(part)}</div>
					${this.bands.slice(0, -1).map((band, index) => this.handle(band, index))}
					<span class="trust-ruler-end" style="left:0">0</span>
					<span class="trust-ruler-end trust-ruler-top">${points(TOP)}</span>
				</div>
				${
					this.editable &&
					html`<p class="text-muted trust-footnote">
						${__("Drag a boundary, or choose it with Tab and move it with the arrow keys.")}
					</p>`
				}`,
		);
	}

	// The boundary below the band at `index`.
	handle(band, index) {
		const worse = this.bands[index + 1];
		const [low, high] = this.room(index);
		return html`<span
			class="trust-ruler-handle"
			role="slider"
			tabindex="${this.editable ? 0 : -1}"
			data-index="${index}"
			aria-label="${__("Boundary between {0} and {1}", [worse.grade, band.grade])}"
			aria-disabled="${String(!this.editable)}"
			aria-valuemin="${low + this.least()}"
			aria-valuemax="${high - this.least()}"
			aria-valuenow="${band.floor}"
			style="left:${(band.floor / TOP) * 100}%"
			><span>${points(band.floor)}</span></span
		>`;
	}

	room(index) {
		return [this.bands[index + 1].floor, this.bands[index].ceiling];
	}

	move(index, wanted) {
		const value = between(wanted, ...this.room(index), this.least());
		if (value === this.bands[index].floor) return;
		this.change(this.bands[index], "floor", value);
		this.change(this.bands[index + 1], "ceiling", value);
		this.draw();
		this.element.querySelector(`[data-index="${index}"]`).focus();
	}

	on_key(event) {
		const index = event.target.dataset.index;
		const step = STEPS[event.key];
		if (!this.editable || index === undefined || !step) return;
		event.preventDefault();
		this.move(Number(index), this.bands[index].floor + step);
	}

	on_grab(event) {
		const handle = event.target.closest("[data-index]");
		if (!this.editable || !handle) return;
		event.preventDefault();
		const index = Number(handle.dataset.index);
		const { left, width } = this.element.querySelector(".trust-ruler-bands").getBoundingClientRect();
		const drag = ({ clientX }) => this.move(index, ((clientX - left) / width) * TOP);
		const drop = () => {
			window.removeEventListener("pointermove", drag);
			window.removeEventListener("pointerup", drop);
			window.removeEventListener("pointercancel", drop);
		};
		window.addEventListener("pointermove", drag);
		window.addEventListener("pointerup", drop);
		window.addEventListener("pointercancel", drop);
	}
}

function part(band) {
	return html`<span
		title="${band.grade} ${__(band.word)}"
		style="width:${((band.ceiling - band.floor) / TOP) * 100}%;
		background:${band.colour};color:${text_on(band.colour)}"
		>${band.grade}</span
	>`;
}
