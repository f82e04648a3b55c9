import frappe
from frappe import client
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from cims.ratings import overrides, panel, rerate
from cims.tests import records
from cims.tests.read_only import rated_customer
from cims.tests.timeline import on


class TestTrustOverride(FrappeTestCase):
	def setUp(self):
		self.customer = rated_customer()
		self.sales, self.manager = records.user("CIMS Sales"), records.user("CIMS Manager")

	def request(self, grade: str = "AAA", days: int = 30, user: str | None = None, **values):
		with self.set_user(user or self.sales):
			return frappe.get_doc(
				{
					"doctype": "Trust Override", "customer": self.customer, "grade": grade, "reason": "Parent guarantees",
					"expires_on": add_days(nowdate(), days), **values,
				}
			).insert()  # fmt: skip

	def refused(self, error, act, *args, **kwargs):
		frappe.db.savepoint("refused")
		with self.assertRaises(error):
			act(*args, **kwargs)
		frappe.db.rollback(save_point="refused")

	def grades(self) -> tuple[str, str]:
		rerate.rate(self.customer)
		return frappe.db.get_value("Trust Rating", self.customer, ["grade", "computed_grade"])

	def test_it_is_asked_for_with_reason_and_expiry(self):
		for wrong in (
			{"reason": None}, {"expires_on": None}, {"days": 0}, {"days": -1}, {"days": 366}, {"grade": "AAAA"}, {"grade": "NR"},
		):  # fmt: skip
			self.refused(frappe.ValidationError, self.request, **wrong)
		self.assertTrue(self.request(days=365).name)
		self.assertEqual(self.request(status="Approved", approver=self.manager).status, "Requested")

	def test_the_computed_grade_stays_beside_the_approved_one(self):
		computed = self.grades()[1]
		doc = self.request()
		self.assertEqual(doc.computed_grade, computed)
		self.assertEqual(self.grades(), (computed, computed))
		with self.set_user(self.manager):
			overrides.approve(doc.name, "Seen the guarantee")
		self.assertEqual(self.grades(), ("AAA", computed))
		self.assertEqual(frappe.db.get_value("CIMS Customer", self.customer, "trust_grade"), "AAA")
		shown = panel.trust_panel(self.customer)["rating"]
		self.assertEqual(
			(shown["grade"], shown["computed_grade"], shown["override"]["approver"]),
			("AAA", computed, self.manager),
		)
		with self.set_user(self.sales):
			overrides.withdraw(doc.name)
		self.assertEqual(self.grades(), (computed, computed))

	def test_nobody_decides_on_their_own_request(self):
		for user in (self.manager, "Administrator"):
			doc = self.request(user=user)
			with self.set_user(user):
				self.refused(frappe.PermissionError, overrides.approve, doc.name)
				self.refused(frappe.PermissionError, overrides.reject, doc.name)
		doc = self.request()
		with self.set_user(self.sales):
			self.refused(frappe.PermissionError, overrides.approve, doc.name)
		for role in ("CIMS Service", "CIMS Viewer", "CIMS Auditor"):
			with self.set_user(records.user(role)):
				self.refused(frappe.PermissionError, overrides.approve, doc.name)
				self.refused(frappe.PermissionError, overrides.withdraw, doc.name)
				self.refused(frappe.PermissionError, self.request, user=records.user(role))

	def test_the_author_is_who_asked_whatever_the_request_says(self):
		doc = self.request(user=self.manager, owner=self.sales)
		self.assertEqual(doc.owner, self.manager)
		with self.set_user(self.manager):
			doc.owner = self.sales
			doc.save()
			self.refused(frappe.PermissionError, overrides.approve, doc.name)
		self.assertEqual(frappe.db.get_value("Trust Override", doc.name, "owner"), self.manager)

	def test_who_rewrites_a_request_can_t_be_its_approver(self):
		doc = self.request(grade="B")
		with self.set_user(self.manager):
			doc = frappe.get_doc("Trust Override", doc.name)
			doc.grade = "AAA"
			self.refused(frappe.PermissionError, doc.save)

	def test_decided_ones_stay_as_they_are(self):
		doc = self.request()
		with self.set_user(self.manager):
			overrides.approve(doc.name)
		doc.reload()
		doc.expires_on = add_days(nowdate(), 300)
		self.refused(frappe.PermissionError, doc.save, ignore_permissions=True)
		doc.reload()
		self.refused(frappe.PermissionError, doc.db_set, "grade", "D")
		self.refused(
			frappe.PermissionError, client.set_value, "Trust Override", doc.name, "status", "Requested"
		)
		self.refused(frappe.PermissionError, frappe.delete_doc, "Trust Override", doc.name, force=True)
		self.refused(frappe.ValidationError, overrides.approve, doc.name)
		other = self.request()
		with self.set_user(self.sales):
			client.set_value("Trust Override", other.name, "status", "Approved")
		self.assertEqual(frappe.db.get_value("Trust Override", other.name, "status"), "Requested")
		with self.set_user(self.manager):
			overrides.reject(other.name, "No guarantee")
		self.assertEqual(self.grades()[0], "AAA")

	def test_a_new_one_replaces_the_one_before(self):
		first, second = self.request(), self.request(grade="D")
		with self.set_user(self.manager):
			overrides.approve(first.name)
			overrides.approve(second.name)
		self.assertEqual(frappe.db.get_value("Trust Override", first.name, "status"), "Withdrawn")
		self.assertEqual(self.grades()[0], "D")

	def test_it_expires_whether_or_not_the_night_has_passed(self):
		computed = self.grades()[1]
		doc = self.request(days=10)
		with self.set_user(self.manager):
			overrides.approve(doc.name)
		self.assertEqual(self.grades()[0], "AAA")
		with on(add_days(nowdate(), 10)):
			self.assertEqual(self.grades()[0], "AAA")
		with on(add_days(nowdate(), 11)):
			shown = panel.trust_panel(self.customer)["rating"]
			self.assertEqual((shown["grade"], shown["override"]), (shown["computed_grade"], None))
			self.assertEqual(overrides.expire(), 1)
			self.assertEqual(self.grades()[0], computed)
		self.assertEqual(frappe.db.get_value("Trust Override", doc.name, "status"), "Expired")

	def test_too_late_to_approve(self):
		doc = self.request(days=5)
		with on(add_days(nowdate(), 6)), self.set_user(self.manager):
			self.refused(frappe.ValidationError, overrides.approve, doc.name)
