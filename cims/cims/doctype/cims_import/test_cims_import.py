import csv
import io
import os
from pathlib import Path
from unittest.mock import patch

import openpyxl

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from cims.api import imports as api
from cims.imports import files, job
from cims.tests import records

HEADER = "Customer,Invoice Number,Invoice Date,Due Date,Amount,Settled Date,Disputed"
ROW = "KL-9001,INV-1,2025-01-15,2025-02-14,1200.00,2025-02-20,No"
OPEN = "KL-9001,INV-2,2025-03-01,2025-03-31,800.50,,No"


class ImportCase(FrappeTestCase):
	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.set_single_value("CIMS Settings", "default_currency", "CNY")
		frappe.db.set_single_value("CIMS Settings", "holiday_country", "China")
		frappe.clear_messages()

	def tearDown(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")

	def bring(self, content: bytes | str, kind: str = "Receivables", name: str = "file.csv", **options):
		"""An import of this file, not checked yet."""
		doc = frappe.get_doc({"doctype": "CIMS Import", "kind": kind, **options}).insert()
		content = content.encode() if isinstance(content, str) else content
		doc.file = files.attach(doc.name, name, content).file_url
		return doc.save()

	def check(self, content, **options):
		doc = self.bring(content, **options)
		job.enqueue(doc, job.CHECK)
		return doc.reload()

	def run_import(self, content, **options):
		doc = self.check(content, **options)
		job.enqueue(doc, job.IMPORT)
		return doc.reload()

	def samples(self, doc, outcome: str) -> list[dict]:
		return frappe.parse_json(doc.summary)["samples"][outcome]

	def counts(self, doc) -> tuple[int, int, int, int]:
		return doc.rows_new, doc.rows_updated, doc.rows_duplicate, doc.rows_rejected

	def rejects(self, doc) -> list[list[str]]:
		content = frappe.get_doc("File", {"file_url": doc.rejects}).get_content()
		text = content.decode() if isinstance(content, bytes) else content
		return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))

	def order(self, number: str, customer: str = "KL-9001"):
		return frappe.get_doc("CIMS Order", {"customer": customer, "order_no": number})

	def nothing_written(self):
		self.assertFalse(frappe.db.exists("CIMS Customer", "KL-9001"))
		self.assertFalse(frappe.db.exists("CIMS Order", {"customer": "KL-9001"}))


def file_of(*rows: str, header: str = HEADER) -> str:
	return "\n".join([header, *rows]) + "\n"


def xlsx_of(*rows: list) -> bytes:
	book = openpyxl.Workbook()
	for row in rows:
		book.active.append(row)
	out = io.BytesIO()
	book.save(out)
	return out.getvalue()


