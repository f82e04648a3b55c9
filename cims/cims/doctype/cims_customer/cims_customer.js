frappe.ui.form.on("CIMS Customer", {
	setup(frm) {
		frm.email_field = "email";
		const place = (method, params) => () => ({ query: `cims.api.regions.${method}`, params: params() });
		frm.set_query(
			"province",
			place("provinces", () => ({ country: frm.doc.country })),
		);
		frm.set_query(
			"city",
			place("cities", () => ({ country: frm.doc.country, province: frm.doc.province })),
		);
	},

	onload(frm) {
		// One timeline of everything takes the place of Frappe's, which knows of this record alone.
		const host = frm.timeline;
		if (!host || host.everything) return;
		host.everything = frappe
			.require(["cims_timeline.bundle.js", "cims_timeline.bundle.css"])
			.then(() => cims.timeline.mount(frm));
		host.render_timeline_items = () => host.everything.then((timeline) => timeline.refresh());
		host.add_timeline_item = host.render_timeline_items;
		host.render_timeline_items();
	},

	refresh(frm) {
		frm.toggle_display("trust_section", !frm.is_new());
		if (frm.is_new()) {
			frappe.contacts.clear_address_and_contact(frm);
			return;
		}
		frm.trigger("show_trust");
		frm.trigger("show_contacts");
		frm.trigger("add_buttons");
	},

	show_contacts(frm) {
		const erpnext = frm.doc.__onload?.erpnext;
		// The form is one for all customers.
		(frm.fixed || []).forEach((field) => frm.set_df_property(field, "read_only", 0));
		frm.fixed = erpnext?.fixed;
		if (!erpnext) {
			frappe.contacts.render_address_and_contact(frm);
			return;
		}
		// They are those of ERPNext's customer, and so are new ones.
		const doc = { doctype: "Customer", name: erpnext.customer, __onload: frm.doc.__onload };
		frappe.contacts.render_address_and_contact({ fields_dict: frm.fields_dict, doc });
		frm.fixed.forEach((field) => frm.set_df_property(field, "read_only", 1));
		frm.add_custom_button(__("Open in ERPNext"), () =>
			frappe.set_route("Form", "Customer", erpnext.customer),
		);
	},

	async show_trust(frm) {
		// Trust first, then what hangs on the customer.
		frm.fields_dict.trust_panel.$wrapper.closest(".form-section").after(frm.dashboard.parent);
		if (!window.cims?.trust?.mount) {
			await frappe.require(["cims_trust.bundle.js", "cims_trust.bundle.css"]);
		}
		cims.trust.mount(frm);
	},

	add_buttons(frm) {
		const add = (label, doctype) => {
			if (frappe.model.can_create(doctype)) {
				frm.add_custom_button(label, () => frappe.new_doc(doctype, { customer: frm.doc.name }), __("Create"));
			}
		};
		if (frm.doc.status !== "Archived") add(__("Order", null, "CIMS Customer"), "CIMS Order");
		add(__("Payment", null, "CIMS Customer"), "CIMS Payment");
		if (!frm.perm[0].write) return;
		const change = (label, status) =>
			frm.add_custom_button(
				label,
				() => frm.set_value("status", status).then(() => frm.save()),
				__("Status"),
			);
		if (["Blocked", "Archived"].includes(frm.doc.status)) change(__("Make Active"), "Active");
		if (!["Blocked", "Archived"].includes(frm.doc.status))
			change(__("Block", null, "CIMS Customer"), "Blocked");
		if (frm.doc.status !== "Archived") change(__("Archive", null, "CIMS Customer"), "Archived");
	},

	country(frm) {
		frm.set_value({ province: "", city: "" });
	},

	province(frm) {
		frm.set_value("city", "");
	},
});
