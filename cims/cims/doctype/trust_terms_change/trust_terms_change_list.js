frappe.listview_settings["Trust Terms Change"] = {
	add_fields: ["status", "currency"],
	get_indicator: ({ status }) => [__(status), status === "Applied" ? "green" : "gray", `status,=,${status}`],
	onload(list) {
		if (!frappe.user.has_role(["CIMS Manager", "System Manager"])) return;
		list.page.add_actions_menu_item(
			__("Undo"),
			async () => {
				const changes = JSON.stringify(list.get_checked_items(true));
				const { undone, skipped } = await frappe.xcall("cims.api.terms.undo", { changes });
				const said = [__("Taken back for {0} customers.", [undone.length])];
				said.push(...skipped.map(({ customer, reason }) => `${customer}: ${reason}`));
				frappe.msgprint(said.map((text) => frappe.utils.escape_html(text)).join("<br>"));
				list.refresh();
			},
			true,
		);
	},
};
