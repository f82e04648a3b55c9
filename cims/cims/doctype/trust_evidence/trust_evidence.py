import frappe

from cims import indexes
from cims.ratings import events
from cims.ratings.guard import ReadOnlyDocument


class TrustEvidence(ReadOnlyDocument):
	"""One thing that happened, kept for ever: see `cims.ratings.store`."""


def on_doctype_update():
	# The identity of evidence: feeding the same event twice changes nothing.
	frappe.db.add_unique("Trust Evidence", ["source_doctype", "source_name", "source_event"], "unique_source")
	indexes.bring(
		"Trust Evidence",
		{
			# All that a rating reads of a customer's rows, so that rating many never touches the rows themselves.
			events.HISTORY_INDEX: events.HISTORY,
			# The last rows of a customer in the order of their days and names: the timeline.
			"customer_occurred_on": ("customer", "occurred_on"),
			"kind_occurred_on_index": ("kind", "occurred_on"),
			# The feed of the REST interface is read in the order in which rows came in.
			"creation_name_index": ("creation", "name"),
		},
		retired=("customer_occurred_on_index",),
	)
