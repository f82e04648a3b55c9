"""The timeline of a customer: all of it, in order, by pages, for whoever may read it, at the same cost however long it is."""

import random
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest import SkipTest

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import get_datetime

from cims.api import timeline as api
from cims.tests import large, records
from cims.tests.timeline import counted_queries
from cims.timeline import page, storage
from cims.timeline.branches import KINDS, all_branches

CUSTOMER = "CIMS Customer"
TICKET = "HD Ticket"
LONG, SHORT = "N00000001", "N00000002"


def add(doctype: str, **values) -> str:
	"""A row as it is, past its controller: what a timeline reads, not how it came about."""
	name = values.pop("name", None) or frappe.generate_hash(length=12)
	frappe.db.bulk_insert(doctype, ["name", *values], [(name, *values.values())])
	return name


def mail(customer: str | None = None, moment="2026-03-01 10:00:00", links=(), **values) -> str:
	if customer:
		values |= {"reference_doctype": CUSTOMER, "reference_name": customer}
	name = add(
		"Communication",
		communication_type="Communication",
		communication_medium="Email",
		communication_date=moment,
		**{"subject": "Offer", "content": "<p>Dear all</p>", "sender": "a@example.com", **values},
	)
	for doctype, linked in links:
		add(
			"Communication Link",
			parent=name,
			parenttype="Communication",
			link_doctype=doctype,
			link_name=linked,
		)
	return name


def contact(customer: str, name: str) -> str:
	add("Contact", name=name, first_name=name)
	add("Dynamic Link", parent=name, parenttype="Contact", link_doctype=CUSTOMER, link_name=customer)
	return name


def comment(customer: str, moment, kind: str = "Comment", **values) -> str:
	return add(
		"Comment",
		comment_type=kind,
		reference_doctype=CUSTOMER,
		reference_name=customer,
		creation=moment,
		content="Called back",
		**values,
	)


def event(customer: str, moment, **values) -> str:
	name = add("Event", subject="Visit", starts_on=moment, **{"event_type": "Public", **values})
	add("Event Participants", parent=name, reference_doctype=CUSTOMER, reference_docname=customer)
	return name


def keys(found: dict) -> list[tuple]:
	return [(entry["doctype"], entry["name"]) for entry in found["entries"]]


def everything(customer: str, limit: int = 100, **asked) -> list[dict]:
	"""All pages, one after the other."""
	entries, before = [], ""
	while True:
		found = api.get(customer, before=before, limit=limit, **asked)
		assert len(found["entries"]) <= limit
		entries += found["entries"]
		before = found["next"]
		if not before:
			return entries


