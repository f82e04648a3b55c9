"""Files in: what the lanes make of the same rows, what is undone, what goes on after a fault."""

import csv
import io
import json
import random
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from unittest.mock import Mock, patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rq.job import JobStatus
from rq.utils import utcnow

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, add_to_date, now, nowdate, time_diff_in_seconds

from cims.customers import derived, identity, rows, shortcuts
from cims.imports import bulk, changes, files, job
from cims.tests import records

CUSTOMER, ORDER, PAYMENT = "CIMS Customer", "CIMS Order", "CIMS Payment"
# What differs between two ways of writing the same document.
OWN = (
	"name", "creation", "modified", "modified_by", "owner", "import_id", "parent", "order", "idx", "remarks",
	"dispute_reason", "code", "order_no", "reference_no", "item_name", "customer",
)  # fmt: skip


def csv_of(*rows) -> bytes:
	out = io.StringIO()
	csv.writer(out).writerows(rows)
	return out.getvalue().encode()


class Case(FrappeTestCase):
	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.set_single_value("CIMS Settings", "default_currency", "CNY")
		frappe.db.set_single_value("CIMS Settings", "holiday_country", "China")
		frappe.clear_messages()
		self.imports = []

	def tearDown(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")

	def bring(self, *rows, kind: str = "Customers", **options):
		doc = frappe.get_doc({"doctype": "CIMS Import", "kind": kind, **options}).insert()
		self.imports.append(doc.name)
		doc.file = files.attach(doc.name, "file.csv", csv_of(*rows)).file_url
		return doc.save()

	def run_import(self, *rows, **options):
		doc = self.bring(*rows, **options)
		job.enqueue(doc, job.IMPORT)
		return doc.reload()

	def counts(self, doc) -> tuple[int, int, int, int]:
		return doc.rows_new, doc.rows_updated, doc.rows_duplicate, doc.rows_rejected

	def reasons(self, doc) -> list[str]:
		return [sample["note"] for sample in frappe.parse_json(doc.summary)["samples"]["rejected"]]


def stored(doctype: str, name: str) -> dict:
	"""A document as the database has it, without what differs by nature."""
	row = frappe.db.sql(f"SELECT * FROM `tab{doctype}` WHERE name = %s", name, as_dict=True)[0]
	return {field: value for field, value in row.items() if field not in OWN}


# --- the lanes and the form ------------------------------------------------------------------------

NAMES = st.sampled_from(
	["长风贸易", "Lakeside Ltd", "  Two  Rivers ", "<b>Bold</b> & Sons", "a" * 141, "O'Neill \\ Co\tInc"]
)
MOBILES = st.sampled_from(
	[
		"",
		"13800138000",
		"+86 138 0013 8000",
		"138-0013-8000",
		"12",
		"0755-26880000",
		"+1 650 253 0000",
		"１３８００１３８０００",
	]
)
PHONES = st.sampled_from(
	["", "0755-26880000", "020 8123 4567", "+49 30 123456", "400 800 8820", "999", "0755-26880000 ext 12"]
)
EMAILS = st.sampled_from(
	["", "Info@Example.COM", "a.b@example.com", "nobody", "two@x.com, one@x.com", "a b@x.com"]
)
SITES = st.sampled_from(["", "example.com", "https://example.com/a?b=c", "ftp://example.com", "nowhere"])
PLACES = st.sampled_from(
	[("", "", ""), ("China", "广东", "深圳"), ("CN", "Guangdong", "Guangzhou"), ("中国", "广东省", "杭州"), ("", "浙江", ""),
	 ("Germany", "Bavaria", "Munich"), ("Atlantis", "", ""), ("China", "", "深圳")]
)  # fmt: skip
CODES = st.sampled_from(
	["", records.credit_code(), records.credit_code("91440101MA59ABCD8"), "91440101MA59ABCD7X", "9144 0101 MA59ABCD7",
	 records.credit_code().lower()]
)  # fmt: skip
PERSONS = st.sampled_from(
	["", records.resident_id(), records.resident_id("19851231", "012"), records.resident_id()[:-1] + "?",
	 records.resident_id("19900230"), records.resident_id(place="999999")]
)  # fmt: skip
BIRTHS = st.sampled_from(["", "1990-03-07", "1985-12-31", add_days(nowdate(), 2)])
HEADER = [
	"Code", "Customer Name", "Customer Type", "Status", "Level", "Country", "Province", "City", "Phone", "Mobile", "Email",
	"Website", "Unified Social Credit Code", "Resident ID", "Gender", "Birth Date", "Preferences",
]  # fmt: skip
FIELDS = [
	"code", "customer_name", "customer_type", "status", "level", "country", "province", "city", "phone", "mobile", "email",
	"website", "credit_code", "resident_id", "gender", "birth_date", "preferences",
]  # fmt: skip


@st.composite
def customers(draw) -> list[str]:
	return [
		"", draw(NAMES), draw(st.sampled_from(["", "Company", "Individual", "公司"])),
		draw(st.sampled_from(["", "Active", "Archived"])), draw(st.sampled_from(["", "Key", "重点"])), *draw(PLACES),
		draw(PHONES), draw(MOBILES), draw(EMAILS), draw(SITES), draw(CODES), draw(PERSONS),
		draw(st.sampled_from(["", "Male", "Female"])), draw(BIRTHS), draw(st.sampled_from(["", "tea\nno\\coffee", "<i>x</i>"])),
	]  # fmt: skip


class TestLanes(Case):
	maxDiff = None

	@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
	@given(st.lists(customers(), min_size=1, max_size=3))
	def test_both_lanes_and_the_form_accept_and_store_the_same(self, rows):
		for at, row in enumerate(rows):
			# One at a time: what two rows have in common is another test's.
			row[0] = f"KL-{at}"
			with self.taken_back():
				fast = self.one(row, "Fast")
			with self.taken_back():
				strict = self.one(row, "Strict")
			with self.taken_back():
				form = self.form(row)
			self.assertEqual(fast, strict)
			self.assertEqual(fast, form)

	@contextmanager
	def taken_back(self):
		frappe.db.savepoint("one")
		yield
		frappe.db.rollback(save_point="one")
		frappe.clear_messages()

	def one(self, row: list[str], lane: str) -> dict | None:
		doc = self.run_import(HEADER, row, lane=lane)
		return stored(CUSTOMER, row[0]) if doc.status == "Imported" else None

	def form(self, row: list[str]) -> dict | None:
		"""What the form makes of the same, choosing from its lists where the file may write otherwise."""
		values = {field: text.strip() for field, text in zip(FIELDS, row, strict=True) if text.strip()}
		same = {"公司": "Company", "重点": "Key", "CN": "China", "中国": "China"}
		values = {field: same.get(text, text) for field, text in values.items()}
		if not values.get("customer_type") and {"resident_id", "gender", "birth_date"} & set(values):
			values["customer_type"] = "Individual"
		if not values.get("country") and {"province", "city", "phone", "mobile"} & set(values):
			values["country"] = "China"
		try:
			doc = frappe.new_doc(CUSTOMER)
			doc.update(values)
			return stored(CUSTOMER, doc.insert().name)
		except (frappe.ValidationError, frappe.NameError):
			return None

	@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
	@given(customers(), customers())
	def test_both_lanes_update_alike(self, before, after):
		before[0] = after[0] = "KL-1"
		found = []
		for lane in ("Fast", "Strict"):
			with self.taken_back():
				self.run_import(HEADER, before, lane="Strict")
				doc = self.run_import(HEADER, after, lane=lane)
				there = frappe.db.exists(CUSTOMER, "KL-1")
				found.append((self.counts(doc), self.reasons(doc), there and stored(CUSTOMER, "KL-1")))
		self.assertEqual(*found)

	def test_both_lanes_make_the_same_orders_and_payments(self):
		found = []
		for lane in ("Fast", "Strict"):
			with self.taken_back():
				records.customer(code="KL-1", customer_name="One", status="Prospect")
				doc = self.run_import(*RECEIVABLES, kind="Receivables", lane=lane)
				self.assertEqual(self.counts(doc), (3, 0, 0, 0), self.reasons(doc))
				more = [*RECEIVABLES[:3], [*RECEIVABLES[3][:5], "2025-05-20", "Yes"]]
				again = self.run_import(*more, kind="Receivables", lane=lane)
				self.assertEqual(self.counts(again), (0, 1, 2, 0), self.reasons(again))
				found.append(everything(self.imports))
		self.assertEqual(*found)

	def test_both_lanes_make_the_same_of_orders_with_items_and_payments(self):
		found = []
		for lane in ("Fast", "Strict"):
			with self.taken_back():
				doc = self.run_import(*ORDERS, kind="Orders", lane=lane, take_good_rows=1)
				self.assertEqual(self.counts(doc), (4, 0, 0, 2), self.reasons(doc))
				again = self.run_import(*ORDERS[:4], kind="Orders", lane=lane)
				self.assertEqual(self.counts(again), (0, 0, 3, 0), self.reasons(again))
				paid = ["Lakeside", "A-1", "", "", "", "", "", "", "2025-04-01", ""]
				more = self.run_import(*ORDERS[:3], paid, ORDERS[3], kind="Orders", lane=lane)
				self.assertEqual(self.counts(more), (0, 3, 1, 0), self.reasons(more))
				found.append(everything(self.imports))
		self.assertEqual(*found)
		order = next(order for order in found[0][ORDER] if order["grand_total"] == 1900)
		self.assertEqual((order["outstanding_amount"], order["payment_status"]), (0, "Paid"))


RECEIVABLES = (
	["Customer", "Invoice Number", "Invoice Date", "Due Date", "Amount", "Settled Date", "Disputed"],
	["KL-1", "INV-1", "2025-01-15", "2025-02-14", "1200.00", "2025-02-20", "No"],
	["长风 & 儿子", "INV-2", "2025-01-16", "2025-02-14", "999.99", "", "Yes"],
	["KL-1", "INV-3", "2025-03-01", "2025-03-31", "800.50", "", "No"],
)
ORDERS = (
	[
		"Customer",
		"Order Number",
		"Order Date",
		"Delivery Date",
		"Item",
		"Quantity",
		"Rate",
		"Discount",
		"Paid On",
		"Paid Amount",
	],
	["Lakeside", "A-1", "2025-01-15", "2025-01-20", "Pipe", "10", "150.5", "105", "2025-02-01", "1000"],
	["Lakeside", "A-1", "", "", "Valve", "2", "250", "", "2025-02-09", "300"],
	["Lakeside", "A-2", "2025-01-16", "", "Pipe", "1", "20", "", "", ""],
	["Riverside", "A-1", "2025-01-17", "2025-01-17", "Pipe", "1", "20", "", "2025-01-18", "25"],
	["Riverside", "A-3", "2025-01-17", "2024-01-17", "Pipe", "1", "20", "", "", ""],
	["Riverside", "A-4", "2025-01-17", "", "Pipe", "0", "20", "", "", ""],
)


def everything(imports: list[str]) -> dict[str, list[dict]]:
	"""All orders and payments of these imports, with their rows and customers."""
	found = {}
	for doctype, table in (
		(ORDER, "CIMS Order Item"),
		(PAYMENT, "CIMS Payment Allocation"),
		(CUSTOMER, None),
	):
		names = frappe.get_all(doctype, {"import_id": ("in", imports)}, pluck="name", order_by="name")
		names = (
			names
			if doctype != CUSTOMER
			else [*names, *frappe.get_all(doctype, {"name": "KL-1"}, pluck="name")]
		)
		found[doctype] = [stored(doctype, name) for name in names]
		if table:
			rows = frappe.get_all(table, {"parent": ("in", names)}, pluck="name", order_by="parent, idx")
			found[table] = [stored(table, name) for name in rows]
	notes = {"reference_doctype": CUSTOMER, "reference_name": "KL-1"}
	found["notes"] = frappe.get_all("Comment", notes, pluck="comment_type")
	return found


# --- whom a row is about ---------------------------------------------------------------------------


class TestKeys(Case):
	HEAD = ("Code", "Customer Name", "Mobile", "Unified Social Credit Code", "Level")

	def test_customers_are_found_by_the_key_that_was_chosen(self):
		code = records.credit_code()
		for by, values in (
			("Mobile", {"mobile": "+8613800137311"}),
			("Unified Social Credit Code", {"credit_code": code}),
		):
			with self.subTest(by):
				there = records.customer(customer_name="Old Name", **values)
				row = ("", "New Name", "138-0013-7311", code, "Key")
				doc = self.run_import(self.HEAD, row, match_by=by)
				self.assertEqual(self.counts(doc), (0, 1, 0, 0), self.reasons(doc))
				there.reload()
				self.assertEqual((there.customer_name, there.level), ("New Name", "Key"))
				frappe.delete_doc(CUSTOMER, there.name)

	def test_a_key_that_several_have_or_another_code_is_refused(self):
		one = records.customer(mobile="13800137311")
		doc = self.run_import(self.HEAD, ("KL-1", "New", "13800137311", "", ""), match_by="Mobile")
		self.assertIn(f"has the code {one.name}", self.reasons(doc)[0])
		two = records.customer(mobile="13800137311")
		doc = self.run_import(self.HEAD, ("", "New", "13800137311", "", ""), match_by="Mobile")
		self.assertIn(f"{one.name}, {two.name}", self.reasons(doc)[0])

	def test_the_key_needs_its_column(self):
		doc = self.run_import(("Customer Name",), ("One",), match_by="Phone")
		self.assertEqual(doc.status, "Failed")
		self.assertIn("Choose one under Columns", doc.error)

	def test_keys_that_stand_twice_are_found_over_batches(self):
		rows = [(f"KL-{at}", f"Name {at}") for at in range(450)]
		rows[430] = ("kl-7", "Again")
		for lane in ("Fast", "Strict"):
			with self.subTest(lane), patch("cims.customers.importing.FAST_AT_ONCE", 100):
				doc = self.bring(("Code", "Customer Name"), *rows, lane=lane)
				job.enqueue(doc, job.CHECK)
				self.assertEqual(self.counts(doc.reload()), (449, 0, 0, 1))
				self.assertIn("kl-7 already stands in row 9", self.reasons(doc)[0])

	def test_names_of_the_series_that_somebody_took_are_passed_over(self):
		before = records.customer().name
		number = int(before[2:]) + 1
		records.customer(code=f"C-{number:06d}")
		doc = self.run_import(("Customer Name",), ("One",), ("Two",))
		self.assertEqual(self.counts(doc), (2, 0, 0, 0))
		made = frappe.get_all(CUSTOMER, {"import_id": doc.name}, pluck="name", order_by="name")
		self.assertEqual(made, [f"C-{number + 1:06d}", f"C-{number + 2:06d}"])

	def test_user_permissions_hold(self):
		mine, theirs = (
			frappe.get_doc({"doctype": "CIMS Customer Group", "group_name": name}).insert().name
			for name in ("Mine", "Theirs")
		)
		sales = records.user("CIMS Sales")
		frappe.get_doc(
			{"doctype": "User Permission", "user": sales, "allow": "CIMS Customer Group", "for_value": mine}
		).insert()
		there = records.customer(code="KL-9", customer_group=theirs)
		rows = [
			("Code", "Customer Name", "Customer Group", "Level"),
			("KL-1", "One", mine, ""),
			("KL-2", "Two", theirs, ""),
			(there.name, there.customer_name, "", "Key"),
		]
		for lane in ("Fast", "Strict"):
			with self.subTest(lane), self.set_user(sales):
				frappe.db.savepoint("one")
				doc = self.run_import(*rows, lane=lane, take_good_rows=1)
				self.assertEqual(self.counts(doc), (1, 0, 0, 2), self.reasons(doc))
				self.assertTrue(frappe.db.exists(CUSTOMER, "KL-1"))
				frappe.db.rollback(save_point="one")


class TestDerived(Case):
	QUERIES = (
		"SELECT customer, manager, text FROM cims_search_text WHERE customer LIKE 'KL-%'",
		"SELECT customer, part, sound, echo FROM `__cims_customer_key` WHERE customer LIKE 'KL-%'",
	)

	def kept(self) -> list[list[tuple]]:
		return [sorted(frappe.db.sql(query)) for query in self.QUERIES]

	def test_what_the_fast_lane_derives_from_its_rows_is_what_the_rows_give(self):
		rows = [
			(
				"KL-3",
				"深圳市恒通贸易有限公司",
				"恒通贸易（深圳）股份有限公司",
				"",
				"",
				"0755-26880000",
				"Manager",
			),
			("KL-1", "重庆長沙銀行", "", "", "", "", ""),
			("KL-2", "张伟", "", "个人", "1990-03-07", "13800138000", ""),
			("KL-4", "O'Neill \\ Co.\tS.A.", "", "", "", "", ""),
			("KL-5", "AB", "", "", "", "", ""),
		]
		manager = records.user("CIMS Sales")
		rows = [(*row[:-1], manager if row[-1] else "") for row in rows]
		header = (
			"Code",
			"Customer Name",
			"Legal Name",
			"Customer Type",
			"Birth Date",
			"Phone",
			"Account Manager",
		)
		contact = frappe.get_doc({"doctype": "Contact", "first_name": "小明", "last_name": "王"})
		# As a customer leaves it who was deleted by the database's own means.
		contact.insert().append("links", {"link_doctype": CUSTOMER, "link_name": "KL-2"}).db_insert()
		for many in (1, 1000):
			with self.subTest(many=many), patch("cims.search.index.MANY", many):
				frappe.db.savepoint("one")
				doc = self.run_import(header, *rows)
				self.assertEqual((doc.status, doc.rows_new), ("Imported", 5), doc.error)
				made = self.kept()
				self.assertEqual([len(made[0]), len(made[1])], [5, 6])
				self.assertIn("王小明", next(text for code, _manager, text in made[0] if code == "KL-2"))
				derived.refresh([row[0] for row in rows])
				self.assertEqual(made, self.kept())
				frappe.db.rollback(save_point="one")


# --- what others have attached ---------------------------------------------------------------------


class TestFastLane(Case):
	ROWS = (("Code", "Customer Name"), ("KL-1", "One"))

	def refused(self, said: str):
		doc = self.bring(*self.ROWS)
		self.assertRaisesRegex(frappe.ValidationError, said, job.enqueue, doc, job.IMPORT)
		doc.lane = "Strict"
		doc.save()
		job.enqueue(doc, job.IMPORT)
		self.assertEqual(doc.reload().status, "Imported", doc.error)

	def test_an_app_s_hooks_are_named(self):
		hooks = {"doc_events": {CUSTOMER: {"validate": ["other.hooks.check_customer"]}}}
		real = frappe.get_hooks

		def with_other(hook=None, default="_KEEP_DEFAULT_LIST", app_name=None):
			return hooks.get(hook, {}) if app_name == "other" else real(hook, default, app_name)

		with (
			patch("cims.imports.lanes.frappe.get_installed_apps", return_value=["frappe", "cims", "other"]),
			patch("cims.imports.lanes.frappe.get_hooks", with_other),
		):
			self.refused("validate other.hooks.check_customer of other")

	def test_rules_of_the_site_are_named(self):
		frappe.get_doc(
			{
				"doctype": "Notification",
				"name": "Greet",
				"subject": "New",
				"document_type": CUSTOMER,
				"event": "New",
				"channel": "System Notification",
				"recipients": [{"receiver_by_role": "CIMS Manager"}],
			}
		).insert()
		self.refused("Notification Greet")

	def test_without_local_infile_rows_are_inserted(self):
		with patch("cims.imports.bulk.may_load", return_value=False):
			text = "tab\tback\\slash\nline \\N"
			doc = self.run_import(("Code", "Customer Name", "Notes"), ("KL-1", "One", text))
		self.assertEqual(doc.status, "Imported", doc.error)
		self.assertEqual(frappe.db.get_value(CUSTOMER, "KL-1", "notes"), text)

	def test_what_the_database_would_cut_off_is_an_error(self):
		bulk.create_like("cims_import_rows", f"tab{CUSTOMER}", ["name", "status"])
		for values in ([["x" * 200], ["Active"]], [["a\tb"], [None]]):
			if len(values[0][0]) > 140:
				self.assertRaisesRegex(
					frappe.ValidationError,
					"took 1 of 1 rows",
					bulk.load,
					"cims_import_rows",
					["name", "status"],
					values,
				)
			else:
				bulk.load("cims_import_rows", ["name", "status"], values)
		self.assertIn(("a\tb", None), bulk.rows("SELECT name, status FROM cims_import_rows"))

	def test_cells_that_would_be_formulas_come_back_as_text_and_go_in_as_they_were(self):
		bad = ("KL-1", "=1+1", "Enormous")
		doc = self.run_import(("Code", "Customer Name", "Level"), bad, take_good_rows=1)
		content = frappe.get_doc("File", {"file_url": doc.rejects}).get_content()
		rows = list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))
		self.assertEqual(rows[1][:3], ["KL-1", "'=1+1", "Enormous"])
		rows[1][2] = "Key"
		self.run_import(*rows)
		self.assertEqual(frappe.db.get_value(CUSTOMER, "KL-1", "customer_name"), "=1+1")


