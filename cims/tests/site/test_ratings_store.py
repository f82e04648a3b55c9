"""The evidence store: rows come in once, follow their documents, and are taken back by other rows."""

import json
import threading
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate

from cims.ratings import policies, queue, replay, rerate, sources, store, together
from cims.ratings.calendar import site_calendar, today
from cims.tests import records
from cims.tests.read_only import rated_customer
from cims.tests.timeline import counted_queries, on
from cims.trust.calendar import to_date
from cims.trust.evidence import Evidence
from cims.trust.rating import rate


def ago(days: int):
	return getdate(add_days(nowdate(), -days))


def rows(customer: str, **filters) -> list:
	fields = [
		"kind",
		"occurred_on",
		"decays_from",
		"value",
		"weight",
		"amount",
		"days",
		"source_event",
		"reversal",
	]
	found = frappe.get_all(
		"Trust Evidence", {"customer": customer, **filters}, fields, order_by="source_name, source_event"
	)
	return [tuple(row.values()) for row in found]


def fed(customer: str, event: str, value: float = 0.9, days: int = 3) -> Evidence:
	"""A row as another system sends it."""
	return Evidence(
		customer,
		"service.agent_rating",
		ago(days),
		value,
		1.0,
		source_doctype="Issue",
		source_name="I-1",
		source_event=event,
	)


