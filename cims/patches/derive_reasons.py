"""Reasons, contributions and forecasts are worked out when they are shown, from sums that say more than before: the columns go,
and everybody is rated once more."""

import frappe

from cims.ratings import queue

RATING, GONE = "Trust Rating", ("reasons", "contributions", "forecast")


def execute():
	for field in GONE:
		if frappe.db.has_column(RATING, field):
			frappe.db.sql_ddl(f"ALTER TABLE `tab{RATING}` DROP COLUMN `{field}`")
	frappe.cache.hdel("table_columns", f"tab{RATING}")
	queue.add_everyone()
