// {% include "cims/cims/report/common.js" %}

frappe.query_reports["Trust Ranking"] = {
	filters: [
		{
			fieldname: "order_by",
			label: __("Rank By"),
			fieldtype: "Select",
			options: [
				"Low end of the score",
				"Score",
				"Change in 90 days",
				"Change in a year",
				"Days beyond terms",
				"Overdue amount",
			],
			default: "Low end of the score",
			reqd: 1,
		},
		{ fieldname: "last_first", label: __("Last First"), fieldtype: "Check" },
		{ fieldname: "watch", label: __("Only on Watch"), fieldtype: "Check" },
		{ fieldname: "show", label: __("Rows to Show"), fieldtype: "Int", default: 100 },
		cims.reports.grades_filter(),
		...cims.reports.customer_filters(),
	],
	formatter: cims.reports.formatter({ grades: ["grade"], changes: ["change_90d", "change_1y"] }),
	cims: {},
	onload: cims.reports.axes,
};
