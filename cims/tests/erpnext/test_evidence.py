"""Each thing that ERPNext's documents can say of a customer, said by real documents and kept as evidence."""

from datetime import date, timedelta
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.erpnext.evidence import live
from cims.ratings import sources
from cims.ratings.calendar import site_calendar
from cims.tests.erpnext import documents as make

JAN, FEB, MAR, APR, MAY = (date(2026, month, 2) for month in (1, 2, 3, 4, 5))


class EvidenceCase(FrappeTestCase):
	def setUp(self):
		self.erp, self.code = make.adopted()

	def invoice(self, amount: float = 1000, on=JAN, due=FEB, **values) -> str:
		return make.invoice(self.erp, amount, on, due, **values).name

	def pay(self, amount: float, on, *allocations, **values) -> str:
		return make.payment(self.erp, amount, on, *allocations, **values).name

	def receivable(self):
		"""The only one."""
		(row,) = self.receivables()
		return row

	def receivables(self) -> list:
		return sorted(sources.receivables([self.code]), key=lambda row: (row.reference, row.part))

	def rows(self) -> list:
		live.work()
		return frappe.get_all(
			"Trust Evidence", {"customer": self.code}, ["*"], limit=0, order_by="creation, name"
		)

	def said(self) -> dict[tuple, tuple]:
		"""What stands in the store after the job: (kind, event) -> (value, weight, amount, days)."""
		rows = self.rows()
		back = {row.reverses for row in rows if row.reversal}
		return {
			(row.kind, row.source_event.split(":")[0]): (row.value, row.weight, row.amount, row.days)
			for row in rows
			if not row.reversal and row.name not in back
		}

	def kinds(self) -> list[str]:
		return sorted(kind for kind, _event in self.said())


class TestPayments(EvidenceCase):
	def test_paid_at_once(self):
		name = self.invoice()
		self.pay(1000, MAR, (name, 1000))
		row = self.receivable()
		self.assertEqual((row.amount, row.settled_on, row.payments, row.due_on), (1000, MAR, (), FEB))
		self.assertEqual(row.company, "CIMS Trading")
		# 28 days late: between the points 22 days, 60 and 30 days, 50.
		self.assertEqual(
			self.said(),
			{
				("payment.settled", "settled"): (0.525, 1, 1000, 28),
				("trading.fulfilled", "fulfilled"): (1, 1, 1000, 0),
			},
		)

	def test_open(self):
		self.invoice()
		self.assertIsNone(self.receivable().settled_on)
		self.assertEqual(self.kinds(), ["trading.fulfilled"])

	def test_several_invoices_in_one_payment_and_several_payments_of_one(self):
		one, two = self.invoice(1000), self.invoice(500)
		self.pay(1200, MAR, (one, 1000), (two, 200))
		self.pay(300, APR, (two, 300))
		first, second = self.receivables()
		self.assertEqual((first.settled_on, first.payments), (MAR, ()))
		self.assertEqual((second.settled_on, second.payments), (APR, ((MAR, 200), (APR, 300))))

	def test_part_paid_stays_open(self):
		name = self.invoice()
		self.pay(400, MAR, (name, 400))
		row = self.receivable()
		self.assertEqual((row.settled_on, row.payments), (None, ((MAR, 400),)))

	def test_an_advance_counts_from_the_day_of_the_invoice(self):
		payment = self.pay(1000, JAN)
		name = self.invoice(on=FEB, due=MAR)
		self.assertIsNone(self.receivable().settled_on)
		make.reconcile(self.erp, payment, name)
		self.assertEqual(self.receivable().settled_on, FEB)
		self.assertIn("payment.settled", self.kinds())

	def test_an_advance_in_an_account_of_its_own_counts_from_the_day_that_the_ledger_says(self):
		name = self.invoice()
		payment = self.pay(1000, MAR)
		make.reconcile(self.erp, payment, name)
		entries = frappe.get_all(
			"Payment Ledger Entry",
			{"against_voucher_no": name, "voucher_no": payment, "delinked": 0},
			pluck="posting_date",
		)
		self.assertEqual([self.receivable().settled_on], entries)

	def test_a_payment_that_is_parted_from_its_invoice_is_taken_back(self):
		name = self.invoice()
		payment = self.pay(1000, MAR, (name, 1000))
		self.assertIn("payment.settled", self.kinds())
		make.unreconcile(payment, name)
		self.assertIsNone(self.receivable().settled_on)
		self.assertEqual(self.kinds(), ["trading.fulfilled"])

	def test_a_cancelled_payment_is_taken_back(self):
		name = self.invoice()
		payment = self.pay(1000, MAR, (name, 1000))
		self.assertIn("payment.settled", self.kinds())
		frappe.get_doc("Payment Entry", payment).cancel()
		self.assertEqual(self.kinds(), ["trading.fulfilled"])
		self.assertEqual(sum(row.reversal for row in self.rows()), 1)

	def test_sold_at_the_till(self):
		make.pos_invoice(self.erp, 300, MAR)
		row = self.receivable()
		self.assertEqual((row.amount, row.settled_on, row.payments), (300, MAR, ()))
		self.assertEqual(self.said()["payment.settled", "settled"][0], 0.8)

	def test_change_at_the_till_is_no_debt(self):
		make.pos_invoice(self.erp, 300, MAR, tendered=500)
		row = self.receivable()
		self.assertEqual((row.amount, row.settled_on), (300, MAR))

	def test_an_opening_invoice(self):
		self.invoice(is_opening="Yes", item={"income_account": make.account("Temporary Opening")})
		self.assertEqual((self.receivable().amount, self.receivable().due_on), (1000, FEB))


