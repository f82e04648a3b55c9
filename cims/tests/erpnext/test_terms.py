"""Suggested credit limits and payment terms: worked out, applied by who may, and taken back."""

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.erpnext.acting import terms
from cims.tests.conftest import make_user
from cims.tests.erpnext import records, selling

CHANGE = "Trust Terms Change"


def limit_of(customer: str) -> float | None:
	filters = {"parent": customer, "parenttype": "Customer", "company": records.COMPANY}
	return frappe.db.get_value("Customer Credit Limit", filters, "credit_limit")


def terms_of(customer: str) -> str | None:
	return frappe.db.get_value("Customer", customer, "payment_terms")


class TestTerms(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# First, for making a user commits.
		cls.sales, cls.viewer = make_user("CIMS Sales", "Sales Master Manager"), make_user("CIMS Viewer")
		cls.manager = make_user("CIMS Manager")
		cls.applier = make_user("CIMS Manager", "Sales Master Manager", "Accounts User")

	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.set_single_value("CIMS Settings", "default_currency", records.CURRENCY)
		frappe.clear_document_cache("CIMS Settings", "CIMS Settings")
		self.customer, self.code = selling.rated("A", limit=30000, days=45)

	def tearDown(self):
		frappe.set_user("Administrator")

	def apply(self, *customers: str, limit: bool = True, days: bool = True) -> dict:
		return terms.apply(customers or [self.customer], records.COMPANY, limit, days)

	def test_what_is_suggested_says_how_it_was_worked_out(self):
		(found,) = terms.suggestions([self.customer], records.COMPANY)
		self.assertEqual(
			(found.limit, found.credit_days, found.limit_now, found.terms_now), (30000, 45, None, None)
		)
		self.assertIn("30,000", found.working)
		self.assertIn("grade A", found.working)
		self.assertIn("45 days", found.working)

	def test_the_unrated_are_suggested_nothing(self):
		unrated, _code = selling.rated("NR")
		self.assertEqual(terms.suggestions([unrated], records.COMPANY), [])
		self.assertEqual(self.apply(unrated)["skipped"][0]["customer"], unrated)

	def test_applied_and_taken_back(self):
		found = self.apply()
		self.assertEqual(limit_of(self.customer), 30000)
		template = frappe.get_doc("Payment Terms Template", terms_of(self.customer))
		self.assertEqual([(row.credit_days, row.invoice_portion) for row in template.terms], [(45, 100)])
		change = frappe.get_doc(CHANGE, found["applied"][0])
		self.assertEqual(
			(change.customer, change.new_limit, change.had_limit, change.grade), (self.code, 30000, 0, "A")
		)
		self.assertEqual(terms.undo(found["applied"]), {"undone": found["applied"], "skipped": []})
		self.assertIsNone(limit_of(self.customer))
		self.assertIsNone(terms_of(self.customer))
		self.assertEqual(frappe.db.get_value(CHANGE, change.name, "status"), "Undone")
		self.assertIn("already", terms.undo(found["applied"])["skipped"][0]["reason"])

	def test_a_limit_that_was_there_comes_back(self):
		doc = frappe.get_doc("Customer", self.customer)
		doc.append(
			"credit_limits",
			{"company": records.COMPANY, "credit_limit": 12000, "bypass_credit_limit_check": 1},
		)
		doc.save()
		found = self.apply(days=False)
		self.assertEqual((limit_of(self.customer), terms_of(self.customer)), (30000, None))
		terms.undo(found["applied"])
		self.assertEqual(limit_of(self.customer), 12000)

	def test_what_others_changed_since_is_left(self):
		found = self.apply()
		doc = frappe.get_doc("Customer", self.customer)
		doc.credit_limits[0].credit_limit = 31000
		doc.save()
		refused = terms.undo(found["applied"])
		self.assertEqual(refused["undone"], [])
		self.assertIn("31,000", refused["skipped"][0]["reason"])
		self.assertEqual(limit_of(self.customer), 31000)

	def test_one_that_erpnext_refuses_holds_up_no_other(self):
		owing, _code = selling.rated("B", limit=1000)
		selling.invoice(owing, 5000)
		found = self.apply(self.customer, owing, days=False)
		self.assertEqual(len(found["applied"]), 1)
		self.assertIn("5000", found["skipped"][0]["reason"])
		self.assertIsNone(limit_of(owing))

	def test_no_credit_is_not_applied_as_no_limit(self):
		poor, _code = selling.rated("D", limit=0)
		found = self.apply(poor, days=False)
		self.assertEqual(found["applied"], [])
		self.assertIn("limit of 0", found["skipped"][0]["reason"])

	def test_applying_again_changes_nothing(self):
		self.apply()
		self.assertEqual(self.apply()["applied"], [])

	def test_only_with_role_and_right(self):
		for user in (self.sales, self.viewer):
			frappe.set_user(user)
			self.assertRaises(frappe.PermissionError, self.apply)
			self.assertRaises(frappe.PermissionError, terms.undo, ["TRM-00001"])
		frappe.set_user(self.manager)
		self.assertEqual(self.apply()["applied"], [])
		frappe.set_user(self.applier)
		self.assertEqual(len(self.apply()["applied"]), 1)

	def test_other_currencies_are_not_mixed(self):
		settings = frappe.get_single("CIMS Settings")
		settings.default_currency = "USD"
		settings.save()
		(found,) = terms.suggestions([self.customer], records.COMPANY)
		self.assertIsNone(found.limit)
		self.assertIn("USD", self.apply(days=False)["skipped"][0]["reason"])
