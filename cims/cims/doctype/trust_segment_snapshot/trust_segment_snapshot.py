import frappe

from cims.ratings.guard import ReadOnlyDocument


class TrustSegmentSnapshot(ReadOnlyDocument):
	"""Where the middle half of a segment stood on a day: see `cims.ratings.snapshots`."""


def on_doctype_update():
	frappe.db.add_unique("Trust Segment Snapshot", ["segment", "day"], "unique_segment_day")
