(() => {
	const t = (text) => __(text, null, "CIMS Order");

	frappe.ui.form.on("CIMS Order", {
		setup(frm) {
			frm.set_query("customer", () => ({ filters: { status: ["!=", "Archived"] } }));
		},

		async onload(frm) {
			if (!frm.is_new() || frm.doc.amended_from) return;
			const settings = await frappe.db.get_doc("CIMS Settings", "CIMS Settings");
			if (!frm.doc.currency) frm.set_value("currency", settings.default_currency);
			if (frm.doc.credit_days === undefined) {
				frm.set_value("credit_days", settings.default_credit_days);
			}
		},

		refresh(frm) {
			if (frm.doc.docstatus !== 1) return;
			show_dispute(frm);
			if (frm.perm[0].submit) add_delivery(frm);
			if (frappe.model.can_create("CIMS Payment")) add_payment(frm);
			if (frm.perm[0].submit) {
				add_return(frm);
				add_dispute(frm);
			}
			if (frm.perm[0].cancel) add_write_off(frm);
		},

		order_date: (frm) => frm.trigger("credit_days"),

		credit_days(frm) {
			if (frm.doc.docstatus === 0 && frm.doc.order_date) {
				set_quietly(frm, "due_date", days_after(frm.doc.order_date, frm.doc.credit_days));
			}
		},

		due_date(frm) {
			const { docstatus, due_date, order_date } = frm.doc;
			if (docstatus === 0 && due_date && order_date) {
				set_quietly(frm, "credit_days", frappe.datetime.get_day_diff(due_date, order_date));
			}
		},

		currency(frm) {
			for (const row of frm.doc.items || []) row.currency = frm.doc.currency;
			frm.refresh_field("items");
		},

		discount_amount: add_up,
	});

	frappe.ui.form.on("CIMS Order Item", {
		items_add: (frm, doctype, name) => frappe.model.set_value(doctype, name, "currency", frm.doc.currency),
		items_remove: add_up,
		qty: add_up,
		rate: add_up,
	});

	function add_up(frm) {
		const rows = frm.doc.items || [];
		for (const row of rows) row.amount = flt(flt(row.qty) * flt(row.rate), 2);
		const total = rows.reduce((sum, row) => sum + row.amount, 0);
		frm.set_value({ total, grand_total: total - flt(frm.doc.discount_amount) });
		frm.refresh_field("items");
	}

	const days_after = (day, days) => frappe.datetime.add_days(day, cint(days));

	// Credit days and due date follow each other; without this, round and round.
	function set_quietly(frm, field, value) {
		if (frm.setting_days) return;
		frm.setting_days = true;
		frm.set_value(field, value).then(() => (frm.setting_days = false));
	}

	const call = (frm, method, args) => frm.call(method, args).then(() => frm.refresh());

	const ask = (frm, title, fields, method) =>
		frappe.prompt(fields, (values) => call(frm, method, values), title, title);

	const day = (fieldname, value = frappe.datetime.get_today()) => ({
		fieldname,
		label: t(frappe.meta.get_label("CIMS Order", fieldname)),
		fieldtype: "Date",
		reqd: 1,
		default: value,
	});

	function show_dispute(frm) {
		if (frm.doc.disputed_from && !frm.doc.disputed_to) {
			const since = frappe.datetime.str_to_user(frm.doc.disputed_from);
			const message = __("In dispute since {0}: its days don't count as late until the dispute is closed.", [
				since,
			]);
			frm.set_intro(message, "orange");
		}
	}

	function add_delivery(frm) {
		if (frm.doc.status !== "Confirmed") return;
		const deliver = () => {
			const delivered = day("delivery_date");
			const due = day("due_date", days_after(delivered.default, frm.doc.credit_days));
			const dialog = ask(frm, t("Deliver"), [delivered, due], "deliver");
			dialog.fields_dict.delivery_date.df.onchange = function () {
				dialog.set_value("due_date", days_after(this.value, frm.doc.credit_days));
			};
		};
		frm.add_custom_button(t("Deliver"), deliver).addClass("btn-primary");
	}

	function add_payment(frm) {
		const { name, order_no, grand_total, customer, currency, outstanding_amount } = frm.doc;
		if (!(outstanding_amount > 0)) return;
		const pay = () =>
			frappe.new_doc("CIMS Payment", { customer, currency }, (payment) => {
				const row = frappe.model.add_child(payment, "CIMS Payment Allocation", "allocations");
				Object.assign(row, { order: name, order_no, grand_total, outstanding_amount, currency });
				row.allocated_amount = outstanding_amount;
				Object.assign(payment, { amount: outstanding_amount, unallocated_amount: 0 });
			});
		frm.add_custom_button(t("Payment"), pay, __("Create"));
	}

	function add_return(frm) {
		const left = frm.doc.grand_total - frm.doc.returned_amount;
		if (!(left > 0)) return;
		const amount = {
			fieldname: "amount",
			label: t("Returned Amount"),
			fieldtype: "Currency",
			options: "currency",
			default: left,
			reqd: 1,
		};
		const record = () => ask(frm, __("Record Return"), [day("returned_on"), amount], "record_return");
		frm.add_custom_button(t("Return"), record, __("Actions"));
	}

	function add_dispute(frm) {
		const { disputed_from, disputed_to, dispute_reason, outstanding_amount } = frm.doc;
		if (disputed_from && !disputed_to) {
			const close = () => ask(frm, __("Close Dispute"), [day("disputed_to")], "close_dispute");
			frm.add_custom_button(__("Close Dispute"), close, __("Actions"));
		} else if (outstanding_amount > 0) {
			const reason = {
				fieldname: "reason",
				label: t("Reason for the Dispute"),
				fieldtype: "Small Text",
				reqd: 1,
				default: dispute_reason,
			};
			// A dispute that comes back is one dispute: it keeps the day on which it began.
			const fields = disputed_from ? [reason] : [day("disputed_from"), reason];
			const open = () => ask(frm, __("Open Dispute"), fields, "open_dispute");
			frm.add_custom_button(__("Open Dispute"), open, __("Actions"));
		}
	}

	function add_write_off(frm) {
		if (frm.doc.written_off_on) {
			const undo = () => call(frm, "undo_write_off");
			frm.add_custom_button(__("Undo Write-Off"), undo, __("Actions"));
		} else if (frm.doc.outstanding_amount > 0) {
			const warning = __("{0} will be given up. This is a hard event: it caps the customer's grade.", [
				format_currency(frm.doc.outstanding_amount, frm.doc.currency),
			]);
			const fields = [{ fieldtype: "HTML", options: `<p>${warning}</p>` }, day("written_off_on")];
			const write_off = () => ask(frm, __("Write Off"), fields, "write_off");
			frm.add_custom_button(__("Write Off"), write_off, __("Actions"));
		}
	}
})();
