"""The search index follows its customers in their own transaction, and shows nobody what isn't theirs to see."""

import os
import subprocess
import sys
import threading
from unittest.mock import patch

from stdnum.cn import ric, uscc

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.tests.utils import FrappeTestCase

from cims.api import search as api
from cims.search import filed, find, index, tables, texts
from cims.tests import records

CUSTOMER = texts.CUSTOMER


def found(text: str, **values) -> list[str]:
	return [hit.customer for hit in find.customers(text, 50, **values)[0]]


def matched(text: str) -> dict[str, str]:
	return {hit.customer: hit.matched for hit in find.customers(text, 50)[0]}


def insert_rows(count: int, name: str = "批量甲乙丙", prefix: str = "Z8-", **values) -> list[str]:
	"""Customers as sets of rows, past their documents."""
	names = [f"{prefix}{number:05d}" for number in range(count)]
	fields = ("name", "code", "customer_name", "customer_type", "status", *values)
	rows = [[code, code, f"{name}{code[-3:]}", "Company", "Active", *values.values()] for code in names]
	frappe.db.bulk_insert(CUSTOMER, fields, rows)
	return names


class TestDocuments(FrappeTestCase):
	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def test_a_customer_from_its_first_to_its_last_day(self):
		doc = records.customer(customer_name="中國平安", legal_name="中国平安保险（集团）股份有限公司")
		for text in (
			"zgpa", "zhongguo pingan", "中国平安", "平安 中国", "國平", "ZHONGGUOPINGAN", "保险集团", "集团 平安",
			"中国平按", "中国平女", "zhongguopingam", doc.code, doc.code.lower(), doc.code[-4:],
		):  # fmt: skip
			self.assertIn(doc.name, found(text), text)
		doc.customer_name, doc.legal_name = "Lakeside 贸易", None
		doc.save()
		self.assertNotIn(doc.name, found("zgpa"))
		self.assertIn(doc.name, found("lakeside maoyi"))
		doc.db_set("customer_name", "Hillside")
		self.assertIn(doc.name, found("hillside"))
		self.assertNotIn(doc.name, found("lakeside maoyi"))
		frappe.rename_doc(CUSTOMER, doc.name, "Z8-RENAMED", force=True)
		self.assertEqual(matched("z8-renamed"), {"Z8-RENAMED": "code"})
		self.assertNotIn(doc.name, found("hillside"))
		frappe.delete_doc(CUSTOMER, "Z8-RENAMED")
		self.assertEqual(frappe.db.sql("SELECT * FROM cims_search_text WHERE customer = 'Z8-RENAMED'"), ())

	def test_what_becomes_of_two_that_become_one(self):
		one = records.customer(customer_name="Zwillinge Eins").name
		other = records.customer(customer_name="Zwillinge Zwei").name
		frappe.rename_doc(CUSTOMER, other, one, merge=True, force=True)
		self.assertEqual(found("zwillinge"), [one])

	def test_contacts(self):
		one = records.customer(customer_name="Kontaktlos Eins").name
		other = records.customer(customer_name="Kontaktlos Zwei").name
		contact = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": "伟国",
				"last_name": "欧阳",
				"phone_nos": [{"phone": "+86 139-0013-7777", "is_primary_mobile_no": 1}],
				"email_ids": [{"email_id": "ouyang@kontaktlos.example.com", "is_primary": 1}],
				"links": [{"link_doctype": CUSTOMER, "link_name": one}],
			}
		).insert()
		for text in ("欧阳伟国", "歐陽", "ouyangweiguo", "139 0013 7777", "ouyang@kontakt"):
			self.assertEqual(matched(text), {one: "contact"}, text)
		contact.links[0].link_name = other
		contact.save()
		self.assertEqual(found("欧阳伟国"), [other])
		contact.append("links", {"link_doctype": CUSTOMER, "link_name": one})
		contact.first_name = "建国"
		contact.save()
		self.assertEqual(sorted(found("欧阳建国")), sorted([one, other]))
		contact.delete()
		self.assertEqual(found("欧阳建国"), [])

	def test_what_is_taken_back_was_never_there(self):
		frappe.db.commit()
		records.customer(customer_name="Rollback Company")
		names = insert_rows(1200)
		index.refresh(names)
		self.assertEqual(len(found("rollback company")), 1)
		self.assertEqual(len(found("批量甲乙丙")), 50)
		segments = frappe.db.sql("SELECT COUNT(*) FROM cims_search_segment")[0][0]
		frappe.db.rollback()
		self.assertEqual(found("rollback company") + found("批量甲乙丙"), [])
		self.assertEqual(frappe.db.sql("SELECT COUNT(*) FROM cims_search_segment")[0][0], segments - 1)

	def test_protected_numbers_only_as_a_whole(self):
		body = "44010619900101123"
		resident_id = body + ric.calc_check_digit(body + "0")
		code = uscc.calc_check_digit("91440101MA59ABCD1")
		code = "91440101MA59ABCD1" + code
		person = records.customer(
			customer_name="林某", customer_type="Individual", resident_id=resident_id
		).name
		company = records.customer(customer_name="林某公司", credit_code=code).name
		self.assertEqual(matched(resident_id.lower()), {person: "resident_id"})
		self.assertEqual(matched(f" {code[:8]}-{code[8:]} "), {company: "credit_code"})
		for part in (resident_id[:-1], resident_id[6:14], code[:-1], code[2:12]):
			self.assertFalse({person, company} & set(found(part)), part)


