// A grade is always shown as a letter in its colour, never as the colour alone.

import { html } from "./html";
import { NOT_RATED, TOP, interval, points, text_on } from "./format";

const UNRATED_COLOUR = "#8c8c8c";

// Points that a grade must be wide for its letter to find room: on a telephone, on a larger screen.
const ROOMY = 55;
const TIGHT = 30;

export const band_of = (grade, bands) => bands.find((band) => band.grade === grade);

export const colour_of = (grade, bands) => band_of(grade, bands)?.colour || UNRATED_COLOUR;

export function pill(grade, bands) {
	const colour = colour_of(grade, bands);
	const empty = grade === NOT_RATED ? "trust-pill-empty" : "";
	return html`<span class="trust-pill ${empty}" style="background:${colour};color:${text_on(colour)}"
		>${grade}</span
	>`;
}

// The whole range as a bar of grades, with the score as a pin and its interval as a bracket.
export function scale(rating, bands) {
	const at = (value) => `${(value / TOP) * 100}%`;
	const wide = (low, high) => `${((high - low) / TOP) * 100}%`;
	const parts = [...bands].reverse().map((band) => {
		const width = band.ceiling - band.floor;
		const room = width >= ROOMY ? "" : width >= TIGHT ? "trust-scale-tight" : "trust-scale-mute";
		return html`<span
			class="trust-scale-band ${room}"
			title="${band.grade} ${interval(band.floor, band.ceiling)}"
			style="width:${wide(band.floor, band.ceiling)};background:${band.colour};color:${text_on(band.colour)}"
			>${band.grade}</span
		>`;
	});
	return html`<div
		class="trust-scale"
		role="img"
		aria-label="${__("{0} of {1} points, interval {2}", [
			points(rating.score),
			points(TOP),
			interval(rating.low, rating.high),
		])}"
	>
		<div class="trust-scale-bands">${parts}</div>
		<span
			class="trust-scale-interval"
			style="left:${at(rating.low)};width:${wide(rating.low, rating.high)}"
		></span>
		<span class="trust-scale-pin" style="left:${at(rating.score)}"></span>
	</div>`;
}
