"""Files in: what the lanes make of the same rows, what is undone, what goes on after a fault."""

import csv
import io
import json
import random
from contextlib import contextmanager
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from cims.customers import identity, shortcuts
from cims.imports import bulk, changes, job
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
		doc.file = job.attach(doc.name, "file.csv", csv_of(*rows)).file_url
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

NAMES = st.sampled_from(["长风贸易", "Lakeside Ltd", "  Two  Rivers ", "<b>Bold</b> & Sons", "a" * 141, "O'Neill \\ Co\tInc"])
MOBILES = st.sampled_from(
	["", "13800138000", "+86 138 0013 8000", "138-0013-8000", "12", "0755-26880000", "+1 650 253 0000", "１３８００１３８０００"]
)
PHONES = st.sampled_from(["", "0755-26880000", "020 8123 4567", "+49 30 123456", "400 800 8820", "999", "0755-26880000 ext 12"])
EMAILS = st.sampled_from(["", "Info@Example.COM", "a.b@example.com", "nobody", "two@x.com, one@x.com", "a b@x.com"])
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

	@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
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
	["Customer", "Order Number", "Order Date", "Delivery Date", "Item", "Quantity", "Rate", "Discount", "Paid On", "Paid Amount"],
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
	for doctype, table in ((ORDER, "CIMS Order Item"), (PAYMENT, "CIMS Payment Allocation"), (CUSTOMER, None)):
		names = frappe.get_all(doctype, {"import_id": ("in", imports)}, pluck="name", order_by="name")
		names = names if doctype != CUSTOMER else [*names, *frappe.get_all(doctype, {"name": "KL-1"}, pluck="name")]
		found[doctype] = [stored(doctype, name) for name in names]
		if table:
			rows = frappe.get_all(table, {"parent": ("in", names)}, pluck="name", order_by="parent, idx")
			found[table] = [stored(table, name) for name in rows]
	notes = {"reference_doctype": CUSTOMER, "reference_name": "KL-1"}
	found["notes"] = frappe.get_all("Comment", notes, pluck="comment_type")
	return found