class TestSets(FrappeTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def test_many_at_once_and_changes_of_them(self):
		names = insert_rows(1500, phone="+8675512345678")
		index.refresh(names)
		self.assertEqual(
			frappe.db.sql(
				"SELECT COUNT(*) FROM cims_search_text WHERE id >= %s AND customer IN %s",
				[tables.RECENT, names],
			)[0][0],
			0,
		)
		self.assertEqual(found("批量 00042"), ["Z8-00042"])
		self.assertEqual(found("pljyb042"), [])
		self.assertEqual(found("piliangjiayibing042"), ["Z8-00042", "Z8-01042"])
		self.assertEqual(found("plj 01042"), ["Z8-01042"])
		self.assertEqual(found("批两 01042"), ["Z8-01042"], "same sound")
		with patch.object(filed, "FEW_SEGMENTS", 0):
			self.assertEqual(found("批量 01042"), ["Z8-01042"], "by the rarest keys")
			self.assertEqual(len(found("批量甲乙丙")), 50)
		frappe.db.set_value(CUSTOMER, "Z8-00042", "customer_name", "单独", update_modified=False)
		index.refresh(["Z8-00042"])
		self.assertEqual(found("批量 00042"), [])
		self.assertIn("Z8-00042", found("dandu"))
		frappe.db.delete(CUSTOMER, {"name": ("in", names[1000:])})
		index.refresh(names[1000:])
		self.assertEqual(found("批量 01042"), [])
		self.assertEqual(len(found("批量甲", filters=[[CUSTOMER, "name", "<", "Z8-00030"]])), 30)

	def test_without_load_data(self):
		with patch.dict(frappe.local.conf, {"local_infile": 0}):
			names = insert_rows(1100)
			index.refresh(names)
			index.refresh(names)
		self.assertEqual(found("批量 1042"), ["Z8-01042"])

	def test_tidying_makes_segments_of_recent_and_small_ones(self):
		names = insert_rows(1100)
		index.refresh(names)
		with patch.object(index, "MANY", 10**6):
			index.refresh(names[:300])
		with patch.object(index, "RECENT_AT_MOST", 100):
			index.tidy()
		count = frappe.db.sql("SELECT COUNT(*) FROM cims_search_text WHERE id >= %s", [tables.RECENT])[0][0]
		self.assertEqual(count, 0)
		self.assertEqual(found("批量 00042"), ["Z8-00042"])
		self.assertEqual(self.orphans(), ())

	def orphans(self):
		return frappe.db.sql(
			"""SELECT segment FROM cims_search_posting WHERE segment NOT IN (SELECT segment FROM cims_search_segment)
			UNION SELECT segment FROM cims_search_segment s WHERE NOT EXISTS
				(SELECT id FROM cims_search_text WHERE id >= s.segment << 15 AND id < (s.segment + 1) << 15)"""
		)

	def test_rebuilding_from_nothing(self):
		names = insert_rows(1300)
		for table in tables.TABLES:
			frappe.db.sql(f"DELETE FROM `{table}`")
		said = []
		total = frappe.db.count(CUSTOMER)
		self.assertEqual(index.rebuild(lambda done, of: said.append((done, of))), total)
		self.assertEqual(said[-1], (total, total))
		self.assertEqual(frappe.db.sql("SELECT COUNT(*) FROM cims_search_text")[0][0], total)
		self.assertEqual(found("批量 01042"), ["Z8-01042"])
		frappe.db.delete(CUSTOMER, {"name": ("in", names)})
		index.rebuild()
		self.assertEqual(frappe.db.sql("SELECT COUNT(*) FROM cims_search_text")[0][0], total - 1300)
		self.assertEqual(self.orphans(), ())


class TestWhoSeesWhat(FrappeTestCase):
	def setUp(self):
		self.users = records.users()
		self.sales = self.users["CIMS Sales"]
		self.names = insert_rows(1200, customer_group="Retail")
		self.theirs = [
			records.customer(customer_name=f"批量甲乙丙 {number}", customer_group="Services").name
			for number in range(3)
		]
		index.refresh(self.names)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.clear_cache(doctype=CUSTOMER)

	def wall_off(self):
		frappe.permissions.add_user_permission("CIMS Customer Group", "Services", self.sales)
		frappe.set_user(self.sales)

	def test_only_what_may_be_read_and_no_word_of_more(self):
		self.wall_off()
		answer = api.customers("批量", limit=2)
		self.assertEqual(len(answer["customers"]), 2)
		self.assertTrue(answer["more"])
		answer = api.customers("批量", limit=3)
		self.assertEqual([row["code"] for row in answer["customers"]], self.theirs)
		self.assertFalse(answer["more"])
		self.assertEqual(api.customers("Z8-00042"), {"customers": [], "more": False})
		self.assertEqual(api.codes("piliang"), self.theirs)

	def test_few_of_many_are_found_from_the_other_side(self):
		self.wall_off()
		with (
			patch.object(find, "LOOKS", (5, 5)),
			patch.object(find, "LAST_LOOK", 5),
			patch.object(find, "LOOKED_AT_FOR_EACH", 1),
		):
			self.assertEqual(found("批量"), self.theirs)

	def test_a_field_that_may_not_be_read_finds_nobody(self):
		doc = records.customer(
			customer_name="Verborgen", phone="+86 755 8888 4321", email="geheim@verborgen.example.com"
		)
		make_property_setter(CUSTOMER, "phone", "permlevel", 3, "Int")
		make_property_setter(CUSTOMER, "credit_code", "permlevel", 3, "Int")
		doc.db_set("credit_code", "91440101MA59ABCD1" + uscc.calc_check_digit("91440101MA59ABCD1"))
		frappe.clear_cache(doctype=CUSTOMER)
		frappe.set_user(self.sales)
		self.assertEqual(found("88884321"), [])
		self.assertEqual(found(doc.credit_code), [])
		self.assertEqual(found("geheim@"), [doc.name])

	def test_without_a_role_it_is_refused(self):
		frappe.set_user("Guest")
		self.assertRaises(frappe.PermissionError, api.customers, "批量")
		self.assertRaises(frappe.PermissionError, api.codes, "批量")
		self.assertRaises(frappe.PermissionError, api.link, CUSTOMER, "批量", "name", 0, 10)

	def test_own_customers_before_others_that_fit_as_well(self):
		own = self.names[7]
		frappe.db.set_value(CUSTOMER, own, "account_manager", self.sales)
		index.refresh(self.names)
		frappe.set_user(self.sales)
		with patch.object(find, "LOOKS", (20, 20)):
			self.assertEqual(found("批量甲")[0], own)

	def test_what_a_field_that_links_to_a_customer_offers(self):
		rows = api.link(CUSTOMER, "批量", "name", 0, 10, {"customer_group": "Services"})
		self.assertEqual([row[0] for row in rows], self.theirs)
		rows = api.link(CUSTOMER, "批量", "name", 1, 10, [[CUSTOMER, "customer_group", "=", "Services"]])
		self.assertEqual([row[0] for row in rows], self.theirs[1:])
		frappe.db.set_value(
			CUSTOMER, self.names[9], "account_manager", "Administrator", update_modified=False
		)
		frappe.db.set_value(
			CUSTOMER,
			{"account_manager": "Administrator", "name": ("!=", self.names[9])},
			"account_manager",
			None,
		)
		rows = api.link(CUSTOMER, "", "name", 0, 10, as_dict=True)
		self.assertEqual((rows[0].name, len(rows)), (self.names[9], 10))

	def test_the_desk_asks_us(self):
		from frappe.desk.search import search_link

		rows = search_link(CUSTOMER, "piliang", filters={"customer_group": "Services"}, page_length=2)
		self.assertEqual([row["value"] for row in rows], self.theirs[:2])
		self.assertEqual(rows[0]["label"], "批量甲乙丙 0")


# A rebuild that is interrupted after the texts of a segment and before its lists.
INTERRUPTED = """
import os, signal, sys
import frappe
frappe.init(site=sys.argv[1])
frappe.connect()
from cims.search import index, tables
load = tables.load
def dying(table, *rest):
	if table == "cims_search_posting":
		{death}
	load(table, *rest)
tables.load = dying
index.rebuild()
"""
DEATHS = {
	"the process is killed": "os.kill(os.getpid(), signal.SIGKILL)",
	"the connection is dropped": "frappe.db.sql('KILL CONNECTION_ID()')",
}


class TestFaults(FrappeTestCase):
	"""Works on committed records, and takes them away again itself."""

	def setUp(self):
		self.names = insert_rows(1100, prefix="Z7-")
		index.refresh(self.names)
		frappe.db.commit()
		self.addCleanup(self.clean)

	def clean(self):
		frappe.db.rollback()
		frappe.db.delete(CUSTOMER, {"name": ("like", "Z7-%")})
		index.rebuild()
		frappe.db.commit()

	def test_a_rebuild_that_is_interrupted(self):
		for what, death in DEATHS.items():
			with self.subTest(what):
				ended = subprocess.run(
					[sys.executable, "-c", INTERRUPTED.format(death=death), frappe.local.site],
					cwd=os.path.abspath(frappe.local.sites_path),
					capture_output=True,
					timeout=120,
				)
				self.assertNotEqual(ended.returncode, 0, ended.stderr)
				frappe.db.rollback()
				self.assertEqual(found("批量 Z7-01042"), ["Z7-01042"])
				self.assertEqual(index.rebuild(), frappe.db.count(CUSTOMER))
				frappe.db.commit()
				self.assertEqual(found("批量 Z7-01042"), ["Z7-01042"])

	def test_two_people_at_once(self):
		site, start, outcomes = frappe.local.site, threading.Barrier(2), []

		def person(number):
			frappe.init(site=site, force=True)
			frappe.connect()
			try:
				start.wait(10)
				for name in self.names[number::200]:
					frappe.db.set_value(CUSTOMER, name, "city", "Gleichstadt")
					index.refresh([name])
				frappe.db.commit()
				outcomes.append(number)
			finally:
				frappe.destroy()

		people = [threading.Thread(target=person, args=(number,)) for number in range(2)]
		for thread in people:
			thread.start()
		for thread in people:
			thread.join(60)
		frappe.db.rollback()
		self.assertEqual(sorted(outcomes), [0, 1])
		self.assertEqual(len(found("gleichstadt")), len(self.names[0::200]) + len(self.names[1::200]))
