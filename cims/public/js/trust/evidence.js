// Evidence that a person records: what no document shows.

import { kind_name } from "./kinds";

// What people record; `rated`: they say how good it was, from 0 to 100.
const KINDS = [
	{ kind: "conduct.identity_verified" },
	{ kind: "conduct.assessment", rated: true, assessors: true },
	{ kind: "conduct.breach" },
	{ kind: "conduct.claim_refused" },
	{ kind: "conduct.fraud" },
	{ kind: "service.agent_rating", rated: true },
	{ kind: "service.feedback", rated: true },
	{ kind: "service.complaint_against" },
	{ kind: "service.complaint_by" },
];
const RECORDERS = ["CIMS Manager", "CIMS Service", "System Manager"];
const ASSESSORS = [...RECORDERS, "CIMS Sales"];

// The kinds that the reader may record; the server checks again.
const allowed = () =>
	KINDS.filter(({ assessors }) => frappe.user.has_role(assessors ? ASSESSORS : RECORDERS));

export const may_record = () => allowed().length > 0;

export function record_evidence(customer, done) {
	const kinds = allowed().map(({ kind }) => ({ value: kind, label: kind_name(kind) }));
	const rated = KINDS.filter((kind) => kind.rated).map(({ kind }) => kind);
	const dialog = new frappe.ui.Dialog({
		title: __("Record Evidence"),
		fields: [
			{
				fieldname: "kind",
				fieldtype: "Select",
				label: __("What happened"),
				options: kinds,
				default: kinds[0].value,
				reqd: 1,
			},
			{
				fieldname: "occurred_on",
				fieldtype: "Date",
				label: __("Date"),
				default: frappe.datetime.get_today(),
				max_date: frappe.datetime.str_to_obj(frappe.datetime.get_today()),
				reqd: 1,
			},
			{
				fieldname: "value",
				fieldtype: "Int",
				label: __("How good, from 0 to 100"),
				depends_on: `eval:${JSON.stringify(rated)}.includes(doc.kind)`,
				mandatory_depends_on: `eval:${JSON.stringify(rated)}.includes(doc.kind)`,
			},
			{
				fieldname: "note",
				fieldtype: "Small Text",
				label: __("Note"),
				description: __("What would let a colleague check it: a document, a file number, who was there."),
				reqd: 1,
			},
		],
		primary_action_label: __("Record Evidence"),
		primary_action: async (entered) => {
			const { value, ...asked } = entered;
			if (rated.includes(asked.kind)) asked.value = value / 100;
			await frappe.xcall("cims.api.evidence.record", { customer, ...asked });
			dialog.hide();
			frappe.show_alert({ message: __("Recorded. The rating follows in a moment."), indicator: "green" });
			done();
		},
	});
	dialog.show();
}
