frappe.ui.form.on("CIMS Order", {
	setup(frm) {
		frm.set_query("customer", () => ({ filters: { status: ["!=", "Archived"] } }));
	},

	async onload(frm) {
		if (!frm.is_new() || frm.doc.amended_from) return;
		const settings = await frappe.db.get_doc("CIMS Settings", "CIMS Settings");
		if (!frm.doc.currency) frm.set_value("currency", settings.default_currency);
		if (frm.doc.credit_days === undefined) frm.set_value("credit_days", settings.default_credit_days);
	},

	refresh(frm) {
		if (frm.doc.docstatus === 1) frm.trigger("add_buttons");
		frm.trigger("show_dispute");
	},

	show_dispute(frm) {
		if (frm.doc.docstatus === 1 && frm.doc.disputed_from && !frm.doc.disputed_to) {
			const since = frappe.datetime.str_to_user(frm.doc.disputed_from);
			frm.set_intro(__("In dispute since {0}: its days don't count as late until the dispute is closed.", [since]), "orange");
		}
	},

	add_buttons(frm) {
		const { doc } = frm;
		const today = frappe.datetime.get_today();
		const may_write = frm.perm[0].submit;
		const call = (method, args) => frm.call(method, args).then(() => frm.refresh());
		const ask = (title, action, fields, method) =>
			frappe.prompt(fields, (values) => call(method, values), title, action);
		const day = (fieldname, label, value = today) => ({ fieldname, label, fieldtype: "Date", reqd: 1, default: value });

		if (may_write && !doc.delivery_date && doc.status === "Confirmed") {
			const due = frappe.datetime.add_days(today, doc.credit_days);
			const fields = [day("delivery_date", __("Delivered on")), day("due_date", __("Due Date"), due)];
			fields[0].onchange = function () {
				cur_dialog?.set_value("due_date", frappe.datetime.add_days(this.value, doc.credit_days));
			};
			const deliver = () => ask(__("Deliver"), __("Deliver"), fields, "deliver");
			frm.add_custom_button(__("Deliver"), deliver).addClass("btn-primary");
		}
		if (doc.outstanding_amount > 0 && frappe.model.can_create("CIMS Payment")) {
			frm.add_custom_button(__("Payment"), () => frm.trigger("new_payment"), __("Create"));
		}
		if (!may_write) return;
		const left = doc.grand_total - doc.returned_amount;
		if (left > 0) {
			const amount = { fieldname: "amount", label: __("Returned Amount"), fieldtype: "Currency", options: "currency", default: left, reqd: 1 };
			const fields = [day("returned_on", __("Returned on")), amount];
			frm.add_custom_button(__("Return"), () => ask(__("Return"), __("Record Return"), fields, "record_return"), __("Actions"));
		}
		if (doc.disputed_from && !doc.disputed_to) {
			const fields = [day("disputed_to", __("Disputed to"))];
			const close = () => ask(__("Close Dispute"), __("Close Dispute"), fields, "close_dispute");
			frm.add_custom_button(__("Close Dispute"), close, __("Actions"));
		} else if (doc.outstanding_amount > 0) {
			const reason = { fieldname: "reason", label: __("Reason for the Dispute"), fieldtype: "Small Text", reqd: 1, default: doc.dispute_reason };
			const since = { ...day("disputed_from", __("Disputed from"), doc.disputed_from || today), read_only: doc.disputed_from ? 1 : 0 };
			const open = () => ask(__("Open Dispute"), __("Open Dispute"), [since, reason], "open_dispute");
			frm.add_custom_button(__("Open Dispute"), open, __("Actions"));
		}
		if (!frm.perm[0].cancel) return;
		if (doc.written_off_on) {
			frm.add_custom_button(__("Undo Write-Off"), () => call("undo_write_off"), __("Actions"));
		} else if (doc.outstanding_amount > 0) {
			const warning = __("{0} will be given up. This is a hard event: it caps the customer's grade.", [
				format_currency(doc.outstanding_amount, doc.currency),
			]);
			const fields = [{ fieldtype: "HTML", options: `<p>${warning}</p>` }, day("written_off_on", __("Written off on"))];
			const write_off = () => ask(__("Write Off"), __("Write Off"), fields, "write_off");
			frm.add_custom_button(__("Write Off"), write_off, __("Actions"));
		}
	},

	new_payment(frm) {
		const { name, order_no, grand_total, customer, currency, outstanding_amount } = frm.doc;
		frappe.new_doc("CIMS Payment", { customer, currency }, (payment) => {
			const row = { order: name, order_no, grand_total, outstanding_amount, currency };
			payment.amount = outstanding_amount;
			payment.unallocated_amount = 0;
			Object.assign(frappe.model.add_child(payment, "CIMS Payment Allocation", "allocations"), row, {
				allocated_amount: outstanding_amount,
			});
		});
	},

	order_date: (frm) => frm.trigger("credit_days"),

	credit_days(frm) {
		if (frm.doc.docstatus === 0 && frm.doc.order_date && !frm.setting_days) {
			frm.setting_days = true;
			const due = frappe.datetime.add_days(frm.doc.order_date, cint(frm.doc.credit_days));
			frm.set_value("due_date", due).then(() => (frm.setting_days = false));
		}
	},

	due_date(frm) {
		if (frm.doc.docstatus === 0 && frm.doc.due_date && frm.doc.order_date && !frm.setting_days) {
			frm.setting_days = true;
			const days = frappe.datetime.get_day_diff(frm.doc.due_date, frm.doc.order_date);
			frm.set_value("credit_days", days).then(() => (frm.setting_days = false));
		}
	},

	currency(frm) {
		for (const row of frm.doc.items || []) row.currency = frm.doc.currency;
		frm.refresh_field("items");
	},

	discount_amount: (frm) => frm.trigger("add_up"),

	add_up(frm) {
		for (const row of frm.doc.items || []) row.amount = flt(flt(row.qty) * flt(row.rate), precision("amount", row));
		const total = (frm.doc.items || []).reduce((sum, row) => sum + row.amount, 0);
		frm.set_value({ total, grand_total: total - flt(frm.doc.discount_amount) });
		frm.refresh_field("items");
	},
});

frappe.ui.form.on("CIMS Order Item", {
	items_add: (frm, doctype, name) => frappe.model.set_value(doctype, name, "currency", frm.doc.currency),
	items_remove: (frm) => frm.trigger("add_up"),
	qty: (frm) => frm.trigger("add_up"),
	rate: (frm) => frm.trigger("add_up"),
});
