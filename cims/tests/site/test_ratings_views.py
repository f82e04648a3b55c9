"""What is shown of the ratings: the panel, curves, forecasts, previews, backtest, and the commands."""

import json
from unittest.mock import patch

from click.testing import CliRunner

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from cims import commands
from cims.ratings import (
	backtests,
	curves,
	forecasts,
	overrides,
	panel,
	policies,
	previews,
	rerate,
	store,
	together,
	wording,
)
from cims.tests import records
from cims.tests.read_only import rated_customer
from cims.tests.timeline import counted_queries, on
from cims.trust import reasons
from cims.trust.backtest import BacktestError

KEYS = {
	"customer", "customer_name", "rating", "missing", "bands", "curve", "marks", "peers", "reasons", "lifts", "receivables",
	"more_receivables", "terms", "company", "companies",
}  # fmt: skip
RATING_KEYS = {
	"score", "low", "high", "confidence", "grade", "word", "colour", "computed_grade", "override", "watch", "percentile",
	"segment", "change_90d", "change_1y", "as_of", "policy", "payments", "months", "evidence_count", "days_beyond_terms",
}  # fmt: skip


def history(customer: str, orders: int, late: int = 0, apart: int = 12) -> None:
	"""Orders of 1,000, `apart` days apart, all paid but the last two, `late` days after they were due."""
	for at in range(orders):
		days_ago = 25 + apart * (orders - at)
		order = records.order(customer, 1000, days_ago=days_ago, credit_days=10)
		if at < orders - 2:
			records.payment(customer, 1000, (order.name, 1000), days_ago=days_ago - 10 - late)
	rerate.rate(customer)


