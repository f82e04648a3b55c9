"""Everybody's evidence in line with their documents, in shards: resumed where it was left, by whichever worker."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.api import evidence
from cims.ratings import queue, runs, store
from cims.tests import records


class TestEvidenceRun(FrappeTestCase):
	def setUp(self):
		frappe.db.set_value("Trust Run", {"status": "Running"}, "status", "Stopped")
		self.customers = [records.customer().name for _ in range(3)]
		for customer in self.customers:
			order = records.order(customer, 1000, days_ago=60)
			records.payment(customer, 1000, (order.name, 1000), days_ago=20)
		store.forget(self.customers)
		parts = [(name, name, 1) for name in self.customers]
		self.enterContext(patch.object(runs, "_parts", lambda doctype, size: parts))
		self.waiting = self.enterContext(patch.object(queue, "add_waiting"))

	def kept(self) -> int:
		return frappe.db.count("Trust Evidence", {"customer": ("in", self.customers)})

	def test_goes_on_where_it_was_left(self):
		run = runs.start_evidence()
		self.assertTrue(runs.Worker(run).next())
		self.assertEqual(self.kept(), 2)
		told = runs.progress(run)
		self.assertEqual(
			(told["stage"], told["done"], told["total"], told["percent"]), ("0 Evidence", 1, 3, 33.3)
		)
		# Whoever asks again joins it.
		self.assertEqual(runs.start_evidence(), run)
		runs.work(run)
		self.assertEqual(self.kept(), 6)
		told = runs.progress(run)
		self.assertEqual((told["status"], told["done"], told["percent"]), ("Finished", 3, 100.0))
		self.waiting.assert_called_once_with()

	def test_a_shard_of_a_dead_worker_is_taken_up(self):
		run = runs.start_evidence()
		claimed = runs.claim(run)
		self.assertEqual(claimed.first, self.customers[0])
		self.assertIsNotNone(runs.claim(run, stale=-1))
		frappe.db.set_value(runs.SHARD, claimed.name, "claimed_on", "2020-01-01")
		runs.work(run)
		self.assertEqual(self.kept(), 6)

	def test_again_writes_nothing(self):
		runs.work(runs.start_evidence())
		runs.work(runs.start_evidence())
		self.assertEqual(self.kept(), 6)

	def test_ratings_have_runs_of_their_own(self):
		run = runs.start_evidence()
		self.assertNotEqual(runs.start(), run)
		self.assertEqual(frappe.db.get_value(runs.RUN, run, "status"), "Running")

	def test_by_those_who_manage(self):
		with patch.object(queue, "add_evidence") as added:
			frappe.set_user(records.user("CIMS Sales"))
			self.assertRaises(frappe.PermissionError, evidence.bring)
			frappe.set_user(records.user("CIMS Manager"))
			run = evidence.bring()["run"]
		frappe.set_user("Administrator")
		self.assertEqual(frappe.db.get_value(runs.RUN, run, ["evidence", "status"]), (1, "Running"))
		added.assert_called_once()

	def tearDown(self):
		frappe.set_user("Administrator")
