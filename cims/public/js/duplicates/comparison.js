// Two customers side by side: who stays, a choice for each field that differs, what would be repointed, and the decision.

import { pill as grade } from "../trust/grade";
import { html, show } from "../trust/html";
import { call, count, likeness, reasons } from "./reasons";

export class Comparison {
	// decided: is called once the pair has been merged (with the answer) or kept apart.
	constructor(element, customer, other, decided) {
		Object.assign(this, { element, pair: [customer, other], decided });
		element.addEventListener("change", (event) => this.on_change(event));
		this.loaded = this.load();
	}

	async load() {
		const [customer, other] = this.pair;
		this.found = await call("compare", { customer, other });
		this.stays = this.pair.indexOf(this.found.survivor);
		this.chosen = new Map();
		this.draw();
	}

	// The side whose value of a field is kept: what was chosen, or else what is there.
	side(field) {
		if (this.chosen.has(field.field)) return this.chosen.get(field.field);
		return field.values[this.stays] ? this.stays : 1 - this.stays;
	}

	differing() {
		return this.found.fields.filter((field) => field.differs);
	}

	on_change({ target }) {
		const at = Number(target.value);
		if (target.name === "duplicate-stays") {
			this.stays = at;
			this.draw();
			this.element.querySelector(`[name="duplicate-stays"][value="${at}"]`).focus();
		} else {
			this.chosen.set(target.dataset.field, at);
			this.mark();
		}
	}

	draw() {
		const { found } = this;
		const same = found.fields.filter((field) => !field.differs);
		show(
			this.element,
			html`<div class="duplicate-comparison">
				<div class="duplicate-why">${likeness(found.score)} ${reasons(found.reasons)}</div>
				<div class="duplicate-grid" role="table" aria-label="${__("The two customers side by side")}">
					<div class="duplicate-row duplicate-heads" role="row">
						<div role="columnheader"></div>
						${found.customers.map((head, at) => this.head(head, at))}
					</div>
					${this.differing().map((field) => this.row(field))}
				</div>
				${this.same(same)} ${this.points()}
			</div>`,
		);
		this.mark();
	}

	head(head, at) {
		const stays = at === this.stays;
		const choice = this.found.may_merge
			? html`<label class="duplicate-stays">
					<input type="radio" name="duplicate-stays" value="${at}" ${stays ? "checked" : ""} />
					${stays ? __("stays") : __("goes")}
				</label>`
			: "";
		return html`<div role="columnheader" class="${stays ? "duplicate-kept" : ""}">
			<a class="bold" href="/app/cims-customer/${encodeURIComponent(head.name)}">${head.customer_name}</a>
			<div class="text-muted small">
				${grade(head.trust_grade, frappe.boot.cims?.bands || [])} ${head.name} ·
				${__(head.status, null, "CIMS Customer")} ·
				${__("since {0}", [frappe.datetime.str_to_user(head.creation.split(" ")[0])])}
			</div>
			${choice}
		</div>`;
	}

	row(field) {
		const cells = field.shown.map((text, at) => {
			const value = text ? html`<span class="duplicate-value">${text}</span>` : html`<span class="text-muted">${__("empty")}</span>`;
			if (!this.found.may_merge) return html`<div role="cell" class="duplicate-cell">${value}</div>`;
			const checked = this.side(field) === at ? "checked" : "";
			return html`<div role="cell" class="duplicate-cell">
				<label>
					<input
						type="radio"
						name="duplicate-${field.field}"
						data-field="${field.field}"
						value="${at}"
						aria-label="${field.label}: ${text || __("empty")}"
						${checked}
					/>
					${value}
				</label>
			</div>`;
		});
		return html`<div class="duplicate-row" role="row">
			<div role="rowheader" class="text-muted">${field.label}</div>
			${cells}
		</div>`;
	}

	same(fields) {
		if (!fields.length) return "";
		const title = __("Fields that are the same in both: {0}", [count(fields.length)]);
		return html`<details class="duplicate-same">
			<summary>${title}</summary>
			<dl>
				${fields.map((field) => html`<div><dt>${field.label}</dt><dd>${field.shown[0]}</dd></div>`)}
			</dl>
		</details>`;
	}

	points() {
		const goes = 1 - this.stays;
		const moving = this.found.points.filter(({ counts }) => counts[goes]);
		const name = this.found.customers[goes].customer_name;
		if (!moving.length) {
			// "L.L.C." ends a sentence by itself.
			const said = __("Nothing points at {0}.", [name]).replace(/\.\.$/, ".");
			return html`<p class="text-muted">${said}</p>`;
		}
		const [stays, goer] = [this.stays, goes].map((at) => this.found.customers[at].name);
		return html`<h6 class="duplicate-title">${__("Will be repointed from {0} to {1}", [goer, stays])}</h6>
			<ul class="duplicate-points list-unstyled">
				${moving.map(({ label, counts }) => html`<li><b>${count(counts[goes])}</b> ${label}</li>`)}
			</ul>`;
	}

	// What will be kept stands out from what will be given up.
	mark() {
		for (const input of this.element.querySelectorAll("input[data-field]")) {
			input.closest(".duplicate-cell").classList.toggle("duplicate-chosen", input.checked);
		}
	}

	merge() {
		const stays = this.found.customers[this.stays];
		const goes = this.found.customers[1 - this.stays];
		const rows = this.found.points.reduce((sum, { counts }) => sum + counts[1 - this.stays], 0);
		const take = this.differing()
			.filter((field) => this.side(field) !== this.stays)
			.map((field) => field.field);
		const question = __(
			"Merge {0} into {1}? {2} records will then belong to {1}, and {0} is kept in the log, from which you can undo this.",
			[`${goes.customer_name} (${goes.name})`, `${stays.customer_name} (${stays.name})`, count(rows)].map(
				frappe.utils.escape_html,
			),
		);
		frappe.confirm(question, async () => {
			const args = { survivor: stays.name, retired: goes.name, take: JSON.stringify(take) };
			this.decided(await call("merge", args, { freeze: true, freeze_message: __("Merging...") }));
		});
	}

	not_the_same() {
		const [customer, other] = this.pair;
		const fields = [{ fieldtype: "Small Text", fieldname: "note", label: __("Why (for whoever asks later)") }];
		const keep = async ({ note }) => {
			await call("not_the_same", { customer, other, note });
			frappe.show_alert({ message: __("They won't be proposed again unless their data change."), indicator: "green" });
			this.decided();
		};
		frappe.prompt(fields, keep, __("Not the Same Customer"), __("Keep Both"));
	}
}