class TestPanel(FrappeTestCase):
	def test_a_rated_customer(self):
		customer = records.customer(customer_group="Retail").name
		history(customer, 8, late=9)
		store.record_manual(customer, "conduct.identity_verified")
		rerate.rate(customer)
		shown = panel.trust_panel(customer)
		self.assertEqual(set(shown), KEYS)
		self.assertEqual(set(shown["rating"]), RATING_KEYS)
		rating = shown["rating"]
		self.assertTrue(rating["low"] < rating["score"] < rating["high"])
		self.assertEqual(
			(rating["payments"], rating["segment"], rating["policy"]),
			(6, "Retail", policies.active().version),
		)
		self.assertEqual(rating["as_of"], nowdate())
		self.assertEqual([band["grade"] for band in shown["bands"]], list(policies.active().grades))
		self.assertEqual(
			[point["day"] for point in shown["curve"]], sorted(point["day"] for point in shown["curve"])
		)
		self.assertEqual(
			(shown["curve"][-1]["cause"], shown["curve"][-1]["score"]), ("Today", rating["score"])
		)
		self.assertTrue(shown["reasons"]["costs"] and shown["reasons"]["earns"])
		self.assertTrue(all(reason["points"] < 0 for reason in shown["reasons"]["costs"]))
		self.assertTrue(all(reason["points"] > 0 for reason in shown["reasons"]["earns"]))
		self.assertEqual([row["outstanding"] for row in shown["receivables"]], [1000, 1000])
		self.assertTrue(all(row["days_overdue"] > 0 for row in shown["receivables"]))
		self.assertIn("settle_overdue", [lift["action"] for lift in shown["lifts"]])
		self.assertNotIn("verify_identity", [lift["action"] for lift in shown["lifts"]])
		self.assertTrue(all(lift["score"] > rating["score"] for lift in shown["lifts"]))
		json.dumps(shown)

	def test_who_is_not_rated_learns_what_is_missing(self):
		customer = records.customer().name
		shown = panel.trust_panel(customer)
		self.assertEqual((shown["rating"], shown["curve"], shown["lifts"]), (None, [], []))
		self.assertTrue(shown["missing"])
		records.order(customer, 10)
		rerate.rate(customer)
		shown = panel.trust_panel(customer)
		self.assertIsNone(shown["rating"])
		self.assertIn("too little evidence", shown["missing"][0])
		self.assertEqual(len(shown["receivables"]), 1)
		self.assertEqual(frappe.db.get_value("CIMS Customer", customer, "trust_grade"), "NR")

	def test_an_override_shows_for_a_customer_without_evidence(self):
		customer = records.customer().name
		with self.set_user(records.user("CIMS Sales")):
			request = {
				"doctype": "Trust Override",
				"customer": customer,
				"grade": "A",
				"reason": "Group guarantee",
			}
			doc = frappe.get_doc({**request, "expires_on": add_days(nowdate(), 9)}).insert()
		overrides.approve(doc.name)
		rerate.rate(customer)
		rating = panel.trust_panel(customer)["rating"]
		self.assertEqual((rating["grade"], rating["computed_grade"], rating["score"]), ("A", "NR", None))
		self.assertEqual(frappe.db.get_value("CIMS Customer", customer, "trust_grade"), "A")

	def test_few_statements_however_long_the_history(self):
		counts = []
		viewer = records.user("CIMS Viewer")
		for orders in (4, 30):
			customer = records.customer(customer_group="Retail").name
			history(customer, orders, late=9)
			forecasts.model()
			with self.set_user(viewer):
				panel.trust_panel(customer)
				with counted_queries() as statements:
					self.assertTrue(panel.trust_panel(customer)["rating"])
			counts.append(len(statements))
		self.assertEqual(*counts)
		self.assertLessEqual(counts[0], 10, statements)

	def test_only_for_those_who_may_read_the_customer(self):
		customer = rated_customer()
		with self.set_user(records.user(None)):
			self.assertRaises(frappe.PermissionError, panel.trust_panel, customer)
			self.assertRaises(frappe.PermissionError, curves.curves, [customer])
			self.assertRaises(frappe.PermissionError, curves.as_of, customer, nowdate())

	def test_every_sentence_can_be_said(self):
		figures = {
			name: 2
			for name in (
				"count",
				"amount",
				"days",
				"early",
				"value",
				"points",
				"oldest",
				"open_amount",
				"open_count",
				"overdue_amount",
				"overdue_count",
			)
		}
		for code in reasons.TEXTS:
			reason = {"code": code, "points": 10, "figures": {**figures, "grade": "B"}}
			self.assertNotIn("{", panel._reason(reason)["text"])

	def test_money_and_numbers_as_the_user_writes_them(self):
		self.assertEqual(wording.number(1234567), "1,234,567")
		self.assertEqual(wording.number(3.25), "3.2")
		self.assertIn("1,235", wording.money(1234.6, "CNY"))
		self.assertEqual((wording.days(1), wording.days(23.4)), ("1 day", "23 days"))


class TestCurves(FrappeTestCase):
	def test_several_customers_over_their_segments(self):
		customers = []
		for group in ("Retail", "Wholesale"):
			customers.append(records.customer(customer_group=group).name)
			history(customers[-1], 12)
		together.fill_segments(everything=True)
		found = curves.curves(customers, 12)
		self.assertEqual([curve["customer"] for curve in found["curves"]], customers)
		self.assertEqual(list(found["segments"]), ["All", "Retail", "Wholesale"])
		for curve in found["curves"]:
			self.assertGreater(len(curve["points"]), 2)
			# Alone in the segment: the quartiles are the customer's own curve.
			peers = {row["day"]: row["median"] for row in found["segments"][curve["segment"]]}
			for point in curve["points"]:
				if (
					point["cause"] == "Month End"
					and frappe.db.count("Trust Rating", {"segment": curve["segment"]}) == 1
				):
					self.assertEqual(peers[point["day"]], point["score"])

	def test_limits(self):
		customer = rated_customer()
		for wrong in (([], 12), ([customer] * 11, 12), ([customer], 0), ([customer], 121)):
			self.assertRaises(frappe.ValidationError, curves.curves, *wrong)
		self.assertRaises(frappe.ValidationError, curves.as_of, customer, add_days(nowdate(), 1))

	def test_a_past_day_under_another_policy(self):
		customer = rated_customer()
		draft = policies.new_version(policies.active().version)
		draft.dimensions[0].prior_mean = 0.2
		draft.dimensions[0].learn_prior = 0
		draft.save()
		day = add_days(nowdate(), -20)
		now, then = curves.as_of(customer, day), curves.as_of(customer, day, draft.name)
		self.assertEqual((then["policy"], now["policy"]), (draft.name, policies.active().version))
		self.assertLess(then["score"], now["score"])


