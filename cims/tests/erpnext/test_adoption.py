"""Every customer of ERPNext has one of ours, in sets and one by one, and they stay in line."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, get_datetime

from cims.erpnext import CUSTOMER, LINK, OURS, adoption, follow, links, mapping
from cims.search import find
from cims.tests import records as ours_records
from cims.tests.erpnext import records

CODE = ours_records.credit_code()
OTHER_CODE = ours_records.credit_code("91440101MA59ABCE7")


def ours(erp: str):
	"""Our customer of one of ERPNext's."""
	return frappe.get_doc(OURS, {LINK: erp})


def found(text: str) -> list[str]:
	return [hit.customer for hit in find.customers(text, 5)[0]]


def owned(erp: str) -> dict:
	doc = ours(erp)
	return {field: doc.get(field) or None for field in mapping.OWNED}


class AdoptionCase(FrappeTestCase):
	def customer(self, **values):
		return records.customer(**values)

	def address(self, customer, **values):
		"""A primary address of ERPNext's customer."""
		doc = frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": customer.customer_name,
				"address_type": "Billing",
				"address_line1": "Tianhe Road 1",
				"city": "广州市",
				"state": "广东省",
				"country": "China",
				"links": [{"link_doctype": CUSTOMER, "link_name": customer.name}],
				**values,
			}
		).insert()
		customer.reload()
		customer.customer_primary_address = doc.name
		customer.save()
		return doc


class TestFollowing(AdoptionCase):
	def test_a_new_customer_is_ours_at_once(self):
		customer = self.customer(
			tax_id=CODE.lower(),
			website="example.com",
			industry=None,
			mobile_no="138 0013 8000",
			email_id="a@Example.com",
		)
		doc = ours(customer.name)
		self.assertRegex(doc.name, r"^C-\d+$")
		self.assertEqual(doc.code, doc.name)
		self.assertEqual(
			(
				doc.customer_name,
				doc.customer_type,
				doc.customer_group,
				doc.status,
				doc.credit_code,
				doc.website,
			),
			(
				customer.customer_name,
				"Company",
				customer.customer_group,
				"Active",
				CODE,
				"https://example.com",
			),
		)
		self.assertEqual((doc.mobile, doc.email), ("+8613800138000", "a@example.com"))
		self.assertEqual(doc.trust_grade, "NR")
		self.assertEqual(doc.owner, customer.owner)
		self.assertEqual(get_datetime(doc.creation), get_datetime(customer.creation))
		doc.save()

	def test_what_isnt_good_is_left_out_and_stays_erpnexts(self):
		customer = self.customer(tax_id="DE 123", website="", mobile_no="12", customer_type="Partnership")
		doc = ours(customer.name)
		self.assertEqual((doc.credit_code, doc.mobile, doc.customer_type), (None, None, "Company"))
		doc.notes = "Ours"
		doc.save()
		doc.website = "https://example.com"
		doc.save()
		customer.reload()
		self.assertEqual(
			(customer.tax_id, customer.customer_type, customer.website),
			("DE 123", "Partnership", "https://example.com"),
		)

	def test_changes_follow_and_only_those_that_matter(self):
		customer = self.customer()
		code = ours(customer.name).name
		customer.customer_name = "Zanzibar Cloves"
		customer.save()
		self.assertEqual(frappe.db.get_value(OURS, code, "customer_name"), "Zanzibar Cloves")
		# Search and duplicates follow as the last thing that the transaction does.
		frappe.db.before_commit.run()
		self.assertEqual(found("zanzibar cloves"), [code])
		before = frappe.db.get_value(OURS, code, "modified")
		customer.customer_details = "Nothing that we keep"
		customer.save()
		with self.assertQueryCount(0):
			follow.customer_changed(customer)
		self.assertEqual(frappe.db.get_value(OURS, code, "modified"), before)

	def test_disabled_and_frozen(self):
		customer = self.customer()
		seen = []
		for disabled, frozen in ((1, 0), (1, 1), (0, 1), (0, 0)):
			customer.update({"disabled": disabled, "is_frozen": frozen})
			customer.save()
			seen.append(ours(customer.name).status)
		self.assertEqual(seen, ["Archived", "Archived", "Blocked", "Active"])

	def test_another_type_clears_what_belongs_to_the_first(self):
		customer = self.customer(tax_id=CODE)
		doc = ours(customer.name)
		doc.legal_name = "Riverside Holding"
		doc.save()
		customer.reload()
		customer.customer_type = "Individual"
		customer.save()
		doc.reload()
		self.assertEqual((doc.customer_type, doc.legal_name, doc.credit_code), ("Individual", None, None))

	def test_the_primary_address_and_its_changes(self):
		customer = self.customer()
		address = self.address(customer, state="Guangdong", city="Guangzhou", address_line2="Floor 2")
		doc = ours(customer.name)
		self.assertEqual(
			(doc.country, doc.province, doc.city, doc.address_line),
			("China", "广东省", "广州市", "Tianhe Road 1, Floor 2"),
		)
		address.city = "深圳市"
		address.save()
		self.assertEqual(ours(customer.name).city, "深圳市")
		address.update({"state": "Nowhere", "city": "Noplace"})
		address.save()
		doc = ours(customer.name)
		self.assertEqual((doc.country, doc.province, doc.city), ("China", None, None))
		doc.save()

	def test_contacts_are_found_and_shown_with_ours(self):
		customer = self.customer()
		contact = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": "Zacharias",
				"links": [{"link_doctype": CUSTOMER, "link_name": customer.name}],
			}
		).insert()
		code = ours(customer.name).name
		self.assertEqual(found("zacharias"), [code])
		doc = frappe.get_doc(OURS, code)
		doc.run_method("onload")
		self.assertEqual([row["name"] for row in doc.get_onload("contact_list")], [contact.name])
		contact.reload()
		contact.links = []
		contact.save()
		self.assertEqual(found("zacharias"), [])

	def test_renaming(self):
		customer = self.customer()
		code = ours(customer.name).name
		new = f"{customer.name} renamed"
		frappe.rename_doc(CUSTOMER, customer.name, new, force=True)
		self.assertEqual(links.customers_of([code]), {code: new})
		self.assertEqual(ours(new).customer_name, frappe.db.get_value(CUSTOMER, new, "customer_name"))

	def test_merging(self):
		one, other = self.customer(), self.customer()
		stays, goes = ours(one.name), ours(other.name)
		goes.notes = "Known since 1999"
		goes.save()
		frappe.rename_doc(CUSTOMER, other.name, one.name, force=True, merge=True)
		self.assertEqual(links.codes_of([one.name, other.name]), {one.name: stays.name})
		self.assertFalse(frappe.db.exists(OURS, goes.name))
		self.assertEqual(ours(one.name).notes, "Known since 1999")
		self.assertEqual(
			frappe.get_all("Customer Merge", {"retired": goes.name}, pluck="survivor"), [stays.name]
		)

	def test_deleting_takes_ours_along(self):
		customer = self.customer()
		code = ours(customer.name).name
		frappe.delete_doc(CUSTOMER, customer.name)
		self.assertFalse(frappe.db.exists(OURS, code))

	def test_deleting_archives_ours_where_it_has_a_history(self):
		customer = self.customer()
		code = ours(customer.name).name
		ours_records.order(code)
		frappe.delete_doc(CUSTOMER, customer.name)
		self.assertEqual(frappe.db.get_value(OURS, code, ["status", LINK]), ("Archived", None))

	def test_a_new_customer_that_we_know_by_its_credit_code(self):
		known = ours_records.customer(credit_code=OTHER_CODE, email="old@example.com", notes="Ours")
		customer = self.customer(tax_id=OTHER_CODE)
		doc = ours(customer.name)
		self.assertEqual((doc.name, doc.notes, doc.email), (known.name, "Ours", None))
		said = frappe.get_all(
			"Comment", {"reference_name": known.name, "comment_type": "Info"}, pluck="content"
		)
		self.assertTrue(any("old@example.com" in text for text in said), said)