class TestRecord(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name

	def test_the_same_source_twice_changes_nothing(self):
		self.assertEqual(store.record([fed(self.customer, "closed"), fed(self.customer, "reopened")]), 2)
		first = rerate.rate(self.customer)
		self.assertEqual(store.record([fed(self.customer, "closed", 0.1), fed(self.customer, "closed")]), 0)
		self.assertEqual(store.record([fed(self.customer, "closed"), fed(self.customer, "third", 0.5)]), 1)
		self.assertEqual(len(rows(self.customer)), 3)
		self.assertEqual(first.evidence_count, 2)
		self.assertEqual(rerate.rate(self.customer).evidence_count, 3)

	def test_a_customer_that_is_not_there(self):
		with self.assertRaisesRegex(frappe.DoesNotExistError, "no customer with the code NOBODY"):
			store.record([fed("NOBODY", "closed")])

	def test_many_rows_take_few_statements(self):
		many = [fed(self.customer, f"event {at}", 0.8, at % 300) for at in range(1500)]
		with counted_queries() as statements:
			self.assertEqual(store.record(many), 1500)
		self.assertLessEqual(len(statements), 6)
		rated = rerate.rate(self.customer)
		self.assertEqual(rated.evidence_count, 1500)
		self.assertEqual(store.record(many), 0)
		self.assertEqual(rerate.rate(self.customer).score, rated.score)

	def test_what_lies_ahead_counts_from_its_day_on(self):
		store.record([fed(self.customer, "now"), fed(self.customer, "ahead", 0.0, days=-5)])
		self.assertEqual(rerate.rate(self.customer).evidence_count, 1)
		with on(add_days(nowdate(), 5)):
			together.rate_many([self.customer], 13, with_events=False)
			self.assertEqual(frappe.db.get_value("Trust Rating", self.customer, "evidence_count"), 2)

	def test_a_day_on_which_the_score_moved(self):
		"""It is kept with what moved the score; taken back on the same day, it isn't any more."""
		customer = rated_customer()
		with on(add_days(nowdate(), 1)):
			rerate.rate(customer)
			name = store.record_manual(customer, "conduct.fraud", note="Forged papers")
			rerate.rate(customer)
			kept = frappe.get_all(
				"Trust Snapshot",
				{"customer": customer, "cause": "Event"},
				["day", "marks", "grade"],
				order_by="day",
			)
			self.assertEqual([(row.day, row.grade) for row in kept[-1:]], [(getdate(nowdate()), "D")])
			(mark,) = json.loads(kept[-1].marks)
			self.assertEqual(
				(mark["kind"], mark["doctype"], mark["name"]), ("conduct.fraud", "Trust Evidence", name)
			)
			self.assertLess(mark["points"], -15)
			store.take_back(name, "It was somebody else")
			rerate.rate(customer)
			self.assertFalse(
				frappe.get_all("Trust Snapshot", {"customer": customer, "cause": "Event", "day": nowdate()})
			)


class TestDocuments(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name

	def test_evidence_follows_the_order(self):
		order = records.order(self.customer, 1000, days_ago=50, credit_days=10)
		self.assertEqual(
			rows(self.customer), [("trading.fulfilled", ago(50), ago(50), 1, 1, 1000, 0, "fulfilled", 0)]
		)
		payment = records.payment(self.customer, 1000, (order.name, 1000), days_ago=20)
		due = order.due_date
		self.assertEqual(
			[row[:3] + row[6:] for row in rows(self.customer, kind="payment.settled")],
			[("payment.settled", ago(20), getdate(due), self.days_late(due, 20), "settled", 0)],
		)
		payment.reload()
		payment.cancel()
		settled = rows(self.customer, kind="payment.settled")
		self.assertEqual([row[7:] for row in settled], [("settled", 0), ("settled:reversed", 1)])
		self.assertEqual(settled[1][1:3], (ago(0), getdate(due)))
		records.payment(self.customer, 1000, (order.name, 1000), days_ago=2)
		again = rows(self.customer, kind="payment.settled")[1]
		# A correction is known from today on, and fades from the day that it is about.
		self.assertEqual((again[1:3], again[7:]), ((ago(0), getdate(due)), ("settled:2", 0)))
		self.assertEqual(again[6], self.days_late(due, 2))

	def days_late(self, due, days_ago: int) -> int:
		calendar = site_calendar()
		rolled = calendar.roll([(getdate(due) - getdate("1970-01-01")).days])[0]
		return max((ago(days_ago) - to_date(rolled)).days, 0)

	def test_cancelled_returned_and_written_off(self):
		cancelled = records.order(self.customer, 500, days_ago=5)
		cancelled.cancel()
		self.assertEqual(
			[(row[0], row[8]) for row in rows(self.customer, source_name=cancelled.name)],
			[("trading.cancelled", 0), ("trading.fulfilled", 0), ("trading.fulfilled", 1)],
		)
		lost = records.order(self.customer, 700, days_ago=90)
		lost.write_off()
		self.assertEqual(rerate.rate(self.customer).grade, "D")
		lost.reload()
		lost.undo_write_off()
		kinds = [(row[0], row[8]) for row in rows(self.customer, kind="payment.written_off")]
		self.assertEqual(kinds, [("payment.written_off", 0), ("payment.written_off", 1)])

	def test_backfill_writes_what_living_through_it_wrote(self):
		order = records.order(self.customer, 1000, days_ago=60)
		records.payment(self.customer, 1000, (order.name, 1000), days_ago=10)
		records.order(self.customer, 300, days_ago=5).record_return(str(ago(1)), 100)
		lived, score = rows(self.customer), rerate.rate(self.customer).score
		self.assertEqual(
			[row[7] for row in lived],
			["fulfilled", "settled", "fulfilled", "fulfilled:2", "fulfilled:reversed", "returned"],
		)
		self.assertEqual(store.backfill([self.customer], rate=False), 0)
		store.forget([self.customer])
		self.assertFalse(frappe.db.exists("Trust Rating", self.customer))
		# That the order was worth more once was a correction while it was lived through; here it is known from the start.
		self.assertEqual(store.backfill([self.customer], rate=False), 4)
		self.assertEqual(
			[row[7] for row in rows(self.customer)], ["fulfilled", "settled", "fulfilled", "returned"]
		)
		self.assertAlmostEqual(rerate.rate(self.customer).score, score, 5)

	def test_backfill_corrects_what_differs(self):
		order = records.order(self.customer, 1000, days_ago=60)
		frappe.db.set_value("CIMS Order", order.name, {"settled_on": ago(3), "outstanding_amount": 0})
		self.assertEqual(store.backfill([self.customer], rate=False), 1)
		frappe.db.set_value("CIMS Order", order.name, {"settled_on": ago(2)})
		self.assertEqual(store.backfill([self.customer], rate=False), 2)
		self.assertEqual(store.backfill([self.customer], rate=False), 0)

	def test_the_night_finds_documents_that_changed_unheard(self):
		order = records.order(self.customer, 1000, days_ago=60)
		frappe.db.set_value("CIMS Order", order.name, {"settled_on": ago(3), "outstanding_amount": 0})
		with patch.object(queue, "add_everyone") as add:
			rerate.nightly()
		self.assertTrue(add.called)
		self.assertEqual(len(rows(self.customer, kind="payment.settled")), 1)
		self.assertEqual(store.catch_up(), 0)

	def test_an_unknown_source(self):
		with self.assertRaisesRegex(ValueError, "No source of receivables speaks for ToDo"):
			sources.source_of("ToDo")


class TestManual(FrappeTestCase):
	def setUp(self):
		self.customer = records.customer().name

	def test_who_may_record_what(self):
		allowed = {
			"CIMS Manager": ("service.feedback", "conduct.assessment"),
			"CIMS Service": ("service.feedback", "conduct.assessment"),
			"CIMS Sales": ("conduct.assessment",),
			"CIMS Viewer": (),
			"CIMS Auditor": (),
		}
		for role, kinds in allowed.items():
			with self.set_user(records.user(role)):
				for kind in ("service.feedback", "conduct.assessment"):
					if kind in kinds:
						name = store.record_manual(self.customer, kind, 0.7, "Said so")
						row = frappe.get_doc("Trust Evidence", name)
						self.assertEqual(
							(row.recorded_by, row.note, row.value), (frappe.session.user, "Said so", 0.7)
						)
					else:
						self.assertRaises(
							frappe.PermissionError, store.record_manual, self.customer, kind, 0.7
						)

	def test_values_kinds_and_days(self):
		record = store.record_manual
		self.assertEqual(
			frappe.db.get_value("Trust Evidence", record(self.customer, "conduct.breach"), "value"), 0
		)
		for wrong in (
			("conduct.assessment", None), ("conduct.assessment", 1.2), ("payment.settled", 1), ("nonsense", 1),
		):  # fmt: skip
			self.assertRaises(frappe.ValidationError, record, self.customer, *wrong)
		self.assertRaises(
			frappe.ValidationError,
			record,
			self.customer,
			"conduct.breach",
			occurred_on=add_days(nowdate(), 1),
		)

	def test_taking_back(self):
		order = records.order(self.customer, 100)
		name = store.record_manual(self.customer, "conduct.fraud", occurred_on=ago(40))
		self.assertRaises(frappe.ValidationError, store.take_back, name, " ")
		with self.set_user(records.user("CIMS Service")):
			self.assertRaises(frappe.PermissionError, store.take_back, name, "Wrong")
		back = frappe.get_doc("Trust Evidence", store.take_back(name, "Wrong"))
		self.assertEqual(
			(back.reversal, back.reverses, back.occurred_on, back.decays_from), (1, name, ago(0), ago(40))
		)
		self.assertRaises(frappe.ValidationError, store.take_back, name, "Again")
		self.assertRaises(frappe.ValidationError, store.take_back, back.name, "Back again")
		of_order = frappe.db.get_value("Trust Evidence", {"source_name": order.name})
		with self.assertRaisesRegex(frappe.ValidationError, "follows it. Correct that document"):
			store.take_back(of_order, "Wrong")


class TestQueue(FrappeTestCase):
	def flushed(self, act, waiting: int = 0) -> list:
		"""What is put on the queue, where so many jobs wait, when the transaction in which `act` runs commits."""
		with patch("frappe.enqueue") as enqueue, patch.object(queue, "_waiting", return_value=waiting):
			act()
			self.assertEqual(enqueue.call_args_list, [])
			# The test itself must not commit.
			frappe.db.after_commit.run()
		return enqueue.call_args_list

	def test_one_job_for_each_customer_however_many_events(self):
		customer = records.customer().name
		queue._drop()
		frappe.db.after_commit.reset()

		def act():
			for at in range(3):
				records.order(customer, 100 + at, days_ago=at)

		(call,) = self.flushed(act)
		self.assertEqual(call.args[0], "cims.ratings.rerate.rate_until_settled")
		self.assertEqual(
			(call.kwargs["job_id"], call.kwargs["customer"]), (f"cims-rate-{customer}", customer)
		)
		self.assertTrue(call.kwargs["deduplicate"])

	def test_one_job_for_many_customers(self):
		frappe.db.after_commit.reset()
		queue._drop()
		calls = self.flushed(lambda: queue.add(f"C-{at}" for at in range(queue.MANY + 1)))
		self.assertEqual([call.args[0] for call in calls], ["cims.ratings.rerate.rate_waiting"])

	def test_one_job_for_all_where_many_wait(self):
		frappe.db.after_commit.reset()
		queue._drop()
		calls = self.flushed(lambda: queue.add(["C-1"]), waiting=queue.MANY + 1)
		self.assertEqual([call.args[0] for call in calls], ["cims.ratings.rerate.rate_waiting"])

	def test_nothing_after_a_rollback(self):
		frappe.db.after_commit.reset()
		queue._drop()
		queue.add(["C-1"])
		frappe.db.after_rollback.run()
		self.assertEqual(self.flushed(lambda: None), [])

	def test_who_changes_while_being_rated_is_rated_again(self):
		customer = rated_customer()
		rates, events = rerate.update, iter(["first", "second"])

		def rate_and_be_disturbed(name):
			rates(name)
			if (event := next(events, None)) is not None:
				store.record([fed(name, event)])

		with patch.object(rerate, "update", side_effect=rate_and_be_disturbed) as rated:
			rerate.rate_until_settled(customer)
		self.assertEqual(rated.call_count, 3)
		self.assertEqual(frappe.db.get_value("Trust Rating", customer, "dirty"), 0)

	def test_a_set_leaves_whom_an_event_reached_meanwhile_to_their_own_job(self):
		customer, other = rated_customer(), rated_customer()
		before = frappe.db.get_value("Trust Rating", customer, "modified")
		opened = replay.open_book

		def open_and_be_disturbed(*args, **kwargs):
			book = opened(*args, **kwargs)
			store.record([fed(customer, "meanwhile")])
			return book

		with patch.object(replay, "open_book", side_effect=open_and_be_disturbed):
			self.assertEqual(together.rate_many([customer, other], 13, with_events=False), 1)
		self.assertEqual(frappe.db.get_value("Trust Rating", customer, ["dirty", "modified"]), (1, before))
		rerate.rate(customer)
		self.check_sums(customer)

	def check_sums(self, customer: str):
		policy = policies.active()
		book = replay.open_book([customer], policy, policies.segment_field())
		self.assertAlmostEqual(
			frappe.db.get_value("Trust Rating", customer, "score"),
			rate(book.history, today(), policy)[0].score,
			5,
		)


class TestConcurrency(FrappeTestCase):
	"""With real transactions, which is why this one commits and cleans up."""

	def test_writers_at_the_same_time(self):
		customer = rated_customer()
		frappe.db.commit()
		failures = []

		def write(number: int):
			try:
				frappe.init(site=site)
				frappe.connect()
				for at in range(6):
					# Everybody sends the shared ones, and each something of their own.
					store.record(
						[fed(customer, f"shared {at}", 0.5), fed(customer, f"{number} {at}", 0.9)], rate=False
					)
					frappe.db.commit()
					if at % 2:
						rerate.rate(customer)
						frappe.db.commit()
			except Exception as error:
				failures.append(error)
			finally:
				frappe.destroy()

		site = frappe.local.site
		threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
		try:
			for thread in threads:
				thread.start()
			for thread in threads:
				thread.join()
			frappe.db.rollback()
			self.assertEqual(failures, [])
			self.assertEqual(
				frappe.db.count("Trust Evidence", {"customer": customer, "source_doctype": "Issue"}),
				6 + 4 * 6,
			)
			rated = rerate.rate(customer)
			self.assertEqual(rated.evidence_count, frappe.db.count("Trust Evidence", {"customer": customer}))
			TestQueue.check_sums(self, customer)
		finally:
			self.clean_up(customer)

	def clean_up(self, customer: str):
		frappe.db.rollback()
		store.forget([customer])
		for doctype in ("CIMS Payment", "CIMS Order"):
			for name in frappe.get_all(doctype, {"customer": customer}, pluck="name"):
				for table in frappe.get_meta(doctype).get_table_fields():
					frappe.db.delete(table.options, {"parent": name})
				frappe.db.delete(doctype, {"name": name})
		frappe.db.delete("CIMS Customer", {"name": customer})
		frappe.db.commit()


class TestCustomers(FrappeTestCase):
	def test_another_segment_works_the_curve_out_anew(self):
		customer = rated_customer()
		doc = frappe.get_doc("CIMS Customer", customer)
		doc.customer_group = "Retail"
		doc.save()
		self.assertTrue(frappe.db.get_value("Trust Rating", customer, "replay_from"))
		rerate.rate(customer)
		self.assertEqual(
			frappe.db.get_value("Trust Rating", customer, ["segment", "replay_from"]), ("Retail", None)
		)

	def test_renamed_and_merged(self):
		first, second = rated_customer(), rated_customer()
		count = frappe.db.get_value("Trust Rating", first, "evidence_count")
		frappe.rename_doc("CIMS Customer", first, "C-RENAMED", force=True)
		self.assertEqual(frappe.db.get_value("Trust Rating", "C-RENAMED", "customer"), "C-RENAMED")
		self.assertFalse(frappe.db.exists("Trust Rating", first))
		self.assertFalse(frappe.get_all("Trust Snapshot", {"customer": first}))
		self.assertTrue(frappe.get_all("Trust Snapshot", {"customer": "C-RENAMED"}))
		frappe.rename_doc("CIMS Customer", second, "C-RENAMED", force=True, merge=True)
		rated = rerate.rate("C-RENAMED")
		self.assertEqual(rated.evidence_count, 2 * count)
		self.assertFalse(frappe.db.exists("Trust Evidence", {"customer": second}))

	def test_forgetting_leaves_nothing(self):
		customer = rated_customer()
		store.forget([customer])
		for doctype in ("Trust Evidence", "Trust Rating", "Trust Snapshot", "Trust Override"):
			self.assertFalse(frappe.get_all(doctype, {"customer": customer}))