class TestForecasts(FrappeTestCase):
	def setUp(self):
		frappe.db.delete("Trust Rating")
		frappe.db.delete("Trust Forecast")
		frappe.cache().delete_value(forecasts.CACHE)
		self.addCleanup(frappe.cache().delete_value, forecasts.CACHE)
		self.prompt, self.late = records.customer().name, records.customer().name
		history(self.prompt, 14)
		history(self.late, 14, late=25)

	def test_before_the_first_fit(self):
		self.assertIsNone(forecasts.model())
		self.assertRaises(
			frappe.ValidationError, forecasts.forecast, self.late, 1000, add_days(nowdate(), 20)
		)
		self.assertEqual(
			[row["forecast"] for row in panel.trust_panel(self.late)["receivables"]], [None, None]
		)

	def test_who_paid_late_is_expected_to(self):
		doc = frappe.get_doc("Trust Forecast", forecasts.refit())
		self.assertEqual((doc.settled, doc.late, doc.fallback), (24, 16, 1))
		due = add_days(nowdate(), 20)
		prompt = forecasts.forecast(self.prompt, 1000, due, lateness=(1, 10, 30))
		late = forecasts.forecast(self.late, 1000, due, lateness=(1, 10, 30))
		self.assertEqual(set(late["p"]), {"1", "10", "30"})
		self.assertGreater(late["p"]["10"], prompt["p"]["10"] + 0.2)
		self.assertGreater(late["expected_on"], prompt["expected_on"])
		self.assertTrue(late["fallback"])
		self.assertTrue(late["p"]["1"] >= late["p"]["10"] >= late["p"]["30"])
		self.assertTrue(late["low_on"] <= late["expected_on"] <= late["high_on"])

	def test_open_receivables_have_theirs_in_the_panel(self):
		forecasts.refit()
		rerate.rate(self.late)
		rows = panel.trust_panel(self.late)["receivables"]
		self.assertEqual([set(row["forecast"]["p"]) for row in rows], [{"1", "15", "30"}] * 2)
		self.assertTrue(all(row["forecast"]["expected_on"] > nowdate() for row in rows))
		live = forecasts.forecast(self.late, 0, nowdate(), doctype=rows[0]["doctype"], name=rows[0]["name"])
		self.assertEqual(live, rows[0]["forecast"])
		together.rate_many([self.late], rerate.EVALUATIONS, with_events=False)
		self.assertEqual(panel.trust_panel(self.late)["receivables"], rows)
		settled = frappe.get_all(
			"CIMS Order", {"customer": self.late, "settled_on": ("is", "set")}, pluck="name"
		)[0]
		self.assertRaises(
			frappe.ValidationError,
			forecasts.forecast,
			self.late,
			0,
			nowdate(),
			doctype="CIMS Order",
			name=settled,
		)

	def test_the_fallback_is_replaced_once_there_is_more(self):
		forecasts.refit()
		with patch.object(forecasts, "refit", return_value="FC") as refit:
			self.assertEqual(forecasts.first_fit(), "FC")
		self.assertTrue(refit.called)


