frappe.ui.form.on("CIMS Payment", {
	setup(frm) {
		frm.set_query("order", "allocations", () => ({
			filters: {
				customer: frm.doc.customer,
				currency: frm.doc.currency,
				docstatus: 1,
				outstanding_amount: [">", 0],
			},
		}));
	},

	async onload(frm) {
		if (!frm.is_new() || frm.doc.currency) return;
		const currency = await frappe.db.get_single_value("CIMS Settings", "default_currency");
		if (currency) frm.set_value("currency", currency);
	},

	refresh(frm) {
		const { doc } = frm;
		frm.customer_of_rows = doc.customer;
		const money_left = doc.docstatus < 2 && doc.customer && flt(doc.unallocated_amount ?? doc.amount) > 0;
		if (money_left && ["Pending", "Cleared"].includes(doc.status) && frm.perm[0].write) {
			frm.add_custom_button(__("Allocate to Oldest Orders"), () => frm.trigger("allocate"));
		}
		if (doc.docstatus !== 1 || !frm.perm[0].submit) return;
		const call = (method, args) => frm.call(method, args).then(() => frm.refresh());
		const ask = (title, fieldname, label, method) =>
			frappe.prompt(
				[{ fieldname, label, fieldtype: "Date", reqd: 1, default: frappe.datetime.get_today() }],
				(values) => call(method, values),
				title,
				title,
			);
		if (doc.status === "Pending") {
			const clear = () => ask(__("Clear", null, "CIMS Payment"), "cleared_on", __("Cleared on"), "clear");
			frm.add_custom_button(__("Clear", null, "CIMS Payment"), clear).addClass("btn-primary");
			const sure = __("Did this payment fail? The orders won't wait for it any more.");
			frm.add_custom_button(__("Fail", null, "CIMS Payment"), () => frappe.confirm(sure, () => call("fail")));
		}
		if (doc.status === "Cleared") {
			const refund = () =>
				ask(__("Refund", null, "CIMS Payment"), "refunded_on", __("Refunded on"), "refund");
			frm.add_custom_button(__("Refund", null, "CIMS Payment"), refund, __("Actions"));
		}
	},

	async allocate(frm) {
		if (frm.doc.docstatus === 1 || frm.is_dirty())
			await frm.save(frm.doc.docstatus === 1 ? "Update" : "Save");
		await frm.call("allocate");
		if (frm.doc.docstatus === 0) frm.dirty();
		frm.refresh();
	},

	customer(frm) {
		// Frappe fires this for a new form as well, with what the order filled in.
		if (frm.customer_of_rows && frm.customer_of_rows !== frm.doc.customer) {
			frm.clear_table("allocations");
			frm.trigger("add_up");
			frm.refresh_field("allocations");
		}
		frm.customer_of_rows = frm.doc.customer;
	},

	amount: (frm) => frm.trigger("add_up"),

	add_up(frm) {
		const allocated = (frm.doc.allocations || []).reduce((sum, row) => sum + flt(row.allocated_amount), 0);
		frm.set_value("unallocated_amount", flt(frm.doc.amount) - allocated);
	},
});

frappe.ui.form.on("CIMS Payment Allocation", {
	async order(frm, doctype, name) {
		const row = frappe.get_doc(doctype, name);
		if (!row.order) return;
		const { message } = await frappe.db.get_value("CIMS Order", row.order, "outstanding_amount");
		const rest = flt(frm.doc.unallocated_amount ?? frm.doc.amount);
		await frappe.model.set_value(doctype, name, "outstanding_amount", message.outstanding_amount);
		if (!row.allocated_amount && rest > 0) {
			frappe.model.set_value(doctype, name, "allocated_amount", Math.min(rest, message.outstanding_amount));
		}
	},
	allocated_amount: (frm) => frm.trigger("add_up"),
	allocations_remove: (frm) => frm.trigger("add_up"),
});
