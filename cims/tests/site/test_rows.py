"""What User Permissions leave of our lists: the condition that an index serves changes nothing of what is seen."""

import random
from contextlib import contextmanager
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims import permissions
from cims.cims.report.testing import forget_settings
from cims.tests import records

CUSTOMER, ORDER, GROUP = "CIMS Customer", "CIMS Order", "CIMS Customer Group"
GROUPS = ("Rows North", "Rows South", "50% \\ 'Club'")


class TestRows(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		for name in GROUPS:
			frappe.get_doc(doctype=GROUP, group_name=name).insert()
		cls.customers = [
			records.customer(customer_group=group, account_manager=manager).name
			for group in (*GROUPS, None)
			for manager in ("Administrator", None)
		]
		frappe.db.set_value(CUSTOMER, cls.customers[-1], "customer_group", "")
		for name in cls.customers[::2]:
			records.order(name)
		cls.viewer = records.user("CIMS Viewer")

	def setUp(self):
		super().setUp()
		frappe.db.savepoint("seen_rows")

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback(save_point="seen_rows")
		forget_settings()
		frappe.cache.hdel("user_permissions", self.viewer)
		super().tearDown()

	def seen(self, doctype: str, **asked) -> list[str]:
		frappe.set_user(self.viewer)
		try:
			return sorted(frappe.get_list(doctype, pluck="name", limit_page_length=0, **asked))
		finally:
			frappe.set_user("Administrator")

	@contextmanager
	def without_ours(self):
		with patch.object(permissions, "rows_of", lambda user=None, doctype="": ""):
			yield

	def allow(self, doctype: str, value: str, applies_to: str | None = None) -> None:
		frappe.get_doc(
			doctype="User Permission",
			user=self.viewer,
			allow=doctype,
			for_value=value,
			apply_to_all_doctypes=not applies_to,
			applicable_for=applies_to,
		).insert(ignore_permissions=True)

	def check(self):
		for doctype in (CUSTOMER, ORDER):
			for asked in ({}, {"reference_doctype": ORDER}, {"reference_doctype": "CIMS Payment"}):
				with self.without_ours():
					expected = self.seen(doctype, **asked)
				self.assertEqual(self.seen(doctype, **asked), expected, (doctype, asked))

	def test_whatever_is_permitted_the_same_is_seen(self):
		chance = random.Random(3)
		for attempt in range(40):
			frappe.db.savepoint("attempt")
			strict = chance.random() < 0.3
			frappe.db.set_single_value("System Settings", "apply_strict_user_permissions", int(strict))
			forget_settings()
			rules = {
				(
					chance.choice((GROUP, GROUP, CUSTOMER, "User")),
					chance.choice((None, None, CUSTOMER, ORDER)),
					at,
				)
				for at in range(chance.randrange(1, 4))
			}
			made = []
			for doctype, applies_to, _at in sorted(rules, key=str):
				value = chance.choice(
					{GROUP: GROUPS, CUSTOMER: self.customers, "User": ("Administrator",)}[doctype]
				)
				if (doctype, value) not in {(kind, name) for kind, name, _ in made}:
					self.allow(doctype, value, applies_to)
					made.append((doctype, value, applies_to))
			if chance.random() < 0.4:
				shared = {"share_doctype": CUSTOMER, "share_name": chance.choice(self.customers)}
				frappe.get_doc(doctype="DocShare", user=self.viewer, read=1, **shared).insert(
					ignore_permissions=True
				)
			with self.subTest(attempt=attempt, rules=made, strict=strict):
				self.check()
			frappe.db.rollback(save_point="attempt")
			frappe.cache.hdel("user_permissions", self.viewer)

	def test_the_condition_names_the_columns_themselves(self):
		self.allow(GROUP, GROUPS[0])
		condition = permissions.rows_of(self.viewer, CUSTOMER)
		self.assertIn("`tabCIMS Customer`.`customer_group` in (", condition)
		self.assertNotIn("ifnull", condition.lower())
		self.assertNotIn("coalesce", condition.lower())

	def test_nothing_is_added_for_who_sees_everything(self):
		self.assertEqual(permissions.rows_of(self.viewer, CUSTOMER), "")
		self.assertEqual(permissions.rows_of("Administrator", CUSTOMER), "")
