"""Kept curves: merging, months, quartiles, the list over packed points, and the patch that packs earlier rows."""

import json
import random
import threading
from datetime import date, timedelta

import numpy as np

import frappe
from frappe.desk import reportview
from frappe.desk.doctype.number_card import number_card
from frappe.desk.notifications import get_open_count
from frappe.model.db_query import DatabaseQuery
from frappe.tests.utils import FrappeTestCase

from cims.patches import pack_curves
from cims.ratings import curve_tables, snapshots, standings
from cims.ratings.snapshots import Point
from cims.tests import records
from cims.tests.timeline import counted_queries
from cims.trust.calendar import month_ends, to_date, to_day

DOCTYPE = "Trust Snapshot"
ENDS = month_ends(to_day(date(2026, 7, 15)), 6)
MARKS = '[{"kind":"conduct.fraud","points":-300.5}]'


def point(
	customer: str, day: int, score: float = 600, event: bool = False, marks: str | None = None, **more
) -> Point:
	values = {
		"low": score - 10, "high": score + 10, "confidence": 0.5, "grade": "A", "rated": True, "cap": "",
		"contributions": '{"payment.settled":[12.5,0.3]}',
	}  # fmt: skip
	return Point(customer=customer, day=day, score=score, event=event, marks=marks, **(values | more))


def scores(customer: str) -> dict[int, float]:
	return {to_day(row.day): row.score for row in snapshots.of([customer], ("day", "score"))}


class Curves(FrappeTestCase):
	def setUp(self):
		self.addCleanup(frappe.db.rollback)
		self.first, self.second = (records.customer().name for _at in range(2))


