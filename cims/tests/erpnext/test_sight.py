"""Our own orders and payments are out of sight where ERPNext keeps the books, and come back when it leaves."""

import json

import frappe
from frappe.desk.desktop import get_desktop_page
from frappe.tests.utils import FrappeTestCase
from frappe.utils.user import UserPermissions

from cims.erpnext import sight
from cims.tests import records as ours_records


def offered(user: str) -> set[str]:
	"""Those of ORDERS that the desk offers the user to open or to make."""
	permissions = UserPermissions(user)
	permissions.build_permissions()
	return {*permissions.can_read, *permissions.can_create, *permissions.can_search} & set(sight.ORDERS)


def on_workspace() -> set[str]:
	# A request has its own.
	frappe.local.user_perms = None
	page = get_desktop_page(json.dumps({"name": sight.WORKSPACE, "title": sight.WORKSPACE, "public": 1}))
	links = {link.link_to for card in page["cards"]["items"] for link in card["links"]}
	return (links | {item["document_type"] for item in page["quick_lists"]["items"]}) & set(sight.ORDERS)


class TestSight(FrappeTestCase):
	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		sight._forget()

	def test_out_of_sight_and_back(self):
		frappe.set_user(ours_records.user("CIMS Manager"))
		for table in sight.ORDERS:
			frappe.db.delete(table)
		sight.hide_orders()
		sight.hide_orders()
		self.assertEqual((offered(frappe.session.user), on_workspace()), (set(), set()))
		content = json.loads(frappe.db.get_value("Workspace", sight.WORKSPACE, "content"))
		self.assertNotIn("Overdue Orders", [block["data"].get("quick_list_name") for block in content])
		self.assertTrue(frappe.has_permission("CIMS Order", "create"))
		sight.show_orders()
		self.assertEqual(
			(offered(frappe.session.user), on_workspace()), (set(sight.ORDERS), set(sight.ORDERS))
		)
		content = json.loads(frappe.db.get_value("Workspace", sight.WORKSPACE, "content"))
		self.assertIn("Overdue Orders", [block["data"].get("quick_list_name") for block in content])
		self.assertFalse(frappe.db.exists("Domain", sight.DOMAIN))

	def test_orders_that_are_there_stay_in_sight(self):
		ours_records.order(ours_records.customer().name)
		sight.hide_orders()
		self.assertEqual(offered("Administrator"), set(sight.ORDERS))
