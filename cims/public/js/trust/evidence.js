// Evidence that a person records: what no document shows.

// The kinds as the engine knows them; `rated`: the person says how good it was, from 0 to 100.
const KINDS = () => [
	{ value: "conduct.identity_verified", label: __("Identity verified") },
	{ value: "conduct.assessment", label: __("Assessment by staff"), rated: true },
	{ value: "conduct.breach", label: __("Contract breached") },
	{ value: "conduct.claim_refused", label: __("Insurance claim refused") },
	{ value: "conduct.fraud", label: __("Fraud established") },
	{ value: "service.agent_rating", label: __("Agent's rating of the customer"), rated: true },
	{ value: "service.feedback", label: __("Customer's feedback"), rated: true },
	{ value: "service.complaint_against", label: __("Complaint against the customer upheld") },
	{ value: "service.complaint_by", label: __("Customer's own complaint upheld") },
];

export function record_evidence(customer, done) {
	const kinds = KINDS();
	const rated = kinds.filter((kind) => kind.rated).map((kind) => kind.value);
	const dialog = new frappe.ui.Dialog({
		title: __("Record Evidence"),
		fields: [
			{ fieldname: "kind", fieldtype: "Select", label: __("What happened"), options: kinds, reqd: 1 },
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
			if (!rated.includes(entered.kind)) delete entered.value;
			await frappe.xcall("cims.api.evidence.record", { customer, ...entered });
			dialog.hide();
			frappe.show_alert({ message: __("Recorded. The rating follows in a moment."), indicator: "green" });
			done();
		},
	});
	dialog.show();
}