class TestKeeping(Curves):
	def keep(self, points, since=None, with_events=True, customers=None) -> int:
		customers = customers or [self.first, self.second]
		return snapshots.keep_many(
			customers, snapshots.columns(points, customers, "POL-T"), since, with_events
		)

	def test_everything_comes_back(self):
		given = [
			point(self.first, ENDS[0], 712.345678, cap="B"),
			point(self.first, ENDS[0] + 5, 400.000001, event=True, marks=MARKS, grade="D", rated=False),
			point(self.second, ENDS[3], 1000, contributions="{}"),
		]
		self.assertEqual(self.keep(given), 2)
		rows = snapshots.of([self.second, self.first])
		self.assertEqual([row.customer for row in rows], [self.second, self.first, self.first])
		self.assertEqual(
			rows[2],
			{
				"name": f"{self.first}-{to_date(ENDS[0] + 5)}", "customer": self.first, "day": to_date(ENDS[0] + 5),
				"cause": "Event", "policy": "POL-T", "score": 400.000001, "low": 390.000001, "high": 410.000001,
				"confidence": 0.5, "grade": "D", "rated": 0, "cap": "",
				"contributions": '{"payment.settled":[12.5,0.3]}', "marks": MARKS,
			},
		)  # fmt: skip
		self.assertEqual((rows[1].cap, rows[0].contributions, rows[0].marks), ("B", "{}", None))
		self.assertEqual(self.keep(given), 0)

	def test_added_points_replace_those_of_their_day_only(self):
		self.keep([point(self.first, day, 500) for day in ENDS])
		self.keep([point(self.first, ENDS[2], 510), point(self.first, ENDS[2] + 1, 520, event=True)])
		self.assertEqual(scores(self.first), dict.fromkeys(ENDS, 500) | {ENDS[2]: 510, ENDS[2] + 1: 520})

	def test_what_is_kept_from_a_day_on_is_made_the_same(self):
		self.keep(
			[point(self.first, day, 500) for day in ENDS] + [point(self.first, ENDS[3] + 2, 20, event=True)]
		)
		self.keep([point(self.first, ENDS[4], 501)], since=ENDS[2])
		self.assertEqual(scores(self.first), {ENDS[0]: 500, ENDS[1]: 500, ENDS[4]: 501})

	def test_days_on_which_the_score_moved_stay_where_only_month_ends_are_brought_in_line(self):
		moved = point(self.first, ENDS[3] + 2, 20, event=True, marks=MARKS)
		self.keep([point(self.first, ENDS[3], 500, marks=MARKS), point(self.first, ENDS[4], 500), moved])
		self.keep([point(self.first, ENDS[3], 501)], since=ENDS[2], with_events=False)
		self.assertEqual(scores(self.first), {ENDS[3]: 501, ENDS[3] + 2: 20})
		self.assertEqual([row.marks for row in snapshots.of([self.first], ("marks",))], [MARKS, MARKS])
		self.keep([point(self.first, ENDS[3], 501)], since=ENDS[2])
		self.assertEqual(scores(self.first), {ENDS[3]: 501})
		self.assertEqual([row.marks for row in snapshots.of([self.first], ("marks",))], [None])

	def test_random_changes_against_plain_rows(self):
		"""What a table of single rows would hold after the same changes."""
		rng, rows = random.Random(5), {}
		for _round in range(40):
			days = rng.sample(range(ENDS[0], ENDS[-1]), rng.randint(0, 6))
			new = {
				(customer, day): (rng.randint(0, 10**9) / 10**6, rng.random() < 0.4)
				for day in days
				for customer in rng.sample([self.first, self.second], rng.randint(1, 2))
			}
			since = rng.choice([None, rng.randint(ENDS[0], ENDS[-1])])
			with_events = rng.random() < 0.5
			if since is not None:
				rows = {
					(customer, day): (score, event)
					for (customer, day), (score, event) in rows.items()
					if day < since or (event and not with_events)
				}
			rows |= new
			self.keep(
				[point(c, day, s, event=e, low=s, high=s) for (c, day), (s, e) in new.items()],
				since,
				with_events,
			)
			found = snapshots.of([self.first, self.second], ("customer", "day", "score", "cause"))
			self.assertEqual(
				{(row.customer, to_day(row.day)): (row.score, row.cause == "Event") for row in found}, rows
			)

	def test_thousands_take_few_statements(self):
		customers = [f"MANY-{at:04d}" for at in range(2500)]
		points = [point(name, day) for name in customers for day in ENDS]
		with counted_queries() as statements:
			self.assertEqual(self.keep(points, ENDS[0], customers=customers), 2500)
		self.assertLessEqual(len(statements), 4)
		with counted_queries() as statements:
			self.assertEqual(self.keep(points, ENDS[0], customers=customers), 0)
			found = snapshots.last_month_ends(customers, ENDS)
		self.assertEqual(len(statements), 2)
		self.assertTrue(found.there.all())

	def test_last_month_ends(self):
		self.keep(
			[
				point(self.first, ENDS[1], 500, cap="B"),
				point(self.first, ENDS[3], 600, rated=False),
				point(self.first, ENDS[4] - 1, 700, event=True),
			]
		)
		found = snapshots.last_month_ends([self.second, self.first], ENDS[1:4])
		self.assertEqual(found.there.tolist(), [[False] * 3, [True, False, True]])
		self.assertEqual(found.score[1].tolist(), [500, 0, 600])
		self.assertEqual(found.low[1].tolist(), [490, 0, 590])
		self.assertEqual(found.rated[1].tolist(), [True, False, False])
		self.assertEqual(
			(found.cap[1].tolist(), found.policy[1].tolist()), (["B", "", ""], ["POL-T", "", "POL-T"])
		)

	def test_one_event_taken_back(self):
		self.keep([point(self.first, ENDS[1]), point(self.first, ENDS[1] + 3, event=True)])
		snapshots.remove_event(self.first, ENDS[1] + 3)
		snapshots.remove_event(self.first, ENDS[1])
		self.assertEqual(list(scores(self.first)), [ENDS[1]])

	def test_forgotten_and_renamed(self):
		self.keep([point(self.first, ENDS[1], 500), point(self.second, ENDS[1], 600)])
		curve_tables.forget([self.first])
		curve_tables.rename(self.second, self.first)
		self.assertEqual((scores(self.first), scores(self.second)), ({ENDS[1]: 600}, {}))
		standings.refresh()
		self.assertFalse(
			frappe.db.sql(f"SELECT 1 FROM `{curve_tables.CURVES}` WHERE customer LIKE %s", "\n%")
		)


