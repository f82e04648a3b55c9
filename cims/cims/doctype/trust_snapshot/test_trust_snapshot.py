from frappe.tests.utils import FrappeTestCase

from cims.tests.read_only import ReadOnly


class TestTrustSnapshot(ReadOnly, FrappeTestCase):
	doctype, field, value = "Trust Snapshot", "grade", "AAA"
