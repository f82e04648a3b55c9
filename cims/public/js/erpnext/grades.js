// A grade before each customer's name in ERPNext's list: one request for the rows on the screen.

import { NOT_RATED, points } from "../trust/format";
import { pill } from "../trust/grade";
import { html } from "../trust/html";

export async function show_grades(list) {
	const names = list.data.map((doc) => doc.name);
	if (!names.length) return;
	const found = await frappe.xcall("cims.api.selling.grades", { customers: JSON.stringify(names) }, "GET");
	list.$result.find(".list-row-checkbox[data-name]").each((_at, box) => {
		// The browser has decoded what the list encoded.
		const standing = found[box.dataset.name] || found[decodeURIComponent(box.dataset.name)];
		const subject = box.closest(".list-subject");
		subject?.querySelector(".cims-list-grade")?.remove();
		if (standing) subject?.querySelector("a")?.parentElement.insertAdjacentHTML("afterbegin", mark(standing));
	});
}

function mark({ grade, score, watch }) {
	const title = grade === NOT_RATED ? __("Not rated") : __("{0} points", [points(score)]);
	return String(
		html`<span class="cims-list-grade" title="${watch ? `${title}, ${__("On watch")}` : title}"
			>${pill(grade, frappe.boot.cims?.bands || [])}</span
		>`,
	);
}
