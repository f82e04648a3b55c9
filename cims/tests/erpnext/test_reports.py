"""Receivables by Grade equals ERPNext's own Accounts Receivable to the cent; Selling by Grade equals its documents."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, flt, nowdate

from cims.cims.report.receivables_by_grade import receivables_by_grade as receivables
from cims.cims.report.selling_by_grade import selling_by_grade as selling_report
from cims.erpnext import selling_reports
from cims.tests.conftest import make_user
from cims.tests.erpnext import documents, records, selling

RANGES = receivables.BUCKETS


def day(ago: int) -> str:
	return add_days(nowdate(), -ago)


def accounts_receivable(on: str) -> list:
	from erpnext.accounts.report.accounts_receivable.accounts_receivable import execute

	asked = {
		"company": records.COMPANY, "report_date": on, "range": "30, 60, 90, 120",
		"ageing_based_on": "Due Date", "calculate_ageing_with": "Report Date",
	}  # fmt: skip
	return execute(frappe._dict(asked))[1]


def summary(on: str) -> list:
	from erpnext.accounts.report.accounts_receivable_summary.accounts_receivable_summary import execute

	asked = {
		"company": records.COMPANY, "report_date": on, "range": "30, 60, 90, 120",
		"ageing_based_on": "Due Date", "calculate_ageing_with": "Report Date",
	}  # fmt: skip
	return execute(frappe._dict(asked))[1]


class TestReceivables(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# First, for making a user commits.
		cls.accountant, cls.viewer = make_user("Accounts User"), make_user("CIMS Viewer")
		cls.both = make_user("Accounts User", "CIMS Viewer")
		frappe.set_user("Administrator")
		frappe.db.delete("Trust Rule")
		frappe.cache.delete_value("cims_trust_rules")
		cls.good, cls.poor, cls.new = (selling.rated(grade)[0] for grade in ("A", "D", "NR"))
		cls.write_books()

	@classmethod
	def write_books(cls):
		"""Of everything that ERPNext's report treats in its own way, one."""
		partly = documents.invoice(cls.good, 1000.35, day(100), day(70))
		documents.payment(cls.good, 400.1, day(50), (partly.name, 400.1))
		paid = documents.invoice(cls.good, 700, day(90), day(60))
		documents.payment(cls.good, 700, day(10), (paid.name, 700))
		credited = documents.invoice(cls.poor, 2000, day(200), day(170))
		documents.credit_note(credited.name, day(20))
		documents.invoice(cls.poor, 3333.33, day(160), day(130))
		own = documents.invoice(cls.poor, 500, day(45), day(15))
		documents.credit_note(own.name, day(5), update_outstanding_for_self=1)
		documents.payment(cls.poor, 250, day(2), (own.name, 250))
		documents.invoice(cls.good, 900, day(80), [(day(60), 300.0), (day(20), 300.0), (day(-30), 300.0)])
		documents.payment(cls.new, 120, day(3))
		documents.invoice(cls.new, 80, nowdate(), day(-30))
		lost = documents.invoice(cls.poor, 60, day(300), day(270))
		documents.journal(cls.poor, lost.name, 60, day(9), "Write Off")
		cls.foreign()

	@classmethod
	def foreign(cls):
		"""An invoice in dollars, on an account in dollars, half paid at another rate."""
		debtors = frappe.db.get_value(
			"Account", {"company": records.COMPANY, "account_name": "Debtors"}, "parent_account"
		)
		account = frappe.get_doc(
			{
				"doctype": "Account", "account_name": f"Debtors USD {frappe.generate_hash(length=4)}",
				"parent_account": debtors, "company": records.COMPANY, "account_type": "Receivable",
				"account_currency": "USD",
			}
		).insert()  # fmt: skip
		customer, _code = selling.rated("B", default_currency="USD")
		doc = documents.invoice(
			customer, 100, day(40), day(10), currency="USD", conversion_rate=7.1234, debit_to=account.name
		)
		documents.payment(
			customer, 50, day(5), (doc.name, 50), paid_from=account.name, paid_from_account_currency="USD",
			source_exchange_rate=7.2, received_amount=360,
		)  # fmt: skip

	def rows(self, on: str | None = None, **filters) -> list:
		found = receivables.execute({"company": records.COMPANY, "report_date": on or nowdate(), **filters})
		return found[1]

	def test_each_grade_and_bucket_equals_erpnexts_report(self):
		for ago in (0, 4, 30, 75, 250):
			with self.subTest(days_ago=ago):
				theirs = accounts_receivable(day(ago))
				grades = selling_reports.grades_of({row.party for row in theirs})
				sums: dict[str, dict[str, float]] = {}
				for row in theirs:
					part = sums.setdefault(
						grades.get(row.party, ""), dict.fromkeys(("outstanding", *RANGES), 0.0)
					)
					for name in part:
						part[name] += flt(row[name])
				ours = {row.grade: row for row in self.rows(day(ago)) if not row.is_total}
				self.assertEqual(set(ours), set(sums))
				for grade, part in sums.items():
					for name, amount in part.items():
						self.assertEqual(flt(ours[grade][name], 2), flt(amount, 2), (grade, name))

	def test_the_total_equals_the_summarys(self):
		total = self.rows()[-1]
		self.assertEqual(total.outstanding, flt(sum(row.outstanding for row in summary(nowdate())), 2))
		buckets = total.not_due + sum(total[name] for name in RANGES)
		self.assertEqual(flt(buckets, 2), total.outstanding)

	def test_erpnexts_own_figures_beside_it(self):
		for row in self.rows(compare=1):
			self.assertEqual(row.difference, 0)
			self.assertEqual(row.erpnext, row.outstanding)

	def test_what_a_person_made_by_hand(self):
		"""The poor one: 2,000 credited in full, 3,333.33 overdue, 500 of which 250 were paid and 500 credited, and a loss."""
		poor = next(row for row in self.rows() if row.grade == "D")
		self.assertEqual(poor.outstanding, flt(3333.33 + 500 - 250 - 500, 2))

	def test_a_fixed_number_of_statements(self):
		receivables.execute({"company": records.COMPANY})
		with self.assertQueryCount(12):
			receivables.execute({"company": records.COMPANY})

	def test_who_may_not_report_sees_nothing(self):
		for user in (self.accountant, self.viewer):
			frappe.set_user(user)
			self.assertRaises(frappe.PermissionError, receivables.execute, {"company": records.COMPANY})
		frappe.set_user(self.both)
		total = self.rows()[-1]
		frappe.set_user("Administrator")
		self.assertEqual(total.outstanding, self.rows()[-1].outstanding)

	def test_without_a_company_it_says_so(self):
		self.assertRaises(frappe.ValidationError, receivables.execute, {})


