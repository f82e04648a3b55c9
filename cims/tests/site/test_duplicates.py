"""Twins are found, merged and parted again, with everything that points at them."""

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from cims import permissions
from cims.duplicates import comparing, finding, keys, likeness, links, merging, queue, twins, undoing
from cims.ratings import rerate, store
from cims.tests import records

CUSTOMER = "CIMS Customer"


def row(**values) -> frappe._dict:
	return twins.as_row({"customer_type": "Company", "country": "China", **values})


class TestTwins(FrappeTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def found(self, **values) -> list[str]:
		return [one.name for one, _like in twins.twins(row(**values)).twins]

	def test_by_each_key(self):
		code = records.credit_code("91440101MA59QQQQ7")
		one = records.customer(
			customer_name="广州恒信电子有限公司",
			mobile="13800138111",
			email="Info@hengxin.example.com",
			credit_code=code,
		).name
		for values in (
			{"customer_name": "Hengxin", "mobile": "+86 138 0013 8111"},
			{"customer_name": "Hengxin", "phone": "138-0013-8111"},
			{"customer_name": "Hengxin", "email": "info@hengxin.example.com"},
			{"customer_name": "Hengxin", "credit_code": code},
			{"customer_name": "廣州市恆信電子股份有限公司"},
			{"customer_name": "Guangzhou Hengxin Dianzi Ltd", "city": "广州市"},
			{"customer_name": "广州恒兴电子有限公司", "city": "广州市"},
		):
			self.assertIn(one, self.found(**values), values)
		self.assertNotIn(one, self.found(customer_name="北京恒信电子有限公司", city="北京市"))

	def test_another_credit_code_is_another_company(self):
		records.customer(customer_name="Lakeside Foods Ltd", credit_code=records.credit_code())
		self.assertEqual(
			self.found(customer_name="Lakeside Foods", credit_code=records.credit_code("91440101MA59ABCD8")),
			[],
		)

	def test_a_sentence_ends_once(self):
		why = [["name", "Quince LLC", "Quince L.L.C."], ["city", "Turku", ""]]
		said = [sentence["text"] for sentence in likeness.sentences(why)]
		self.assertTrue(said[0].endswith("Quince LLC, Quince L.L.C."), said[0])
		self.assertTrue(said[1].endswith("Turku."), said[1])

	def test_a_person_s_name_alone_is_nothing(self):
		records.customer(customer_name="欧阳倩倩", customer_type="Individual", birth_date="1990-03-07")
		person = {"customer_name": "欧阳倩倩", "customer_type": "Individual"}
		self.assertEqual(self.found(**person), [])
		self.assertEqual(len(self.found(**person, birth_date="1990-03-07")), 1)
		self.assertEqual(self.found(**person, birth_date="1990-03-08"), [])

	def test_a_number_of_many_is_no_key(self):
		for at in range(twins.MOST + 2):
			records.customer(
				customer_name=f"Shop {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[at] * 9}", phone="020-83331234"
			)
		found = twins.twins(row(customer_name="Quite Another", phone="020-83331234"))
		self.assertEqual((found.twins, found.too_common), ([], ["phone"]))

	def test_saving_puts_the_pair_into_the_queue(self):
		one = records.customer(customer_name="Meadow Mills Ltd", email="office@meadow.example.com").name
		frappe.clear_messages()
		other = records.customer(customer_name="Meadow Mills", email="office@meadow.example.com").name
		self.assertIn("looks like", str(frappe.message_log))
		pair = frappe.get_doc(queue.CANDIDATE, queue.of_pair(one, other))
		self.assertEqual((pair.status, pair.found_by), (queue.OPEN, queue.BY_SAVING))
		self.assertGreater(pair.score, 80)
		doc = frappe.get_doc(CUSTOMER, other)
		doc.update({"customer_name": "Something Else", "email": None})
		doc.save()
		self.assertIsNone(queue.of_pair(one, other))

	def test_not_the_same_is_remembered_until_data_change(self):
		one = records.customer(customer_name="Hillside Works Ltd").name
		other = records.customer(customer_name="Hillside Works Inc").name
		queue.not_the_same(one, other, "Two branches")
		status = lambda: frappe.db.get_value(queue.CANDIDATE, queue.of_pair(one, other), "status")  # noqa: E731
		found = queue.rows_of(one, other)
		again = [(found[one], found[other], likeness.compare(found[one], found[other]))]
		queue.keep(again, queue.BY_SEARCH)
		self.assertEqual(status(), queue.NOT_THE_SAME)
		doc = frappe.get_doc(CUSTOMER, one)
		doc.email = "new@hillside.example.com"
		doc.save()
		self.assertEqual(status(), queue.OPEN)

	def test_keys_follow_what_is_written_set_based(self):
		one = records.customer(customer_name="Orchard Juices Ltd").name
		frappe.db.set_value(CUSTOMER, one, "customer_name", "Vineyard Juices Ltd")
		keys.refresh([one])
		sounds = lambda: frappe.db.sql_list(f"SELECT sound FROM `{keys.TABLE}` WHERE customer = %s", one)  # noqa: E731
		self.assertEqual(sounds(), ["vineyardjuices"])
		frappe.db.delete(CUSTOMER, {"name": one})
		keys.refresh([one])
		self.assertEqual(sounds(), [])


class TestSearch(FrappeTestCase):
	def tearDown(self):
		frappe.db.rollback()

	def test_it_finds_what_saving_finds_and_goes_on_where_it_stopped(self):
		frappe.flags.in_import = True
		try:
			pairs = [
				("广州恒信电子有限公司", "廣州恆信電子股份有限公司"),
				("Lakeside Xylophone Ltd", "Lakeside Xylofone Ltd"),
				("Xkeside Zylophone Ltd", "Lkeside Zylophone Ltd"),
			]
			made = [[records.customer(customer_name=name).name for name in pair] for pair in pairs]
			made.append(
				[
					records.customer(customer_name="Quince", mobile="13800138222").name,
					records.customer(customer_name="Medlar", phone="13800138222").name,
				]
			)
		finally:
			frappe.flags.in_import = False
		found = finding.run()
		for pair in made:
			self.assertIsNotNone(queue.of_pair(*pair), pair)
		self.assertGreaterEqual(found["pairs_found"], 4)
		self.assertEqual(found["status"], finding.FINISHED)
		again = finding.run()
		self.assertEqual((again["pairs_found"], again["pairs_new"]), (found["pairs_found"], 0))

	def test_a_stopped_search_goes_on(self):
		seen = []
		name = finding._new()
		frappe.db.set_value(finding.SEARCH, name, {"status": finding.FAILED, "step": 4})
		found = finding.run(told=lambda step, doing: seen.append(step))
		self.assertEqual((found["name"], seen[0]), (name, 4))

	def test_a_key_of_many_is_passed_over_and_named(self):
		frappe.flags.in_import = True
		try:
			for at in range(twins.MOST + 1):
				records.customer(customer_name=f"Kiosk {chr(65 + at) * 9}", email="all@kiosk.example.com")
		finally:
			frappe.flags.in_import = False
		found = finding.run()
		common = next(one for one in found["passed_over"] if one["key"] == "email")
		self.assertIn(["all@kiosk.example.com", twins.MOST + 1], common["most"])


class TestMerging(FrappeTestCase):
	def setUp(self):
		frappe.set_user("Administrator")
		self.one = records.customer(
			customer_name="Riverside Trading Ltd", mobile="13800138333", customer_group="Retail"
		).name
		self.other = records.customer(
			customer_name="Riverside Trading",
			email="office@riverside.example.com",
			credit_code=records.credit_code(),
		).name
		self.orders = {name: [] for name in (self.one, self.other)}
		for name in (self.one, self.other):
			for month in (4, 3, 2):
				order = records.order(name, 10_000, days_ago=month * 30, credit_days=30)
				order.deliver(order.order_date)
				late = 20 if name == self.other else 0
				records.payment(name, 10_000, (order.name, 10_000), days_ago=(month - 1) * 30 - late)
				self.orders[name].append(order.name)
			store.record_manual(
				name, "service.complaint_against", note="Late", occurred_on=add_days(nowdate(), -9)
			)
			rerate.rate(name)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def attach_everything(self):
		doc = frappe.get_doc(CUSTOMER, self.other)
		doc.add_comment("Comment", "Called twice")
		doc.add_tag("VIP")
		frappe.get_doc(
			doctype="File",
			file_name="a.txt",
			content="a",
			attached_to_doctype=CUSTOMER,
			attached_to_name=self.other,
		).insert()
		frappe.get_doc(
			doctype="Contact", first_name="Li", links=[{"link_doctype": CUSTOMER, "link_name": self.other}]
		).insert()
		frappe.get_doc(
			doctype="ToDo", description="Call", reference_type=CUSTOMER, reference_name=self.other
		).insert()
		frappe.get_doc(
			doctype="Communication",
			subject="Hello",
			reference_doctype=CUSTOMER,
			reference_name=self.other,
			communication_medium="Email",
		).insert()
		frappe.get_doc(
			doctype="Event",
			subject="Visit",
			starts_on=nowdate(),
			event_participants=[{"reference_doctype": CUSTOMER, "reference_docname": self.other}],
		).insert()
		frappe.share.add(CUSTOMER, self.other, records.user(permissions.VIEWER))

	def snapshot(self):
		"""Both records and every row that points at either, but for what a merge itself notes down."""
		found = {}
		for name in (self.one, self.other):
			found[name] = frappe.db.sql(f"SELECT * FROM `tab{CUSTOMER}` WHERE name = %s", name, as_dict=True)
			for one in found[name]:
				one.pop("_comments")
			points = {pointer.key: set(names) for pointer, names in links.rows(name).items()}
			said = set(frappe.get_all("Comment", {"content": ("like", "%merge%")}, pluck="name"))
			points["Comment|reference_name"] = points.get("Comment|reference_name", set()) - said
			points.pop("Version|docname", None)
			found[f"{name} points"] = {key: names for key, names in points.items() if names}
		return found

	def test_everything_points_at_the_one_that_stays(self):
		self.attach_everything()
		before = links.rows(self.other)
		merge = merging.merge(self.one, self.other)
		self.assertFalse(frappe.db.exists(CUSTOMER, self.other))
		self.assertEqual(links.rows(self.other), {})
		after = links.rows(self.one)
		for pointer, names in before.items():
			self.assertLessEqual(set(names), set(after[pointer]), pointer)
		kept = frappe.get_doc(CUSTOMER, self.one)
		self.assertEqual(kept.email, "office@riverside.example.com")
		self.assertEqual(kept.mobile, "+8613800138333")
		self.assertIn("VIP", kept.get_tags())
		log = frappe.get_doc(merging.MERGE, merge)
		self.assertEqual((log.survivor, log.retired, log.status), (self.one, self.other, merging.DONE))
		self.assertEqual(frappe.parse_json(log.counts)["CIMS Order"], 3)

	def test_undo_restores_both_to_the_last_row_and_value(self):
		self.attach_everything()
		records.customer(customer_name="Riverside Trading GmbH")
		pairs = lambda: set(frappe.get_all(queue.CANDIDATE, {"status": queue.OPEN}, pluck="name"))  # noqa: E731
		before, waiting = self.snapshot(), pairs()
		rated = [rerate.rate(name) for name in (self.one, self.other)]
		merge = merging.merge(self.one, self.other, take=["customer_name", "email", "mobile"])
		rerate.rate(self.one)
		told = undoing.undo(merge)
		self.assertEqual(told["kept"], [])
		after = self.snapshot()
		self.maxDiff = None
		self.assertEqual(before, after)
		self.assertEqual(waiting, pairs())
		again = [rerate.rate(name) for name in (self.one, self.other)]
		for was, now in zip(rated, again, strict=True):
			self.assertEqual(
				(was.grade, was.evidence_count, was.exposure), (now.grade, now.evidence_count, now.exposure)
			)
			for figure in ("score", "low", "high", "confidence", "days_beyond_terms"):
				self.assertAlmostEqual(getattr(was, figure), getattr(now, figure), 9)
		self.assertRaises(frappe.ValidationError, undoing.undo, merge)

	def test_the_rating_is_that_of_both_histories(self):
		merging.merge(self.one, self.other)
		merged = rerate.rate(self.one)
		self.assertEqual(merged.evidence_count, frappe.db.count("Trust Evidence", {"customer": self.one}))
		self.assertFalse(frappe.db.exists("Trust Rating", self.other))
		self.assertFalse(frappe.db.exists("Trust Snapshot", {"customer": self.other}))
		written = store.backfill([self.one], rate=False)
		self.assertEqual(written, 0)
		self.assertEqual(rerate.rate(self.one).score, merged.score)

	def test_what_came_since_stays_where_it_came(self):
		merge = merging.merge(self.one, self.other)
		order = records.order(self.one, 500)
		doc = frappe.get_doc(CUSTOMER, self.one)
		doc.email = "changed@riverside.example.com"
		doc.save()
		told = undoing.undo(merge)
		self.assertEqual(frappe.db.get_value("CIMS Order", order.name, "customer"), self.one)
		self.assertEqual(frappe.db.get_value(CUSTOMER, self.one, "email"), "changed@riverside.example.com")
		self.assertEqual(len(told["kept"]), 1)
		self.assertIn("changed after the merge", told["kept"][0])

	def test_undo_refuses_to_tear_a_payment_apart(self):
		order = records.order(self.other, 700)
		merge = merging.merge(self.one, self.other)
		payment = records.payment(self.one, 700, (order.name, 700))
		with self.assertRaises(frappe.ValidationError) as refused:
			undoing.undo(merge)
		self.assertIn(payment.name, str(refused.exception))

	def test_merges_are_undone_in_their_order(self):
		third = records.customer(customer_name="Riverside Trading Inc").name
		first = merging.merge(self.one, self.other)
		second = merging.merge(third, self.one)
		with self.assertRaises(frappe.ValidationError) as refused:
			undoing.undo(first)
		self.assertIn(second, str(refused.exception))
		undoing.undo(second)
		undoing.undo(first)
		for name in (self.one, self.other, third):
			self.assertTrue(frappe.db.exists(CUSTOMER, name))
		self.assertEqual(frappe.db.count("CIMS Order", {"customer": self.other}), 3)

	def test_who_may(self):
		records.users()
		for role in (permissions.SALES, permissions.VIEWER, permissions.AUDITOR, permissions.SERVICE):
			frappe.set_user(records.user(role))
			self.assertRaises(frappe.PermissionError, merging.merge, self.one, self.other)
			self.assertRaises(frappe.PermissionError, queue.not_the_same, self.one, self.other)
			if role in (permissions.VIEWER, permissions.AUDITOR):
				self.assertRaises(frappe.PermissionError, queue.propose, self.one, self.other)
		frappe.set_user(records.user(permissions.SALES))
		queue.propose(self.one, self.other, "The same phone on the invoice")
		self.assertFalse(comparing.compare(self.one, self.other)["may_merge"])
		frappe.set_user(records.user(permissions.MANAGER))
		self.assertTrue(comparing.compare(self.one, self.other)["may_merge"])
		undoing.undo(merging.merge(self.one, self.other))

	def test_what_can_t_be_merged_says_why(self):
		self.assertRaises(frappe.ValidationError, merging.merge, self.one, self.one)
		self.assertRaises(frappe.DoesNotExistError, merging.merge, self.one, "C-NOBODY")
		self.assertRaises(frappe.ValidationError, merging.merge, self.one, self.other, ["trust_score"])
		merging.merge(self.one, self.other)
		with self.assertRaises(frappe.DoesNotExistError) as gone:
			merging.merge(self.one, self.other)
		self.assertIn("was merged into", str(gone.exception))

	def test_late_rows_follow(self):
		merge = merging.merge(self.one, self.other)
		late = records.order(self.one, 100)
		frappe.db.set_value("CIMS Order", late.name, "customer", self.other)
		self.assertEqual(merging.repoint_late(merge), 1)
		self.assertEqual(frappe.db.get_value("CIMS Order", late.name, "customer"), self.one)
		undoing.undo(merge)
		self.assertEqual(frappe.db.get_value("CIMS Order", late.name, "customer"), self.other)

	def test_compare(self):
		found = comparing.compare(self.one, self.other)
		fields = {field["field"]: field for field in found["fields"]}
		self.assertTrue(fields["mobile"]["differs"])
		self.assertFalse(fields["city"]["differs"])
		self.assertEqual(next(p for p in found["points"] if p["doctype"] == "CIMS Order")["counts"], [3, 3])
		self.assertIn("name", [reason["code"] for reason in found["reasons"]])
