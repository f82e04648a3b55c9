// One timeline of everything that happened with a customer, in the place of Frappe's on the customer's form: pills to filter
// by kind, the newest entries, and a button for older ones. It is asked for when it comes into view.

import { html } from "../trust/html";
import { element, month } from "./entries";
import { pills } from "./kinds";

export class Timeline {
	constructor(frm) {
		this.frm = frm;
		this.host = frm.timeline;
		this.chosen = new Set();
		this.host.wrapper.addClass("cims-timeline").find(".show-all-activity").remove();
		this.$entries = this.host.timeline_items_wrapper.attr({ "aria-live": "polite" });
		this.$pills = $('<div class="cims-timeline-pills" role="group">').attr("aria-label", __("Show"));
		this.$foot = $('<div class="cims-timeline-foot">');
		this.$entries.before(this.$pills).after(this.$foot);
		this.$pills.on("click", "button", ({ currentTarget }) => this.choose(currentTarget.dataset.name));
		const seen = ([{ isIntersecting }]) => {
			this.visible = isIntersecting;
			if (isIntersecting && this.stale) this.start();
		};
		new IntersectionObserver(seen, { rootMargin: "400px" }).observe(this.$foot.get(0));
	}

	// From the newest entry again, now or as soon as somebody looks.
	refresh() {
		if (this.customer !== this.frm.docname) {
			this.customer = this.frm.docname;
			this.chosen.clear();
			this.$entries.empty();
			this.$pills.empty();
			this.$foot.empty();
		}
		this.stale = true;
		if (this.visible) this.start();
	}

	start() {
		this.stale = false;
		return this.load(null);
	}

	choose(name) {
		if (!name) this.chosen.clear();
		else if (!this.chosen.delete(name)) this.chosen.add(name);
		return this.start();
	}

	async load(before) {
		const asked = (this.asked = {
			customer: this.customer,
			before: before || "",
			kinds: this.offered()
				.filter(({ name }) => this.chosen.has(name))
				.flatMap(({ kinds }) => kinds)
				.join(","),
		});
		this.$foot.find("button").prop("disabled", true);
		try {
			const page = await frappe.xcall("cims.api.timeline.get", asked, "GET");
			// Somebody was faster: another pill, another customer.
			if (this.asked === asked) this.show(page, !before);
		} catch {
			if (this.asked === asked) this.show_failure(before);
		}
	}

	offered() {
		return pills(this.frm).filter(({ kinds }) => !this.kinds || kinds.some((kind) => this.kinds.includes(kind)));
	}

	show({ entries, next, kinds }, from_start) {
		this.kinds = kinds;
		this.show_pills();
		if (from_start) {
			this.$entries.empty();
			this.month = null;
		}
		const elements = entries.map((entry) => this.add(entry));
		if (!from_start) elements[0]?.attr("tabindex", -1).trigger("focus");
		this.$foot.empty();
		if (next) {
			this.add_button(__("Show older entries"), () => this.load(next));
			// Nothing of this page was the reader's to see.
			if (!entries.length) this.load(next);
		} else if (from_start) {
			this.show_hint(entries);
		}
	}

	add(entry) {
		const of = month(entry.moment);
		if (of !== this.month) {
			this.month = of;
			$('<h5 class="cims-timeline-month">').text(of).appendTo(this.$entries);
		}
		return element(this.host, entry).appendTo(this.$entries);
	}

	show_pills() {
		const focused = document.activeElement?.dataset?.name;
		const all = { name: "", label: __("All") };
		const pill = ({ name, label }) => {
			const on = name ? this.chosen.has(name) : !this.chosen.size;
			return html`<button type="button" class="btn btn-xs cims-timeline-pill" data-name="${name}"
				aria-pressed="${String(on)}">${label}</button>`;
		};
		this.$pills.html(String(html`${[all, ...this.offered()].map(pill)}`));
		if (focused !== undefined) this.$pills.find(`[data-name="${focused}"]`).trigger("focus");
	}

	// What to do where there is nothing yet.
	show_hint(entries) {
		const chosen = this.offered().filter(({ name }) => this.chosen.has(name));
		if (!chosen.length && entries.length <= 1) {
			this.add_hint(
				__("Nothing has happened with this customer yet: enter an order, write an e-mail, or leave a comment."),
			);
		}
		if (entries.length) return;
		for (const { empty, action, act } of chosen) {
			this.add_hint(empty);
			if (act) this.add_button(action, act);
		}
	}

	show_failure(before) {
		this.$foot.empty();
		this.add_hint(__("The timeline could not be loaded."));
		this.add_button(__("Try again"), () => this.load(before));
	}

	add_hint(text) {
		$('<p class="text-muted">').text(text).appendTo(this.$foot);
	}

	add_button(label, act) {
		$('<button type="button" class="btn btn-default btn-sm">').text(label).on("click", act).appendTo(this.$foot);
	}
}
