"""Sites that were there before restore drills have no answer to how often yet: as new sites have it."""

import frappe

SETTINGS, FIELDS = "CIMS Settings", ("restore_drill", "alert_role")


def execute():
	for field in FIELDS:
		if not frappe.db.get_single_value(SETTINGS, field):
			frappe.db.set_single_value(SETTINGS, field, frappe.get_meta(SETTINGS).get_field(field).default)
