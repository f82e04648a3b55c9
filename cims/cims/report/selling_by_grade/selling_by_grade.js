// {% include "cims/cims/report/common.js" %}

(() => {
	const paint = cims.reports.formatter({});

	frappe.query_reports["Selling by Grade"] = {
		filters: [
			{
				fieldname: "company",
				label: __("Company"),
				fieldtype: "Link",
				options: "Company",
				reqd: 1,
				default: frappe.defaults.get_user_default("Company"),
			},
			{
				fieldname: "based_on",
				label: __("Based On"),
				fieldtype: "Select",
				options: [
					{ value: "Sales Invoice", label: __("Sales Invoice") },
					{ value: "Sales Order", label: __("Sales Order") },
				],
				default: "Sales Invoice",
				reqd: 1,
			},
			{
				fieldname: "period",
				label: __("Period"),
				fieldtype: "Select",
				options: ["Month", "Quarter", "Year"].map((value) => ({ value, label: __(value) })),
				default: "Month",
				reqd: 1,
			},
			{
				fieldname: "from_date",
				label: __("From Date"),
				fieldtype: "Date",
				default: frappe.datetime.add_months(frappe.datetime.month_start(), -11),
			},
			{ fieldname: "to_date", label: __("To Date"), fieldtype: "Date", default: frappe.datetime.get_today() },
		],
		cims: {},
		onload: cims.reports.axes,
		formatter: (value, row, column, data, standard) => {
			const html = paint(value, row, column, data, standard);
			return data?.is_total ? `<b>${html}</b>` : html;
		},
	};
})();