class TestStandings(Curves):
	def number(self, customer: str) -> int:
		return frappe.db.sql(f"SELECT id FROM `{curve_tables.CURVES}` WHERE customer = %s", customer)[0][0]

	def on(self, day: int) -> list:
		"""(grade, score) of both customers on a day, None without a rating."""
		found, told = standings.on(day), []
		for customer in (self.first, self.second):
			at = self.number(customer)
			rated = at < len(found.grade) and found.grade[at] >= 0
			told.append((found.words[found.grade[at]], float(found.score[at])) if rated else None)
		return told

	def test_where_everybody_stood_before_and_after_the_months_are_brought_in_line(self):
		snapshots.write(
			[
				point(self.first, ENDS[1], 500), point(self.first, ENDS[2], 510, grade="B"),
				point(self.first, ENDS[2] + 3, 300, grade="D", event=True),
				point(self.second, ENDS[2], 700), point(self.second, ENDS[3], 710, grade="NR", rated=False),
			],
			"POL-T",
		)  # fmt: skip
		for _again in range(2):
			self.assertEqual(self.on(ENDS[1] + 1), [("A", 500), None])
			self.assertEqual(self.on(ENDS[2]), [("B", 510), ("A", 700)])
			self.assertEqual(self.on(ENDS[2] + 3), [("D", 300), ("A", 700)])
			self.assertEqual(self.on(ENDS[3])[1], None)
			self.assertEqual(standings.last_month_end(ENDS[3] - 1), ENDS[2])
			standings.refresh()
		self.assertFalse(frappe.db.sql(f"SELECT 1 FROM `{curve_tables.CURVES}` WHERE changed = 1"))
		snapshots.write([point(self.first, ENDS[2], 511, grade="C")], "POL-T")
		curve_tables.forget([self.second])
		number = self.number(self.first)
		for _again in range(2):
			found = standings.on(ENDS[2])
			self.assertEqual((found.words[found.grade[number]], found.score[number]), ("C", 511))
			standings.refresh()

	def test_months_are_the_curves(self):
		rng = random.Random(3)
		for _round in range(5):
			for customer in (self.first, self.second):
				days = rng.sample(range(ENDS[0], ENDS[-1]), 5)
				points = [
					point(customer, day, rng.randint(0, 1000), event=rng.random() < 0.5) for day in days
				]
				columns = snapshots.columns(points, [customer], "POL-T")
				snapshots.keep_many([customer], columns, rng.randint(ENDS[0], ENDS[-1]), rng.random() < 0.5)
			if rng.random() < 0.7:
				standings.refresh()
			numbers = {self.number(customer): customer for customer in (self.first, self.second)}
			found = {
				(numbers[number], day, score)
				for points in standings.between(ENDS[0], ENDS[-1])
				for number, day, score in zip(
					points.number.tolist(), points.day.tolist(), points.score.tolist(), strict=True
				)
				if number in numbers
			}
			kept = snapshots.of([self.first, self.second], since=ENDS[0], until=ENDS[-1])
			self.assertEqual(found, {(row.customer, to_day(row.day), row.score) for row in kept})

	def test_quartiles_are_those_of_the_scores(self):
		frappe.db.delete("Trust Rating")
		frappe.db.delete("Trust Segment Snapshot")
		customers = [f"SEG-{at:03d}" for at in range(40)]
		values = [20.5 * at for at in range(40)]
		snapshots.write(
			[
				point(name, ENDS[2], score, low=0, high=1000)
				for name, score in zip(customers, values, strict=True)
			]
			+ [point("SEG-NOBODY", ENDS[2], 1, low=0)],
			"POL-T",
		)
		frappe.db.bulk_insert(
			"Trust Rating",
			["name", "customer", "segment", "rated"],
			[(name, name, ("", "Retail", "Public")[at % 3], 1) for at, name in enumerate(customers)],
		)
		snapshots.write_segments([ENDS[2]])
		found = frappe.get_all(
			"Trust Segment Snapshot",
			{"day": to_date(ENDS[2])},
			["segment", "customers", "q1", "median", "q3"],
		)
		expected = {"All": values, "Retail": values[1::3], "Public": values[2::3]}
		self.assertEqual({row.segment for row in found}, set(expected))
		for row in found:
			mine = expected[row.segment]
			self.assertEqual(row.customers, len(mine))
			for quartile, told in zip(
				np.quantile(mine, [0.25, 0.5, 0.75]), (row.q1, row.median, row.q3), strict=True
			):
				self.assertAlmostEqual(told, quartile, 6)
		self.assertNotIn(ENDS[2], snapshots.missing_segment_days(ENDS))
		self.assertIn(ENDS[3], snapshots.missing_segment_days(ENDS))


