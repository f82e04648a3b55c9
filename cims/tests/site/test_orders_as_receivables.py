"""What the rating hears of orders and payments, in how many queries."""

from datetime import timedelta

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from cims.receivables.orders import CIMSOrders
from cims.receivables.source import sources
from cims.tests import records
from cims.trust.calendar import Calendar, to_day
from cims.trust.evidence import columns_of


def ago(days: int):
	return getdate(add_days(nowdate(), -days))


class TestOrdersAsReceivables(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name

	def receivables(self, **options):
		return list(CIMSOrders().receivables([self.customer], **options))

	def events(self):
		return [
			(event.kind, event.source_name, event.occurred_on, event.weight, event.value)
			for event in CIMSOrders().trading_events([self.customer])
		]

	def test_the_hook_names_it(self):
		self.assertIn(CIMSOrders, [type(source) for source in sources()])

	def test_open_part_paid_and_settled(self):
		settled = records.order(self.customer, 1000, days_ago=60, credit_days=30)
		part = records.order(self.customer, 500, days_ago=50, credit_days=10)
		open_ = records.order(self.customer, 300, days_ago=5, credit_days=10)
		records.order(self.customer, 900, submit=False)
		records.payment(self.customer, 1200, (settled.name, 1000), (part.name, 200), days_ago=20)
		records.payment(self.customer, 300, (part.name, 100), status="Pending")
		rows = {row.reference: row for row in self.receivables()}
		self.assertEqual(set(rows), {settled.name, part.name, open_.name})
		row = rows[settled.name]
		self.assertEqual((row.customer, row.source_doctype), (self.customer, "CIMS Order"))
		self.assertEqual((row.invoiced_on, row.due_on, row.settled_on), (ago(60), ago(30), ago(20)))
		self.assertEqual((row.amount, row.payments), (1000, ()))
		row = rows[part.name]
		self.assertEqual((row.settled_on, row.payments), (None, ((ago(20), 200),)))
		self.assertEqual((rows[open_.name].payments, rows[open_.name].written_off_on), ((), None))
		self.assertEqual([row.reference for row in self.receivables(open_only=True)], [part.name, open_.name])
		self.assertEqual([row.reference for row in self.receivables(names=[part.name])], [part.name])
		self.assertEqual(list(CIMSOrders().receivables([])), [])

	def test_part_payments_add_up_to_what_the_order_is_worth(self):
		order = records.order(self.customer, 1000, days_ago=30)
		records.payment(self.customer, 600, (order.name, 600), days_ago=20)
		records.payment(self.customer, 400, (order.name, 400), days_ago=10)
		(row,) = self.receivables()
		self.assertEqual(row.payments, ((ago(20), 600), (ago(10), 400)))
		order.reload()
		order.record_return(str(ago(5)), 300)
		(row,) = self.receivables()
		self.assertEqual((row.amount, row.payments), (700, ((ago(20), 600), (ago(10), 400))))
		self.assertEqual(row.credits, ((ago(5), 300),))

	def test_what_was_refunded_is_owed_again(self):
		order = records.order(self.customer, 1000, days_ago=30)
		first = records.payment(self.customer, 1000, (order.name, 1000), days_ago=20)
		first.reload()
		first.refund(str(ago(12)))
		records.payment(self.customer, 400, (order.name, 400), days_ago=10)
		(row,) = self.receivables()
		self.assertEqual(row.payments, ((ago(20), 1000), (ago(12), -1000), (ago(10), 400)))
		_whole, pieces = columns_of([row], {self.customer: 0}, Calendar("1111111"))
		owed = {
			days: pieces.amount[
				(pieces.invoiced <= to_day(ago(days))) & (pieces.closed > to_day(ago(days)))
			].sum()
			for days in (31, 25, 15, 11, 5)
		}
		self.assertEqual(owed, {31: 0, 25: 1000, 15: 0, 11: 1000, 5: 600})

	def test_an_advance_counts_from_the_order_s_day(self):
		advance = records.payment(self.customer, 100, days_ago=40)
		order = records.order(self.customer, 250, days_ago=10)
		advance.append("allocations", {"order": order.name, "allocated_amount": 100})
		advance.save()
		(row,) = self.receivables()
		self.assertEqual(row.payments, ((ago(10), 100),))

	def test_disputes_and_write_offs(self):
		order = records.order(self.customer, 100, days_ago=90)
		order.open_dispute("Colour", str(ago(50)))
		order.reload()
		order.close_dispute(str(ago(40)))
		order.reload()
		order.write_off(str(ago(1)))
		(row,) = self.receivables()
		self.assertEqual((row.disputed, row.disputed_from, row.disputed_to), (True, ago(50), ago(40)))
		self.assertEqual((row.settled_on, row.written_off_on), (None, ago(1)))

	def test_cancelled_and_returned(self):
		cancelled = records.order(self.customer, 100, days_ago=9)
		cancelled.cancel()
		corrected = records.order(self.customer, 100, days_ago=9)
		corrected.cancel()
		amended = frappe.copy_doc(corrected)
		amended.amended_from = corrected.name
		amended.submit()
		half = records.order(self.customer, 100, days_ago=9)
		half.record_return(str(ago(2)), 50)
		whole = records.order(self.customer, 100, days_ago=9)
		whole.record_return(str(ago(1)))
		self.assertEqual(
			self.events(),
			[
				("trading.cancelled", cancelled.name, ago(0), 1, 0),
				("trading.returned", half.name, ago(2), 0.5, 0.2),
				("trading.returned", whole.name, ago(1), 1, 0.2),
			],
		)
		# Nothing is left of what was cancelled or came back, but it was owed until that day.
		self.assertEqual(
			{row.reference: (row.amount, row.credits) for row in self.receivables()},
			{
				cancelled.name: (0, ((ago(0), 100),)),
				amended.name: (100, ()),
				half.name: (50, ((ago(2), 50),)),
				whole.name: (0, ((ago(1), 100),)),
			},
		)

	def test_a_late_delivery_moves_the_due_date(self):
		order = records.order(self.customer, 100, days_ago=30, credit_days=10)
		order.deliver(str(ago(15)))
		(row,) = self.receivables()
		self.assertEqual(row.due_on - ago(15), timedelta(days=10))

	def test_the_number_of_queries_is_fixed(self):
		customers = [records.customer().name for _ in range(4)]
		for name in customers:
			for _ in range(3):
				order = records.order(name, 100, days_ago=9)
				records.payment(name, 50, (order.name, 50))
		with self.assertQueryCount(4):
			self.assertEqual(len(list(CIMSOrders().receivables(customers))), 12)
			self.assertEqual(list(CIMSOrders().trading_events(customers)), [])