# --- undo ------------------------------------------------------------------------------------------


class TestUndo(Case):
	def undone(self, doc):
		job.enqueue(doc, job.UNDO)
		self.assertEqual(doc.reload().status, "Undone", doc.error)

	def held(self, doc, said: str):
		self.assertRaisesRegex(frappe.ValidationError, said, job.enqueue, doc, job.UNDO)
		self.assertEqual(doc.reload().status, "Imported")

	def test_customers_go_and_changed_ones_are_as_before(self):
		for lane in ("Fast", "Strict"):
			with self.subTest(lane):
				frappe.db.savepoint("one")
				there = records.customer(
					code="KL-1", level="Key", mobile="13800138000", email="a@example.com"
				)
				before = stored(CUSTOMER, "KL-1")
				rows = (
					("Code", "Customer Name", "Level", "Mobile", "Email"),
					("KL-1", "Changed", "Small", "", "b@example.com"),
					("KL-2", "New", "", "", ""),
				)
				doc = self.run_import(*rows, lane=lane)
				self.assertEqual(self.counts(doc), (1, 1, 0, 0))
				self.assertEqual(frappe.db.get_value(CUSTOMER, there.name, "level"), "Small")
				self.undone(doc)
				self.assertEqual(stored(CUSTOMER, "KL-1"), before)
				self.assertFalse(frappe.db.exists(CUSTOMER, "KL-2"))
				self.assertFalse(frappe.db.exists(changes.CHANGE, {"import_id": doc.name}))
				frappe.db.rollback(save_point="one")

	def test_orders_payments_and_what_they_were_evidence_of_go(self):
		records.customer(code="KL-1", status="Prospect")
		counted = [frappe.db.count(doctype) for doctype in (ORDER, PAYMENT, "CIMS Order Item", CUSTOMER)]
		doc = self.run_import(*RECEIVABLES, kind="Receivables")
		self.assertEqual(frappe.db.get_value(CUSTOMER, "KL-1", "status"), "Active")
		self.assertTrue(frappe.db.exists("Trust Evidence", {"customer": "KL-1"}))
		self.undone(doc)
		self.assertEqual(
			[frappe.db.count(doctype) for doctype in (ORDER, PAYMENT, "CIMS Order Item", CUSTOMER)], counted
		)
		self.assertEqual(frappe.db.get_value(CUSTOMER, "KL-1", "status"), "Prospect")
		rows = frappe.get_all("Trust Evidence", {"customer": "KL-1"}, ["reversal"])
		self.assertEqual(sum(row.reversal for row in rows) * 2, len(rows))

	def test_a_settlement_that_was_added_is_taken_back(self):
		for lane in ("Fast", "Strict"):
			with self.subTest(lane):
				frappe.db.savepoint("one")
				self.run_import(*RECEIVABLES, kind="Receivables")
				more = [*RECEIVABLES[:3], [*RECEIVABLES[3][:5], "2025-05-20", "Yes"]]
				doc = self.run_import(*more, kind="Receivables", lane=lane)
				order = frappe.get_doc(ORDER, {"customer": "KL-1", "order_no": "INV-3"})
				self.assertEqual(order.payment_status, "Paid")
				self.undone(doc)
				order.reload()
				self.assertEqual((order.outstanding_amount, order.dispute_reason), (800.5, None))
				self.assertEqual((order.payment_status, order.settled_on), ("Overdue", None))
				frappe.db.rollback(save_point="one")

	def test_what_builds_on_an_import_is_said(self):
		doc = self.run_import(("Code", "Customer Name"), ("KL-1", "One"), ("KL-2", "Two"))
		records.order("KL-1")
		frappe.get_doc(CUSTOMER, "KL-2").add_comment("Comment", "Met at the fair")
		self.held(doc, "1 × CIMS Order of CIMS Customer")
		self.held(doc, "1 × Comment of CIMS Customer")

	def test_what_was_changed_since_is_said(self):
		doc = self.run_import(("Code", "Customer Name"), ("KL-1", "One"))
		customer = frappe.get_doc(CUSTOMER, "KL-1")
		customer.level = "Key"
		customer.save()
		self.held(doc, "1 × CIMS Customer, changed since")

	def test_only_the_importer_and_who_may_delete_undo(self):
		doc = self.run_import(("Code", "Customer Name"), ("KL-1", "One"))
		sales = records.user("CIMS Sales")
		# Frappe makes the first user of a site its System Manager.
		frappe.db.delete("Has Role", {"parent": sales, "role": "System Manager"})
		frappe.clear_cache(user=sales)
		self.addCleanup(frappe.clear_cache, user=sales)
		with self.set_user(sales):
			self.assertRaises(frappe.PermissionError, job.enqueue, doc, job.UNDO)
			mine = self.run_import(("Code", "Customer Name"), ("KL-2", "Two"))
			self.undone(mine)
		self.assertFalse(frappe.db.exists(CUSTOMER, "KL-2"))


