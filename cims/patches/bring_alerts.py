"""The alerts of downgrades, watch and recovery, on sites that were there before them; what holds now is no news to anybody."""

import frappe

from cims.ratings import alerts


def execute() -> None:
	frappe.db.sql(
		f"UPDATE `tabTrust Rating` r SET r.told = {alerts.SAYS.format('r')} WHERE r.told IS NULL AND r.as_of IS NOT NULL"
	)
	alerts.bring()
