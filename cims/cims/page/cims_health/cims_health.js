frappe.pages["cims-health"].on_page_load = (wrapper) => {
	frappe.ui.make_app_page({ parent: wrapper, title: __("Health"), single_column: true });
	frappe.breadcrumbs.add("CIMS");
};

frappe.pages["cims-health"].on_page_show = async (wrapper) => {
	if (!window.cims?.Health) await frappe.require(["cims_health.bundle.js", "cims_health.bundle.css"]);
	wrapper.health ||= new cims.Health(wrapper.page);
	wrapper.health.open();
};

frappe.pages["cims-health"].on_page_hide = (wrapper) => wrapper.health?.close();
