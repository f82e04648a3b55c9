import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from cims.customers.status import mark_dormant
from cims.receivables import ledger
from cims.tests import records


def ago(days: int):
	return getdate(add_days(nowdate(), -days))


class TestCIMSOrder(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name

	def refused(self, text: str, act, *args, **values):
		with self.assertRaises(frappe.ValidationError) as raised:
			act(*args, **values)
		self.assertIn(text, str(raised.exception))

	def test_totals_and_due_date(self):
		doc = records.order(
			self.customer,
			submit=False,
			days_ago=10,
			discount_amount=50.5,
			items=[
				{"item_name": "Pipe", "qty": 3, "rate": 33.33},
				{"item_name": "Valve", "qty": 2, "rate": 100},
			],
		)
		self.assertEqual([row.amount for row in doc.items], [99.99, 200])
		self.assertEqual((doc.total, doc.grand_total, doc.status), (299.99, 249.49, "Draft"))
		self.assertEqual(getdate(doc.due_date), ago(-20))
		doc.due_date = ago(3)
		doc.save()
		self.assertEqual(doc.credit_days, 7)
		doc.credit_days = 5
		doc.save()
		self.assertEqual(getdate(doc.due_date), ago(5))

	def test_the_settings_credit_days_hold_where_none_were_given(self):
		frappe.db.set_single_value("CIMS Settings", "default_credit_days", 21)
		doc = records.order(self.customer, submit=False, credit_days=None)
		self.assertEqual((doc.credit_days, getdate(doc.due_date)), (21, ago(-21)))
		self.assertEqual(records.order(self.customer, submit=False, credit_days=0).credit_days, 0)

	def test_bad_input_is_refused(self):
		make = records.order
		self.refused("quantity above 0", make, self.customer, items=[{"item_name": "x", "qty": 0, "rate": 1}])
		self.refused(
			"rate of x is below 0", make, self.customer, items=[{"item_name": "x", "qty": 1, "rate": -1}]
		)
		self.refused("discount must lie", make, self.customer, discount_amount=1001)
		self.refused("before the order date", make, self.customer, due_date=ago(1))
		self.refused("", make, self.customer, items=[])
		self.refused("There is no customer", make, "No Such Customer")

	def test_order_numbers_are_unique_for_each_customer(self):
		first = records.order(self.customer, order_no=" A-1 ")
		self.assertEqual(first.order_no, "A-1")
		self.refused(first.name, records.order, self.customer, order_no="A-1")
		records.order(records.customer().name, order_no="A-1")
		own = records.order(self.customer)
		self.assertEqual(own.order_no, own.name)
		first.cancel()
		records.order(self.customer, order_no="A-1")

	def test_from_draft_to_delivered(self):
		doc = records.order(self.customer, days_ago=20, credit_days=30, submit=False)
		self.refused("Submit the order first", doc.deliver)
		doc.submit()
		self.assertEqual(
			(doc.status, doc.payment_status, doc.outstanding_amount), ("Confirmed", "Unpaid", 1000)
		)
		doc.deliver(str(ago(10)))
		doc.reload()
		self.assertEqual((doc.status, doc.delivery_date, doc.due_date), ("Delivered", ago(10), ago(-20)))
		doc.deliver(str(ago(10)), due_date=str(ago(-5)))
		doc.reload()
		self.assertEqual((doc.due_date, doc.credit_days), (ago(-5), 15))
		self.refused("before the order date", doc.deliver, str(ago(30)))
		doc.reload()
		self.refused("after today", doc.deliver, str(ago(-1)))

	def test_what_methods_set_can_t_be_typed(self):
		doc = records.order(self.customer, days_ago=5)
		for field, value in (
			("delivery_date", ago(1)),
			("due_date", ago(-90)),
			("returned_amount", 5),
			("written_off_on", ago(0)),
		):
			doc.reload()
			doc.set(field, value)
			self.refused("can't be typed in", doc.save)
		doc.reload()
		doc.update(
			{"paid_amount": 1000, "outstanding_amount": 0, "settled_on": ago(0), "status": "Delivered"}
		)
		doc.save()
		doc.reload()
		self.assertEqual(
			(doc.paid_amount, doc.outstanding_amount, doc.settled_on, doc.status),
			(0, 1000, None, "Confirmed"),
		)

	def test_returns(self):
		doc = records.order(self.customer, days_ago=20)
		doc.record_return(str(ago(5)), 400)
		doc.reload()
		self.assertEqual((doc.status, doc.outstanding_amount, doc.settled_on), ("Confirmed", 600, None))
		self.refused("up to", doc.record_return, str(ago(4)), 601)
		doc.reload()
		records.payment(self.customer, 600, (doc.name, 600), days_ago=4)
		doc.reload()
		self.assertEqual((doc.payment_status, doc.settled_on), ("Paid", ago(4)))
		doc.record_return(str(ago(2)))
		doc.reload()
		self.assertEqual((doc.status, doc.returned_amount, doc.refund_due_amount), ("Returned", 1000, 600))

	def test_disputes(self):
		doc = records.order(self.customer, days_ago=40)
		self.refused("isn't in dispute", doc.close_dispute)
		doc.open_dispute("Wrong colour", str(ago(20)))
		doc.reload()
		self.assertEqual((doc.disputed_from, doc.dispute_reason), (ago(20), "Wrong colour"))
		self.refused("has been in dispute since", doc.open_dispute, "Again")
		self.refused("can't be before the day", doc.close_dispute, str(ago(30)))
		doc.reload()
		doc.close_dispute(str(ago(10)))
		doc.reload()
		self.assertEqual(doc.disputed_to, ago(10))
		doc.disputed_to = ago(8)
		doc.save()
		doc.disputed_from = None
		self.refused("day on which the dispute began", doc.save)

	def test_writing_off(self):
		doc = records.order(self.customer, days_ago=200)
		records.payment(self.customer, 300, (doc.name, 300), days_ago=100)
		doc.reload()
		doc.write_off(str(ago(1)))
		doc.reload()
		self.assertEqual(
			(doc.payment_status, doc.outstanding_amount, doc.written_off_amount, doc.settled_on),
			("Written Off", 0, 700, None),
		)
		self.refused("nothing to write off", doc.write_off)
		doc.reload()
		doc.undo_write_off()
		doc.reload()
		self.assertEqual((doc.payment_status, doc.outstanding_amount), ("Overdue", 700))

	def test_cancelling_and_amending(self):
		doc = records.order(self.customer, days_ago=3)
		paid = records.payment(self.customer, 100, (doc.name, 100))
		doc.reload()
		self.refused(paid.name, doc.cancel)
		paid.reload()
		paid.cancel()
		doc.reload()
		doc.open_dispute("Wrong colour")
		doc.reload()
		doc.cancel()
		doc.reload()
		self.assertEqual((doc.status, doc.outstanding_amount, doc.cancelled_on), ("Cancelled", 0, ago(0)))
		amended = frappe.copy_doc(doc, ignore_no_copy=False)
		amended.update(
			{"amended_from": doc.name, "disputed_from": doc.disputed_from, "cancelled_on": doc.cancelled_on}
		)
		amended.submit()
		self.assertEqual(amended.name, f"{doc.name}-1")
		self.assertEqual(
			(
				amended.status,
				amended.order_no,
				amended.disputed_from,
				amended.cancelled_on,
				amended.outstanding_amount,
			),
			("Confirmed", amended.name, None, None, 1000),
		)

	def test_what_fell_due_is_overdue(self):
		doc = records.order(self.customer, days_ago=31, credit_days=30)
		self.assertEqual(doc.payment_status, "Overdue")
		frappe.db.set_value("CIMS Order", doc.name, "payment_status", "Unpaid")
		ledger.mark_overdue()
		self.assertEqual(frappe.db.get_value("CIMS Order", doc.name, "payment_status"), "Overdue")

	def test_customers_without_orders_become_dormant(self):
		frappe.db.set_single_value("CIMS Settings", "dormant_after_days", 100)
		records.order(self.customer, days_ago=120)
		busy = records.customer().name
		records.order(busy, days_ago=99)
		self.assertGreaterEqual(mark_dormant(), 1)
		status = dict(
			frappe.get_all(
				"CIMS Customer", {"name": ("in", [self.customer, busy])}, ["name", "status"], as_list=True
			)
		)
		self.assertEqual(status, {self.customer: "Dormant", busy: "Active"})
		comment = frappe.get_last_doc("Comment", {"reference_name": self.customer})
		self.assertIn("100 days", comment.content)
		records.order(self.customer)
		self.assertEqual(frappe.db.get_value("CIMS Customer", self.customer, "status"), "Active")

	def test_who_may_do_what(self):
		doc = records.order(self.customer)
		can = {
			"CIMS Manager": {"read", "write", "create", "submit", "cancel", "amend", "delete", "export"},
			"CIMS Sales": {"read", "write", "create", "submit"},
			"CIMS Service": {"read"},
			"CIMS Viewer": {"read"},
			"CIMS Auditor": {"read", "export"},
		}
		users = records.users()
		for role, address in users.items():
			for right in sorted(can["CIMS Manager"]):
				allowed = frappe.has_permission("CIMS Order", right, doc.name, user=address)
				self.assertEqual(allowed, right in can[role], f"{role}: {right}")
		with self.set_user(users["CIMS Sales"]):
			own = records.order(self.customer)
			own.deliver()
			self.assertRaises(frappe.PermissionError, own.write_off)
		with self.set_user(users["CIMS Service"]):
			seen = frappe.get_doc("CIMS Order", doc.name)
			self.assertRaises(frappe.PermissionError, seen.deliver)
