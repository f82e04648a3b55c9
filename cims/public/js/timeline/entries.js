// Entries of a timeline as elements. What Frappe draws on every form (comments with their editor, e-mails with a way to
// answer, changes of fields) is drawn by its own timeline.

import { html } from "../trust/html";
import { ICONS } from "./kinds";

const OF_A_DAY = ["CIMS Order", "CIMS Payment", "Trust Evidence"];

// A jQuery element of one entry. host: Frappe's timeline of the form.
export function element(host, entry) {
	const item = drawn_by_frappe(host, entry) || { content: content(entry), hide_timestamp: true };
	const $entry = host.get_timeline_item({
		icon: ICONS[entry.kind],
		icon_size: "sm",
		creation: entry.moment,
		...item,
		doctype: entry.doctype,
		name: entry.name,
	});
	$entry.attr("data-kind", entry.kind).find(".timeline-badge").attr("title", entry.title);
	return $entry;
}

function drawn_by_frappe(host, { doctype, kind, record }) {
	if (!record) return null;
	if (kind === "comment") return host.get_comment_timeline_item(record);
	if (doctype === "Communication") {
		const by_machine = record.communication_type === "Automated Message";
		return { is_card: true, content: host.get_communication_timeline_content(record, !by_machine) };
	}
	if (doctype === "Version") {
		const contents = as_if(host, { versions: [record] }).get_version_timeline_contents();
		return contents.length ? { content: contents.map((part) => part.content).join("<br>") } : null;
	}
	return null;
}

// Frappe's timeline with other records in it than the form's.
const as_if = (host, doc_info) => Object.assign(Object.create(host), { doc_info });

function content({ doctype, name, title, text, by_name, moment }) {
	const link = frappe.utils.get_form_link(doctype, name);
	const same_form = cur_frm?.doctype === doctype;
	const readable = !["Comment", "Version"].includes(doctype) && !same_form;
	return String(html`
		<div class="cims-timeline-line">
			${readable ? html`<a href="${link}">${title}</a>` : html`<span>${title}</span>`}
			<span class="cims-timeline-when">${when(doctype, moment)}${by(doctype, by_name)}</span>
		</div>
		${text && html`<div class="cims-timeline-text">${text}</div>`}
	`);
}

const by = (doctype, name) => (OF_A_DAY.includes(doctype) || !name ? "" : ` · ${name}`);

const when = (doctype, moment) => {
	if (OF_A_DAY.includes(doctype)) return frappe.datetime.str_to_user(moment.slice(0, 10));
	// An event may be yet to come.
	if (doctype === "Event") return frappe.datetime.str_to_user(moment.slice(0, 16));
	return frappe.datetime.prettyDate(moment);
};

// The heading of the month of an entry.
export function month(moment) {
	const [year, of_year] = moment.slice(0, 7).split("-").map(Number);
	const language = frappe.boot.lang.replace("_", "-");
	return new Date(year, of_year - 1, 1).toLocaleDateString(language, { year: "numeric", month: "long" });
}
