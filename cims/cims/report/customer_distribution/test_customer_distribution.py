import csv
import io

import openpyxl

import frappe
from frappe.desk.query_report import export_query, run

from cims.cims.report.customer_distribution.customer_distribution import execute
from cims.cims.report.testing import SEES_GROUP, ReportTestCase, by

REPORT = "Customer Distribution"


class TestCustomerDistribution(ReportTestCase):
	def rows(self, **filters):
		return execute(self.filters(**filters))[1]

	def test_counts_shares_and_means_by_city(self):
		rows = by(self.rows(by="City"), "value")
		self.assertEqual(
			{name: row.customers for name, row in rows.items()}, {"Shanghai": 2, "Beijing": 2, "Not given": 1}
		)
		self.assertEqual(
			[rows[name].share for name in ("Shanghai", "Beijing", "Not given")], [40.0, 40.0, 20.0]
		)
		# Alpha 850 and one that is not rated; Beta 600 and Zeta 700; Gamma 500. The archived one in Shanghai is left out.
		self.assertEqual(
			[rows[name].mean_score for name in ("Shanghai", "Beijing", "Not given")], [850.0, 650.0, 500.0]
		)
		self.assertEqual((rows["Shanghai"].rated, rows["Beijing"].on_watch), (1, 1))

	def test_amounts_are_in_one_currency_and_the_rest_is_mentioned(self):
		frappe.db.set_single_value("CIMS Settings", "default_currency", "CNY")
		_columns, rows, message, *_rest = execute(self.filters(by="City"))
		self.assertEqual(by(rows, "value")["Beijing"].overdue_amount, 500)
		self.assertIn(": 1.", message)

	def test_grades_come_in_their_order_with_nr_last(self):
		self.assertEqual([row.value for row in self.rows(by="Grade")], ["AAA", "A", "B", "C", "NR"])

	def test_archived_ones_count_when_asked_for(self):
		rows = self.rows(by="Status", status=["Archived", "Prospect"])
		self.assertEqual({row.value: row.customers for row in rows}, {"Archived": 1, "Prospect": 1})

	def test_summary(self):
		summary = by(execute(self.filters(by="City"))[4], "label")
		self.assertEqual(summary["Customers"]["value"], 5)
		self.assertEqual(summary["Rated"]["value"], 4)
		self.assertEqual(summary["Mean Score"]["value"], "662.5")

	def test_the_chart_shows_the_largest_and_says_so(self):
		_columns, rows, message, chart, _summary = execute(self.filters(by="City", bars=2))
		self.assertEqual(chart["data"]["labels"], ["Beijing", "Shanghai"])
		self.assertEqual(len(rows), 3)
		self.assertIn("2 largest of 3", message)
		self.assertEqual(len(execute(self.filters(by="Grade", bars=2))[3]["data"]["labels"]), 5)

	def test_no_customers(self):
		_columns, rows, message, chart, summary = execute({"city": "Nowhere"})
		self.assertEqual((rows, message, chart), ([], None, None))
		self.assertEqual(by(summary, "label")["Mean Score"]["value"], "–")

	def test_unknown_property_is_refused(self):
		with self.assertRaises(frappe.ValidationError):
			execute({"by": "trust_score; drop table"})

	def test_outsider_is_refused(self):
		self.check_refused(REPORT)

	def test_every_role_may_run_it(self):
		self.check_roles(REPORT)

	def test_a_restricted_user_counts_own_customers_only(self):
		frappe.set_user(SEES_GROUP)
		rows = run(REPORT, filters={"by": "City"})["result"]
		self.assertEqual(sum(row["customers"] for row in rows), 5)

	def test_a_percent_sign_in_a_permission_does_no_harm(self):
		frappe.get_doc(doctype="CIMS Customer Group", group_name="50% off").insert()
		frappe.get_doc(
			doctype="User Permission",
			user=SEES_GROUP,
			allow="CIMS Customer Group",
			for_value="50% off",
			apply_to_all_doctypes=1,
		).insert()
		frappe.set_user(SEES_GROUP)
		rows = run(REPORT, filters={"by": "City"})["result"]
		self.assertEqual(sum(row["customers"] for row in rows), 5)


class TestExport(ReportTestCase):
	def exported(self, report: str, format_type: str, **filters) -> bytes:
		frappe.local.form_dict = frappe._dict(
			cmd="frappe.desk.query_report.export_query",
			report_name=report,
			file_format_type=format_type,
			filters=frappe.as_json(self.filters(**filters)),
			visible_idx="[]",
		)
		self.addCleanup(setattr, frappe.local, "form_dict", frappe._dict())
		export_query()
		return frappe.response.filecontent

	def test_what_people_typed_is_no_formula_in_a_workbook(self):
		frappe.db.set_value("Trust Rating", "RT-D", "rated", 1)
		frappe.db.set_value("CIMS Customer", "RT-D", "trust_grade", "B")
		sheet = openpyxl.load_workbook(io.BytesIO(self.exported("Trust Ranking", "Excel"))).active
		cells = [cell for row in sheet.iter_rows() for cell in row]
		self.assertIn("'=1+1", [cell.value for cell in cells])
		self.assertFalse([cell for cell in cells if cell.data_type == "f"])

	def test_nor_in_text_for_a_spreadsheet(self):
		rows = csv.reader(io.StringIO(self.exported("Trust Comparison", "CSV", customers=["RT-D"]).decode()))
		self.assertIn("'=1+1", [cell for row in rows for cell in row])

	def test_on_screen_the_name_stays_as_it_is(self):
		frappe.db.set_value("Trust Rating", "RT-D", "rated", 1)
		frappe.db.set_value("CIMS Customer", "RT-D", "trust_grade", "B")
		frappe.local.form_dict = frappe._dict(cmd="frappe.desk.query_report.run")
		self.addCleanup(setattr, frappe.local, "form_dict", frappe._dict())
		rows = run("Trust Ranking", filters=self.filters())["result"]
		self.assertEqual(by(rows, "customer")["RT-D"]["customer_name"], "=1+1")
