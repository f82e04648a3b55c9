const COLOURS = {
	Draft: "gray",
	Queued: "orange",
	Checking: "orange",
	Checked: "blue",
	Importing: "orange",
	Stopped: "yellow",
	Imported: "green",
	Undoing: "orange",
	Undone: "gray",
	Failed: "red",
};

frappe.listview_settings["CIMS Import"] = {
	get_indicator: (doc) => [__(doc.status), COLOURS[doc.status], `status,=,${doc.status}`],
};
