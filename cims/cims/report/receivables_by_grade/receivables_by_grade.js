// {% include "cims/cims/report/common.js" %}

(() => {
	const paint = cims.reports.formatter({ grades: ["grade"] });

	frappe.query_reports["Receivables by Grade"] = {
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
				fieldname: "report_date",
				label: __("As Of"),
				fieldtype: "Date",
				reqd: 1,
				default: frappe.datetime.get_today(),
			},
			{ fieldname: "compare", label: __("Beside ERPNext's Own Report"), fieldtype: "Check" },
		],
		cims: {},
		onload(report) {
			cims.reports.axes(report);
			report.page.add_inner_button(__("Accounts Receivable"), () => {
				const { company, report_date } = report.get_values();
				frappe.set_route("query-report", "Accounts Receivable", { company, report_date });
			});
		},
		formatter: (value, row, column, data, standard) => {
			const nobody = column.fieldname === "grade" && data && !data.is_total && !value;
			const html = nobody ? __("No Grade") : paint(value, row, column, data, standard);
			return data?.is_total ? `<b>${html}</b>` : html;
		},
	};
})();