class TestList(Curves):
	"""The list as the desk, REST and code ask for it."""

	def setUp(self):
		super().setUp()
		# A month that nobody else has points of.
		self.month = [to_day(date(1999, 5, 1)) + at for at in range(31)]
		points = [
			point(self.first, day, 500 + at, event=True, low=10) for at, day in enumerate(self.month[:-1])
		]
		points += [
			point(self.first, self.month[-1], 900, grade="AAA"),
			point(self.second, self.month[-1], 100, grade="D"),
		]
		snapshots.write(points, "POL-T")
		if self._testMethodName.endswith("in_line"):
			standings.refresh()
		self.may = ["day", "between", ["1999-05-01", "1999-05-31"]]

	def days(self, *filters, **more) -> list[int]:
		rows = frappe.get_all(DOCTYPE, filters=[self.may, *filters], fields=["name", "day"], limit=0, **more)
		return [row.day.day for row in rows]

	def test_by_customer(self):
		of_first = ["customer", "=", self.first]
		self.assertEqual(self.days(of_first), list(range(31, 0, -1)))
		self.assertEqual(self.days(of_first, order_by="day asc", start=2), list(range(3, 32)))
		self.assertEqual(self.days(of_first, ["score", ">", 528]), [31, 30])
		self.assertEqual(self.days(of_first, ["low", "=", 890]), [31])
		self.assertEqual(self.days(of_first, ["day", "<", "1999-05-03"]), [2, 1])
		self.assertEqual(self.days(of_first, order_by="score asc")[-1], 31)
		self.assertEqual(
			self.days(["customer", "in", [self.first, self.second]], ["cause", "=", "Month End"]), [31, 31]
		)
		self.assertEqual(self.days(["customer", "like", f"{self.first}%"], ["rated", "=", 1])[0], 31)
		self.assertEqual(self.days(["name", "=", f"{self.first}-1999-05-07"]), [7])
		self.assertEqual(self.days(["customer", "=", "NOBODY"]), [])
		self.assertEqual(self.days(of_first, ["cap", "is", "set"]), [])
		self.assertEqual(self.days(of_first, ["cap", "is", "not set"])[:1], [31])

	def check_everybody(self):
		self.assertEqual(self.days(), [31, *range(31, 0, -1)])
		self.assertEqual(self.days(limit_start=3, order_by="day asc")[:2], [4, 5])
		self.assertEqual(self.days(["cause", "=", "Month End"]), [31, 31])
		self.assertEqual(self.days(["grade", "in", ["AAA", "D"]], ["rated", "=", 1]), [31, 31])
		self.assertEqual(self.days(["grade", "like", "AA%"]), [31])
		self.assertEqual(self.days(["policy", "!=", "POL-T"]), [])
		self.assertEqual(self.days(["score", "between", [529, 950]]), [31, 30])
		self.assertEqual(self.days(["score", ">=", 528.5], order_by="score desc"), [31, 30])
		self.assertEqual(self.days(["day", "in", ["1999-05-04", "1999-05-09"]]), [9, 4])
		self.assertEqual(self.days(or_filters=[["grade", "=", "D"], ["score", "=", 500]]), [31, 1])
		rows = frappe.get_all(DOCTYPE, [self.may], ["name", "low", "contributions"], limit=1, start=2)
		self.assertEqual(
			rows,
			[
				{
					"name": f"{self.first}-1999-05-30",
					"low": 10,
					"contributions": '{"payment.settled":[12.5,0.3]}',
				}
			],
		)

	def test_of_everybody(self):
		self.check_everybody()

	def test_of_everybody_once_the_months_are_in_line(self):
		self.check_everybody()

	def test_what_everybody_s_points_can_t_tell(self):
		for asked in (
			{"filters": [["low", ">", 5]]},
			{"order_by": "low desc"},
			{"order_by": "score desc"},
			{"order_by": "name asc"},
		):
			with self.subTest(asked), self.assertRaisesRegex(frappe.ValidationError, "Choose a customer"):
				frappe.get_all(DOCTYPE, limit=20, **asked)
		with self.assertRaisesRegex(frappe.ValidationError, "can't be grouped"):
			frappe.get_all(DOCTYPE, fields=["grade"], group_by="grade")
		with self.assertRaisesRegex(frappe.DataError, "no field password"):
			frappe.get_all(DOCTYPE, {"customer": self.first}, ["password"])

	def test_the_desk_s_requests(self):
		fields = [f"`tab{DOCTYPE}`.`{name}`" for name in ("name", "day", "score", "_comments")]
		asked = {
			"doctype": DOCTYPE,
			"fields": json.dumps([*fields, "customer.customer_name as customer_customer_name"]),
			"filters": json.dumps([[DOCTYPE, "customer", "=", self.first], [DOCTYPE, *self.may]]),
			"order_by": f"`tab{DOCTYPE}`.`day` desc",
			"start": 0, "page_length": 2,
		}  # fmt: skip
		name = frappe.db.get_value("CIMS Customer", self.first, "customer_name")
		frappe.local.form_dict = frappe._dict(asked)
		self.assertEqual(
			reportview.get(),
			{
				"keys": ["name", "day", "score", "_comments", "customer_customer_name"],
				"values": [
					[f"{self.first}-1999-05-31", date(1999, 5, 31), 900, None, name],
					[f"{self.first}-1999-05-30", date(1999, 5, 30), 529, None, name],
				],
				"user_info": {},
			},
		)
		self.assertEqual(reportview.get_count(), 31)
		frappe.local.form_dict = frappe._dict(asked, limit=10)
		self.assertEqual(reportview.get_count(), 10)
		frappe.local.form_dict = frappe._dict(asked, filters=json.dumps([[DOCTYPE, *self.may]]), limit=1001)
		self.assertEqual(reportview.get_count(), 32)
		rows = DatabaseQuery(DOCTYPE).execute(
			fields=[f"`tab{DOCTYPE}`.`day` as `on`", f"`tab{DOCTYPE}`.`score`"],
			filters=[[DOCTYPE, "customer", "=", self.first]], as_list=True, limit=1,
		)  # fmt: skip
		self.assertEqual(rows, [(date(1999, 5, 31), 900)])

	def test_a_number_card_counts_them(self):
		card = {"document_type": DOCTYPE, "function": "Count", "type": "Document Type"}
		filters = [[DOCTYPE, "customer", "=", self.first], [DOCTYPE, *self.may]]
		self.assertEqual(number_card.get_result(card, filters), 31)

	def test_dashboard_counts_them(self):
		found = get_open_count("CIMS Customer", self.first)["count"]["external_links_found"]
		self.assertIn({"doctype": DOCTYPE, "count": 31, "open_count": 0}, found)

	def test_only_of_customers_whom_the_user_may_read(self):
		user, group = records.user("CIMS Viewer"), "Retail"
		frappe.db.set_value("CIMS Customer", self.first, "customer_group", group)
		frappe.db.set_value("CIMS Customer", self.second, "customer_group", "Wholesale")
		frappe.get_doc(
			doctype="User Permission", user=user, allow="CIMS Customer Group", for_value=group
		).insert()
		self.addCleanup(frappe.cache.hdel, "user_permissions", user)
		asked = {"fields": ["customer"], "limit": 0}
		with self.set_user(user):
			for filters in ([self.may], [self.may, ["customer", "in", [self.first, self.second]]]):
				rows = frappe.get_list(DOCTYPE, filters=filters, **asked)
				self.assertEqual((len(rows), {row.customer for row in rows}), (31, {self.first}))
			self.assertTrue(frappe.get_doc(DOCTYPE, f"{self.first}-1999-05-31").has_permission("read"))
			self.assertFalse(frappe.get_doc(DOCTYPE, f"{self.second}-1999-05-31").has_permission("read"))
		with self.set_user("Guest"), self.assertRaises(frappe.PermissionError):
			frappe.get_list(DOCTYPE, **asked)
		with self.set_user("Guest"), self.assertRaises(frappe.PermissionError):
			frappe.local.form_dict = frappe._dict(
				doctype=DOCTYPE, fields='["name"]', flags={"ignore_permissions": 1}
			)
			reportview.get()

	def test_no_such_snapshot(self):
		for name in (f"{self.first}-1999-06-01", f"{self.first}-1999-13-01", "nonsense", ""):
			with self.subTest(name), self.assertRaises(frappe.DoesNotExistError):
				frappe.get_doc(DOCTYPE, name)


