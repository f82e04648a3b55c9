frappe.ui.form.on("Trust Rule", {
	refresh(frm) {
		const grades = (frappe.boot.cims?.bands || []).map(({ grade }) => grade);
		frm.fields_dict.grade.set_data([...grades, "NR"]);
		if (!frappe.boot.cims?.erpnext) {
			frm.set_intro(__("Rules hold at the documents of ERPNext, which isn't installed on this site."));
			return;
		}
		frappe.db
			.get_list("Company", { pluck: "name", limit: 100 })
			.then((companies) => frm.fields_dict.company.set_data(companies));
	},
});