class TestPreviews(FrappeTestCase):
	def setUp(self):
		frappe.db.delete("Trust Rating")
		self.customers = [records.customer(customer_group="Retail").name for _at in range(3)]
		for late, customer in zip((0, 20, 60), self.customers, strict=True):
			history(customer, 12, late=late, apart=20)

	def stricter(self) -> dict:
		doc = frappe.get_doc("Trust Policy", policies.active().version).as_dict()
		doc.status = "Draft"
		for band, (floor, ceiling) in zip(
			doc.bands, ((950, 1000), (930, 950), (910, 930), (890, 910), (870, 890), (0, 870)), strict=True
		):
			band.floor, band.ceiling = floor, ceiling
		return doc | {"dead_band": 5}

	def test_it_tells_what_would_change_and_changes_nothing(self):
		before = frappe.get_all("Trust Rating", fields=["*"], order_by="name")
		told = []
		found = previews.preview(self.stricter(), told=lambda done, of: told.append((done, of)))
		self.assertEqual((found["n"], found["of"], told), (3, 3, [(3, 3)]))
		self.assertEqual(sum(map(sum, found["matrix"])), 3)
		self.assertEqual(sum(row[found["to"].index("D")] for row in found["matrix"]), 3)
		self.assertGreater(found["changed"], 0)
		self.assertEqual(frappe.get_all("Trust Rating", fields=["*"], order_by="name"), before)

	def test_movers_and_backtest(self):
		doc = frappe.get_doc("Trust Policy", policies.active().version).as_dict()
		for row in doc.dimensions:
			row.weight = 100 if row.dimension == "payment" else 1
		found = previews.preview(doc)
		self.assertTrue({row["customer"] for row in (*found["up"], *found["down"])} <= set(self.customers))
		self.assertTrue(all(row["new"] > row["old"] for row in found["up"]))
		self.assertTrue(all(row["new"] < row["old"] for row in found["down"]))
		self.assertEqual(found["backtest"]["n"], 36)
		self.assertTrue(0 <= found["backtest"]["new"]["auc_score"] <= 1)

	def test_a_sample_says_so(self):
		found = previews.preview(self.stricter(), most=2)
		self.assertEqual((found["n"], found["of"]), (2, 3))

	def test_a_policy_that_contradicts_itself(self):
		doc = self.stricter()
		doc["bands"][0].floor = 940
		self.assertRaises(frappe.ValidationError, previews.preview, doc)

	def test_only_managers(self):
		with self.set_user(records.user("CIMS Sales")):
			self.assertRaises(frappe.PermissionError, previews.preview, policies.active().version)
			self.assertRaises(frappe.PermissionError, previews.preview_later, policies.active().version)

	def test_by_a_job(self):
		with patch("frappe.enqueue") as enqueue:
			job = previews.preview_later(policies.active().version)
		self.assertIsNone(previews.result(job))
		call = enqueue.call_args.kwargs
		with patch("frappe.publish_realtime") as told:
			previews.run_later(call["policy"], call["job"], call["user"])
		self.assertTrue(told.call_args.args[1]["finished"])
		at_once = previews.preview(policies.active().version)
		self.assertEqual(previews.result(job)["changed"], at_once["changed"])
		with self.set_user(records.user("CIMS Manager")):
			self.assertIsNone(previews.result(job))


class TestBacktest(FrappeTestCase):
	def test_of_this_site_s_own_history(self):
		for late in (0, 2, 40):
			history(records.customer().name, 16, late=late, apart=15)
		found = backtests.site_backtest(15, most=10**6)
		self.assertGreaterEqual(found["receivables"], 48)
		self.assertGreater(found["auc_score"], 0.5)
		json.dumps(found)

	def test_without_receivables(self):
		self.assertRaises(BacktestError, backtests.read, [], 10, None)


class TestCommands(FrappeTestCase):
	"""The commands' own work; that bench finds them is for `make test` to see."""

	def run_command(self, command, *arguments: str):
		site = frappe.local.site
		with (
			patch.object(frappe, "init"), patch.object(frappe, "connect"), patch.object(frappe, "destroy"),
			patch.object(frappe.db, "commit"), patch.object(frappe.db, "rollback"), patch.object(commands, "get_site", return_value=site),
		):  # fmt: skip
			return CliRunner().invoke(command, arguments, obj={"sites": [site], "profile": False})

	def test_backtest_prints_one_json_object(self):
		figures = {"auc": 0.9, "n_test": 10}
		with patch.object(backtests, "site_backtest", return_value=figures) as tested:
			done = self.run_command(commands.backtest, "--json", "--late-days", "15")
		self.assertEqual((done.exit_code, json.loads(done.output)), (0, figures))
		tested.assert_called_once_with(15)
		with patch.object(backtests, "site_backtest", side_effect=BacktestError("Too few")):
			done = self.run_command(commands.backtest)
		self.assertEqual(done.exit_code, 1)

	def test_rerate_and_backfill(self):
		customer = rated_customer()
		done = self.run_command(commands.rerate, "--customer", customer)
		self.assertRegex(done.output, rf"{customer}: [A-D]+ \d+\.\d \(\d+\.\d to \d+\.\d\)")
		self.assertEqual(self.run_command(commands.rerate, "--customer", "NOBODY").exit_code, 1)
		store.forget([customer])
		done = self.run_command(commands.backfill, "--customer", customer)
		self.assertRegex(done.output, r"8 rows of evidence written, \d+ customers rated")
		self.assertTrue(frappe.db.get_value("Trust Rating", customer, "rated"))