class TestPatch(FrappeTestCase):
	"""Rows of an earlier version go into packed curves. Making their table commits, so it all is taken away again."""

	CUSTOMERS = ("PATCH-1", "PATCH-2", "PATCH-3")

	def setUp(self):
		self.addCleanup(self.clean)
		frappe.db.sql_ddl(
			"""CREATE TABLE `tabTrust Snapshot` (
				name VARCHAR(140) PRIMARY KEY, creation DATETIME(6), modified DATETIME(6), modified_by VARCHAR(140),
				owner VARCHAR(140), docstatus INT, idx INT, customer VARCHAR(140), day DATE, cause VARCHAR(140),
				policy VARCHAR(140), score DECIMAL(21,9) NOT NULL DEFAULT 0, low DECIMAL(21,9) NOT NULL DEFAULT 0,
				high DECIMAL(21,9) NOT NULL DEFAULT 0, confidence DECIMAL(21,9) NOT NULL DEFAULT 0, grade VARCHAR(20),
				rated INT, cap VARCHAR(20), contributions JSON, marks JSON, UNIQUE KEY unique_customer_day (customer, day))"""
		)

	def clean(self):
		frappe.db.rollback()
		frappe.db.sql_ddl("DROP TABLE IF EXISTS `tabTrust Snapshot`")
		frappe.db.delete("Comment", {"reference_doctype": DOCTYPE, "content": "Why so?"})
		curve_tables.forget(self.CUSTOMERS)
		standings.refresh()
		frappe.db.commit()

	def rows(self) -> dict[str, tuple]:
		rng = random.Random(11)
		return {
			f"hash{customer}{at}": (
				customer, date(2024, 1, 31) + timedelta(days=31 * at), rng.choice(["Month End", "Event"]),
				rng.choice(["POL-0001", "POL-0002"]), *(rng.randint(0, 10**9) / 10**6 for _figure in range(3)),
				rng.randint(0, 10**6) / 10**6, rng.choice(["AAA", "B", "NR"]), rng.randint(0, 1), rng.choice(["", "B"]),
				rng.choice(["{}", '{"payment.settled":[1.5,-0.2],"payment.prior":[0.0,33.1]}']), rng.choice([None, MARKS]),
			)
			for customer in self.CUSTOMERS
			for at in range(5)
		}  # fmt: skip

	def test_nothing_is_lost(self):
		fields = [field for field in snapshots.FIELDS if field != "name"]
		rows = self.rows()
		for name, row in rows.items():
			frappe.db.sql(
				f"INSERT INTO `tabTrust Snapshot` (name, {', '.join(fields)}) VALUES %s", ((name, *row),)
			)
		comment = frappe.get_doc(
			doctype="Comment", comment_type="Comment", reference_doctype=DOCTYPE, reference_name="hashPATCH-23",
			content="Why so?",
		).insert(ignore_links=True)  # fmt: skip
		frappe.db.commit()
		pack_curves.execute()
		found = snapshots.of(self.CUSTOMERS, fields)
		expected = sorted(rows.values())
		self.assertEqual(len(found), len(expected))
		for row, given in zip(found, expected, strict=True):
			self.assertEqual(row.pop("contributions") and json.loads(given[-2]), json.loads(given[-2]))
			for field, value in zip(fields, given, strict=True):
				if field != "contributions":
					self.assertEqual(row[field], value, field)
		self.assertFalse(frappe.db.sql("SHOW TABLES LIKE 'tabTrust Snapshot'"))
		day = rows["hashPATCH-23"][1]
		self.assertEqual(frappe.db.get_value("Comment", comment.name, "reference_name"), f"PATCH-2-{day}")

	def test_once_more_and_without_anything(self):
		pack_curves.execute()
		pack_curves.execute()
		self.assertFalse(frappe.db.sql("SHOW TABLES LIKE 'tabTrust Snapshot'"))


