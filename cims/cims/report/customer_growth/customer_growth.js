// {% include "cims/cims/report/common.js" %}

frappe.query_reports["Customer Growth"] = {
	filters: [
		{
			fieldname: "from_date",
			label: __("First Day"),
			fieldtype: "Date",
			default: frappe.datetime.add_months(frappe.datetime.month_start(), -23),
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
			fieldname: "interval",
			label: __("Interval"),
			fieldtype: "Select",
			options: ["Month", "Quarter", "Year"],
			default: "Month",
			reqd: 1,
		},
		{
			fieldname: "count_by",
			label: __("Count From"),
			fieldtype: "Select",
			options: ["Record created", "First evidence"],
			default: "Record created",
			reqd: 1,
		},
		...cims.reports.customer_filters(),
	],
	cims: { time_axis: true },
	onload: cims.reports.axes,
};
