frappe.listview_settings["Trust Rating"] = {
	hide_name_column: true,
	add_fields: ["rated", "has_change_90d"],
	formatters: {
		grade: (grade) => cims.grade(grade),
		score: (score, _field, doc) => (doc.rated ? format_number(score, null, 0) : "–"),
		change_90d: (moved, _field, doc) => (doc.has_change_90d ? cims.change(moved) : "–"),
	},
	get_indicator(doc) {
		if (doc.watch) return [__("On watch"), "orange", "watch,=,1"];
		return doc.rated ? [__("Rated"), "green", "rated,=,1"] : [__("Not rated"), "gray", "rated,=,0"];
	},
};
