// Which way? The score of the last 24 months over grades and peers, with marks where something happened.

import { Chart } from "./chart";
import { html } from "./html";
import { DAY, date, direction, interval, points, signed, time_of } from "./format";
import { axes, grade_bands, peers_of, range_of, space_between, standing, tooltip } from "./layers";

const TOP_ROOM = 10;
const BOTTOM_ROOM = 24;
const NEAR = 4 * DAY;
// A new customer's curve is not stretched over the whole width.
const LEAST_MONTHS = 6;
const UP = "#1f8a5b";
const DOWN = "#c0322b";

export class Curve {
	constructor(element, data) {
		this.element = element;
		this.data = data;
		this.marks = data.marks.map((mark) => ({ ...mark, score: this.score_on(mark.day) }));
		this.at = -1;
		element.tabIndex = 0;
		element.setAttribute("role", "img");
		element.setAttribute("aria-label", this.in_words());
		this.chart = new Chart(element, (theme) => this.option(theme));
		this.listen();
	}

	in_words() {
		const { curve } = this.data;
		const [first, last] = [curve[0], curve[curve.length - 1]];
		return __(
			"Score from {0} on {1} to {2} on {3}. Use the arrow keys to go from event to event, Enter to open one.",
			[points(first.score), date(first.day), points(last.score), date(last.day)],
		);
	}

	// Between two kept scores a mark sits on the line that joins them.
	score_on(day) {
		const time = time_of(day);
		const rows = this.data.curve;
		const after = rows.findIndex((row) => time_of(row.day) >= time);
		if (after < 0) return rows[rows.length - 1].score;
		if (after === 0) return rows[0].score;
		const [left, right] = [rows[after - 1], rows[after]];
		const share = (time - time_of(left.day)) / (time_of(right.day) - time_of(left.day));
		return left.score + share * (right.score - left.score);
	}

	option(theme) {
		const { curve, peers, bands } = this.data;
		const range = range_of([
			...curve.flatMap((row) => [row.low, row.high]),
			...peers.flatMap((row) => [row.q1, row.q3]),
		]);
		const height = this.element.clientHeight - TOP_ROOM - BOTTOM_ROOM;
		const to = curve[curve.length - 1].day;
		const from = [curve[0].day, frappe.datetime.add_months(to, -LEAST_MONTHS)].sort()[0];
		return {
			animation: false,
			aria: { enabled: false },
			grid: { left: 42, right: 32, top: TOP_ROOM, bottom: BOTTOM_ROOM },
			...axes(theme, range, from, to),
			tooltip: tooltip(theme, (found) => this.tip(found[0].axisValue)),
			series: [
				grade_bands(theme, bands, range, height),
				...peers_of(theme, peers),
				...this.interval(theme),
				this.line(theme),
				this.events(theme),
			],
		};
	}

	interval(theme) {
		const { curve } = this.data;
		return space_between(
			"interval",
			curve.map((row) => row.day),
			curve.map((row) => row.low),
			curve.map((row) => row.high),
			theme.dark ? "#7cb5ff" : "#2563c9",
			0.18,
		);
	}

	line(theme) {
		const colour = theme.dark ? "#7cb5ff" : "#2563c9";
		return {
			type: "line",
			data: this.data.curve.map((row) => [time_of(row.day), row.score]),
			symbol: "none",
			lineStyle: { color: colour, width: 2.5 },
			itemStyle: { color: colour },
			z: 4,
		};
	}

	// A triangle up or down, larger where more points moved: the direction is read without the colour.
	events(theme) {
		return {
			type: "scatter",
			id: "marks",
			data: this.marks.map((mark) => ({
				value: [time_of(mark.day), mark.score],
				symbol: "triangle",
				symbolRotate: mark.points < 0 ? 180 : 0,
				// Gains above the line and losses below it, so that two of one day both show.
				symbolOffset: [0, mark.points < 0 ? 9 : -9],
				symbolSize: 8 + Math.min(8, Math.abs(mark.points) / 8),
				itemStyle: {
					color: mark.points < 0 ? DOWN : UP,
					borderColor: theme.ground,
					borderWidth: 1,
				},
			})),
			cursor: "pointer",
			z: 5,
		};
	}

	tip(time) {
		const row = standing(this.data.curve, time);
		const peer = standing(this.data.peers, time);
		const near = this.marks.filter((mark) => Math.abs(time_of(mark.day) - time) <= NEAR).slice(0, 4);
		if (!row) return "";
		return String(
			html`<div class="trust-tip">
				<div class="trust-tip-day">${date(row.day)}</div>
				<div><b>${row.grade} ${points(row.score)}</b> (${interval(row.low, row.high)})</div>
				${
					peer &&
					html`<div class="text-muted">
						${__("Peers: {0}, median {1}", [interval(peer.q1, peer.q3), points(peer.median)])}
					</div>`
				}
				${near.map((mark) => this.event_tip(mark))}
			</div>`,
		);
	}

	event_tip(mark) {
		const { name, sign } = direction(mark.points);
		return html`<div class="trust-tip-event">
			<b class="trust-${name}">${sign} ${signed(mark.points)}</b> ${mark.text}
			${mark.name && html`<a href="${frappe.utils.get_form_link(mark.doctype, mark.name)}">${__("Open document")}</a>`}
		</div>`;
	}

	listen() {
		// A finger can't hover: the first touch shows what happened, with a link to the document.
		let touched = false;
		this.element.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"));
		this.chart.echart.on("click", { seriesId: "marks" }, ({ dataIndex }) => {
			if (!touched) this.open(this.marks[dataIndex]);
		});
		this.element.addEventListener("keydown", (event) => this.on_key(event));
		this.element.addEventListener("blur", () => this.chart.echart.dispatchAction({ type: "hideTip" }));
	}

	on_key(event) {
		const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (step && this.marks.length) {
			event.preventDefault();
			this.at = (this.at + step + this.marks.length) % this.marks.length;
			this.chart.echart.dispatchAction({
				type: "showTip",
				seriesId: "marks",
				seriesIndex: this.events_index(),
				dataIndex: this.at,
			});
		} else if (event.key === "Enter" && this.at >= 0) {
			this.open(this.marks[this.at]);
		}
	}

	events_index() {
		return this.chart.echart.getOption().series.findIndex((series) => series.id === "marks");
	}

	open(mark) {
		if (mark.name) frappe.set_route("Form", mark.doctype, mark.name);
	}

	dispose() {
		this.chart.dispose();
	}
}
