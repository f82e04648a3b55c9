frappe.listview_settings["Trust Override"] = {
	formatters: { grade: (grade) => cims.grade(grade) },
	get_indicator(doc) {
		const colour = {
			Requested: "orange",
			Approved: "green",
			Rejected: "red",
			Withdrawn: "gray",
			Expired: "gray",
		};
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