class TestDueDates(EvidenceCase):
	def setUp(self):
		super().setUp()
		self.name = self.invoice(900, JAN, [(FEB, 300), (MAR, 600)])

	def test_each_is_a_receivable(self):
		rows = self.receivables()
		self.assertEqual(
			[(row.part, row.due_on, row.amount) for row in rows], [("1", FEB, 300), ("2", MAR, 600)]
		)
		# One order was fulfilled, in two shares.
		self.assertEqual([row.share for row in rows], [1 / 3, 2 / 3])

	def test_payments_fill_the_earliest_first(self):
		self.pay(500, FEB, (self.name, 500))
		one, two = self.receivables()
		self.assertEqual((one.settled_on, two.settled_on, two.payments), (FEB, None, ((FEB, 200),)))
		self.pay(400, APR, (self.name, 400))
		said = self.said()
		self.assertEqual(said["payment.settled", "settled-1"][3], 0)
		# 200 were paid 28 days early, 400 were 31 days late.
		self.assertAlmostEqual(said["payment.settled", "settled-2"][3], (200 * -28 + 400 * 31) / 600)
		self.assertEqual(said["trading.fulfilled", "fulfilled-1"][1], round(1 / 3, 9))

	def test_a_payment_may_say_which_it_is_for(self):
		make.terms("First", "Second")
		doc = make.invoice(self.erp, 900, JAN, [(FEB, 300, "First"), (MAR, 600, "Second")])
		self.pay(600, FEB, (doc.name, 600, "Second"))
		rows = [row for row in self.receivables() if row.reference == doc.name]
		self.assertEqual([row.settled_on for row in rows], [None, FEB])


class TestDaysOff(EvidenceCase):
	def test_the_companys_holiday_list(self):
		"""Wednesdays are off, Saturdays are not."""
		rows = [
			{"holiday_date": JAN + timedelta(days=n), "weekly_off": 1, "description": "Wednesday"}
			for n in range(200)
			if (JAN + timedelta(days=n)).weekday() == 2
		]
		name = "CIMS Test Wednesdays"
		frappe.get_doc(
			{
				"doctype": "Holiday List",
				"holiday_list_name": name,
				"from_date": JAN,
				"to_date": JAN + timedelta(days=200),
				"holidays": rows,
			}
		).insert()
		frappe.db.set_value("Company", "CIMS Trading", "default_holiday_list", name)
		wednesday, saturday, later = date(2026, 2, 4), date(2026, 2, 7), date(2026, 10, 3)
		for due in (wednesday, saturday, later):
			invoice = self.invoice(100, JAN, due)
			self.pay(100, due + timedelta(days=1), (invoice, 100))
		binds = [row.binds_on for row in self.receivables()]
		self.assertEqual(binds, [date(2026, 2, 5), saturday, None])
		rows = self.rows()
		late = {row.decays_from: row.days for row in rows if row.kind == "payment.settled"}
		# The day after a day off is on time, the day after any other is one late; outside of the list the site's calendar holds.
		self.assertEqual(late, {wednesday: 0, saturday: 1, later: 0})
		with patch.object(sources, "FEW", 0):
			columns = sources.evidence_columns([self.code], site_calendar())
		self.assertEqual(sorted(columns["days"]), sorted(row.days for row in rows))


