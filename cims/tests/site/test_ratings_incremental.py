"""Rating a customer step by step, from kept sums and month ends, gives what a replay of all evidence gives."""

import json
import random
from contextlib import suppress
from datetime import date, timedelta

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.ratings import curves, policies, replay, rerate, snapshots, store, together
from cims.ratings.calendar import today
from cims.tests import records
from cims.tests.timeline import counted_queries, on
from cims.trust import kinds, rating
from cims.trust.calendar import month_ends, to_date

START = date(2024, 1, 10)
NUMBERS = (
	"score",
	"low",
	"high",
	"confidence",
	"usual_amount",
	"days_beyond_terms",
	"change_90d",
	"change_1y",
)
MANUAL = [kind.name for kind in kinds.KINDS if kind.manual]


class Life:
	"""A customer to whom things happen at random, through the documents, in the order of time.

	prompt: everything is recorded on its day, and nothing that was recorded turns out to be a mistake.
	"""

	def __init__(self, seed: int, prompt: bool = False):
		self.random = random.Random(seed)
		self.prompt = prompt
		self.day = START
		with on(self.day):
			self.customer = records.customer().name
		self.orders: list[str] = []
		self.payments: list[str] = []
		self.recorded: list[str] = []

	def step(self):
		"""Some days pass, then one thing happens. A thing that the documents refuse doesn't happen."""
		self.day += timedelta(days=self.random.choice([0, 1, 3, 9, 20]))
		act = self.random.choices(
			[
				self.order,
				self.pay,
				self.refund,
				self.dispute,
				self.give_back,
				self.write_off,
				self.cancel,
				self.say,
				self.take_back,
			],
			[30, 40, 4, 5, 3, 1, 3, 6, 2],
		)[0]
		with on(self.day), suppress(frappe.ValidationError):
			frappe.db.savepoint("step")
			try:
				act()
			except frappe.ValidationError:
				frappe.db.rollback(save_point="step")
				raise

	def ago(self, *days: int) -> int:
		return 0 if self.prompt else self.random.choice(days)

	def order(self):
		days_ago = self.ago(0, 0, 0, 4, 40)
		doc = records.order(
			self.customer, self.random.choice([300, 5000, 90_000]), days_ago, self.random.choice([0, 14, 30])
		)
		self.orders.append(doc.name)

	def pay(self):
		doc = self.pick(self.orders, "CIMS Order")
		part = round(doc.outstanding_amount * self.random.choice([1, 1, 1, 0.4]), 2)
		paid = records.payment(self.customer, part, (doc.name, part), days_ago=self.ago(0, 0, 0, 2, 45))
		self.payments.append(paid.name)

	def refund(self):
		doc = self.pick(self.payments, "CIMS Payment")
		if self.prompt or self.random.random() < 0.5:
			doc.refund()
		else:
			doc.cancel()

	def dispute(self):
		doc = self.pick(self.orders, "CIMS Order")
		if doc.disputed_from:
			doc.close_dispute()
		else:
			doc.open_dispute("Colour", str(max(doc.order_date, self.day - timedelta(days=self.ago(0, 35)))))

	def give_back(self):
		self.pick(self.orders, "CIMS Order").record_return()

	def write_off(self):
		self.pick(self.orders, "CIMS Order").write_off()

	def cancel(self):
		self.pick(self.orders, "CIMS Order").cancel()

	def say(self):
		kind = self.random.choice(MANUAL)
		value = self.random.random() if kinds.BY_NAME[kind].value is None else None
		when = self.day - timedelta(days=self.ago(0, 0, 50))
		self.recorded.append(store.record_manual(self.customer, kind, value, occurred_on=max(when, START)))

	def take_back(self):
		store.take_back(self.random.choice(self.recorded or [""]), "A mistake")

	def pick(self, names: list[str], doctype: str):
		if not names:
			raise frappe.ValidationError
		return frappe.get_doc(doctype, self.random.choice(names[-6:]))