class TestReceivables(ImportCase):
	def test_the_dry_run_says_what_would_happen_and_writes_nothing(self):
		doc = self.check(file_of(ROW, OPEN))
		self.assertEqual((doc.status, self.counts(doc), doc.customers_created), ("Checked", (2, 0, 0, 0), 1))
		self.assertEqual(frappe.parse_json(doc.summary)["customers"], [["KL-9001", "KL-9001"]])
		self.assertEqual(self.samples(doc, "new")[0]["cells"]["Invoice Number"], "INV-1")
		self.nothing_written()

	def test_a_settled_invoice_becomes_a_delivered_order_and_a_cleared_payment(self):
		doc = self.run_import(file_of(ROW, OPEN))
		self.assertEqual((doc.status, self.counts(doc)), ("Imported", (2, 0, 0, 0)))
		order = self.order("INV-1")
		self.assertEqual((order.docstatus, order.status, order.payment_status), (1, "Delivered", "Paid"))
		self.assertEqual(
			(order.delivery_date, order.due_date), (getdate("2025-01-15"), getdate("2025-02-14"))
		)
		self.assertEqual((order.grand_total, order.outstanding_amount), (1200, 0))
		self.assertEqual(order.settled_on, getdate("2025-02-20"))
		self.assertEqual(order.customer_name, "KL-9001")
		payment = frappe.get_doc("CIMS Payment", {"customer": "KL-9001"})
		self.assertEqual((payment.docstatus, payment.status, payment.amount), (1, "Cleared", 1200))
		self.assertEqual(payment.allocations[0].order, order.name)
		self.assertEqual(self.order("INV-2").outstanding_amount, 800.5)
		self.assertEqual(frappe.db.get_value("CIMS Customer", "KL-9001", "status"), "Active")

	def test_evidence_comes_once_for_the_batch(self):
		self.run_import(file_of(ROW, OPEN))
		kinds = frappe.get_all("Trust Evidence", {"customer": "KL-9001"}, pluck="kind", order_by="kind")
		self.assertEqual(kinds, ["payment.settled", "trading.fulfilled", "trading.fulfilled"])
		self.assertTrue(frappe.db.get_value("Trust Rating", "KL-9001", "dirty"))

	def test_names_come_from_the_series_and_the_series_goes_on(self):
		self.run_import(file_of(ROW, OPEN))
		names = sorted(frappe.get_all("CIMS Order", {"customer": "KL-9001"}, pluck="name"))
		after = records.order("KL-9001").name
		self.assertEqual(
			[int(name[-5:]) for name in [*names, after]],
			list(range(int(names[0][-5:]), int(names[0][-5:]) + 3)),
		)

	def test_the_same_file_again_changes_nothing(self):
		self.run_import(file_of(ROW, OPEN))
		doc = self.check(file_of(ROW, OPEN))
		self.assertEqual(self.counts(doc), (0, 0, 2, 0))
		self.assertIn("nothing changes", self.samples(doc, "duplicate")[0]["note"])
		job.enqueue(doc, job.IMPORT)
		self.assertEqual(frappe.db.count("CIMS Order", {"customer": "KL-9001"}), 2)

	def test_a_settlement_that_is_news_is_added(self):
		self.run_import(file_of(ROW, OPEN))
		doc = self.run_import(file_of(ROW, OPEN.replace(",,No", ",2025-04-10,Yes")))
		self.assertEqual(self.counts(doc), (0, 1, 1, 0))
		order = self.order("INV-2")
		self.assertEqual((order.settled_on, order.payment_status), (getdate("2025-04-10"), "Paid"))
		self.assertTrue(order.dispute_reason)
		settled = frappe.get_all("Trust Evidence", {"source_name": order.name, "kind": "payment.settled"})
		self.assertEqual(len(settled), 1)

	def test_a_part_paid_order_is_settled_with_the_rest(self):
		self.run_import(file_of(OPEN))
		records.payment("KL-9001", 300.5, (self.order("INV-2").name, 300.5))
		self.run_import(file_of(OPEN.replace(",,No", f",{nowdate()},No")))
		self.assertEqual(self.order("INV-2").payment_status, "Paid")
		amounts = frappe.get_all("CIMS Payment", {"customer": "KL-9001"}, pluck="amount", order_by="amount")
		self.assertEqual(amounts, [300.5, 500])

	def test_an_order_that_differs_is_rejected_with_both_figures(self):
		self.run_import(file_of(ROW))
		doc = self.check(file_of(ROW.replace("1200.00", "1300.00").replace("2025-02-20", "2025-02-25")))
		self.assertEqual(self.counts(doc), (0, 0, 0, 1))
		note = self.samples(doc, "rejected")[0]["note"]
		for part in ("1,200.00", "1,300.00", "settled on", "Correct the file or the order"):
			self.assertIn(part, note)

	def test_a_disputed_invoice_keeps_its_flag_and_no_made_up_days(self):
		self.run_import(file_of(ROW.replace(",No", ",Yes")))
		order = self.order("INV-1")
		self.assertIn("Disputed according to", order.dispute_reason)
		self.assertIsNone(order.disputed_from)

	def test_a_customer_is_found_by_code_and_by_name(self):
		one = records.customer(code="KL-9001")
		two = records.customer(customer_name="Lakeside Trading")
		doc = self.run_import(file_of(ROW, OPEN.replace("KL-9001", "lakeside trading")))
		self.assertEqual(doc.customers_created, 0)
		self.assertTrue(self.order("INV-1", one.name))
		self.assertTrue(self.order("INV-2", two.name))

	def test_one_invoice_under_the_code_and_under_the_name_is_one(self):
		records.customer(code="KL-9001", customer_name="Lakeside Trading")
		doc = self.check(file_of(ROW, ROW.replace("KL-9001", "Lakeside Trading")))
		self.assertEqual(self.counts(doc), (1, 0, 0, 1))
		self.assertIn("already stands in row 2", self.samples(doc, "rejected")[0]["note"])

	def test_a_name_that_two_customers_have_is_refused(self):
		codes = [records.customer(customer_name="Two Rivers").name for _ in range(2)]
		doc = self.check(file_of(ROW.replace("KL-9001", "Two Rivers")))
		note = self.samples(doc, "rejected")[0]["note"]
		self.assertIn(codes[0], note)
		self.assertIn(codes[1], note)

	def test_a_name_becomes_a_name_and_the_series_gives_the_code(self):
		doc = self.run_import(file_of(ROW.replace("KL-9001", "Nordlicht Handel GmbH")))
		self.assertEqual(doc.customers_created, 1)
		code = frappe.db.get_value("CIMS Customer", {"customer_name": "Nordlicht Handel GmbH"})
		self.assertRegex(code, r"^C-\d{6}$")

	def test_customers_are_made_only_if_the_option_says_so(self):
		doc = self.check(file_of(ROW), create_customers=0)
		self.assertEqual(self.counts(doc), (0, 0, 0, 1))
		self.assertIn("let the import create customers", self.samples(doc, "rejected")[0]["note"])

	def test_a_blocked_customer_pays_but_takes_no_new_orders(self):
		self.run_import(file_of(OPEN))
		frappe.db.set_value("CIMS Customer", "KL-9001", "status", "Blocked")
		doc = self.check(file_of(ROW, OPEN.replace(",,No", ",2025-04-10,No")))
		self.assertEqual(self.counts(doc), (0, 1, 0, 1))
		self.assertIn("Blocked", self.samples(doc, "rejected")[0]["note"])

	def test_columns_are_guessed_and_can_be_chosen(self):
		text = "kd,nr,vom,bis,betrag,bezahlt\nKL-9001,INV-1,2025-01-15,2025-02-14,1200,2025-02-20\n"
		doc = self.check(text)
		self.assertEqual(doc.status, "Failed")
		self.assertIn("Customer, Invoice Number", doc.error)
		fields = ("customer", "invoice", "invoice_date", "due_date", "amount", "settled_date")
		doc.mapping = frappe.as_json(dict(zip(fields, text.split("\n")[0].split(","), strict=True)))
		doc.save()
		self.assertEqual(doc.status, "Draft")
		job.enqueue(doc, job.CHECK)
		self.assertEqual(self.counts(doc.reload()), (1, 0, 0, 0))

	def test_the_form_is_told_of_columns_samples_and_guesses(self):
		found = job.columns(self.bring(file_of(ROW, OPEN)))
		self.assertEqual(found["mapping"]["settled_date"], "Settled Date")
		self.assertEqual(found["columns"][1], {"header": "Invoice Number", "samples": ["INV-1", "INV-2"]})
		self.assertEqual([one["name"] for one in found["fields"] if not one["required"]], ["disputed"])

	def test_a_changed_import_is_a_draft_again(self):
		doc = self.check(file_of(ROW))
		doc.take_good_rows = 1
		doc.save()
		self.assertEqual((doc.status, doc.rows_new, doc.summary), ("Draft", 0, None))

	def test_what_was_imported_is_not_imported_again(self):
		doc = self.run_import(file_of(ROW))
		self.assertRaisesRegex(frappe.ValidationError, "has been imported", job.enqueue, doc, job.IMPORT)
		doc.create_customers = 0
		self.assertRaisesRegex(frappe.ValidationError, "Make a new import", doc.save)

	def test_xlsx_with_dates_and_numbers(self):
		content = xlsx_of(
			HEADER.split(","),
			[
				"KL-9001",
				1001,
				getdate("2025-01-15"),
				getdate("2025-02-14"),
				1200.5,
				getdate("2025-02-20"),
				True,
			],
		)
		doc = self.run_import(content, name="book.xlsx")
		self.assertEqual(doc.status, "Imported")
		self.assertEqual(self.order("1001").grand_total, 1200.5)

	def test_a_row_that_its_documents_refuse_takes_all_back(self):
		doc = self.check(file_of(ROW, OPEN), lane="Strict")
		with patch(
			"cims.cims.doctype.cims_order.cims_order.CIMSOrder.check_items",
			side_effect=[None, frappe.ValidationError("No.")],
		):
			job.enqueue(doc, job.IMPORT)
		doc.reload()
		self.assertEqual(doc.status, "Failed")
		self.assertIn("Nothing was written. Row 3: No.", doc.error)
		self.nothing_written()

	def test_a_row_that_its_documents_refuse_comes_back_among_the_rejected(self):
		doc = self.check(file_of(ROW, OPEN), take_good_rows=1, lane="Strict")
		with patch(
			"cims.cims.doctype.cims_order.cims_order.CIMSOrder.check_items",
			side_effect=[frappe.ValidationError("No."), None],
		):
			job.enqueue(doc, job.IMPORT)
		self.assertEqual(self.counts(doc.reload()), (1, 0, 0, 1))
		self.assertEqual(self.rejects(doc)[1][-2:], ["2", "No."])
		self.assertTrue(self.order("INV-2"))

	def test_the_ibm_file(self):
		folder = os.environ.get("CIMS_TEST_DATA") or Path(__file__).parents[5] / "shared/data"
		path = Path(folder) / "ibm_accounts_receivable.csv"
		if not path.exists():
			self.skipTest(f"needs {path.name}; name its folder in CIMS_TEST_DATA")
		doc = self.check(path.read_bytes())
		self.assertEqual((self.counts(doc), doc.customers_created), ((2466, 0, 0, 0), 100))