class TestCreditsAndLosses(EvidenceCase):
	def test_a_credit_note_lowers_what_is_owed(self):
		name = self.invoice(1000)
		make.credit_note(name, MAR, rate=400)
		row = self.receivable()
		self.assertEqual((row.amount, row.credits, row.settled_on), (600, ((MAR, 400),), None))
		self.pay(600, APR, (name, 600))
		self.assertEqual((self.receivable().settled_on, self.receivable().payments), (APR, ((APR, 600),)))
		self.assertEqual(self.kinds(), ["payment.settled", "trading.fulfilled"])

	def test_credited_altogether_leaves_no_evidence(self):
		name = self.invoice(1000)
		self.assertEqual(self.kinds(), ["trading.fulfilled"])
		make.credit_note(name, MAR)
		self.assertEqual(self.receivable().amount, 0)
		self.assertEqual(self.kinds(), [])

	def test_a_credit_note_of_its_own_counts_once_it_is_reconciled(self):
		name = self.invoice(1000)
		note = make.credit_note(name, MAR, rate=400, update_outstanding_for_self=1)
		self.assertEqual(self.receivable().amount, 1000)
		make.reconcile(self.erp, note.name, name)
		self.assertEqual((self.receivable().amount, self.receivable().credits[0][1]), (600, 400))

	def test_a_write_off_is_a_loss(self):
		name = self.invoice(1000)
		make.journal(self.erp, name, 1000, APR, "Write Off", "Write Off Entry")
		row = self.receivable()
		self.assertEqual((row.amount, row.written_off_on, row.settled_on), (1000, APR, None))
		self.assertEqual(self.said()["payment.written_off", "written_off"], (0, 3, 1000, 0))

	def test_what_was_paid_of_a_loss_was_paid(self):
		name = self.invoice(1000)
		self.pay(400, FEB, (name, 400))
		make.journal(self.erp, name, 600, APR, "Write Off")
		paid, lost = self.receivables()
		self.assertEqual((paid.amount, paid.payments, paid.settled_on), (400, ((FEB, 400),), APR))
		self.assertEqual((lost.part, lost.amount, lost.written_off_on), ("lost", 600, APR))
		self.assertEqual(
			self.said(),
			{
				("payment.settled", "settled"): (0.8, 1, 400, 0),
				("payment.written_off", "written_off-lost"): (0, 3, 600, 0),
				("trading.fulfilled", "fulfilled"): (1, 1, 400, 0),
			},
		)

	def test_a_loss_by_a_payments_deduction(self):
		name = self.invoice(1000)
		make.payment(self.erp, 900, FEB, (name, 1000), deduct=("Write Off", 100))
		paid, lost = self.receivables()
		self.assertEqual((paid.amount, lost.amount, lost.written_off_on), (900, 100, FEB))

	def test_charges_and_rounding_are_no_loss(self):
		charged, rounded = self.invoice(1000), self.invoice(1000)
		make.payment(self.erp, 970, FEB, (charged, 1000), deduct=("Commission on Sales", 30))
		make.payment(self.erp, 995, FEB, (rounded, 1000), deduct=("Write Off", 5))
		first, second = self.receivables()
		self.assertEqual((first.amount, first.settled_on, first.payments), (1000, FEB, ()))
		self.assertEqual((second.amount, second.credits, second.settled_on), (995, ((FEB, 5),), FEB))
		self.assertNotIn("payment.written_off", self.kinds())

	def test_a_foreign_currency_counts_at_the_invoices_own_rate(self):
		debtors = make.foreign_account("USD")
		name = self.invoice(100, currency="USD", conversion_rate=7.0, debit_to=debtors)
		make.payment(
			self.erp, 100, FEB, (name, 100), paid_from=debtors, received_amount=720, source_exchange_rate=7.2
		)
		row = self.receivable()
		self.assertEqual((row.amount, row.settled_on), (700, FEB))
		self.assertEqual(self.said()["payment.settled", "settled"][2], 700)


class TestCorrections(EvidenceCase):
	def test_a_cancelled_invoice_is_taken_back(self):
		doc = make.invoice(self.erp, 1000, JAN, FEB)
		self.assertEqual(self.kinds(), ["trading.fulfilled"])
		doc.cancel()
		self.assertEqual(self.kinds(), [])
		self.assertEqual(self.receivables(), [])

	def test_an_amended_one_takes_its_place(self):
		doc = make.invoice(self.erp, 1000, JAN, FEB)
		doc.cancel()
		again = make.amended(doc)
		again.items[0].rate = 1200
		make.submitted(again)
		self.assertEqual(self.said()["trading.fulfilled", "fulfilled"][2], 1200)

	def test_the_original_of_a_deleted_document_does_not_hold_it(self):
		doc = make.invoice(self.erp, 1000, JAN, FEB)
		self.rows()
		doc.cancel()
		frappe.db.delete("GL Entry", {"voucher_no": doc.name})
		frappe.db.delete("Payment Ledger Entry", {"voucher_no": doc.name})
		frappe.delete_doc("Sales Invoice", doc.name)
		self.assertEqual(self.kinds(), [])

	def test_a_ledger_that_is_posted_anew_says_the_same(self):
		from erpnext.accounts.utils import _delete_pl_entries, create_payment_ledger_entry

		name = self.invoice()
		payment = self.pay(1000, MAR, (name, 1000))
		before = self.said()
		_delete_pl_entries("Payment Entry", payment)
		create_payment_ledger_entry(frappe.get_doc("Payment Entry", payment).build_gl_map(), from_repost=1)
		self.assertEqual(self.said(), before)

	def test_what_changes_without_a_word_is_found_at_night(self):
		from cims.ratings import store

		name = self.invoice()
		payment = self.pay(1000, MAR, (name, 1000))
		self.assertIn("payment.settled", self.kinds())
		frappe.db.sql(
			"UPDATE `tabPayment Ledger Entry` SET delinked = 1, modified = %s WHERE voucher_no = %s",
			(frappe.utils.now(), payment),
		)
		store.catch_up()
		self.assertEqual(self.kinds(), ["trading.fulfilled"])


