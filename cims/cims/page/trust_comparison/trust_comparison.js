frappe.pages["trust-comparison"].on_page_load = (wrapper) => {
	frappe.ui.make_app_page({ parent: wrapper, title: __("Trust Comparison"), single_column: true });
	frappe.breadcrumbs.add("CIMS");
};

frappe.pages["trust-comparison"].on_page_show = async (wrapper) => {
	// Whoever came with a link has its customers in the route's options.
	const asked = frappe.route_options;
	frappe.route_options = null;
	if (!window.cims?.trust?.Comparison) {
		await frappe.require(["cims_trust.bundle.js", "cims_trust.bundle.css"]);
	}
	wrapper.comparison ||= new cims.trust.Comparison(wrapper.page);
	wrapper.comparison.open(asked);
};