class TestBadInput(ImportCase):
	"""Each of these is said clearly, with row and column, and by default nothing of the file is written."""

	def refused(self, content, said: str, **options):
		doc = self.check(content, **options)
		self.assertEqual(doc.status, "Failed")
		self.assertIn(said, doc.error)
		job.enqueue(doc, job.IMPORT)
		self.assertEqual(doc.reload().status, "Failed")
		self.nothing_written()

	def row_refused(self, bad: str, *said: str, header: str = HEADER):
		"""One bad row among good ones."""
		doc = self.check(file_of(ROW, bad, OPEN, header=header))
		self.assertEqual((doc.status, doc.rows_rejected), ("Checked", 1))
		sample = self.samples(doc, "rejected")[0]
		self.assertEqual(sample["row"], 3)
		for part in said:
			self.assertIn(part, sample["note"])
		job.enqueue(doc, job.IMPORT)
		doc.reload()
		self.assertEqual(doc.status, "Failed")
		self.assertIn("Nothing was written. Row 3:", doc.error)
		self.nothing_written()

	def test_a_file_of_0_bytes(self):
		doc = frappe.get_doc({"doctype": "CIMS Import", "kind": "Receivables"}).insert()
		self.assertRaisesRegex(frappe.ValidationError, "0 bytes", files.attach, doc.name, "file.csv", b"")

	def test_a_file_with_nothing_but_blank_lines(self):
		self.refused("\n\n\n", "no row with anything in it")

	def test_a_file_without_rows(self):
		self.refused(HEADER + "\n", "no rows below")

	def test_a_pdf_named_csv(self):
		self.refused(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "PDF document")

	def test_an_old_workbook(self):
		self.refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Save it as .xlsx", name="file.xls")

	def test_an_unknown_encoding(self):
		self.refused(file_of(ROW.replace("KL-9001", "Müller")).encode("latin-1"), "neither UTF-8 nor GB18030")

	def test_mixed_encodings(self):
		names = ("广州长风贸易有限公司", "深圳市南山电子有限公司", "上海浦东机械厂")
		lines = [HEADER.encode(), *(ROW.replace("KL-9001", name).encode("gb18030") for name in names)]
		lines.append(ROW.replace("KL-9001", names[0]).encode("utf-8"))
		self.refused(b"\n".join(lines), "Row 5 is UTF-8 text while other rows are GB18030")

	def test_gb18030_is_read(self):
		header = "客户,发票号,开票日期,到期日,金额,结清日期"
		row = '广州长风贸易有限公司,INV-1,2025年1月15日,2025年2月14日,"¥1,200.00",2025年2月20日'
		doc = self.run_import(file_of(row, header=header).encode("gb18030"))
		self.assertEqual(doc.status, "Imported")
		code = frappe.db.get_value("CIMS Customer", {"customer_name": "广州长风贸易有限公司"})
		self.assertEqual(self.order("INV-1", code).grand_total, 1200)

	def test_missing_columns(self):
		self.refused("Customer,Amount\nKL-9001,5\n", "Invoice Number, Invoice Date, Due Date, Settled Date")

	def test_dates_in_two_orders(self):
		row = "KL-9001,INV-1,01/02/2025,03/04/2025,1200,05/06/2025,No"
		self.refused(file_of(row), "D/M/YYYY or M/D/YYYY")
		doc = self.check(file_of(row), date_format="DD/MM/YYYY")
		self.assertEqual(
			self.samples(doc, "new")[0]["cells"]["Invoice Date"], frappe.format("2025-02-01", "Date")
		)

	def test_a_wrong_date(self):
		self.row_refused("KL-9001,INV-9,2025-02-30,2025-03-14,10,,No", "Invoice Date: 2025-02-30 is no date")

	def test_a_date_in_the_future(self):
		ahead = add_days(nowdate(), 3)
		self.row_refused(
			f"KL-9001,INV-9,2025-02-03,2025-03-14,10,{ahead},No", "Settled Date:", "lies in the future"
		)

	def test_settled_before_it_was_invoiced(self):
		self.row_refused(
			"KL-9001,INV-9,2025-02-03,2025-03-14,10,2025-01-01,No", "Settled Date:", "before it was invoiced"
		)

	def test_an_amount_that_is_none(self):
		self.row_refused("KL-9001,INV-9,2025-02-03,2025-03-14,ten,,No", "Amount: ten is no amount")

	def test_a_negative_amount(self):
		self.row_refused("KL-9001,INV-9,2025-02-03,2025-03-14,-10,,No", "Amount: -10 is below zero")

	def test_an_amount_of_zero(self):
		self.row_refused("KL-9001,INV-9,2025-02-03,2025-03-14,0,,No", "Amount:", "zero")

	def test_a_duplicate_invoice(self):
		self.row_refused(ROW, "Invoice Number: Invoice INV-1 of this customer already stands in row 2")

	def test_an_empty_cell(self):
		self.row_refused("KL-9001,,2025-02-03,2025-03-14,10,,No", "Invoice Number: The cell is empty")

	def test_neither_yes_nor_no(self):
		self.row_refused("KL-9001,INV-9,2025-02-03,2025-03-14,10,,maybe", "Disputed: maybe")

	def test_thousands_and_signs_of_currency_are_read(self):
		self.run_import(
			file_of(ROW.replace("1200.00", '"¥ 1,200.50"'), OPEN.replace("800.50", '"CNY 1,234,567"'))
		)
		self.assertEqual(
			(self.order("INV-1").grand_total, self.order("INV-2").grand_total), (1200.5, 1234567)
		)

	def test_the_good_rows_are_taken_and_the_rest_comes_back(self):
		bad = "KL-9001,INV-9,2025-02-30,2025-03-14,-10,,No"
		doc = self.run_import(file_of(ROW, bad, OPEN), take_good_rows=1)
		self.assertEqual((doc.status, self.counts(doc)), ("Imported", (2, 0, 0, 1)))
		header, *rows = self.rejects(doc)
		self.assertEqual(header, [*HEADER.split(","), "Row", "Reason"])
		self.assertEqual(len(rows), 1)
		self.assertEqual(rows[0][:8], [*bad.split(","), "3"])
		self.assertIn("Invoice Date: 2025-02-30 is no date", rows[0][8])
		self.assertIn("Amount: -10 is below zero", rows[0][8])
		self.assertTrue(self.order("INV-2"))
		self.assertFalse(frappe.db.exists("CIMS Order", {"customer": "KL-9001", "order_no": "INV-9"}))

	def test_rejects_can_be_corrected_and_imported(self):
		bad = "KL-9001,INV-9,2025-02-30,2025-03-14,10,,No"
		rows = self.rejects(self.run_import(file_of(ROW, bad), take_good_rows=1))
		out = io.StringIO()
		csv.writer(out).writerows(rows)
		doc = self.run_import(out.getvalue().replace("2025-02-30", "2025-02-28"))
		self.assertEqual((doc.status, self.counts(doc)), ("Imported", (1, 0, 0, 0)))


