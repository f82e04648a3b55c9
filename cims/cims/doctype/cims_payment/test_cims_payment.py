import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from cims.tests import records


def ago(days: int):
	return getdate(add_days(nowdate(), -days))


class TestCIMSPayment(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name
		self.first = records.order(self.customer, 1000, days_ago=60)
		self.second = records.order(self.customer, 500, days_ago=40)

	def refused(self, text: str, act, *args, **values):
		with self.assertRaises(frappe.ValidationError) as raised:
			act(*args, **values)
		self.assertIn(text, str(raised.exception))

	def state(self, order) -> tuple:
		fields = ["paid_amount", "outstanding_amount", "settled_on", "payment_status"]
		return frappe.db.get_value("CIMS Order", order.name, fields)

	def test_one_payment_for_several_orders(self):
		doc = records.payment(
			self.customer, 1600, (self.first.name, 1000), (self.second.name, 400), days_ago=20
		)
		self.assertEqual(doc.unallocated_amount, 200)
		self.assertEqual(self.state(self.first), (1000, 0, ago(20), "Paid"))
		self.assertEqual(self.state(self.second), (400, 100, None, "Overdue"))
		self.assertEqual([row.outstanding_amount for row in doc.allocations], [1000, 500])

	def test_part_payments_settle_on_the_last_day(self):
		records.payment(self.customer, 300, (self.first.name, 300), days_ago=10)
		records.payment(self.customer, 700, (self.first.name, 700), days_ago=30)
		self.assertEqual(self.state(self.first), (1000, 0, ago(10), "Paid"))

	def test_an_advance_settles_its_order_on_the_order_s_day(self):
		advance = records.payment(self.customer, 800, days_ago=50)
		self.assertEqual(advance.unallocated_amount, 800)
		advance.append("allocations", {"order": self.second.name, "allocated_amount": 500})
		advance.save()
		self.assertEqual(advance.unallocated_amount, 300)
		self.assertEqual(self.state(self.second), (500, 0, ago(40), "Paid"))
		advance.set("allocations", [])
		advance.save()
		self.assertEqual(self.state(self.second), (0, 500, None, "Overdue"))

	def test_over_allocation_is_refused(self):
		self.refused("Allocate less", records.payment, self.customer, 2000, (self.first.name, 1001))
		self.refused("more than the payment", records.payment, self.customer, 900, (self.first.name, 1000))
		records.payment(self.customer, 600, (self.first.name, 600))
		self.refused("Allocate less", records.payment, self.customer, 600, (self.first.name, 600))
		late = records.payment(self.customer, 400, (self.first.name, 400), submit=False)
		records.payment(self.customer, 400, (self.first.name, 400))
		late.reload()
		self.refused("Allocate less", late.submit)

	def test_what_is_on_its_way_is_reserved(self):
		cheque = records.payment(
			self.customer, 700, (self.first.name, 700), status="Pending", method="Cheque"
		)
		self.assertEqual(self.state(self.first), (0, 1000, None, "Overdue"))
		self.refused("on its way", records.payment, self.customer, 400, (self.first.name, 400))
		cheque.fail()
		records.payment(self.customer, 1000, (self.first.name, 1000))

	def test_bad_input_is_refused(self):
		pay = records.payment
		self.refused("amount above 0", pay, self.customer, 0)
		self.refused("amount above 0", pay, self.customer, -5)
		self.refused("after today", pay, self.customer, 5, days_ago=-1)
		self.refused("Pending or Cleared", pay, self.customer, 5, status="Refunded")
		self.refused("There is no customer", pay, "No Such Customer", 9)
		self.refused("there is no order", pay, self.customer, 9, ("No Such Order", 1))
		self.refused("there twice", pay, self.customer, 9, (self.first.name, 1), (self.first.name, 1))
		self.refused("allocated amount above 0", pay, self.customer, 9, (self.first.name, 0))
		self.refused("another customer", pay, records.customer().name, 9, (self.first.name, 1))
		self.refused(
			"isn't submitted", pay, self.customer, 9, (records.order(self.customer, submit=False).name, 1)
		)
		self.refused("can't be before", pay, self.customer, 9, cleared_on=ago(3))
		self.refused("payment's currency", pay, self.customer, 9, (self.first.name, 1), currency="USD")

	def test_clear_fail_refund(self):
		doc = records.payment(self.customer, 1000, (self.first.name, 1000), days_ago=15, status="Pending")
		self.refused("Only a cleared payment", doc.refund)
		doc.clear(str(ago(12)))
		self.assertEqual(self.state(self.first), (1000, 0, ago(12), "Paid"))
		self.refused("Only a pending payment", doc.clear)
		self.refused("Only a pending payment", doc.fail)
		doc.refund(str(ago(2)))
		self.assertEqual(self.state(self.first), (0, 1000, None, "Overdue"))
		doc.reload()
		self.assertEqual((doc.status, doc.refunded_on), ("Refunded", ago(2)))
		failed = records.payment(self.customer, 10, status="Pending")
		failed.fail()
		self.assertEqual(frappe.db.get_value("CIMS Payment", failed.name, "status"), "Failed")

	def test_the_status_can_t_be_typed(self):
		doc = records.payment(self.customer, 1000, (self.first.name, 1000), status="Pending")
		doc.status = "Cleared"
		self.refused("Clear, Fail, Refund", doc.save)

	def test_cancelling_gives_the_orders_back(self):
		doc = records.payment(self.customer, 1000, (self.first.name, 1000))
		doc.cancel()
		self.assertEqual(self.state(self.first), (0, 1000, None, "Overdue"))
		amended = frappe.copy_doc(doc)
		amended.amended_from = doc.name
		amended.submit()
		self.assertEqual(self.state(self.first)[1], 0)

	def test_the_rest_is_spread_over_what_was_due_first(self):
		doc = records.payment(self.customer, 1200, submit=False)
		doc.allocate()
		self.assertEqual(
			[(row.order, row.allocated_amount) for row in doc.allocations],
			[(self.first.name, 1000), (self.second.name, 200)],
		)
		doc.submit()
		advance = records.payment(self.customer, 500)
		advance.allocate()
		advance.reload()
		self.assertEqual(advance.unallocated_amount, 200)
		self.assertEqual(self.state(self.second)[1], 0)

	def test_who_may_do_what(self):
		doc = records.payment(self.customer, 10)
		can = {
			"CIMS Manager": {"read", "write", "create", "submit", "cancel", "amend", "delete", "export"},
			"CIMS Sales": {"read", "write", "create"},
			"CIMS Service": {"read"},
			"CIMS Viewer": {"read"},
			"CIMS Auditor": {"read", "export"},
		}
		users = records.users()
		for role, address in users.items():
			for right in sorted(can["CIMS Manager"]):
				allowed = frappe.has_permission("CIMS Payment", right, doc.name, user=address)
				self.assertEqual(allowed, right in can[role], f"{role}: {right}")
		with self.set_user(users["CIMS Sales"]):
			draft = records.payment(self.customer, 10, submit=False)
			self.assertRaises(frappe.PermissionError, draft.submit)
			self.assertRaises(frappe.PermissionError, frappe.get_doc("CIMS Payment", doc.name).refund)