class TestIncremental(FrappeTestCase):
	def setUp(self):
		frappe.db.set_single_value("CIMS Settings", "holiday_country", "China")
		frappe.clear_document_cache("CIMS Settings", "CIMS Settings")

	def test_step_by_step_equals_replay(self):
		paths = {"sums": 0, "evidence": 0}
		for seed in range(6):
			life = Life(seed)
			for _step in range(45):
				life.step()
				if life.random.random() < 0.7:
					self.rate(life, paths)
				if life.random.random() < 0.1:
					with on(life.day):
						together.rate_many([life.customer], rerate.EVALUATIONS, with_events=False)
			self.rate(life, paths)
			self.check_against_replay(life)
		# Both ways of rating were really taken.
		self.assertGreater(paths["sums"], 40)
		self.assertGreater(paths["evidence"], 10)

	def rate(self, life: Life, paths: dict):
		with on(life.day):
			kept = rerate._locked(life.customer, today())
			if kept is None:
				return
			serves = rerate._ledger(kept, today(), policies.active())
			paths["sums" if serves else "evidence"] += 1
			rerate.rate(life.customer)
			if serves:
				self.check_against_replay(life)

	def check_against_replay(self, life: Life):
		with on(life.day):
			policy = policies.active()
			book = replay.open_book([life.customer], policy, policies.segment_field(), until=today())
			whole = rating.rate(book.history, today(), policy)
			expected, kept = whole[0], frappe.get_doc("Trust Rating", life.customer)
			self.assertEqual(kept.computed_grade, expected.grade)
			self.assertEqual(kept.evidence_count, expected.evidence_count)
			unrated = expected.grade == "NR"
			for field in NUMBERS:
				value = getattr(expected, field) or 0
				if unrated and field in ("score", "low", "high"):
					value = 0
				self.assertAlmostEqual(kept.get(field), value, 5, f"{field} of {life.customer} on {life.day}")
			for field, value in expected.exposure.items():
				if kept.meta.has_field(field):
					self.assertAlmostEqual(kept.get(field), value, 5, field)
			reasons = json.loads(kept.reasons)
			for which in ("costs", "earns", "watch"):
				told, due = reasons[which], [reason.to_dict() for reason in getattr(expected, which)]
				self.assertEqual([r["code"] for r in told], [r["code"] for r in due])
				for reason, other in zip(told, due, strict=True):
					self.assertAlmostEqual(reason["points"], other["points"], 1)
					self.assertEqual(set(reason["figures"]), set(other["figures"]))
					for name, figure in other["figures"].items():
						if isinstance(figure, str):
							self.assertEqual(reason["figures"][name], figure)
						else:
							self.assertAlmostEqual(reason["figures"][name], figure, 5)
			self.check_month_ends(life.customer, book, policy)

	def check_month_ends(self, customer: str, book, policy):
		found = replay.run(book, today(), policy, rerate.EVALUATIONS)
		since = to_date(month_ends(today(), rerate.EVALUATIONS)[0])
		kept = {
			row.day: row
			for row in frappe.get_all(
				"Trust Snapshot",
				{"customer": customer, "day": (">=", since), "cause": "Month End"},
				["*"],
				limit=0,
			)
		}
		points = snapshots.rows(found.points, [customer])
		self.assertEqual(set(kept), {point.day for point in points})
		for point in points:
			row = kept[point.day]
			self.assertEqual(
				(row.grade, bool(row.rated), row.cap or ""), (point.grade, bool(point.rated), point.cap)
			)
			for field in ("score", "low", "high", "confidence"):
				self.assertAlmostEqual(row[field], point[field], 5)


class TestAsOf(FrappeTestCase):
	def test_a_past_day_gives_what_was_worked_out_on_that_day(self):
		for seed in range(3):
			life = Life(seed, prompt=True)
			told = {}
			for _step in range(40):
				life.step()
				with on(life.day):
					rated = rerate.rate(life.customer)
				if rated:
					told[life.day] = rated
			self.assertGreater(len(told), 20)
			with on(life.day):
				for day, rated in told.items():
					then = curves.as_of(life.customer, day)
					self.assertEqual(then["grade"], rated.grade)
					if rated.grade != "NR":
						self.assertAlmostEqual(then["score"], rated.score, 5, f"seed {seed}, {day}")
						self.assertAlmostEqual(then["low"], rated.low, 5)
					self.assertAlmostEqual(then["overdue_amount"], rated.exposure["overdue_amount"], 5)
					self.assertEqual(then["evidence_count"], rated.evidence_count)

	def test_not_of_a_day_to_come(self):
		with on(START):
			customer = records.customer().name
			self.assertRaises(frappe.ValidationError, curves.as_of, customer, START + timedelta(days=1))


class TestStatements(FrappeTestCase):
	"""How many SQL statements rating one customer takes."""

	def history(self, orders: int) -> str:
		customer = records.customer().name
		for at in range(orders):
			order = records.order(customer, 1000 + at, days_ago=20 + 10 * at, credit_days=10)
			if at % 3:
				records.payment(customer, 1000 + at, (order.name, 1000 + at), days_ago=10 * at)
		rerate.rate(customer)
		return customer

	def test_at_most_ten_after_one_event_however_long_the_history(self):
		counts = []
		for orders in (4, 24):
			customer = self.history(orders)
			with on(frappe.utils.add_days(frappe.utils.nowdate(), 1)):
				rerate.rate(customer)
				store.record_manual(customer, "conduct.fraud")
				with counted_queries() as statements:
					rated = rerate.rate(customer)
			self.assertEqual(rated.grade, "D")
			self.assertTrue(frappe.get_all("Trust Snapshot", {"customer": customer, "cause": "Event"}))
			counts.append(len(statements))
		self.assertLessEqual(max(counts), 10)
		self.assertEqual(*counts)

	def test_from_evidence_takes_no_more_than_a_few_more(self):
		customer = self.history(5)
		frappe.db.set_value("Trust Rating", customer, "replay_from", "2020-01-01")
		with counted_queries() as statements:
			rerate.rate(customer)
		self.assertLessEqual(len(statements), 13)
