// From a customer's form: compare it with another one that a person thinks to be the same.

import { call } from "./reasons";

export function propose(frm) {
	const dialog = new frappe.ui.Dialog({
		title: __("Same Customer as..."),
		fields: [
			{
				fieldtype: "Link",
				fieldname: "other",
				label: __("Other Customer"),
				options: "CIMS Customer",
				reqd: 1,
				only_select: true,
				get_query: () => ({ filters: { name: ["!=", frm.doc.name] } }),
			},
			{ fieldtype: "Small Text", fieldname: "note", label: __("Why (for whoever decides)") },
		],
		primary_action_label: __("Compare"),
		async primary_action({ other, note }) {
			const { candidate } = await call("propose", { customer: frm.doc.name, other, note });
			dialog.hide();
			frappe.set_route("Form", "Duplicate Candidate", candidate);
		},
	});
	dialog.show();
}
