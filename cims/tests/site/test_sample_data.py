"""The sample data: the same every time, consistent as if every document had been submitted, and gone without a trace."""

from datetime import date, timedelta

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.customers import identity
from cims.customers.sample import behaviour, logins, records, rows
from cims.customers.sample.people import People
from cims.receivables import ledger
from cims.tests import records as made

CUSTOMERS = 40
LAST_DAY = date(2025, 6, 30)
TABLES = (
	*records.MARKED,
	rows.ITEM,
	rows.ALLOCATION,
	"Contact",
	"Dynamic Link",
	"Trust Evidence",
	"Trust Rating",
	"User",
)


def rows_of(maker) -> str:
	maker.choose_managers()
	maker.take_numbers()
	return repr([rows for _doctype, _fields, rows in maker.tables()])


class TestSampleData(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# Whatever the site has is set aside until the rollback.
		for doctype in records.MARKED:
			frappe.db.set_value(doctype, {"sample_data": 1}, "sample_data", 0, update_modified=False)
		records._note(None)
		cls.series = dict(frappe.db.sql("SELECT name, current FROM tabSeries"))
		cls.before = {doctype: frappe.db.count(doctype) for doctype in TABLES}
		# Another seed than that of a site's own sample data, or identity numbers would be there twice.
		records.insert(CUSTOMERS, LAST_DAY, seed=4711)

	def sample(self, doctype, **filters):
		return [
			frappe.get_doc(doctype, name)
			for name in frappe.get_all(doctype, {"sample_data": 1, **filters}, pluck="name")
		]

	def test_1_what_is_made(self):
		counts = records.count()
		self.assertEqual(counts["CIMS Customer"], CUSTOMERS)
		self.assertGreater(counts["CIMS Order"], 10 * CUSTOMERS)
		self.assertGreater(counts["CIMS Payment"], 8 * CUSTOMERS)
		for status in ("Cancelled", "Delivered"):
			self.assertTrue(frappe.db.exists("CIMS Order", {"sample_data": 1, "status": status}), status)
		for login in logins.LOGINS:
			self.assertTrue(frappe.db.exists("User", logins.address(login)))
		records.insert(CUSTOMERS, LAST_DAY)
		self.assertEqual(records.count(), counts)

	def test_2_customers_pass_their_own_checks(self):
		for doc in self.sample("CIMS Customer"):
			before = doc.as_dict(convert_dates_to_str=True)
			doc.load_doc_before_save()
			doc.run_method("validate")
			self.assertEqual(doc.as_dict(convert_dates_to_str=True), before)

	def test_3_orders_stand_where_their_documents_would_put_them(self):
		orders = self.sample("CIMS Order")
		cleared = ledger.allocated([doc.name for doc in orders], "Cleared")
		for doc in orders:
			self.assertAlmostEqual(
				doc.grand_total, sum(row.qty * row.rate for row in doc.items) - doc.discount_amount, 2
			)
			if doc.docstatus == 1:
				should = ledger.fields_of(ledger.standing_of(doc, cleared[doc.name]))
				self.assertEqual({field: doc.get(field) for field in should}, should, doc.name)
			for day in (
				doc.delivery_date,
				doc.settled_on,
				doc.returned_on,
				doc.disputed_from,
				doc.written_off_on,
			):
				self.assertTrue(day is None or doc.order_date <= day <= LAST_DAY, doc.name)
		for doc in self.sample("CIMS Payment"):
			self.assertAlmostEqual(doc.amount, sum(row.allocated_amount for row in doc.allocations), 2)
			self.assertLessEqual(doc.payment_date, LAST_DAY)

	def test_4_a_sample_order_goes_on_like_any_other(self):
		long_due = {
			"outstanding_amount": (">", 0),
			"due_date": ("<", LAST_DAY - timedelta(days=60)),
			"docstatus": 1,
		}
		name = frappe.get_all("CIMS Order", {"sample_data": 1, **long_due}, pluck="name")[0]
		doc = frappe.get_doc("CIMS Order", name)
		frappe.db.set_value("CIMS Customer", doc.customer, "status", "Active")
		made.payment(doc.customer, 1, (name, 1))
		self.assertEqual(
			frappe.db.get_value("CIMS Order", name, "outstanding_amount"),
			round(doc.outstanding_amount - 1, 2),
		)
		added = records.added_by_people([doc.customer], records.noted()["contacts"])
		self.assertEqual(added, {doc.customer: ["CIMS Payment"]})

	def test_5_what_people_added_stays_and_the_rest_goes(self):
		names = frappe.get_all("CIMS Customer", {"sample_data": 1, "status": "Prospect"}, pluck="name")
		commented = names[0]
		frappe.get_doc("CIMS Customer", commented).add_comment("Comment", "Call back")
		removed = records.remove()
		self.assertEqual(removed.kept[commented], ["Comment"])
		self.assertEqual(len(removed.kept), 2)
		self.assertEqual(frappe.db.count("CIMS Customer", {"sample_data": 1}), 2)
		self.assertEqual(removed.counts["CIMS Customer"], CUSTOMERS - 2)

		frappe.db.delete("Comment", {"reference_doctype": "CIMS Customer", "reference_name": commented})
		frappe.db.delete("CIMS Payment", {"customer": ("in", list(removed.kept)), "sample_data": 0})
		frappe.db.sql(
			"DELETE a FROM `tabCIMS Payment Allocation` a LEFT JOIN `tabCIMS Payment` p ON p.name = a.parent WHERE p.name IS NULL"
		)
		self.assertEqual(records.remove().kept, {})
		self.assertEqual({doctype: frappe.db.count(doctype) for doctype in TABLES}, self.before)
		self.assertEqual(records.noted(), {})
		now = dict(
			frappe.db.sql("SELECT name, current FROM tabSeries WHERE name LIKE 'SO-%%' OR name = 'C-'")
		)
		self.assertEqual(now, {name: current for name, current in self.series.items() if name in now})


class TestTheSameEveryTime(FrappeTestCase):
	def test_rows(self):
		def made_anew():
			frappe.db.delete("Series", {"name": ("like", "%-")})
			return rows_of(rows.Maker(25, LAST_DAY, 7).make())

		self.assertEqual(made_anew(), made_anew())

	def test_people_have_right_numbers(self):
		people = People(7, LAST_DAY)
		for person in (people.make() for _ in range(200)):
			fields = person.fields
			if fields.get("resident_id"):
				self.assertEqual(identity.resident_id(fields["resident_id"]), fields["resident_id"])
				self.assertEqual(identity.birth_date_of(fields["resident_id"]), fields["birth_date"])
			if fields.get("credit_code"):
				self.assertEqual(identity.credit_code(fields["credit_code"]), fields["credit_code"])

	def test_every_kind_of_behaviour_is_there(self):
		import random

		made = behaviour.profiles(500, random.Random(1))
		self.assertEqual(len(made), 500)
		self.assertEqual({p.name for p in made}, {p.name for p in behaviour.PROFILES})
		self.assertAlmostEqual(sum(p.share for p in behaviour.PROFILES), 1)
