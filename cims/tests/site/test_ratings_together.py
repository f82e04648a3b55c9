"""Rating many at once gives what rating each alone gives, in shards that survive whatever happens to their workers."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import getdate, nowdate

from cims.ratings import events, kept, policies, queue, replay, rerate, runs, sources, sql, store, together
from cims.ratings.calendar import site_calendar, today
from cims.tests import records
from cims.tests.timeline import on
from cims.trust import kinds, rating
from cims.trust.calendar import month_ends, to_day
from cims.trust.evidence import Evidence, columns_of
from cims.trust.rating import History
from cims.trust.sums import Tally

DAYS = 900
SEGMENTS = ("Retail", "Wholesale", None)
ORDER = (
	"name", "customer", "docstatus", "order_no", "order_date", "due_date", "currency", "grand_total", "paid_amount",
	"outstanding_amount", "settled_on", "disputed_from", "disputed_to", "dispute_reason", "returned_on", "returned_amount",
	"written_off_on", "cancelled_on",
)  # fmt: skip


@st.composite
def order(draw):
	"""An order with what became of it: (customer's number, ORDER's values from order_date on by name, payments)."""
	placed = draw(st.integers(0, DAYS))
	due = placed + draw(st.sampled_from([0, 14, 30, 60]))
	amount = draw(st.sampled_from([80.0, 1234.56, 60_000.0]))
	fate = draw(
		st.sampled_from(
			["open", "open", "once", "once", "advance", "parts", "half", "refund", "return", "cancel", "lost"]
		)
	)
	ended = min(placed + draw(st.integers(0, 200)), DAYS)
	values = {
		"docstatus": 1, "order_date": placed, "due_date": due, "grand_total": amount, "paid_amount": 0.0,
		"outstanding_amount": amount,
	}  # fmt: skip
	payments = []
	if fate in ("once", "advance", "parts", "refund"):
		values |= {"settled_on": ended, "paid_amount": amount, "outstanding_amount": 0.0}
		payments = [(ended if fate != "advance" else max(placed - 5, 0), None, amount)]
	if fate == "advance":
		values["settled_on"] = placed
	if fate in ("parts", "half"):
		payments = [((placed + ended) // 2, None, round(amount * 0.4, 2))]
		values["paid_amount"] = round(amount * 0.4, 2)
	if fate == "parts":
		values["paid_amount"] = amount
		payments.append((ended, None, round(amount - payments[0][2], 2)))
	if fate == "refund":
		payments = [(placed, ended, amount)]
		values |= {"settled_on": None, "paid_amount": 0.0, "outstanding_amount": amount}
	if fate == "return":
		values |= {"returned_on": ended, "returned_amount": round(amount / 2, 2)}
	if fate == "cancel":
		values |= {"docstatus": 2, "cancelled_on": ended, "outstanding_amount": 0.0}
	if fate == "lost":
		values |= {"written_off_on": ended, "outstanding_amount": 0.0}
	if draw(st.integers(0, 6)) == 0:
		values |= {"dispute_reason": "Colour"}
		if draw(st.booleans()):
			values |= {"disputed_from": due, "disputed_to": draw(st.sampled_from([None, due + 20]))}
	return draw(st.integers(0, 3)), values, payments


@st.composite
def said(draw):
	"""What a person said: (customer's number, kind, day, value)."""
	kind = draw(st.sampled_from([kind for kind in kinds.KINDS if kind.manual]))
	value = kind.value if kind.value is not None else round(draw(st.floats(0, 1)), 6)
	return draw(st.integers(0, 3)), kind, draw(st.integers(0, DAYS)), value


class Population:
	"""Four customers with a drawn history, put straight into the tables."""

	def __init__(self, orders, statements):
		self.first = getdate(nowdate()) - timedelta(days=DAYS)
		self.names = sorted(frappe.generate_hash(length=12) for _at in range(4))
		sql.insert(
			"CIMS Customer",
			("name", "code", "customer_name", "customer_group"),
			[(name, name, name, SEGMENTS[at % 3]) for at, name in enumerate(self.names)],
		)
		sql.insert("CIMS Order", ORDER, [self.order(at, *one) for at, one in enumerate(orders)])
		store.backfill(self.names, rate=False)
		store.record(
			[
				Evidence(
					self.names[who],
					kind.name,
					self.on(day),
					value,
					kind.weight,
					0.0,
					None,
					"Issue",
					f"I-{at}",
					self.names[0],
				)
				for at, (who, kind, day, value) in enumerate(statements)
			],
			rate=False,
		)

	def on(self, day: int | None):
		return None if day is None else self.first + timedelta(days=day)

	def order(self, at: int, who: int, values: dict, payments) -> list:
		name = f"{self.names[0]}-{at}"
		paid = [(f"{name}-{n}", self.names[who], 1, "Refunded" if back is not None else "Cleared", self.on(day), self.on(back), amount) for n, (day, back, amount) in enumerate(payments)]  # fmt: skip
		sql.insert(
			"CIMS Payment",
			("name", "customer", "docstatus", "status", "cleared_on", "refunded_on", "amount"),
			paid,
		)
		parts = [(f"{row[0]}-1", row[0], "CIMS Payment", "allocations", 1, name, row[6]) for row in paid]
		fields = ("name", "parent", "parenttype", "parentfield", "idx", "order", "allocated_amount")
		sql.insert("CIMS Payment Allocation", fields, parts)
		row = {
			"name": name,
			"customer": self.names[who],
			"order_no": name,
			"currency": "CNY",
			"returned_amount": 0.0,
		}
		row |= {
			field: self.on(day) if field.endswith(("date", "_on", "_from", "_to")) else day
			for field, day in values.items()
		}
		return [row.get(field) for field in ORDER]

	def alone(self, name: str) -> rating.Ratings:
		"""A customer's rating by the engine, from rows and documents as objects."""
		policy = policies.active()
		rows = frappe.get_all(
			"Trust Evidence",
			{"customer": name},
			list(events.FIELDS),
			as_list=True,
			limit=0,
			order_by="creation",
		)
		_whole, pieces = columns_of(sources.receivables([name]), {name: 0}, site_calendar())
		segment = frappe.db.get_value("CIMS Customer", name, "customer_group") or ""
		known = events.weighed(events.columns(rows, {name: 0}), policy)
		return rating.rate(History([name], [segment], known, pieces), today(), policy)


def same(found, expected, names=("score", "low", "high", "confidence")) -> None:
	for name in names:
		np.testing.assert_allclose(
			getattr(found, name), getattr(expected, name), rtol=1e-9, atol=1e-9, err_msg=name
		)


class TestTogether(FrappeTestCase):
	def setUp(self):
		self.enterContext(patch.object(sources, "FEW", 0))

	def drawn(self, orders, statements) -> Population:
		frappe.db.rollback(save_point="drawn")
		frappe.db.savepoint("drawn")
		return Population(orders, statements)

	def test_together_equals_each_alone(self):
		frappe.db.savepoint("drawn")

		@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
		@given(st.lists(order(), max_size=14), st.lists(said(), max_size=6))
		def check(orders, statements):
			people = self.drawn(orders, statements)
			policy, field, day = policies.active(), policies.segment_field(), today()
			names = sql.Run(name for name in people.names if frappe.db.exists("Trust Rating", name))
			if not names:
				return
			book = replay.open_book(names, policy, field, since=replay.month_ends(day, 13)[0])
			found = replay.run(book, day, policy, 0)
			together.rate_part(names, 0, with_events=False)
			for at, name in enumerate(names):
				self.compare(found.ratings, at, people.alone(name))
				self.check_sums(name)

		check()

	def test_a_clock_equals_a_replay(self):
		"""What is kept of many gives on later days what all of their evidence gives, and says when it doesn't serve."""
		# Those drawn are then all there are, one after the other, as a shard has them.
		frappe.db.delete("Trust Rating")
		frappe.db.savepoint("drawn")
		served = []

		@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
		@given(st.lists(order(), max_size=14), st.lists(said(), max_size=6), st.integers(0, 40))
		@example([], [(0, kinds.BY_NAME["service.feedback"], DAYS - 60, 0.5)], 0)
		def check(orders, statements, days):
			people = self.drawn(orders, statements)
			names = sql.Run(name for name in people.names if frappe.db.exists("Trust Rating", name))
			if not names:
				return
			together.rate_part(names, 0, with_events=False)
			with on(getdate(nowdate()) + timedelta(days=days)):
				policy, day = policies.active(), today()
				last_end = month_ends(day, 1)[0]
				rows = [
					row
					for row in kept.rows_of(names, policies.segment_field())
					if row.serves(policy, day, last_end)
				]
				if not rows:
					return
				served.append(days)
				found = kept.Kept.of(rows).ratings(policy, day)
				rated, left = kept.rate(names)
				self.assertEqual((rated, len(left)), (len(rows), len(names) - len(rows)))
				for at, row in enumerate(rows):
					self.compare(found, at, people.alone(row.name))

		check()
		self.assertTrue(served)

	def compare(self, found: rating.Ratings, at: int, alone: rating.Ratings) -> None:
		expected, kept = alone[0], frappe.get_doc("Trust Rating", alone.customers[0])
		for field in ("score", "low", "high", "confidence"):
			np.testing.assert_allclose(
				getattr(found.assessment, field)[at],
				getattr(alone.assessment, field)[0],
				rtol=1e-12,
				atol=1e-9,
			)
		for field in ("change_90d", "change_1y", "usual_amount"):
			np.testing.assert_allclose(
				getattr(found, field)[at], getattr(alone, field)[0], rtol=1e-9, atol=1e-9
			)
		one = found[at]
		self.assertEqual((one.grade, one.evidence_count), (expected.grade, expected.evidence_count))
		self.assertEqual(one.exposure, expected.exposure)
		self.assertEqual(
			[(r.code, round(r.points, 6)) for r in (*one.costs, *one.earns, *one.watch)],
			[(r.code, round(r.points, 6)) for r in (*expected.costs, *expected.earns, *expected.watch)],
		)
		self.assertEqual(
			(kept.computed_grade, kept.evidence_count), (expected.grade, expected.evidence_count)
		)
		if kept.rated:
			self.assertAlmostEqual(kept.score, expected.score, 6)
			self.assertAlmostEqual(kept.low, expected.low, 6)
		told = json.loads(kept.reasons)
		self.assertEqual([r["code"] for r in told["costs"]], [r.code for r in expected.costs])
		self.assertEqual(told["watch"], [r.to_dict() for r in expected.watch])

	def check_sums(self, customer: str) -> None:
		"""The kept sums are those of the rows added up one by one."""
		policy = policies.active()
		ledger = events.Ledger(policy.version, Tally(today()))
		for row in frappe.get_all("Trust Evidence", {"customer": customer}, ["*"], limit=0):
			ledger.add(row, policy)
		kept = events.Ledger.from_dict(json.loads(frappe.db.get_value("Trust Rating", customer, "sums")))
		self.assertEqual((kept.count, kept.first), (ledger.count, ledger.first))
		self.assertEqual(set(kept.tally.sums), set(ledger.tally.sums))
		for kind, sums in ledger.tally.sums.items():
			np.testing.assert_allclose(kept.tally.sums[kind], sums, rtol=1e-9, atol=1e-9)

	def test_columns_of_receivables_say_what_the_objects_say(self):
		frappe.db.savepoint("drawn")

		@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
		@given(st.lists(order(), max_size=14))
		def check(orders):
			people = self.drawn(orders, [])
			objects, columns = self.tables(people.names)
			for one, other in ((objects.whole, columns.whole), (objects.pieces, columns.pieces)):
				self.assertEqual(self.rows(one), self.rows(other))
			still = columns.whole.closed > today()
			self.assertEqual(set(columns.keys[still]), set(objects.keys[objects.whole.closed > today()]))
			# Left out is only what was closed before.
			late = sources.table(sql.Run(people.names), site_calendar(), since=today() - 300)
			owed = objects.pieces.where(objects.pieces.closed > today() - 300)
			self.assertEqual(
				self.rows(late.pieces.where(late.pieces.closed > today() - 300)), self.rows(owed)
			)
			# And so do the rows of evidence.
			said = sources.evidence_columns(people.names, site_calendar())
			rows = {tuple(map(self.plain, row)) for row in zip(*said.values(), strict=True)}
			expected = sources.evidence(people.names, site_calendar())
			self.assertEqual(
				rows, {tuple(self.plain(getattr(row, field)) for field in said) for row in expected}
			)

		check()

	def tables(self, names):
		columns = sources.table(sql.Run(names), site_calendar())
		with patch.object(sources, "FEW", 100):
			return sources.table(names, site_calendar()), columns

	def rows(self, table) -> list[tuple]:
		fields = [field for field in table.__dataclass_fields__ if field != "days"]
		columns = [np.round(np.asarray(getattr(table, field), dtype=float), 6).tolist() for field in fields]
		settled = np.where(table.settled <= today(), np.round(table.days, 6), 0.0).tolist()
		return sorted(zip(*columns, settled, strict=True))

	def plain(self, value):
		return round(value, 9) if isinstance(value, float) else value or 0.0


class TestRuns(FrappeTestCase):
	def setUp(self):
		self.enterContext(patch.object(replay, "AT_ONCE", 2))
		self.enterContext(patch.object(kept, "AT_ONCE", 2))
		frappe.db.delete("Trust Rating")
		frappe.db.delete("Trust Run")
		frappe.db.delete("Trust Run Shard")
		self.customers = [records.customer(customer_group="Retail").name for _at in range(5)]
		store.record([self.said(customer, at) for at, customer in enumerate(self.customers)], rate=False)

	def said(self, customer: str, at: int) -> Evidence:
		day = getdate(nowdate()) - timedelta(days=40)
		return Evidence(
			customer, "service.agent_rating", day, at / 5, 3.0, 0.0, None, "Issue", f"I-{customer}", "closed"
		)

	def states(self, run: str) -> list[tuple]:
		return frappe.get_all(
			"Trust Run Shard", {"parent": run}, ["stage", "status"], as_list=True, order_by="idx", limit=0
		)

	def test_everybody_is_rated_and_compared_in_shards(self):
		run = runs.start()
		self.assertEqual(runs.progress(run)["percent"], 0)
		runs.work(run)
		doc = frappe.get_doc("Trust Run", run)
		self.assertEqual((doc.status, doc.customers, doc.rated), ("Finished", 5, 5))
		self.assertEqual(len(doc.shards), 3 + 3 + 1)
		self.assertEqual({shard.status for shard in doc.shards}, {"Done"})
		kept = {
			row.name: row for row in frappe.get_all("Trust Rating", ["name", "percentile", "dirty", "rated"])
		}
		self.assertEqual([kept[name].percentile for name in self.customers], [0, 25, 50, 75, 100])
		self.assertFalse(any(row.dirty for row in kept.values()))
		self.assertTrue(frappe.get_all("Trust Snapshot", {"customer": self.customers[0]}))
		self.assertEqual(runs.progress()["percent"], 100)

	def test_a_second_one_joins_and_a_greater_one_takes_over(self):
		run = runs.start()
		self.assertEqual(runs.start(), run)
		greater = runs.start(curve=True)
		self.assertNotEqual(greater, run)
		self.assertEqual(frappe.db.get_value("Trust Run", run, "status"), "Stopped")
		self.assertIsNone(runs.claim(run))
		self.assertEqual(runs.start(), greater)
		runs.work(greater)
		self.assertEqual({status for _stage, status in self.states(greater)}, {"Done"})

	def test_each_shard_is_claimed_once_and_that_of_the_dead_again(self):
		run = runs.start()
		first, second = runs.claim(run), runs.claim(run)
		self.assertNotEqual(first.name, second.name)
		third = runs.claim(run)
		# The next stage waits for all of them.
		self.assertIsNone(runs.claim(run))
		for shard in (second, third):
			runs._done(shard, 2)
		self.assertIsNone(runs.claim(run))
		again = runs.claim(run, stale=-1)
		self.assertEqual((again.name, again.attempts), (first.name, 1))
		runs._done(again, 2)
		self.assertEqual(runs.claim(run).stage, runs.COMPARE)

	def test_a_shard_that_keeps_failing_is_given_up_and_said(self):
		run = runs.start()
		shard = runs.claim(run)
		for attempt in range(runs.MOST_ATTEMPTS):
			shard.attempts = attempt
			runs._failed(shard, counts=True)
		runs.work(run)
		self.assertEqual(frappe.db.get_value("Trust Run", run, "status"), "Failed")
		self.assertEqual(frappe.db.get_value("Trust Run", run, "rated"), 3)

	def test_the_sweep_finds_a_run_without_workers(self):
		run = runs.start()
		with patch.object(queue, "add_workers") as add:
			rerate.sweep()
			add.assert_not_called()
			frappe.db.set_value("Trust Run", run, "started_on", "2026-01-01", update_modified=False)
			rerate.sweep()
		add.assert_called_once_with(run)

	def test_who_has_news_meanwhile_is_left_alone(self):
		opened = replay.open_book

		def disturbed(*args, **kwargs):
			book = opened(*args, **kwargs)
			store.record(
				[
					Evidence(
						self.customers[0], "conduct.fraud", getdate(nowdate()), 0.0, 10.0, source_name="F"
					)
				],
				rate=False,
			)
			return book

		with patch.object(replay, "open_book", side_effect=disturbed):
			self.assertEqual(together.rate_part(sql.Run(sorted(self.customers)), 0, with_events=False), 4)
		self.assertTrue(frappe.db.get_value("Trust Rating", self.customers[0], "dirty"))


DIES = """
import os, signal, frappe
frappe.init(site={site!r}); frappe.connect(); frappe.set_user("Administrator")
from cims.ratings import rows, runs
written = rows.Held.write
def dies(held):
	written(held)
	os.kill(os.getpid(), signal.SIGKILL)
rows.Held.write = dies
runs.work({run!r})
"""


class TestKilled(FrappeTestCase):
	"""Works on committed records, and puts everything back itself."""

	def test_a_killed_worker_loses_nothing(self):
		self.addCleanup(self.clean)
		self.before = set(frappe.get_all("Trust Run", pluck="name"))
		self.customers = [records.customer().name for _at in range(3)]
		# Left to the run: no job of their own, which a worker beside this test would do.
		with patch.object(queue, "add"):
			for customer in self.customers:
				store.record_manual(customer, "conduct.identity_verified")
		run = runs.start()
		frappe.db.commit()
		killed = subprocess.run(
			[sys.executable, "-c", DIES.format(site=frappe.local.site, run=run)],
			cwd=os.getcwd(),
			capture_output=True,
		)
		self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr.decode()[-2000:])
		frappe.db.rollback()
		# Nothing half done is to be seen, and the shard is still to do.
		self.assertTrue(frappe.db.get_value("Trust Rating", self.customers[0], "dirty"))
		self.assertIn("Running", frappe.get_all("Trust Run Shard", {"parent": run}, pluck="status"))
		with patch.object(runs, "STALE", -1), patch.object(runs.claim, "__defaults__", (-1,)):
			runs.work(run)
		self.assertEqual(frappe.db.get_value("Trust Run", run, "status"), "Finished")
		for customer in self.customers:
			self.assertEqual(
				frappe.db.get_value("Trust Rating", customer, ["evidence_count", "dirty", "rated"]), (1, 0, 1)
			)

	def clean(self):
		frappe.db.rollback()
		store.forget(self.customers)
		frappe.db.delete("CIMS Customer", {"name": ("in", self.customers)})
		gone = set(frappe.get_all("Trust Run", pluck="name")) - self.before
		frappe.db.delete("Trust Run Shard", {"parent": ("in", gone)})
		frappe.db.delete("Trust Run", {"name": ("in", gone)})
		frappe.db.commit()
