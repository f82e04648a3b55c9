import frappe

from cims.ratings import events
from cims.ratings.guard import ReadOnlyDocument


class TrustEvidence(ReadOnlyDocument):
	"""One thing that happened, kept for ever: see `cims.ratings.store`."""


def on_doctype_update():
	# The identity of evidence: feeding the same event twice changes nothing.
	frappe.db.add_unique("Trust Evidence", ["source_doctype", "source_name", "source_event"], "unique_source")
	# All that a rating reads of a customer's rows, so that rating many never touches the rows themselves.
	frappe.db.add_index("Trust Evidence", events.HISTORY, events.HISTORY_INDEX)
	# And narrow, so that the last rows of a customer are read in the order of their days and names: the timeline.
	frappe.db.add_index("Trust Evidence", ["customer", "occurred_on"], "customer_occurred_on")
	if frappe.db.has_index("tabTrust Evidence", "customer_occurred_on_index"):
		frappe.db.sql_ddl("ALTER TABLE `tabTrust Evidence` DROP INDEX `customer_occurred_on_index`")
	frappe.db.add_index("Trust Evidence", ["kind", "occurred_on"])
	# The feed of the REST interface is read in the order in which rows came in.
	frappe.db.add_index("Trust Evidence", ["creation", "name"])