CUSTOMERS = "Code,Customer Name,Customer Type,Country,Province,City,Mobile,Email,Level"
LAKE = "KL-9100,Lakeside Trading Ltd,Company,China,广东省,深圳市,138 0013 8000,Info@Example.COM,Key"


class TestCustomers(ImportCase):
	def bring(self, content, **options):
		return super().bring(content, **{"kind": "Customers", **options})

	def customer(self, code: str = "KL-9100"):
		return frappe.get_doc("CIMS Customer", code)

	def test_new_customers_with_all_their_own_checks(self):
		doc = self.run_import(file_of(LAKE, header=CUSTOMERS))
		self.assertEqual((doc.status, self.counts(doc)), ("Imported", (1, 0, 0, 0)))
		one = self.customer()
		self.assertEqual((one.mobile, one.email), ("+8613800138000", "Info@example.com"))
		self.assertEqual(
			(one.province, one.city, one.level, one.status), ("广东省", "深圳市", "Key", "Prospect")
		)

	def test_a_code_that_is_there_is_updated_and_an_empty_cell_changes_nothing(self):
		self.run_import(file_of(LAKE, header=CUSTOMERS))
		doc = self.run_import(file_of("kl-9100,Lakeside Trading Ltd,,,,,,new@example.com,", header=CUSTOMERS))
		self.assertEqual(self.counts(doc), (0, 1, 0, 0))
		self.assertEqual(self.samples(doc, "updated")[0]["note"], "Changes: Email.")
		self.assertEqual((self.customer().email, self.customer().level), ("new@example.com", "Key"))

	def test_the_same_file_again_changes_nothing(self):
		self.run_import(file_of(LAKE, header=CUSTOMERS))
		self.assertEqual(self.counts(self.check(file_of(LAKE, header=CUSTOMERS))), (0, 0, 1, 0))

	def test_customers_stay_as_they_are_without_the_option(self):
		self.run_import(file_of(LAKE, header=CUSTOMERS))
		doc = self.check(file_of(LAKE.replace(",Key", ",Small"), header=CUSTOMERS), update_customers=0)
		self.assertEqual(self.counts(doc), (0, 0, 1, 0))
		self.assertIn("Level", self.samples(doc, "duplicate")[0]["note"])

	def test_a_row_without_code_that_is_there_is_a_duplicate(self):
		self.run_import(file_of(LAKE, header=CUSTOMERS))
		doc = self.check(file_of(LAKE.removeprefix("KL-9100"), header=CUSTOMERS))
		self.assertEqual(self.counts(doc), (0, 0, 1, 0))
		self.assertIn("KL-9100", self.samples(doc, "duplicate")[0]["note"])
		other = LAKE.removeprefix("KL-9100").replace("138 0013 8000", "139 0013 9000")
		self.assertEqual(self.counts(self.check(file_of(other, header=CUSTOMERS))), (1, 0, 0, 0))

	def test_a_person_is_recognised_by_the_resident_id(self):
		number = records.resident_id("19900307")
		self.run_import(file_of(f"KL-9200,王芳,{number}", header="客户编号,姓名,身份证号"))
		one = self.customer("KL-9200")
		self.assertEqual(
			(one.customer_type, one.birth_date, one.gender), ("Individual", getdate("1990-03-07"), "Male")
		)

	def test_chinese_headers_and_choices(self):
		text = file_of(
			"KL-9300,广州长风贸易有限公司,广州市,广东,中国", header="客户编码,客户名称,城市,省份,国家"
		)
		doc = self.run_import(text.encode("gb18030"))
		self.assertEqual((doc.status, doc.error, self.samples(doc, "rejected")), ("Imported", None, []))
		self.assertEqual(self.customer("KL-9300").province, "广东省")

	def rejected(self, row: str, *said: str, header: str = CUSTOMERS):
		doc = self.check(file_of(LAKE, row, header=header))
		self.assertEqual(self.counts(doc), (1, 0, 0, 1))
		for part in said:
			self.assertIn(part, self.samples(doc, "rejected")[0]["note"])
		job.enqueue(doc, job.IMPORT)
		self.assertIn("Nothing was written. Row 3:", doc.reload().error)
		self.assertFalse(frappe.db.exists("CIMS Customer", "KL-9100"))

	def test_an_empty_name(self):
		self.rejected("KL-9101,,Company,,,,,,", "Customer Name: The cell is empty")

	def test_a_code_that_stands_twice(self):
		self.rejected(LAKE, "Code: KL-9100 already stands in row 2")

	def test_a_wrong_mobile(self):
		self.rejected("KL-9101,Other,Company,China,,,12,,", "Mobile: 12 isn't a telephone number")

	def test_a_choice_that_there_is_not(self):
		self.rejected("KL-9101,Other,Company,,,,,,Enormous", "Level: Enormous isn't one of: Strategic, Key")

	def test_a_country_that_there_is_not(self):
		self.rejected("KL-9101,Other,Company,Atlantis,,,,,", "Country: There is no Country Atlantis")

	def test_a_credit_code_that_stands_twice(self):
		code = records.credit_code()
		header = "Code,Customer Name,Unified Social Credit Code"
		doc = self.check(file_of(f"KL-9100,One,{code}", f"KL-9101,Two,{code}", header=header))
		self.assertEqual(self.counts(doc), (1, 0, 0, 1))
		self.assertIn("already stands in row 2", self.samples(doc, "rejected")[0]["note"])

	def test_a_wrong_birth_date(self):
		header = "Code,Customer Name,Birth Date"
		doc = self.check(file_of("KL-9100,One,1990-03-07", "KL-9101,Two,1990-02-31", header=header))
		self.assertIn("Birth Date: 1990-02-31 is no date", self.samples(doc, "rejected")[0]["note"])

	def test_missing_columns(self):
		doc = self.check("foo,bar\n1,2\n")
		self.assertEqual(doc.status, "Failed")
		self.assertIn("Customer Name", doc.error)

	def test_the_template_can_be_imported_as_it_is(self):
		for kind in job.IMPORTERS:
			api.template(kind)
			content = frappe.response.filecontent
			self.assertTrue(content.startswith(b"\xef\xbb\xbf"))
			doc = self.check(content, kind=kind)
			self.assertEqual((doc.status, doc.rows_rejected), ("Checked", 0), doc.error)


