// The page of the site's health: every figure with its level, what to do, and the restore drill.

import { html, show } from "../trust/html";

const EVERY = 30_000;
const COLOURS = { OK: "green", Warning: "orange", Failing: "red" };
const LEVELS = () => ({ OK: __("OK"), Warning: __("Warning"), Failing: __("Failing") });
const GROUPS = () => ({
	services: __("System services"),
	jobs: __("Jobs"),
	ratings: __("Ratings and curves"),
	data: __("Data and backups"),
});

export class Health {
	constructor(page) {
		this.page = page;
		this.body = document.createElement("div");
		this.body.className = "cims-health";
		page.main.append(this.body);
		page.set_secondary_action(__("Refresh"), () => this.refresh());
		if (frappe.user.has_role("System Manager")) {
			page.set_primary_action(__("Start a Restore Drill"), () => this.start_drill());
		}
	}

	open() {
		this.refresh();
		this.timer ||= setInterval(() => document.hidden || this.refresh(), EVERY);
	}

	close() {
		clearInterval(this.timer);
		this.timer = null;
	}

	async refresh() {
		try {
			const { message } = await frappe.call({ method: "cims.api.health.status", type: "GET" });
			show(this.body, drawn(message));
		} catch {
			show(
				this.body,
				html`<div class="cims-health-head" role="status">
					<span class="indicator-pill red">${__("The site doesn't answer. This page tries again by itself.")}</span>
				</div>`,
			);
		}
	}

	start_drill() {
		const asked = __(
			"Restore the newest backup into a scratch site, check it, and remove it again? The site goes on meanwhile; the drill needs a worker and room for a copy of the database.",
		);
		frappe.confirm(asked, async () => {
			await frappe.call({ method: "cims.api.health.start_drill", type: "POST" });
			frappe.show_alert({ message: __("The drill has begun. Its record says what it finds."), indicator: "blue" });
			frappe.set_route("List", "Restore Drill");
		});
	}
}

function drawn(status) {
	const groups = Object.entries(GROUPS()).map(([key, title]) =>
		group(
			title,
			status.figures.filter((figure) => figure.group === key),
		),
	);
	return html`${head(status)}${groups}${tables(status.figures.filter(({ group }) => group === "tables"))}`;
}

function head({ level, checked_at, figures }) {
	const wrong = figures.filter((figure) => figure.level === level).length;
	const said = {
		OK: __("Everything is well."),
		Warning: __("{0} figures need a look.", [wrong]),
		Failing: __("{0} figures need you.", [wrong]),
	}[level];
	return html`<div class="cims-health-head" role="status">
		<span class="indicator-pill ${COLOURS[level]}" data-level="${level}">${said}</span>
		<span class="text-muted">${__("Looked at {0}", [frappe.datetime.str_to_user(checked_at.split(".")[0])])}</span>
	</div>`;
}

function group(title, figures) {
	if (!figures.length) return "";
	// What needs somebody comes first.
	const order = Object.keys(COLOURS).reverse();
	const sorted = [...figures].sort((one, other) => order.indexOf(one.level) - order.indexOf(other.level));
	return html`<section>
		<h5>${title}</h5>
		<div class="cims-health-figures">${sorted.map(card)}</div>
	</section>`;
}

function card({ key, label, level, shown, advice, link }) {
	const name = link ? html`<a href="${link}">${label}</a>` : label;
	return html`<article class="cims-health-figure ${COLOURS[level]}" data-figure="${key}" data-level="${level}">
		<header>
			<span class="cims-health-label">${name}</span>
			<span class="indicator-pill ${COLOURS[level]}">${LEVELS()[level]}</span>
		</header>
		<div class="cims-health-shown">${shown}</div>
		${advice && html`<p class="cims-health-advice">${advice}</p>`}
	</article>`;
}

function tables(figures) {
	if (!figures.length) return "";
	const largest = Math.max(...figures.map(({ value }) => value), 1);
	const rows = figures.map(
		({ label, shown, value }) => html`<tr>
			<td>${label}</td>
			<td><div class="cims-health-bar" style="width:${Math.round((100 * value) / largest)}%"></div></td>
			<td>${shown}</td>
		</tr>`,
	);
	return html`<section>
		<h5>${__("Largest tables")}</h5>
		<table class="cims-health-tables">
			<tbody>${rows}</tbody>
		</table>
	</section>`;
}
