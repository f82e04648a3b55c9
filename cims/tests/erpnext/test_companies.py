"""One customer in the books of two companies: a rating over both, and one by each."""

from datetime import date, timedelta

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.api import rating
from cims.erpnext.evidence import live
from cims.ratings import companies, panel, rerate, store
from cims.tests import records as ours
from cims.tests.erpnext import documents as make
from cims.tests.erpnext.records import COMPANY

START = date(2026, 2, 2)


class TestCompanies(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.second = make.second_company()

	def setUp(self):
		self.erp, self.code = make.adopted()
		self.invoices(self.erp, COMPANY, late=0)
		self.invoices(self.erp, self.second, late=40)
		live.work()
		rerate.rate(self.code)

	def invoices(self, erp: str, company: str, late: int) -> None:
		for at in range(4):
			on = START + timedelta(days=28 * at)
			due = on + timedelta(days=28)
			doc = make.invoice(erp, 5000, on, due, company=company)
			make.payment(erp, 5000, due + timedelta(days=late), (doc.name, 5000), company=company)

	def test_each_is_as_of_a_customer_with_these_documents_alone(self):
		over_all = frappe.get_doc("Trust Rating", self.code)
		good, bad = (companies.rating_of(self.code, name) for name in (COMPANY, self.second))
		self.assertGreater(good.score, over_all.score)
		self.assertLess(bad.score, over_all.score)
		erp, code = make.adopted()
		self.invoices(erp, self.second, late=40)
		live.work()
		self.assertEqual(rerate.rate(code).score, bad.score)
		# What is stored stays over all.
		self.assertEqual(frappe.db.get_value("Trust Rating", self.code, "score"), over_all.score)

	def test_what_belongs_to_no_company_counts_with_each(self):
		before = [companies.rating_of(self.code, name).score for name in (COMPANY, self.second)]
		store.record_manual(self.code, "conduct.identity_verified")
		after = [companies.rating_of(self.code, name).score for name in (COMPANY, self.second)]
		self.assertTrue(all(now > then for now, then in zip(after, before, strict=True)))

	def test_the_panel_asks_whose_books(self):
		shown = panel.trust_panel(self.code)
		self.assertEqual((shown["company"], shown["companies"]), (None, [COMPANY, self.second]))
		one = panel.trust_panel(self.code, self.second)
		self.assertEqual(set(one), set(shown))
		self.assertEqual(set(one["rating"]), set(shown["rating"]))
		self.assertEqual(one["company"], self.second)
		self.assertEqual(one["rating"]["payments"], 4)
		self.assertEqual(one["rating"]["score"], round(companies.rating_of(self.code, self.second).score, 1))
		self.assertEqual(one["curve"][-1]["score"], one["rating"]["score"])
		told = rating.company(self.code, self.second)
		self.assertEqual(round(told["score"], 1), one["rating"]["score"])

	def test_who_may_not_see_a_company(self):
		with self.assertRaisesRegex(frappe.ValidationError, "no evidence"):
			companies.view(self.code, "Nobody Ltd")
		user = ours.user("CIMS Sales")
		frappe.permissions.add_user_permission("Company", COMPANY, user)
		frappe.set_user(user)
		self.assertNotIn(self.second, companies.of(self.code))
		with self.assertRaises(frappe.ValidationError):
			companies.view(self.code, self.second)

	def tearDown(self):
		frappe.set_user("Administrator")