class TestSelling(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		frappe.set_user("Administrator")
		frappe.db.delete("Trust Rule")
		frappe.cache.delete_value("cims_trust_rules")
		frappe.db.delete("Sales Invoice")
		good, poor = (selling.rated(grade)[0] for grade in ("A", "D"))
		documents.invoice(good, 1000, "2026-02-10", "2026-03-10")
		documents.invoice(good, 500, "2026-05-10", "2026-06-10")
		sold = documents.invoice(poor, 300, "2026-02-11", "2026-03-11")
		documents.credit_note(sold.name, "2026-05-12", rate=100)
		documents.order(poor, 4000, "2026-02-01")

	def rows(self, **filters) -> list:
		asked = {"company": records.COMPANY, "from_date": "2026-01-01", "to_date": "2026-06-30", **filters}
		return selling_report.execute(asked)[1]

	def test_by_month_and_grade(self):
		a, d = (selling_report.field_of(grade) for grade in ("A", "D"))
		found = [(row.period, row[a], row[d], row.total) for row in self.rows()]
		self.assertEqual(
			found, [("2026-02", 1000, 300, 1300), ("2026-05", 500, -100, 400), ("Total", 1500, 200, 1700)]
		)

	def test_by_quarter_and_year(self):
		self.assertEqual([row.period for row in self.rows(period="Quarter")], ["2026-Q1", "2026-Q2", "Total"])
		self.assertEqual([row.total for row in self.rows(period="Year")], [1700, 1700])

	def test_orders(self):
		found = self.rows(based_on="Sales Order", to_date="2026-02-28")
		self.assertEqual(found[-1].total, 4000)

	def test_the_total_is_that_of_the_documents(self):
		(total,) = frappe.get_all("Sales Invoice", {"docstatus": 1}, ["sum(base_net_total) as amount"])
		self.assertEqual(self.rows()[-1].total, total.amount)

	def test_nonsense_is_refused(self):
		for filters in ({"period": "Week"}, {"based_on": "Quotation"}, {"from_date": "2026-07-01"}):
			self.assertRaises(frappe.ValidationError, self.rows, **filters)
