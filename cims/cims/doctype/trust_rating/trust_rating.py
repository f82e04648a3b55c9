import frappe

from cims.ratings.guard import ReadOnlyDocument


class TrustRating(ReadOnlyDocument):
	"""A customer's present rating: see `cims.ratings.rerate`."""


def on_doctype_update():
	# For the percentile, which counts the segment's lower scores.
	frappe.db.add_index("Trust Rating", ["segment", "rated", "score"], "segment_score")