class TestBesidesPaying(EvidenceCase):
	def test_a_cancelled_order(self):
		doc = make.order(self.erp, 1000, JAN)
		self.assertEqual(self.kinds(), [])
		doc.reload().cancel()
		self.assertEqual(self.said(), {("trading.cancelled", "cancelled"): (0, 1, 1000, 0)})

	def test_an_amended_order_was_a_correction(self):
		doc = make.order(self.erp, 1000, JAN)
		doc.reload().cancel()
		self.assertEqual(self.kinds(), ["trading.cancelled"])
		make.submitted(make.amended(doc, delivery_date=JAN))
		self.assertEqual(self.kinds(), [])

	def test_a_closed_order_and_one_opened_again(self):
		doc = make.order(self.erp, 1000, JAN, qty=4)
		frappe.db.set_value("Sales Order", doc.name, "per_delivered", 25)
		doc.reload().update_status("Closed")
		self.assertEqual(self.said(), {("trading.cancelled", "cancelled"): (0, 0.75, 750, 0)})
		doc.reload().update_status("Draft")
		self.assertEqual(self.kinds(), [])

	def test_goods_that_came_back(self):
		note = make.delivery(self.erp, 1000, JAN, qty=4)
		self.assertEqual(self.kinds(), [])
		make.delivery_return(note.name, FEB, qty=1)
		self.assertEqual(self.said(), {("trading.returned", "returned"): (0.2, 0.25, 250, 0)})

	def test_an_issue(self):
		doc = make.issue(self.erp, JAN)
		self.assertEqual(self.kinds(), [])
		doc.status = "Closed"
		doc.save()
		self.assertEqual(self.said(), {("service.complaint_by", "complaint_by"): (0.9, 0.5, 0, 0)})
		frappe.delete_doc("Issue", doc.name)
		self.assertEqual(self.kinds(), [])

	def test_the_second_dunning_counts(self):
		name = self.invoice()
		make.dunning(name, MAR)
		self.assertNotIn("service.complaint_against", self.kinds())
		second = make.dunning(name, APR)
		self.assertEqual(self.said()["service.complaint_against", "complaint_against"], (0, 1.5, 1000, 0))
		second.reload().cancel()
		self.assertNotIn("service.complaint_against", self.kinds())


class TestDisputes(EvidenceCase):
	def test_the_clock_stands_still(self):
		name = self.invoice()
		self.pay(1000, APR, (name, 1000))
		self.assertEqual(self.said()["payment.settled", "settled"][3], 59)
		doc = self.dispute(name, disputed_from=MAR, disputed_to=APR)
		self.assertEqual(doc.customer, self.code)
		self.assertEqual(self.said()["payment.settled", "settled"][3], 28)
		frappe.delete_doc("Receivable Dispute", doc.name)
		self.assertEqual(self.said()["payment.settled", "settled"][3], 59)

	def test_what_can_not_be(self):
		name = self.invoice()
		with self.assertRaisesRegex(frappe.ValidationError, "can't begin before"):
			self.dispute(name, disputed_from="2025-12-31")
		with self.assertRaisesRegex(frappe.ValidationError, "ends before it begins"):
			self.dispute(name, disputed_from=MAR, disputed_to=FEB)
		with self.assertRaisesRegex(frappe.ValidationError, "aren't kept here"):
			self.dispute(self.erp, reference_doctype="Customer")
		self.dispute(name)
		with self.assertRaisesRegex(frappe.ValidationError, "in dispute already"):
			self.dispute(name)

	def dispute(self, name: str, **values):
		return frappe.get_doc(
			{
				"doctype": "Receivable Dispute",
				"reference_doctype": "Sales Invoice",
				"reference_name": name,
				"disputed_from": MAR,
				"reason": "Damaged on arrival",
				**values,
			}
		).insert()
