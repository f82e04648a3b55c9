// Apache ECharts, only what is used of it, drawn in the desk's colours and following its theme.

import * as echarts from "echarts/core";
import { LineChart, ScatterChart } from "echarts/charts";
import {
	AriaComponent,
	GridComponent,
	LegendComponent,
	MarkAreaComponent,
	TooltipComponent,
} from "echarts/components";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import chinese from "echarts/lib/i18n/langZH.js";

echarts.use([
	LineChart,
	ScatterChart,
	AriaComponent,
	GridComponent,
	LegendComponent,
	MarkAreaComponent,
	TooltipComponent,
	LabelLayout,
	CanvasRenderer,
]);
echarts.registerLocale("ZH", chinese);

const locale = () => ((frappe.boot.lang || "en").startsWith("zh") ? "ZH" : "EN");

// The desk's own colours, as they are in the theme of the moment.
export function theme() {
	const style = getComputedStyle(document.documentElement);
	const read = (name) => style.getPropertyValue(name).trim();
	return {
		text: read("--text-color"),
		muted: read("--text-muted"),
		line: read("--border-color"),
		ground: read("--card-bg"),
		font: getComputedStyle(document.body).fontFamily,
		dark: document.documentElement.dataset.theme === "dark",
	};
}

// A chart that lives as long as its element: follows its width and the theme, and lets go of both in `dispose`.
// option: theme -> what ECharts draws.
export class Chart {
	constructor(element, option) {
		this.element = element;
		this.option = option;
		this.echart = echarts.init(element, null, { locale: locale() });
		this.sizes = new ResizeObserver(() => this.resize());
		this.sizes.observe(element);
		this.themes = new MutationObserver(() => this.draw());
		this.themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
		this.draw();
	}

	draw() {
		this.echart.setOption(this.option(theme()), { notMerge: true });
	}

	resize() {
		// A hidden tab has no width; drawing would squeeze everything into nothing.
		if (!this.element.clientWidth) return;
		this.echart.resize();
		this.draw();
	}

	dispose() {
		this.sizes.disconnect();
		this.themes.disconnect();
		this.echart.dispose();
	}
}

// A picture for a document or a mail: always as on a bright page, whatever the screen and its theme.
export function picture_of(option, { width, height }) {
	const paper = {
		text: "#171717",
		muted: "#525252",
		line: "#dddddd",
		ground: "#ffffff",
		font: getComputedStyle(document.body).fontFamily,
		dark: false,
	};
	const element = document.createElement("div");
	const echart = echarts.init(element, null, { width, height, locale: locale() });
	echart.setOption(option(paper));
	const picture = echart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: paper.ground });
	echart.dispose();
	return picture;
}
