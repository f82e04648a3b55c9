// What people filter a timeline by: each pill stands for the kinds of entries that belong together.

export const ICONS = {
	order: "sell",
	payment: "money-coins-1",
	evidence: "quality-3",
	override: "review",
	mail: "mail",
	comment: "es-line-chat-alt",
	event: "calendar",
	ticket: "support",
	assignment: "assign",
	merge: "branch",
	change: "edit",
};

// empty: what to read where there is none; act: what the button beside it does, for those who may.
export const pills = (frm) => [
	{
		name: "orders",
		label: __("Orders"),
		kinds: ["order"],
		empty: __("No orders yet."),
		action: __("Enter an order"),
		act: may_create("CIMS Order") && (() => frappe.new_doc("CIMS Order", { customer: frm.docname })),
	},
	{
		name: "payments",
		label: __("Payments"),
		kinds: ["payment"],
		empty: __("No payments yet."),
		action: __("Enter a payment"),
		act: may_create("CIMS Payment") && (() => frappe.new_doc("CIMS Payment", { customer: frm.docname })),
	},
	{
		name: "trust",
		label: __("Trust"),
		kinds: ["evidence", "override"],
		empty: __("No evidence yet. It comes with the first order, or is recorded with the button Trust above."),
	},
	{
		name: "mails",
		label: __("E-mails"),
		kinds: ["mail"],
		empty: __("No e-mails yet. Those with this customer's contacts appear here by themselves."),
		action: __("Write an e-mail"),
		act: frappe.model.can_email(null, frm) && (() => frm.timeline.compose_mail()),
	},
	{
		name: "comments",
		label: __("Comments"),
		kinds: ["comment"],
		empty: __("No comments yet."),
		action: __("Write a comment"),
		act: () => frm.comment_box.$wrapper.find(".ql-editor").get(0)?.focus(),
	},
	{
		name: "events",
		label: __("Events"),
		kinds: ["event"],
		empty: __("No events yet. Plan one with the button New Event, or add the customer to one in the calendar."),
	},
	{
		name: "tickets",
		label: __("Tickets"),
		kinds: ["ticket"],
		empty: __("No tickets yet. Those of this customer's contacts appear here by themselves."),
	},
	{
		name: "changes",
		label: __("Changes"),
		kinds: ["change", "assignment", "merge"],
		empty: __("No changes yet."),
	},
];

const may_create = (doctype) => frappe.model.can_create(doctype);
