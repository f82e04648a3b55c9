from frappe.tests.utils import FrappeTestCase

from cims.tests.read_only import ReadOnly


class TestTrustRating(ReadOnly, FrappeTestCase):
	doctype, field, value = "Trust Rating", "score", 1000
