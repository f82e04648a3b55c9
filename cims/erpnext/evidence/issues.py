"""Issues: what a customer complained of and was settled. While an Issue is open, it says nothing yet."""

from collections.abc import Collection, Iterator

import frappe

from cims.erpnext.evidence.rows import event, select
from cims.trust import kinds
from cims.trust.evidence import Evidence

ISSUE = "Issue"
# Its name now, and in earlier releases of version 15.
RESOLVED = ("sla_resolution_date", "resolution_date")


def events(customers: Collection[str] | None, names: Collection[str] | None) -> Iterator[Evidence]:
	"""The day is that of the resolution where a service level agreement keeps it, else that of the complaint: an Issue changes
	even after its end, so that the day of its last change would not stay."""
	resolved = next(field for field in RESOLVED if frappe.get_meta(ISSUE).has_field(field))
	for row in select(
		f"d.name, d.company, COALESCE(DATE(d.`{resolved}`), d.opening_date) AS day",
		"`tabIssue` d {ours} WHERE d.status IN ('Resolved', 'Closed') AND d.opening_date IS NOT NULL",
		customers,
		names,
	):
		yield event(row, ISSUE, kinds.COMPLAINT_BY, row.day)
