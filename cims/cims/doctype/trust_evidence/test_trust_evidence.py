import frappe
from frappe.tests.utils import FrappeTestCase

from cims.tests.read_only import ReadOnly
from cims.trust import kinds


class TestTrustEvidence(ReadOnly, FrappeTestCase):
	doctype, field, value = "Trust Evidence", "value", 1.0

	def test_its_kinds_and_dimensions_are_those_of_the_engine(self):
		meta = frappe.get_meta("Trust Evidence")
		stored = [
			kind.name
			for kind in kinds.KINDS
			if kind.dimension != kinds.EXPOSURE and kind.name not in kinds.OF_THE_DAY
		]
		self.assertEqual(meta.get_field("kind").options.split("\n"), stored)
		self.assertEqual(meta.get_field("dimension").options.split("\n"), list(kinds.DIMENSIONS))
		self.assertEqual(
			frappe.get_meta("Trust Policy Dimension").get_field("dimension").options.split("\n"),
			list(kinds.DIMENSIONS),
		)
