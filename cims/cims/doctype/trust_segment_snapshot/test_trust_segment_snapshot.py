import frappe
from frappe.tests.utils import FrappeTestCase

from cims.ratings import snapshots
from cims.ratings.calendar import today
from cims.tests.read_only import ReadOnly, rated_customer
from cims.trust.calendar import month_ends


class TestTrustSegmentSnapshot(ReadOnly, FrappeTestCase):
	doctype, field, value = "Trust Segment Snapshot", "median", 1000

	def existing(self) -> str:
		rated_customer()
		snapshots.write_segments(month_ends(today(), 1))
		return frappe.get_all(self.doctype, pluck="name", limit=1)[0]
