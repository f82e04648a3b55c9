"""Two people at the same moment: they wait for each other, and the second one hears that it is too late."""

import threading

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.duplicates import likeness, queue
from cims.ratings import store
from cims.tests import records


class TestAtOnce(FrappeTestCase):
	"""Works on committed records, over a connection for each person; puts everything back itself."""

	def setUp(self):
		self.customer = records.customer().name
		frappe.db.commit()
		self.addCleanup(self.clean)

	def clean(self):
		frappe.db.rollback()
		store.forget([self.customer])
		for doctype in ("CIMS Payment", "CIMS Order"):
			names = frappe.get_all(doctype, {"customer": self.customer}, pluck="name") or [""]
			for df in frappe.get_meta(doctype).get_table_fields():
				frappe.db.delete(df.options, {"parent": ("in", names)})
			frappe.db.delete(doctype, {"customer": self.customer})
		frappe.db.delete("CIMS Customer", {"name": self.customer})
		frappe.db.commit()

	def at_once(self, act) -> list[str]:
		"""What became of two people who do the same at once: "done", or the name of the error."""
		site, start, outcomes = frappe.local.site, threading.Barrier(2), []

		def person():
			frappe.init(site=site, force=True)
			frappe.connect()
			frappe.flags.in_test = True
			try:
				start.wait(10)
				act()
				frappe.db.commit()
				outcomes.append("done")
			except frappe.ValidationError as error:
				frappe.db.rollback()
				outcomes.append(type(error).__name__)
			finally:
				frappe.destroy()

		people = [threading.Thread(target=person) for _ in range(2)]
		for thread in people:
			thread.start()
		for thread in people:
			thread.join(60)
		return sorted(outcomes)

	def test_an_order_is_not_paid_twice(self):
		order = records.order(self.customer, 1000).name
		frappe.db.commit()
		outcomes = self.at_once(lambda: records.payment(self.customer, 700, (order, 700)))
		self.assertEqual(outcomes, ["ValidationError", "done"])
		frappe.db.rollback()
		self.assertEqual(
			frappe.db.get_value("CIMS Order", order, ["paid_amount", "outstanding_amount"]), (700, 300)
		)

	def test_an_order_number_is_not_given_twice(self):
		outcomes = self.at_once(lambda: records.order(self.customer, order_no="A-1", submit=False))
		self.assertEqual(outcomes, ["UniqueValidationError", "done"])
		frappe.db.rollback()
		self.assertEqual(frappe.db.count("CIMS Order", {"customer": self.customer}), 1)


class TestPairsAtOnce(FrappeTestCase):
	"""Neighbouring pairs in the queue of duplicates, kept at the same moment: nobody waits for the other."""

	PAIRS = (("Z-A", "Z-C"), ("Z-A", "Z-E"))
	BETWEEN = (("Z-A", "Z-B"), ("Z-A", "Z-D"))

	def setUp(self):
		self.keep(*self.PAIRS)
		frappe.db.commit()
		self.addCleanup(self.clean)

	def clean(self):
		frappe.db.rollback()
		frappe.db.delete(queue.CANDIDATE, {"customer": "Z-A"})
		frappe.db.commit()

	def keep(self, *pairs) -> int:
		rows = [
			[{field: None for field in likeness.FIELDS} | {"name": name} for name in pair] for pair in pairs
		]
		return queue.keep([(*pair, likeness.Likeness(90, [])) for pair in rows], queue.BY_SAVING)

	def test_one_keeps_what_is_there_while_another_puts_one_in_before_it(self):
		self.assertEqual(self.keep(*self.PAIRS), 0)
		site, new = frappe.local.site, []

		def other():
			frappe.init(site=site, force=True)
			frappe.connect()
			try:
				frappe.db.sql("SET SESSION innodb_lock_wait_timeout = 3")
				new.append(self.keep(*self.BETWEEN))
				frappe.db.commit()
			finally:
				frappe.destroy()

		person = threading.Thread(target=other)
		person.start()
		person.join(30)
		self.assertEqual(new, [2])