class TestPermissions(ImportCase):
	def test_sales_and_managers_import_and_nobody_else(self):
		for role, may in (
			("CIMS Manager", True),
			("CIMS Sales", True),
			("CIMS Service", False),
			("CIMS Viewer", False),
			("CIMS Auditor", False),
		):
			with self.subTest(role), self.set_user(records.user(role)):
				if may:
					self.assertEqual(
						self.run_import(file_of(ROW.replace("INV-1", f"INV-{role}"))).status, "Imported"
					)
				else:
					self.assertRaises(frappe.PermissionError, self.bring, file_of(ROW))

	def test_another_s_file_can_t_be_read_through_an_import(self):
		with self.set_user(records.user("CIMS Manager")):
			theirs = frappe.get_doc(
				{"doctype": "File", "file_name": "secret.csv", "is_private": 1, "content": file_of(ROW)}
			).insert()
		with self.set_user(records.user("CIMS Sales")):
			doc = frappe.get_doc({"doctype": "CIMS Import", "kind": "Receivables", "file": theirs.file_url})
			self.assertRaises(frappe.PermissionError, doc.insert)

	def test_a_customer_whom_the_user_may_not_see_is_not_written_to(self):
		mine, theirs = records.customer(code="KL-9001"), records.customer(code="KL-9002")
		sales = records.user("CIMS Sales")
		frappe.get_doc(
			{
				"doctype": "User Permission",
				"user": sales,
				"allow": "CIMS Customer",
				"for_value": mine.name,
				"apply_to_all_doctypes": 1,
			}
		).insert()
		with self.set_user(sales):
			doc = self.check(file_of(ROW, OPEN.replace("KL-9001", theirs.name)))
		self.assertEqual(self.counts(doc), (1, 0, 0, 1))
		self.assertIn("not yours to see", self.samples(doc, "rejected")[0]["note"])
