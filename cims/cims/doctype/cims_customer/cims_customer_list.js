frappe.listview_settings["CIMS Customer"] = {
	// The code has its own filter; names need the room.
	hide_name_column: true,
	hide_name_filter: true,
	add_fields: ["trust_grade", "trust_change", "trust_watch", "currency"],
	formatters: {
		trust_score: (_score, _field, doc) => cims.standing(doc.trust_grade, doc.trust_score, doc.trust_change),
		overdue_amount: (amount, _field, doc) => (amount ? format_currency(amount, doc.currency, 0) : ""),
	},
	onload(list) {
		// The filters offer the places of the site's own country; any other can be typed.
		const country = frappe.boot.sysdefaults.country;
		const { province, city } = list.page.fields_dict;
		const offer = (field, method, params) => {
			field.df.ignore_validation = 1;
			field.get_query = () => ({ query: `cims.api.regions.${method}`, params: params() });
		};
		if (province) offer(province, "provinces", () => ({ country }));
		if (city) offer(city, "cities", () => ({ country, province: province?.get_value() || "" }));
	},
	get_indicator(doc) {
		// A small screen shows one pill for each customer: there it is the grade.
		if (frappe.is_mobile()) {
			const grade = { AAA: "blue", AA: "cyan", A: "green", B: "yellow", C: "orange", D: "red" };
			return [doc.trust_grade || "NR", grade[doc.trust_grade] || "gray", `trust_grade,=,${doc.trust_grade}`];
		}
		if (doc.trust_watch) return [__("On watch"), "orange", "trust_watch,=,1"];
		const colour = { Active: "green", Prospect: "blue", Dormant: "gray", Blocked: "red", Archived: "gray" };
		return [__(doc.status, null, "CIMS Customer"), colour[doc.status], `status,=,${doc.status}`];
	},
};
