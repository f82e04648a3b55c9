// Filters and formatters that the trust reports share; each report's script includes this file.
frappe.provide("cims.reports");

cims.reports.many = (fieldname, label, doctype) => ({
	fieldname,
	label,
	fieldtype: "MultiSelectList",
	options: doctype,
	get_data: (txt) => frappe.db.get_link_options(doctype, txt),
});

cims.reports.choice = (fieldname, label, options) => ({
	fieldname,
	label,
	fieldtype: "MultiSelectList",
	get_data: () => options.map((value) => ({ value, label: __(value), description: "" })),
});

// The grades that customers of the reader have; a policy may call its grades as it likes.
cims.reports.grades_filter = () => ({
	fieldname: "grade",
	label: __("Grade"),
	fieldtype: "MultiSelectList",
	get_data: () =>
		frappe.db
			.get_list("CIMS Customer", { fields: ["trust_grade"], group_by: "trust_grade", limit: 50 })
			.then((rows) =>
				rows.filter((row) => row.trust_grade).map((row) => ({ value: row.trust_grade, description: "" })),
			),
});

// Which customers: the same questions in every report, in the same order.
cims.reports.customer_filters = () => [
	cims.reports.many("customer_group", __("Customer Group"), "CIMS Customer Group"),
	cims.reports.choice("customer_type", __("Customer Type"), ["Company", "Individual"]),
	cims.reports.choice("level", __("Level"), ["Strategic", "Key", "Standard", "Small"]),
	cims.reports.choice("status", __("Status"), ["Prospect", "Active", "Dormant", "Blocked", "Archived"]),
	{ fieldname: "country", label: __("Country"), fieldtype: "Link", options: "Country" },
	{ fieldname: "province", label: __("Province"), fieldtype: "Data" },
	{ fieldname: "city", label: __("City"), fieldtype: "Data" },
	{ fieldname: "account_manager", label: __("Account Manager"), fieldtype: "Link", options: "User" },
];

// A change carries its direction as an arrow and a sign, so that it needs no colour.
cims.reports.change = (value, text) => {
	if (!value) return text;
	return value > 0 ? `<span class="trust-up">▲ +${text}</span>` : `<span class="trust-down">▼ ${text}</span>`;
};

// A report's formatter: `grades` and `changes` name the columns that are one.
cims.reports.formatter =
	({ grades = [], changes = [] }) =>
	(value, row, column, data, standard) => {
		if (data && !data.is_total && grades.includes(column.fieldname)) return cims.grade(value);
		if (data && changes.includes(column.fieldname)) {
			if (value === null || value === undefined) return "";
			const text = frappe.format(value, { fieldtype: "Float", precision: 1 }, { inline: true }, data);
			return cims.reports.change(value, text);
		}
		const typed = column.fieldtype === "Data" && typeof value === "string";
		return standard(typed ? frappe.utils.escape_html(value) : value, row, column, data);
	};

// Axes as the report view can't be asked to draw them: dense labels of a time axis left out one by one rather than cut
// short, and whole numbers without decimals.
cims.reports.axes = (report) => {
	if (report.cims_axes) return;
	report.cims_axes = true;
	const render = report.render_chart;
	report.render_chart = function (options) {
		// A report with dates runs twice when it opens: the first chart must not go on watching its place.
		this.chart?.destroy?.();
		if (this.report_settings.cims) {
			delete options.axisOptions.numberFormatter;
			if (this.report_settings.cims.time_axis) options.axisOptions.xIsSeries = 1;
		}
		return render.call(this, options);
	};
};
