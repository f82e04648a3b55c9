// Views of the customer list that everyone needs and nobody should have to build: one click sets the filters.
(() => {
	const CUSTOMER = "CIMS Customer";
	// Points of score in 90 days from which on a customer counts as falling, as on the workspace.
	const FALL = -15;

	const views = () => [
		[__("On Watch"), [[CUSTOMER, "trust_watch", "=", 1]]],
		[__("Falling"), [[CUSTOMER, "trust_change", "<=", FALL]]],
		[__("My Customers"), [[CUSTOMER, "account_manager", "=", frappe.session.user]]],
		[__("New This Month"), [[CUSTOMER, "creation", "Timespan", "this month"]]],
		[__("All Customers"), []],
	];

	const settings = (frappe.listview_settings[CUSTOMER] ||= {});
	const onload = settings.onload;
	settings.onload = (list) => {
		onload?.(list);
		for (const [label, filters] of views()) {
			const show = () => list.filter_area.clear().then(() => list.filter_area.add(filters));
			list.page.add_inner_button(label, show, __("Views"));
		}
	};
})();