class TestNights(FrappeTestCase):
	def test_the_night_catches_up_with_time(self):
		customer = rated_customer()
		records.order(customer, 5000, days_ago=5, credit_days=0)
		rerate.rate(customer)
		before = frappe.get_doc("Trust Rating", customer)
		with on(add_days(nowdate(), 45)):
			rerate.rate_everyone()
			after = frappe.get_doc("Trust Rating", customer)
			self.assertEqual(str(after.as_of), nowdate())
			self.assertLess(after.score, before.score)
			self.assertTrue(after.watch)
			self.assertIn("W02", after.watch_reason)
			copied = frappe.get_doc("CIMS Customer", customer)
			self.assertEqual(
				(copied.trust_grade, copied.trust_watch, copied.overdue_amount), (after.grade, 1, 5000)
			)
			ends = frappe.get_all(
				"Trust Snapshot", {"customer": customer, "cause": "Month End", "day": (">", before.as_of)}
			)
			self.assertTrue(ends)

	def test_it_tells_how_far_it_has_come(self):
		rated_customer()
		with patch("frappe.publish_realtime") as told:
			count = rerate.rate_everyone(user="Administrator")
		last = told.call_args.args[1]
		self.assertEqual((last["status"], last["done"], last["total"]), ("Finished", count, count))

	def test_percentiles_compare_within_the_segment(self):
		frappe.db.delete("Trust Rating")
		customers = [records.customer(customer_group="Retail").name for _at in range(3)]
		for late, customer in zip((40, 10, 0), customers, strict=True):
			history(customer, 8, late=late)
		together.compare_everyone()
		found = [frappe.db.get_value("Trust Rating", name, ["percentile", "compared"]) for name in customers]
		self.assertEqual(found, [(0, 1), (50, 1), (100, 1)])
		for name in customers:
			rerate.rate(name)
		self.assertEqual(
			[frappe.db.get_value("Trust Rating", name, ["percentile", "compared"]) for name in customers],
			found,
		)

	def test_the_first_receivables_teach_the_first_policy(self):
		self.assertIsNone(policies.learn_first())
		customer = records.customer(customer_group="Retail").name
		history(customer, 14, late=20)
		version = policies.active()
		if frappe.db.get_value("Trust Policy", version.version, "version") > 1:
			self.skipTest("This site has learnt already.")
		with patch.object(policies, "LEAST_SETTLED", 10):
			name = policies.learn_first()
			learned = policies.active()
			filters = {"kind": "payment.settled", "reversal": 0, "amount": (">", 0)}
			amounts = sorted(frappe.get_all("Trust Evidence", filters, pluck="amount", limit=0))
			median = float(f"{amounts[len(amounts) // 2]:.2g}")
			self.assertEqual((learned.version, learned.usual_amount), (name, median))
			self.assertIn(("Retail", "payment"), learned.priors)
			self.assertIsNone(policies.learn_first())
		rated = rerate.rate(customer)
		self.assertEqual(rated.policy, name)
		snapshots = frappe.get_all("Trust Snapshot", {"customer": customer}, pluck="policy")
		self.assertEqual(set(snapshots), {name})

	def test_the_sweep_finds_who_waits(self):
		customer = rated_customer()
		frappe.db.set_value("Trust Rating", customer, "dirty", 1)
		with patch.object(rerate.queue, "add_waiting") as add:
			rerate.sweep()
		self.assertTrue(add.called)
		rerate.rate_waiting()
		self.assertEqual(frappe.db.get_value("Trust Rating", customer, "dirty"), 0)
