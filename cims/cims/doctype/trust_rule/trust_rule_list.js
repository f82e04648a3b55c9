frappe.listview_settings["Trust Rule"] = {
	add_fields: ["enabled", "action", "grade", "company"],
	get_indicator({ enabled, action }) {
		if (!enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		const colour = { Nothing: "gray", Warn: "yellow", "Ask for Approval": "orange", Stop: "red" };
		return [__(action), colour[action], `action,=,${action}`];
	},
};