# --- batches, faults and turns ---------------------------------------------------------------------


class TestBatches(Case):
	ROWS = (
		("Code", "Customer Name", "Level"),
		*((f"KL-{at}" if at % 3 else "", f"Name {at}", "Huge" if at == 120 else "") for at in range(250)),
	)

	def broken(self, lane: str, **options):
		"""An import whose third batch fails."""
		doc = self.bring(*self.ROWS, lane=lane, take_good_rows=1, **options)
		real, calls = job.Job.settle, []

		def settle(self, batch):
			calls.append(1)
			if len(calls) == 3:
				raise RuntimeError("the lights went out")
			real(self, batch)

		with patch.object(job.Job, "settle", settle):
			job.enqueue(doc, job.IMPORT)
		return doc.reload()

	def test_an_interrupted_import_goes_on_and_no_row_comes_twice(self):
		for lane in ("Fast", "Strict"):
			with (
				self.subTest(lane),
				patch("cims.customers.importing.FAST_AT_ONCE", 50),
				patch("cims.customers.importing.STRICT_AT_ONCE", 50),
			):
				frappe.db.savepoint("one")
				doc = self.broken(lane, by_batch=1)
				self.assertEqual(doc.status, "Stopped")
				self.assertEqual((doc.rows_new, doc.rows_done), (100, 101))
				self.assertEqual(frappe.db.count(CUSTOMER, {"import_id": doc.name}), 100)
				self.assertRaisesRegex(
					frappe.ValidationError, "has been imported", job.enqueue, doc, job.CHECK
				)
				job.enqueue(doc, job.IMPORT)
				doc.reload()
				self.assertEqual((doc.status, self.counts(doc)), ("Imported", (249, 0, 0, 1)), doc.error)
				self.assertEqual(frappe.db.count(CUSTOMER, {"import_id": doc.name}), 249)
				content = frappe.get_doc("File", {"file_url": doc.rejects}).get_content()
				self.assertEqual(len(content.strip().splitlines()), 2)
				frappe.db.rollback(save_point="one")

	def test_an_interrupted_import_can_be_undone(self):
		with patch("cims.customers.importing.FAST_AT_ONCE", 50):
			doc = self.broken("Fast", by_batch=1)
		job.enqueue(doc, job.UNDO)
		self.assertEqual(doc.reload().status, "Undone", doc.error)
		self.assertFalse(frappe.db.exists(CUSTOMER, {"import_id": doc.name}))

	def test_without_batches_nothing_stays(self):
		with patch("cims.customers.importing.FAST_AT_ONCE", 50):
			doc = self.broken("Fast")
		self.assertEqual(doc.status, "Failed")
		self.assertIn("error in the program", doc.error)
		self.assertFalse(frappe.db.exists(CUSTOMER, {"import_id": doc.name}))

	def test_one_of_a_kind_at_a_time(self):
		doc = self.bring(("Code", "Customer Name"), ("KL-1", "One"))
		with patch("cims.imports.job.turn", _not_mine):
			job.enqueue(doc, job.IMPORT)
		self.assertEqual(doc.reload().status, "Queued")
		self.assertRaisesRegex(frappe.ValidationError, "running already", job.enqueue, doc, job.IMPORT)
		job.start_next()
		self.assertEqual(doc.reload().status, "Imported")

	def test_a_job_whose_worker_is_silent_is_dead(self):
		doc = self.bring(("Code", "Customer Name"), ("KL-1", "One"))
		for status, silent, kind_is_free, running in (
			(JobStatus.QUEUED, 0, True, True),
			(JobStatus.STARTED, 30, True, True),
			(JobStatus.STARTED, 120, True, False),
			(JobStatus.STARTED, 120, False, True),
			(JobStatus.FAILED, 0, True, False),
		):
			found = Mock(last_heartbeat=utcnow() - timedelta(seconds=silent))
			found.get_status.return_value = status
			doc.db_set(
				{"status": job.IMPORT, "task": job.IMPORT, "started_on": add_to_date(None, minutes=-5)}
			)
			with (
				self.subTest(status=status, silent=silent, kind_is_free=kind_is_free),
				patch("cims.imports.job.get_job", return_value=found),
				patch("cims.imports.job.is_free", return_value=kind_is_free),
			):
				self.assertEqual(job.state(doc)["status"], job.IMPORT if running else "Failed")

	def test_what_follows_is_made_up_for(self):
		row = ("KL-1", "SO 9", "2026-01-05", "100")
		with patch("cims.imports.job.enqueue_follow_up"):
			# As if the worker had been killed right after the commit.
			doc = self.run_import(("Customer", "Order No", "Order Date", "Amount"), row, kind="Orders")
		self.assertEqual((doc.status, doc.follow_up_due), ("Imported", 1), doc.error)
		customer = frappe.db.get_value(ORDER, {"import_id": doc.name}, "customer")
		self.assertFalse(frappe.db.exists("Trust Rating", customer))
		job.sweep()
		self.assertEqual(doc.reload().follow_up_due, 0)
		self.assertTrue(frappe.db.exists("Trust Rating", customer))

	def test_the_time_that_it_takes_counts_from_the_start_of_the_work(self):
		doc = self.bring(("Code", "Customer Name"), ("KL-1", "One"))
		with patch("cims.imports.job.turn", _not_mine):
			job.enqueue(doc, job.IMPORT)
		doc.db_set("started_on", add_to_date(None, hours=-1))
		job.start_next()
		self.assertLess(time_diff_in_seconds(doc.reload().finished_on, doc.started_on), 60)

	def test_a_file_of_this_machine_is_copied_and_kept_once(self):
		with NamedTemporaryFile("wb", suffix=".csv") as file:
			file.write(csv_of(("Code", "Customer Name"), ("KL-1", f"One {now()}")))
			file.flush()
			first, second = (job.bring(Path(file.name), "Customers") for _time in range(2))
		self.assertEqual(first.file, second.file)
		kept = [frappe.get_doc("File", {"attached_to_name": doc.name}) for doc in (first, second)]
		self.assertTrue(kept[0].is_private)
		self.assertEqual(kept[0].file_size, files.path_of(first).stat().st_size)
		frappe.delete_doc("File", kept[0].name)
		self.assertTrue(files.path_of(second).exists())
		path = files.path_of(second)
		frappe.delete_doc("File", kept[1].name)
		self.assertFalse(path.exists())


