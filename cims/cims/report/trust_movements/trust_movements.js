// {% include "cims/cims/report/common.js" %}

frappe.query_reports["Trust Movements"] = {
	filters: [
		{
			fieldname: "from_date",
			label: __("First Day"),
			fieldtype: "Date",
			default: frappe.datetime.add_days(frappe.datetime.get_today(), -90),
			reqd: 1,
		},
		{
			fieldname: "to_date",
			label: __("Last Day"),
			fieldtype: "Date",
			default: frappe.datetime.get_today(),
			reqd: 1,
		},
		{
			fieldname: "direction",
			label: __("Movement"),
			fieldtype: "Select",
			options: ["", "Upgraded", "Downgraded", "Newly rated", "No longer rated"],
		},
		{
			fieldname: "points",
			label: __("Points Moved at Least"),
			fieldtype: "Int",
			default: 15,
			description: __("A change of grade is always shown."),
		},
		...cims.reports.customer_filters(),
	],
	formatter: cims.reports.formatter({ grades: ["grade_from", "grade_to"], changes: ["change"] }),
	cims: {},
	onload: cims.reports.axes,
};
