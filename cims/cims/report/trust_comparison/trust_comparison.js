// {% include "cims/cims/report/common.js" %}

frappe.query_reports["Trust Comparison"] = {
	filters: [
		{
			fieldname: "customers",
			label: __("Customers"),
			fieldtype: "MultiSelectList",
			options: "CIMS Customer",
			get_data: (txt) => frappe.db.get_link_options("CIMS Customer", txt),
		},
		{ fieldname: "months", label: __("Months"), fieldtype: "Int", default: 24 },
	],
	formatter: cims.reports.formatter({ grades: ["grade"], changes: ["change_90d", "change_1y"] }),
	cims: { time_axis: true },
	onload: (report) => {
		cims.reports.axes(report);
		report.page.add_inner_button(__("Open as Page"), () => {
			const customers = report.get_filter_value("customers") || [];
			frappe.set_route("trust-comparison", customers.length ? { customers: customers.join(",") } : {});
		});
	},
};
