// {% include "cims/cims/report/common.js" %}

frappe.query_reports["Customer Distribution"] = {
	filters: [
		{
			fieldname: "by",
			label: __("Divide By"),
			fieldtype: "Select",
			options: [
				"City",
				"Province",
				"Country",
				"Customer Group",
				"Customer Type",
				"Level",
				"Industry",
				"Customer Source",
				"Status",
				"Grade",
				"Account Manager",
			],
			default: "City",
			reqd: 1,
		},
		{ fieldname: "bars", label: __("Parts in the Chart"), fieldtype: "Int", default: 10 },
		...cims.reports.customer_filters(),
	],
	formatter: (value, row, column, data, standard) => {
		const by_grade = frappe.query_report.get_filter_value("by") === "Grade";
		return cims.reports.formatter({ grades: by_grade ? ["value"] : [] })(value, row, column, data, standard);
	},
	cims: {},
	onload: cims.reports.axes,
};