@contextmanager
def _not_mine(kind):
	yield False


# --- the short way and the long way ----------------------------------------------------------------

DIGITS = st.text("0123456789", min_size=3, max_size=14)
NUMBERS = st.one_of(
	DIGITS,
	st.text("0123456789", min_size=10, max_size=10).map(lambda text: f"1{text}"),
	st.text("0123456789", min_size=6, max_size=11).map(lambda text: f"0{text}"),
	DIGITS.map(lambda text: f"86{text}"),
	st.text("0123456789 -+", min_size=4, max_size=18),
)


class TestShortcuts(Case):
	def both(self, way: str, rule, value: str, *args):
		short = getattr(shortcuts, way)(value, *args)
		if short is None:
			return
		with patch.object(shortcuts, way, lambda *_args: None):
			self.assertEqual(rule(value, *args), short, value)

	@settings(max_examples=1500, deadline=None)
	@given(
		st.sampled_from(["", "+86", "+86 ", "+86-"]),
		NUMBERS,
		st.sampled_from(["CN", "US", "HK", None]),
		st.booleans(),
	)
	def test_telephones(self, head, number, region, mobile):
		self.both("phone", identity.phone, head + number, region, mobile)

	@settings(max_examples=300, deadline=None)
	@given(st.emails())
	def test_addresses(self, address):
		self.both("email", identity.email, address)
		self.both("email", identity.email, address.lower())

	@settings(max_examples=300, deadline=None)
	@given(st.one_of(st.text(min_size=1), st.from_regex(r"(New )?[A-Za-z0-9_.<-]+", fullmatch=True)))
	def test_codes(self, code):
		self.both("code", rows.code, code)

	@settings(max_examples=300, deadline=None)
	@given(st.integers(0, 10**9))
	def test_identity_numbers(self, seed):
		pick = random.Random(seed)
		day = f"{pick.randrange(1900, 2030)}{pick.randrange(14):02d}{pick.randrange(33):02d}"
		number = records.resident_id(
			day, f"{pick.randrange(1000):03d}", pick.choice(("440106", "110101", "310115"))
		)
		self.both("resident_id", identity.resident_id, number)
		signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
		self.both(
			"credit_code",
			identity.credit_code,
			records.credit_code("".join(pick.choices("0123456789", k=8) + pick.choices(signs, k=9))),
		)
