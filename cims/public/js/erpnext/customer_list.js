// ERPNext's list of customers: each one's grade before the name, asked for once for the page; suggested terms for many.
(() => {
	const settings = (frappe.listview_settings["Customer"] ||= {});
	if (settings.cims) return;
	settings.cims = true;

	const with_bundle = (action) => async (list) => {
		if (!window.cims?.terms) await frappe.require("cims_erpnext.bundle.js");
		action(list);
	};
	const { onload, refresh } = settings;
	settings.onload = (list) => {
		onload?.call(settings, list);
		if (!frappe.user.has_role(["CIMS Manager", "System Manager"])) return;
		list.page.add_actions_menu_item(
			__("Apply Suggested Terms"),
			() => with_bundle(() => cims.terms.apply_to(list))(list),
			true,
		);
	};
	settings.refresh = (list) => {
		refresh?.call(settings, list);
		if (frappe.model.can_read("Trust Rating")) with_bundle(() => cims.selling.show_grades(list))(list);
	};
})();
