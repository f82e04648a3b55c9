// What the curves share: axes, faint grade bands, the band of quartiles, the tooltip's looks.

import { TOP, points, time_of } from "./format";

const ROOM = 10;

const step_of = (low, high) => (high - low > 500 ? 200 : high - low > 250 ? 100 : 50);

// The part of 0 to 1000 that holds all values, with some room, in whole steps of the axis.
export function range_of(values) {
	const known = values.filter((value) => value !== null && value !== undefined);
	if (!known.length) return [0, TOP];
	const [low, high] = [Math.min(...known) - ROOM, Math.max(...known) + ROOM];
	const step = step_of(low, high);
	return [Math.max(0, Math.floor(low / step) * step), Math.min(TOP, Math.ceil(high / step) * step)];
}

export function axes(theme, [low, high], from, to) {
	const label = { color: theme.muted, fontSize: 11, fontFamily: theme.font, hideOverlap: true };
	return {
		xAxis: {
			type: "time",
			min: time_of(from),
			max: time_of(to),
			axisLine: { lineStyle: { color: theme.line } },
			axisTick: { show: false },
			splitLine: { show: false },
			axisLabel: { ...label, formatter: { year: "{yyyy}", month: "{MMM}", day: "{d}" } },
		},
		yAxis: {
			type: "value",
			min: low,
			max: high,
			interval: step_of(low, high),
			axisLabel: { ...label, formatter: points },
			splitLine: { show: false },
		},
	};
}

// Grades as faint colours with their letter beyond the right edge; height: of the plot, away: of the letter, in pixels.
export function grade_bands(theme, bands, [low, high], height, away = 26) {
	const visible = bands.filter((band) => band.floor < high && band.ceiling > low);
	const data = visible.map((band) => {
		const [bottom, top] = [Math.max(band.floor, low), Math.min(band.ceiling, high)];
		const tall = ((top - bottom) / (high - low)) * height >= 14;
		return [
			{
				yAxis: bottom,
				itemStyle: { color: band.colour, opacity: theme.dark ? 0.22 : 0.16 },
				label: {
					show: tall,
					formatter: band.grade,
					position: "insideRight",
					distance: -away,
					color: theme.muted,
					fontSize: 11,
					fontWeight: 600,
					fontFamily: theme.font,
				},
			},
			{ yAxis: top },
		];
	});
	return { type: "line", data: [], silent: true, markArea: { silent: true, data }, z: 0 };
}

// The space between two lines over the same days, as two stacked series of which only the upper has a ground.
export function space_between(name, days, lower, upper, colour, opacity) {
	const shared = {
		type: "line",
		stack: name,
		symbol: "none",
		silent: true,
		lineStyle: { opacity: 0 },
		emphasis: { disabled: true },
		z: 1,
	};
	const at = (index, value) => [time_of(days[index]), value];
	return [
		{ ...shared, data: lower.map((value, index) => at(index, value)) },
		{
			...shared,
			data: upper.map((value, index) => at(index, value === null ? null : value - lower[index])),
			areaStyle: { color: colour, opacity },
		},
	];
}

export function peers_of(theme, peers, name) {
	const known = peers.filter((peer) => peer.median !== null && peer.median !== undefined);
	return [
		...space_between(
			"peers",
			known.map((peer) => peer.day),
			known.map((peer) => peer.q1),
			known.map((peer) => peer.q3),
			theme.text,
			theme.dark ? 0.12 : 0.07,
		),
		{
			type: "line",
			name,
			data: known.map((peer) => [time_of(peer.day), peer.median]),
			symbol: "none",
			silent: true,
			lineStyle: { color: theme.muted, width: 1.5, type: [4, 4] },
			itemStyle: { color: theme.muted },
			z: 2,
		},
	];
}

export function tooltip(theme, formatter) {
	return {
		trigger: "axis",
		confine: true,
		enterable: true,
		backgroundColor: theme.ground,
		borderColor: theme.line,
		textStyle: { color: theme.text, fontSize: 12, fontFamily: theme.font },
		extraCssText: "max-width:320px;white-space:normal;border-radius:8px",
		axisPointer: { type: "line", lineStyle: { color: theme.muted, width: 1 } },
		formatter,
	};
}

// The last row on or before a day: a score stands until the next one.
export function standing(rows, time) {
	let found = null;
	for (const row of rows) {
		if (time_of(row.day) > time) break;
		found = row;
	}
	return found;
}
