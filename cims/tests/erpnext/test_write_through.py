"""What is changed on our customer and ERPNext owns is changed in ERPNext, by its rules, or not at all."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import get_datetime

from cims.duplicates import merging
from cims.erpnext import CUSTOMER, LINK, OURS, adoption, follow
from cims.tests import records as ours_records
from cims.tests.erpnext import records

CODE = ours_records.credit_code()


class TestWriteThrough(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer()
		self.ours = frappe.get_doc(OURS, {LINK: self.customer.name})

	def tearDown(self):
		frappe.set_user("Administrator")

	def theirs(self, *fields):
		return frappe.db.get_value(CUSTOMER, self.customer.name, fields)

	def test_in_the_same_transaction(self):
		self.ours.update(
			{"customer_name": "Riverside", "credit_code": CODE, "website": "riverside.example.com"}
		)
		self.ours.save()
		self.assertEqual(
			self.theirs("customer_name", "tax_id", "website"),
			("Riverside", CODE, "https://riverside.example.com"),
		)
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists(CUSTOMER, self.customer.name))

	def test_it_comes_back_once(self):
		modified = self.theirs("modified")
		self.ours.notes = "Ours alone"
		self.ours.save()
		self.assertEqual(self.theirs("modified"), modified)
		self.ours.customer_name = "Riverside"
		self.ours.save()
		self.assertEqual(adoption.adopt([self.customer.name]), adoption.Outcome())
		self.assertEqual(frappe.get_doc(OURS, self.ours.name).modified, get_datetime(self.ours.modified))

	def test_status_is_disabled_and_frozen(self):
		seen = []
		for status in ("Archived", "Blocked", "Active", "Prospect"):
			self.ours.status = status
			self.ours.save()
			seen.append(self.theirs("disabled", "is_frozen"))
		self.assertEqual(seen, [(1, 0), (0, 1), (0, 0), (0, 0)])
		self.assertEqual(self.ours.status, "Prospect")

	def test_erpnexts_validation_holds(self):
		self.customer.append(
			"sales_team", {"sales_person": records.root("Sales Person"), "allocated_percentage": 100}
		)
		self.customer.save()
		frappe.db.set_value("Sales Team", self.customer.sales_team[0].name, "allocated_percentage", 40)
		self.ours.reload()
		self.ours.customer_name = "Riverside"
		with self.assertRaisesRegex(frappe.ValidationError, "100"):
			self.ours.save()
		self.ours.reload()
		self.assertNotEqual(self.ours.customer_name, "Riverside")

	def test_what_erpnext_takes_from_contact_and_address(self):
		for field, value in (("email", "a@example.com"), ("country", "China")):
			self.ours.reload()
			self.ours.set(field, value)
			with self.assertRaisesRegex(frappe.ValidationError, "Change it there"):
				self.ours.save()

	def test_a_group_that_erpnext_doesnt_have(self):
		group = frappe.get_doc({"doctype": "CIMS Customer Group", "group_name": "Only ours"}).insert()
		self.ours.customer_group = group.name
		with self.assertRaisesRegex(frappe.LinkValidationError, "Only ours"):
			self.ours.save()

	def test_the_users_own_rights(self):
		frappe.set_user(ours_records.user("CIMS Sales"))
		doc = frappe.get_doc(OURS, self.ours.name)
		doc.notes = "Ours alone"
		doc.save()
		doc.run_method("onload")
		self.assertIn("customer_name", doc.get_onload("erpnext")["fixed"])
		doc.customer_name = "Riverside"
		with self.assertRaises(frappe.PermissionError):
			doc.save()

	def test_no_lost_update(self):
		"""Seen on our form: the customer as it was before ERPNext changed it."""
		self.customer.website = "https://new.example.com"
		self.customer.save()
		self.ours.customer_name = "Riverside"
		with self.assertRaises(frappe.TimestampMismatchError):
			self.ours.save()

	def test_no_lost_update_past_the_documents(self):
		frappe.db.set_value(CUSTOMER, self.customer.name, "website", "https://new.example.com")
		self.ours.customer_name = "Riverside"
		self.ours.save()
		self.assertEqual(
			(self.ours.website, *self.theirs("customer_name", "website")),
			("https://new.example.com", "Riverside", "https://new.example.com"),
		)
		frappe.db.set_value(CUSTOMER, self.customer.name, "website", "https://newer.example.com")
		self.ours.website = "https://other.example.com"
		with self.assertRaises(frappe.TimestampMismatchError):
			self.ours.save()
		self.assertEqual(self.theirs("website"), "https://newer.example.com")

	def test_the_link_is_nobodys_to_choose(self):
		other = records.customer()
		self.ours.set(LINK, other.name)
		self.ours.save()
		self.assertEqual(self.ours.get(LINK), self.customer.name)
		new = ours_records.customer(**{LINK: self.customer.name})
		self.assertIsNone(new.get(LINK))

	def test_ours_neither_goes_nor_merges_without_erpnexts(self):
		with self.assertRaises(frappe.LinkExistsError):
			frappe.delete_doc(OURS, self.ours.name)
		alone = ours_records.customer()
		with self.assertRaisesRegex(frappe.ValidationError, "Merge it there"):
			merging.merge(alone.name, self.ours.name)
		merging.merge(self.ours.name, alone.name)
		self.assertEqual(frappe.db.get_value(OURS, self.ours.name, LINK), self.customer.name)

	def test_sets_of_ours_give_way(self):
		from cims.customers import derived

		frappe.db.set_value(OURS, self.ours.name, "customer_name", "Written past the document")
		derived.refresh([self.ours.name])
		self.ours.reload()
		self.assertEqual(self.ours.customer_name, self.customer.customer_name)

	def test_no_loop(self):
		calls = []
		plain = follow.adoption.adopt
		follow.adoption.adopt = lambda names: calls.append(names) or plain(names)
		try:
			self.ours.customer_name = "Riverside"
			self.ours.save()
		finally:
			follow.adoption.adopt = plain
		self.assertEqual(calls, [])
