"""Account managers are told of downgrades, watch and recovery, one by one or in one message, by Notifications of the site's."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import nowdate

from cims.ratings import alerts, rerate, store
from cims.tests import records
from cims.tests.conftest import make_user


class TestAlerts(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# First, for making a user commits.
		cls.manager = make_user("CIMS Sales", email="account-manager@example.com")

	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.delete("Notification Log")
		self.bring_anew()
		alerts.tell()
		frappe.db.set_value("User", self.manager, "language", "en")

	def bring_anew(self):
		for name in alerts.ALERTS:
			frappe.delete_doc("Notification", name, ignore_missing=True)
		frappe.defaults.clear_default(alerts.BROUGHT)
		alerts.bring()
		# What a test before this one left, and what its end took back.
		frappe.cache.hdel("notifications", "CIMS Customer")
		self.addCleanup(frappe.cache.hdel, "notifications", "CIMS Customer")

	def customer(self, grade: str = "A", watch: int = 0, **values) -> str:
		code = records.customer(account_manager=self.manager, **values).name
		store.hold({code: None})
		mark = "!" if watch else ""
		self.rate(code, grade, watch, told=f"{grade}{mark}")
		return code

	def rate(self, code: str, grade: str, watch: int = 0, **more) -> None:
		values = {"grade": grade, "watch": watch, "rated": 1, "as_of": nowdate(), **more}
		frappe.db.set_value("Trust Rating", code, values)

	def told(self) -> list[str]:
		rows = frappe.get_all(
			"Notification Log", {"for_user": self.manager}, ["subject"], order_by="creation"
		)
		return [row.subject for row in rows]

	def test_a_downgrade_a_watch_and_a_recovery(self):
		code = self.customer(customer_name="Harbour & Sons")
		for grade, watch, said in (
			("B", 0, "downgraded from A to B"),
			("B", 1, "on watch, grade B"),
			("B", 0, "no longer on watch, grade B"),
			("AA", 0, "recovered from B to AA"),
		):
			self.rate(code, grade, watch)
			self.assertEqual(alerts.tell([code]), 1)
			self.assertEqual(self.told()[-1], f"Harbour &amp; Sons: {said}")
		self.assertEqual(alerts.tell([code]), 0)
		self.assertEqual(len(self.told()), 4)

	def test_in_the_managers_language(self):
		frappe.db.set_value("User", self.manager, "language", "zh")
		code = self.customer(customer_name="Harbour")
		self.rate(code, "B")
		alerts.tell()
		self.assertEqual(self.told(), ["Harbour: 由 A 降为 B"])
		self.assertEqual(frappe.local.lang, "en")

	def test_the_first_rating_and_the_loss_of_one_are_no_alert(self):
		code = self.customer("NR")
		self.rate(code, "D", 1)
		self.assertEqual(alerts.tell([code]), 0)
		self.rate(code, "NR")
		self.assertEqual(alerts.tell([code]), 0)
		self.assertEqual(self.told(), [])

	def test_many_at_once_are_one_message(self):
		codes = [self.customer(customer_name=f"Customer {at}") for at in range(alerts.ONE_BY_ONE + 2)]
		for code in codes[:-1]:
			self.rate(code, "C")
		self.rate(codes[-1], "AA")
		alerts.tell()
		self.assertEqual(self.told(), ["Your customers: 11 downgraded, 1 recovered"])

	def test_a_site_changes_and_switches_them_off(self):
		code = self.customer(customer_name="Harbour")
		doc = frappe.get_doc("Notification", "Customer Downgraded")
		doc.subject = "{{ doc.customer_name }} fell to {{ doc.flags.trust.after }}"
		doc.save()
		self.rate(code, "B")
		alerts.tell()
		self.assertEqual(self.told(), ["Harbour fell to B"])
		for name in alerts.ALERTS:
			frappe.db.set_value("Notification", name, "enabled", 0)
		frappe.cache.hdel("notifications", "CIMS Customer")
		self.rate(code, "C")
		alerts.tell()
		self.assertEqual(len(self.told()), 1)

	def test_a_broken_template_holds_up_no_other(self):
		codes = [self.customer(), self.customer()]
		doc = frappe.get_doc("Notification", "Customer Downgraded")
		frappe.db.set_value("Notification", doc.name, "subject", "{{ doc.flags.trust.nothing.at_all }}")
		for code in codes:
			self.rate(code, "B")
		self.assertEqual(alerts.tell(codes), 2)
		self.assertEqual(alerts.tell(codes), 0)

	def test_brought_once(self):
		frappe.delete_doc("Notification", "Customer Recovered")
		alerts.bring()
		self.assertFalse(frappe.db.exists("Notification", "Customer Recovered"))

	def test_real_ratings_keep_what_was_told(self):
		code = records.customer(account_manager=self.manager).name
		for month in range(8, 1, -1):
			order = records.order(code, 20_000, days_ago=month * 30, credit_days=30)
			order.deliver(order.order_date)
			records.payment(code, 20_000, (order.name, 20_000), days_ago=(month - 1) * 30)
		rerate.rate(code)
		grade, watch, told = frappe.db.get_value("Trust Rating", code, ["grade", "watch", "told"])
		self.assertNotEqual(grade, "NR")
		self.assertEqual(told, grade + "!" * watch)
		self.assertEqual(alerts.tell([code]), 0)
		store.record_manual(code, "conduct.breach", note="Clause 4", occurred_on=nowdate())
		store.record_manual(code, "conduct.fraud", note="Forged papers", occurred_on=nowdate())
		rerate.rate_until_settled(code)
		self.assertIn("downgraded", self.told()[0])
