"""Each thing that ERPNext's documents can say of a customer, said by real documents and kept as evidence."""

from datetime import date

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.erpnext.evidence import live
from cims.ratings import sources, store
from cims.ratings.calendar import site_calendar
from cims.tests.erpnext import documents as make

JAN, FEB, MAR, APR = (date(2026, month, 2) for month in (1, 2, 3, 4))


class EvidenceCase(FrappeTestCase):
	def setUp(self):
		self.erp, self.code = make.adopted()

	def receivables(self) -> list:
		return sorted(sources.receivables([self.code]), key=lambda row: (row.reference, row.part))

	def said(self) -> set[tuple]:
		"""What stands in the store after the job: kind, event, day, value, weight, amount, days."""
		live.work()
		rows = frappe.get_all("Trust Evidence", {"customer": self.code}, ["*"], limit=0)
		back = {row.reverses for row in rows if row.reversal}
		return {
			(row.kind, row.source_name, row.source_event.split(":")[0], row.weight, row.amount, row.days)
			for row in rows
			if not row.reversal and row.name not in back
		}


class TestInvoices(EvidenceCase):
	def test_paid_at_once(self):
		invoice = make.invoice(self.erp, 1000, JAN, FEB)
		make.payment(self.erp, 1000, MAR, (invoice.name, 1000))
		row = self.receivables()[0]
		self.assertEqual((row.amount, row.settled_on, row.payments, row.due_on), (1000, MAR, (), FEB))
		days = (MAR - FEB).days
		self.assertEqual(
			self.said(),
			{
				("payment.settled", invoice.name, "settled", 1.0, 1000.0, days),
				("trading.fulfilled", invoice.name, "fulfilled", 1.0, 1000.0, 0.0),
			},
		)
