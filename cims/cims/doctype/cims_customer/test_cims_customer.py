import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_years, getdate, nowdate

from cims.tests import records


class TestCIMSCustomer(FrappeTestCase):
	def refused(self, text: str, **values):
		with self.assertRaises(frappe.ValidationError) as raised:
			records.customer(**values)
		self.assertIn(text, str(raised.exception))

	def test_a_code_is_given_where_none_was_typed(self):
		self.assertRegex(records.customer().name, r"^C-\d{6}$")
		named = records.customer(code=" ACME-1 ")
		self.assertEqual((named.name, named.code), ("ACME-1", "ACME-1"))
		with self.assertRaises(frappe.DuplicateEntryError):
			records.customer(code="ACME-1")

	def test_the_code_stays(self):
		doc = records.customer()
		code = doc.code
		doc.code = "OTHER"
		doc.save()
		self.assertEqual((doc.code, doc.name), (code, code))

	def test_birth_date_gender_and_age_come_from_the_resident_id(self):
		number = records.resident_id("19900307", "011")
		doc = records.customer(customer_type="Individual", resident_id=f" {number[:6]} {number[6:]}".lower())
		self.assertEqual(doc.resident_id, number)
		self.assertEqual(str(doc.birth_date), "1990-03-07")
		self.assertEqual(doc.gender, "Male")
		today = getdate(nowdate())
		self.assertEqual(doc.age, today.year - 1990 - ((today.month, today.day) < (3, 7)))
		woman = records.customer(
			customer_type="Individual", resident_id=records.resident_id("19900307", "022")
		)
		self.assertEqual(woman.gender, "Female")

	def test_age_counts_whole_years(self):
		doc = records.customer(customer_type="Individual", birth_date=add_years(nowdate(), -30))
		self.assertEqual(doc.age, 30)
		self.assertIsNone(records.customer(customer_type="Individual").age)
		self.assertEqual(frappe.get_doc("CIMS Customer", doc.name).as_dict().age, 30)

	def test_a_wrong_resident_id_is_refused(self):
		number = records.resident_id()
		wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
		self.refused("check digit", customer_type="Individual", resident_id=wrong)
		self.refused("isn't complete", customer_type="Individual", resident_id="4401061990")
		self.refused("Birth Date", customer_type="Individual", resident_id=number, birth_date="1991-01-01")
		self.refused("Gender", customer_type="Individual", resident_id=number, gender="Female")

	def test_a_wrong_credit_code_is_refused(self):
		code = records.credit_code()
		self.assertEqual(records.customer(credit_code=code.lower()).credit_code, code)
		wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
		self.refused("check digit", credit_code=wrong)
		self.refused("isn't complete", credit_code=code[:-1])

	def test_one_identity_is_one_customer(self):
		code = records.credit_code("91440101MA59ABCEX")
		first = records.customer(credit_code=code)
		self.refused(first.name, credit_code=code)
		first.status = "Archived"
		first.save()
		records.customer(credit_code=code)

	def test_what_belongs_to_the_other_type_is_emptied(self):
		doc = records.customer(
			customer_type="Individual",
			resident_id=records.resident_id("19850101"),
			legal_name="Ltd",
			industry="Steel",
		)
		self.assertEqual((doc.legal_name, doc.industry), (None, None))
		doc.customer_type = "Company"
		doc.save()
		self.assertEqual((doc.resident_id, doc.birth_date, doc.gender), (None, None, None))

	def test_telephone_numbers_follow_the_country(self):
		doc = records.customer(mobile="138 0013 8000", phone="(020) 8888-8888")
		self.assertEqual((doc.mobile, doc.phone), ("+8613800138000", "+862088888888"))
		doc = records.customer(
			country="United States", province="California", city="San Francisco", mobile="(415) 555-2671"
		)
		self.assertEqual(doc.mobile, "+14155552671")
		self.refused("A good one looks like +86", mobile="12345")
		self.refused("fixed line", mobile="020-88888888")

	def test_mail_and_web_addresses(self):
		doc = records.customer(email=" Li@Example.COM ", website="example.com")
		self.assertEqual((doc.email, doc.website), ("Li@example.com", "https://example.com"))
		self.refused("isn't an e-mail address", email="li at example")
		self.refused("isn't a web address", website="nowhere")

	def test_places_are_chosen(self):
		doc = records.customer(province="Guangdong", city="深圳")
		self.assertEqual((doc.province, doc.city), ("广东省", "深圳市"))
		self.refused("isn't a city of 广东省", province="广东省", city="杭州市")
		self.refused("isn't a province of China", province="California", city="")
		self.refused("Choose the country", country="", province="广东省")
		self.refused("Choose the province", province="", city="广州市")

	def test_trust_figures_can_t_be_typed(self):
		doc = records.customer(trust_grade="AAA", trust_score=999, overdue_amount=5, sample_data=1)
		self.assertEqual((doc.trust_grade, doc.trust_score or 0, doc.overdue_amount or 0), ("NR", 0, 0))
		frappe.db.set_value(
			"CIMS Customer", doc.name, {"trust_grade": "B", "trust_score": 600, "open_amount": 7}
		)
		doc.reload()
		doc.update(
			{"trust_grade": "AAA", "trust_score": 1000, "open_amount": 0, "trust_watch": 1, "notes": "x"}
		)
		doc.save()
		doc.reload()
		self.assertEqual(
			(doc.trust_grade, doc.trust_score, doc.open_amount, doc.trust_watch), ("B", 600, 7, 0)
		)
		self.assertFalse(doc.sample_data)

	def test_what_the_status_allows(self):
		prospect = records.customer(status="Prospect")
		records.order(prospect.name)
		self.assertEqual(frappe.db.get_value("CIMS Customer", prospect.name, "status"), "Active")

		archived = records.customer(status="Archived")
		with self.assertRaises(frappe.ValidationError) as raised:
			records.order(archived.name, submit=False)
		self.assertIn("archived", str(raised.exception))

		blocked = records.customer(status="Blocked")
		draft = records.order(blocked.name, submit=False)
		self.assertRaises(frappe.ValidationError, draft.submit)

	def test_contacts_and_addresses_hang_on_the_customer(self):
		doc = records.customer()
		link = {"link_doctype": "CIMS Customer", "link_name": doc.name}
		contact = frappe.get_doc({"doctype": "Contact", "first_name": "Li", "links": [link]}).insert()
		frappe.get_doc(
			{
				"doctype": "Address",
				"address_title": "Head office",
				"address_line1": "1 Zhongshan Road",
				"city": "Guangzhou",
				"country": "China",
				"links": [link],
			}
		).insert()
		doc.run_method("onload")
		self.assertEqual(len(doc.get("__onload").addr_list), 1)
		self.assertEqual(len(doc.get("__onload").contact_list), 1)
		doc.delete()
		self.assertFalse(frappe.db.exists("Contact", contact.name))

	def test_who_may_do_what(self):
		doc = records.customer()
		can = {
			"CIMS Manager": {"read", "write", "create", "delete", "export", "import"},
			"CIMS Sales": {"read", "write", "create"},
			"CIMS Service": {"read", "write"},
			"CIMS Viewer": {"read"},
			"CIMS Auditor": {"read", "export"},
		}
		for role, address in records.users().items():
			for right in ("read", "write", "create", "delete", "export", "import"):
				allowed = frappe.has_permission("CIMS Customer", right, doc.name, user=address)
				self.assertEqual(allowed, right in can[role], f"{role}: {right}")
		self.assertFalse(frappe.has_permission("CIMS Customer", "read", doc.name, user=records.user(None)))
