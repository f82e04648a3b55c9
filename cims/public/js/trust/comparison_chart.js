// Curves of several customers over their peers' quartiles. A line is told by its number, not only by its colour.

import { html } from "./html";
import { date, day_of, interval, points, time_of } from "./format";
import { axes, grade_bands, peers_of, range_of, standing, tooltip } from "./layers";

// After Okabe and Ito, told apart by the colour-blind; none is the grey of the peers.
export const LINES = [
	"#0072b2",
	"#d55e00",
	"#009e73",
	"#cc79a7",
	"#e69f00",
	"#56b4e9",
	"#7a3e9d",
	"#8c6d31",
	"#1b7837",
	"#b2182b",
];
const DASHES = ["solid", "dashed"];

// view: {rows: customers with `number` and `hidden`, peers, bands, show_peers, segment}; legend: draw one (for a picture)
export function comparison_option(theme, view, { height, legend = false }) {
	const shown = view.rows.filter((row) => !row.hidden);
	const peers = view.show_peers ? view.peers : [];
	const range = range_of([
		...shown.flatMap((row) => row.points.map((point) => point.score)),
		...peers.flatMap((row) => [row.q1, row.q3]),
	]);
	const room = { left: 44, right: 60, top: legend ? 64 : 12, bottom: 26 };
	const [from, to] = days_of(view);
	return {
		animation: false,
		grid: room,
		...axes(theme, range, from, to),
		legend: legend
			? {
					top: 4,
					data: shown
						.filter((row) => row.points.length)
						.map(name_of)
						.concat(peers.length ? [view.peers_title] : []),
					textStyle: { color: theme.text, fontFamily: theme.font },
				}
			: undefined,
		tooltip: tooltip(theme, (found) => tip(view, shown, found[0].axisValue)),
		series: [
			grade_bands(theme, view.bands, range, height - room.top - room.bottom, 52),
			...peers_of(theme, peers, view.peers_title),
			...shown.map((row) => line(theme, row)),
		],
	};
}

function days_of({ rows, peers }) {
	const days = [...rows.flatMap((row) => row.points), ...peers].map((row) => row.day).sort();
	return [days[0], days[days.length - 1]];
}

const name_of = (row) => `${row.number}  ${row.title}`;

export const colour_of_line = (number) => LINES[(number - 1) % LINES.length];

function line(theme, row) {
	const colour = colour_of_line(row.number);
	return {
		type: "line",
		name: name_of(row),
		data: row.points.map((point) => [time_of(point.day), point.score]),
		symbol: "none",
		lineStyle: { color: colour, width: 2.5, type: DASHES[(row.number - 1) % 2] },
		itemStyle: { color: colour },
		emphasis: { focus: "series" },
		endLabel: {
			show: true,
			formatter: String(row.number),
			color: "#ffffff",
			backgroundColor: colour,
			borderRadius: 8,
			padding: [2, 5],
			fontSize: 11,
			fontWeight: 700,
			fontFamily: theme.font,
			distance: 4,
		},
		labelLayout: { moveOverlap: "shiftY" },
		z: 4,
	};
}

function tip({ peers, show_peers }, shown, time) {
	const standings = shown
		.map((row) => ({ row, point: standing(row.points, time) }))
		.filter(({ point }) => point)
		.sort((one, other) => other.point.score - one.point.score);
	const peer = show_peers && standing(peers, time);
	return String(
		html`<div class="trust-tip">
			<div class="trust-tip-day">${date(day_of(time))}</div>
			${standings.map(
				({ row, point }) =>
					html`<div>
						${number_badge(row.number)} <b>${point.grade} ${points(point.score)}</b> ${row.title}
					</div>`,
			)}
			${
				peer &&
				html`<div class="text-muted">
					${__("Peers: {0}, median {1}", [interval(peer.q1, peer.q3), points(peer.median)])}
				</div>`
			}
		</div>`,
	);
}

export function number_badge(number) {
	return html`<span class="trust-number" style="background:${colour_of_line(number)}">${number}</span>`;
}
