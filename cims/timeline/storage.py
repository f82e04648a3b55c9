"""The indexes of a timeline: those on tables that aren't ours, and which ones the site has."""

import frappe

from cims import indexes
from cims.timeline.branches import INDEX, TICKETS

KEY = "cims_indexes"
COLUMNS = {
	"Comment": ("reference_doctype", "reference_name", "comment_type", "creation"),
	"Communication": ("reference_doctype", "reference_name", "communication_date"),
	"Event Participants": ("reference_doctype", "reference_docname"),
	"Version": ("ref_doctype", "docname", "creation"),
	**dict.fromkeys(TICKETS, ("contact", "creation")),
}


def bring(app: str | None = None) -> None:
	"""Give the tables that the site has the index without which a timeline would read and sort a customer's whole history.

	A hook of `after_migrate` and `after_app_install`.
	"""
	for doctype, columns in COLUMNS.items():
		if frappe.db.table_exists(doctype) and all(frappe.db.has_column(doctype, name) for name in columns):
			indexes.bring(doctype, {INDEX: columns})
	forget()


def take_away() -> None:
	"""Leave the tables as they were before us."""
	for doctype in COLUMNS:
		if frappe.db.table_exists(doctype):
			indexes.bring(doctype, {}, retired=(INDEX,))
	forget()


def there() -> set[str]:
	"""The names of all indexes of the site's tables, remembered until its cache is cleared, as a migration does."""

	def names() -> set[str]:
		return {
			name
			for (name,) in frappe.db.sql(
				"SELECT DISTINCT index_name FROM information_schema.statistics WHERE table_schema = DATABASE()"
			)
		}

	return frappe.cache.get_value(KEY, names)


def forget() -> None:
	"""Look again which indexes there are. A hook of `clear_cache`."""
	frappe.cache.delete_value(KEY)