class TestSets(AdoptionCase):
	def test_a_set_is_what_one_by_one_is(self):
		customers = [
			self.customer(
				tax_id=ours_records.credit_code(f"91440101MA59{number:04d}X"),
				customer_type=("Company", "Individual", "Partnership")[number % 3],
				website="www.example.com",
				disabled=number % 2,
			)
			for number in range(6)
		]
		self.address(customers[0])
		names = [customer.name for customer in customers]
		one_by_one = {name: owned(name) for name in names}
		frappe.db.delete(OURS, {LINK: ("in", names)})
		outcome = adoption.adopt(names)
		self.assertEqual((outcome.made, outcome.linked, outcome.changed), (6, 0, 0))
		self.assertEqual({name: owned(name) for name in names}, one_by_one)

	def test_again_makes_no_doubles_and_writes_nothing(self):
		names = [self.customer().name for _ in range(3)]
		stamps = frappe.get_all(OURS, {LINK: ("in", names)}, ["name", "modified"], order_by="name")
		self.assertEqual(adoption.adopt(names), adoption.Outcome())
		self.assertEqual(
			frappe.get_all(OURS, {LINK: ("in", names)}, ["name", "modified"], order_by="name"), stamps
		)

	def test_many_changes_past_the_documents(self):
		names = [self.customer().name for _ in range(adoption.FEW + 5)]
		frappe.db.set_value(CUSTOMER, {"name": ("in", names)}, "website", "https://example.org")
		adoption.recent()
		self.assertEqual(
			set(frappe.get_all(OURS, {LINK: ("in", names)}, pluck="website")), {"https://example.org"}
		)
		frappe.db.set_value(
			CUSTOMER,
			names[0],
			{"website": "https://example.net", "modified": add_days(None, -9)},
			update_modified=False,
		)
		adoption.recent()
		self.assertEqual(ours(names[0]).website, "https://example.org")
		adoption.everybody()
		self.assertEqual(ours(names[0]).website, "https://example.net")

	def test_a_customer_that_went_without_a_word(self):
		customer = self.customer()
		code = ours(customer.name).name
		frappe.db.delete(CUSTOMER, {"name": customer.name})
		self.assertEqual(adoption.everybody().gone, 1)
		self.assertFalse(frappe.db.exists(OURS, code))

	def test_missing(self):
		before = adoption.missing()
		customer = self.customer()
		frappe.db.delete(OURS, {LINK: customer.name})
		self.assertEqual(adoption.missing(), before + 1)
