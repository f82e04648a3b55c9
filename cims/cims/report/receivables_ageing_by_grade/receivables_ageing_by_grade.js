// {% include "cims/cims/report/common.js" %}

(() => {
	const paint = cims.reports.formatter({ grades: ["grade"] });

	frappe.query_reports["Receivables Ageing by Grade"] = {
		filters: [
			{ fieldname: "currency", label: __("Currency"), fieldtype: "Link", options: "Currency" },
			{ fieldname: "overdue_only", label: __("Only What Is Overdue"), fieldtype: "Check" },
			cims.reports.grades_filter(),
			...cims.reports.customer_filters(),
		],
		cims: {},
		onload: cims.reports.axes,
		formatter: (value, row, column, data, standard) => {
			const html = paint(value, row, column, data, standard);
			if (!data) return html;
			if (data.is_total) return `<b>${html}</b>`;
			if (column.fieldname !== "grade") return html;
			// The grade leads to those who owe.
			const filter = (operator, value) => encodeURIComponent(JSON.stringify([operator, value]));
			const query = `trust_grade=${filter("=", data.grade)}&open_amount=${filter(">", 0)}`;
			return `<a href="/app/cims-customer?${query}">${html}</a>`;
		},
	};
})();
