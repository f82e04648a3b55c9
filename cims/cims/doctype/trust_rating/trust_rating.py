from functools import cached_property

import frappe

from cims.ratings import explained
from cims.ratings.events import dump
from cims.ratings.guard import ReadOnlyDocument


class TrustRating(ReadOnlyDocument):
	"""A customer's present rating: see `cims.ratings.rerate`. reasons, contributions: JSON, worked out when they are asked for."""

	@cached_property
	def _explained(self) -> explained.Explained:
		return explained.of_one(self.name)

	@property
	def reasons(self) -> str:
		return dump(self._explained.reasons)

	@property
	def contributions(self) -> str:
		return dump(self._explained.contributions)


def on_doctype_update():
	# For the percentile, which counts the segment's lower scores.
	frappe.db.add_index("Trust Rating", ["segment", "rated", "score"], "segment_score")