class TestTimeline(FrappeTestCase):
	def setUp(self):
		super().setUp()
		frappe.db.savepoint("timeline")
		self.customer = records.customer().name
		self.other = records.customer().name

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback(save_point="timeline")
		super().tearDown()

	def test_everything_that_happened_is_there_newest_first(self):
		order = records.order(self.customer, 1200, days_ago=100)
		paid = records.payment(self.customer, 1200, (order.name, 1200), days_ago=60)
		override = frappe.get_doc(
			doctype="Trust Override",
			customer=self.customer,
			grade="B",
			reason="Guarantee",
			expires_on=frappe.utils.add_days(frappe.utils.nowdate(), 90),
		).insert()
		doc = frappe.get_doc(CUSTOMER, self.customer)
		doc.level = "Key"
		doc.save(ignore_version=False)
		said = doc.add_comment("Comment", "Called **back**").name
		assigned = doc.add_comment("Assigned", "To Li").name
		sent, planned = (
			mail(self.customer, moment=frappe.utils.now()),
			event(self.customer, "2090-01-01 10:00:00"),
		)
		entries = everything(self.customer)
		found = {(entry["doctype"], entry["name"]): entry for entry in entries}
		self.assertEqual(
			[entry["moment"] for entry in entries], sorted((e["moment"] for e in entries), reverse=True)
		)
		for kind, doctype, name in (
			("order", "CIMS Order", order.name),
			("payment", "CIMS Payment", paid.name),
			("override", "Trust Override", override.name),
			("comment", "Comment", said),
			("assignment", "Comment", assigned),
			("mail", "Communication", sent),
			("event", "Event", planned),
			("change", CUSTOMER, self.customer),
		):
			self.assertEqual(found[doctype, name]["kind"], kind)
		evidence = [entry["title"] for entry in entries if entry["kind"] == "evidence"]
		self.assertEqual(evidence[0], "A receivable of CNY 1,200 was paid 10 days beyond terms.")
		self.assertEqual(entries[0]["name"], planned)
		self.assertEqual(found["Comment", said]["text"], "Called back")
		changed = next(entry for entry in entries if entry["doctype"] == "Version")
		self.assertIn("Level", changed["text"])
		self.assertEqual(keys(api.get(self.other)), [(CUSTOMER, self.other)])

	def test_mail_is_found_by_reference_link_and_contact_and_shown_once(self):
		person = contact(self.customer, "Timeline Person")
		colleague = contact(self.customer, "Timeline Colleague")
		both = [("Contact", person), ("Contact", colleague)]
		expected = [
			mail(self.customer, "2026-03-05", links=[(CUSTOMER, self.customer), *both]),
			mail(None, "2026-03-04", links=[(CUSTOMER, self.customer), (CUSTOMER, self.customer), *both]),
			mail(None, "2026-03-03", links=both),
			mail(self.customer, "2026-03-02"),
		]
		mail(self.other, "2026-03-01")
		mail(None, "2026-03-01", links=[("Contact", "Somebody Else")])
		for limit in (1, 2, 3, 100):
			with self.subTest(limit=limit):
				names = [entry["name"] for entry in everything(self.customer, limit=limit, kinds="mail")]
				self.assertEqual(names, expected)

	def test_pages_hold_all_entries_once_in_order_also_at_equal_moments(self):
		"""The property: however a history is cut into pages, together they are the whole of it, in its order."""
		chance = random.Random(7)
		for attempt in range(12):
			frappe.db.savepoint("attempt")
			expected = self.history(chance)
			limit = chance.choice((1, 2, 3, 7, 20))
			with self.subTest(attempt=attempt, limit=limit, entries=len(expected)):
				entries = everything(
					self.customer, limit=limit, kinds=["order", "payment", "comment", "mail", "event"]
				)
				found = [(get_datetime(e["moment"]), e["doctype"], e["name"]) for e in entries]
				self.assertEqual(found, expected)
			frappe.db.rollback(save_point="attempt")

	def history(self, chance: random.Random) -> list[tuple]:
		"""Some dozen entries, many at the same few moments, midnight among them; returned newest first."""
		days = [datetime(2026, 5, 1) + timedelta(days=day) for day in range(3)]
		moments = [day + timedelta(hours=hour, microseconds=hour) for day in days for hour in (0, 9)]
		made = []
		for _entry in range(chance.randrange(1, 60)):
			moment, day = chance.choice(moments), chance.choice(days)
			made.append(
				chance.choice(
					(
						lambda m, d: (
							d,
							"CIMS Order",
							add("CIMS Order", customer=self.customer, order_date=d.date(), docstatus=1),
						),
						lambda m, d: (
							d,
							"CIMS Payment",
							add("CIMS Payment", customer=self.customer, payment_date=d.date(), docstatus=1),
						),
						lambda m, d: (m, "Comment", comment(self.customer, m)),
						lambda m, d: (m, "Communication", mail(self.customer, m)),
						lambda m, d: (m, "Communication", mail(None, m, links=[(CUSTOMER, self.customer)])),
						lambda m, d: (m, "Event", event(self.customer, m)),
					)
				)(moment, day)
			)
		return sorted(made, reverse=True)

	def test_a_page_stays_as_it_was_when_something_new_happens(self):
		for day in range(1, 7):
			comment(self.customer, f"2026-04-{day:02d} 08:00:00")
		first = api.get(self.customer, kinds="comment", limit=3)
		comment(self.customer, "2026-04-20 08:00:00")
		second = api.get(self.customer, before=first["next"], kinds="comment", limit=3)
		self.assertEqual(
			[entry["moment"][:10] for entry in (*first["entries"], *second["entries"])],
			[f"2026-04-{day:02d}" for day in range(6, 0, -1)],
		)
		self.assertIsNone(second["next"])

	def test_kinds_are_those_asked_for(self):
		records.order(self.customer)
		comment(self.customer, "2026-04-01")
		self.assertEqual({e["kind"] for e in api.get(self.customer, kinds="order")["entries"]}, {"order"})
		self.assertEqual(
			{e["kind"] for e in api.get(self.customer, kinds=["comment", "change"])["entries"]},
			{"comment", "change"},
		)
		self.assertLessEqual({branch.kind for branch in all_branches()}, set(KINDS))

	def test_bad_input_is_refused_with_what_to_do(self):
		for asked, part in (
			({"kinds": "gossip"}, "choose from"),
			({"before": "yesterday"}, "next"),
			({"before": "2026-13-45|a|b"}, "next"),
			({"limit": 0}, "between"),
			({"limit": 101}, "between"),
		):
			with self.subTest(**asked), self.assertRaisesRegex(frappe.ValidationError, part):
				api.get(self.customer, **asked)
		with self.assertRaises(frappe.DoesNotExistError):
			api.get("C-none")

	def test_before_is_data_and_never_sql(self):
		comment(self.customer, "2026-04-01")
		for name in ("' OR 1=1 -- ", "%s", "100%", '"; DROP TABLE x'):
			found = api.get(self.customer, before=f"2026-04-01 00:00:00|Comment|{name}", kinds="comment")
			self.assertLessEqual(len(found["entries"]), 1)

	# --- who may read what ---

	def test_only_what_the_user_may_read(self):
		order = records.order(self.customer)
		private = event(self.customer, "2026-04-02 10:00:00", event_type="Private", owner="Administrator")
		public = event(self.customer, "2026-04-01 10:00:00")
		said = comment(self.customer, "2026-04-03")
		viewer = records.user("CIMS Viewer")
		frappe.set_user(viewer)
		found = keys({"entries": everything(self.customer)})
		self.assertIn(("CIMS Order", order.name), found)
		self.assertIn(("Comment", said), found)
		self.assertIn(("Event", public), found)
		self.assertNotIn(("Event", private), found)

	def test_user_permissions_hide_rows_and_the_customer(self):
		kept, hidden = records.order(self.customer), records.order(self.customer, currency="USD")
		viewer = records.user("CIMS Viewer")
		with self.permitted(viewer, "Currency", "CNY"):
			frappe.set_user(viewer)
			found = keys({"entries": everything(self.customer, kinds="order")})
			self.assertEqual(found, [("CIMS Order", kept.name)])
			self.assertNotIn(("CIMS Order", hidden.name), found)
		with self.permitted(viewer, CUSTOMER, self.other):
			frappe.set_user(viewer)
			with self.assertRaises(frappe.PermissionError):
				api.get(self.customer)

	def test_without_a_role_nothing_is_shown(self):
		nobody = frappe.get_doc(
			doctype="User", email="timeline-nobody@example.com", first_name="Nobody", send_welcome_email=0
		).insert()
		frappe.set_user(nobody.name)
		with self.assertRaises(frappe.PermissionError):
			api.get(self.customer)

	def test_mail_about_what_the_user_may_not_read_is_left_out(self):
		mine = [(CUSTOMER, self.customer)]
		secret = mail(None, "2026-04-02", mine, reference_doctype="Error Log", reference_name="1")
		about_other = mail(None, "2026-04-01", mine, reference_doctype=CUSTOMER, reference_name=self.other)
		frappe.set_user(records.user("CIMS Viewer"))
		found = [entry["name"] for entry in everything(self.customer, kinds="mail")]
		self.assertIn(about_other, found)
		self.assertNotIn(secret, found)

	@contextmanager
	def permitted(self, user: str, allow: str, value: str):
		rule = frappe.get_doc(
			doctype="User Permission", user=user, allow=allow, for_value=value, apply_to_all_doctypes=1
		).insert(ignore_permissions=True)
		try:
			yield
		finally:
			frappe.set_user("Administrator")
			rule.delete(ignore_permissions=True)

	# --- what it costs ---

	def test_a_page_takes_one_query_and_one_more_for_each_kind_of_document(self):
		order = records.order(self.customer, 1200, days_ago=100)
		records.payment(self.customer, 1200, (order.name, 1200), days_ago=60)
		comment(self.customer, "2026-04-01")
		api.get(self.customer)
		with counted_queries() as statements:
			api.get(self.customer)
		self.assertEqual(sum("UNION ALL" in statement for statement in statements), 1)
		# The customer twice for the right to read it, the keys, five DocTypes.
		self.assertLessEqual(len(statements), 8)

	def test_indexes_are_there(self):
		storage.bring()
		for doctype in ("Comment", "Communication", "Event Participants", "Version"):
			self.assertTrue(frappe.db.has_index(f"tab{doctype}", storage.INDEX), doctype)