class TestAtOnce(FrappeTestCase):
	"""Months are brought in line while somebody writes a curve. Works on committed rows, and takes them away again."""

	CUSTOMERS = ("AT-ONCE-1", "AT-ONCE-2")

	def setUp(self):
		self.addCleanup(self.clean)
		snapshots.write([point(name, ENDS[1], 500) for name in self.CUSTOMERS], "POL-T")
		frappe.db.commit()

	def clean(self):
		frappe.db.rollback()
		curve_tables.forget(self.CUSTOMERS)
		standings.refresh()
		frappe.db.commit()

	def changed(self) -> list[str]:
		frappe.db.commit()
		return frappe.db.sql_list(
			f"SELECT customer FROM `{curve_tables.CURVES}` WHERE changed = 1 AND customer IN %s",
			(self.CUSTOMERS,),
		)

	def test_nobody_waits_and_nothing_is_missed(self):
		site, written, refreshed = frappe.local.site, threading.Event(), threading.Event()

		def writer():
			frappe.init(site=site, force=True)
			frappe.connect()
			try:
				snapshots.write([point(self.CUSTOMERS[0], ENDS[1], 444)], "POL-T")
				written.set()
				refreshed.wait(20)
				frappe.db.commit()
			finally:
				frappe.destroy()

		thread = threading.Thread(target=writer)
		thread.start()
		self.assertTrue(written.wait(20))
		standings.refresh()
		frappe.db.commit()
		self.assertEqual(self.changed(), [self.CUSTOMERS[0]])
		refreshed.set()
		thread.join(20)
		standings.refresh()
		self.assertEqual(self.changed(), [])
		found = standings.on(ENDS[1])
		numbers = curve_tables.read(self.CUSTOMERS).numbers
		self.assertEqual([found.score[numbers[at]] for at in range(2)], [444, 500])