class TestTickets(FrappeTestCase):
	"""Beside a helpdesk: a DocType as it has it, since none is installed here."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		if frappe.db.exists("DocType", TICKET):
			raise SkipTest("the site has a helpdesk of its own")
		cls.addClassCleanup(cls.remove)
		fields = (("subject", "Data"), ("status", "Data"), ("contact", "Link"))
		frappe.get_doc(
			doctype="DocType",
			name=TICKET,
			module="CIMS",
			custom=1,
			autoname="hash",
			fields=[
				{
					"fieldname": name,
					"label": name,
					"fieldtype": kind,
					"options": "Contact" if kind == "Link" else None,
				}
				for name, kind in fields
			],
			permissions=[{"role": "CIMS Service", "read": 1}],
		).insert()
		storage.bring()

	@classmethod
	def remove(cls):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.delete_doc("DocType", TICKET, force=True)
		frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `tab{TICKET}`")
		frappe.clear_cache()

	def test_tickets_of_contacts_are_shown_to_who_may_read_them(self):
		customer = records.customer().name
		person = contact(customer, "Timeline Caller")
		mine = add(TICKET, subject="Wrong goods", status="Open", contact=person, creation="2026-04-01")
		add(TICKET, subject="Another's", status="Open", contact="Somebody Else", creation="2026-04-01")
		self.assertTrue(frappe.db.has_index(f"tab{TICKET}", storage.INDEX))
		frappe.set_user(records.user("CIMS Service"))
		found = api.get(customer, kinds="ticket")
		self.assertEqual(keys(found), [(TICKET, mine)])
		self.assertEqual(found["entries"][0]["title"], "Wrong goods")
		frappe.set_user(records.user("CIMS Viewer"))
		found = api.get(customer)
		self.assertNotIn("ticket", found["kinds"])
		self.assertNotIn((TICKET, mine), keys(found))


class TestLongTimeline(FrappeTestCase):
	"""A customer with 10,000 entries of each kind costs no more than one with 50."""

	ROWS = 30_000

	def test_rows_read_do_not_grow_with_the_history(self):
		tables = {
			"CIMS Order": ("customer", {}),
			"CIMS Payment": ("customer", {}),
			"Trust Evidence": ("customer", {}),
			"Comment": ("reference_name", {"reference_doctype": CUSTOMER, "comment_type": "Comment"}),
			"Version": ("docname", {"ref_doctype": CUSTOMER}),
			"Communication": (
				"reference_name",
				{"reference_doctype": CUSTOMER, "communication_type": "Communication"},
			),
		}
		for doctype, (column, values) in tables.items():
			with self.subTest(doctype=doctype), large.table(doctype, self.ROWS):
				sets = ", ".join(f"`{field}` = '{value}'" for field, value in values.items())
				owner = f"`{column}` = CASE WHEN seq_of < 10000 THEN '{LONG}' WHEN seq_of < 10050 THEN '{SHORT}' ELSE 'N' END"
				owner = owner.replace("seq_of", "CAST(SUBSTRING(`name`, 2) AS UNSIGNED)")
				moments = next(branch.moment for branch in all_branches() if branch.doctype == doctype)
				frappe.db.sql(
					f"UPDATE `tab{doctype}` SET {', '.join(filter(None, (owner, sets)))}, "
					f"`{moments}` = ADDDATE('2020-01-01', CRC32(`name`) % 2000)"
				)
				frappe.db._cursor.execute(f"ANALYZE TABLE `tab{doctype}`")
				frappe.db._cursor.fetchall()
				branches = [branch for branch in all_branches() if branch.doctype == doctype][:1]
				for before in (None, page.Key(datetime(2023, 1, 1), doctype, "N00005000")):
					read = {
						customer: large.rows_read(
							page.statement(before, branches), page.values(customer, before, 21)
						)
						for customer in (LONG, SHORT)
					}
					self.assertLessEqual(read[LONG], 150, f"{doctype} before {before}: {read}")
