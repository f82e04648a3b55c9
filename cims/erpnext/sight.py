"""On a site with ERPNext the books are ERPNext's: our own orders and payments are out of sight, unless there are some.

Nothing is taken away: programs still reach them. Frappe leaves a DocType out of menus, searches and forms while its domain
isn't active, which ours never is; and our workspace goes without the links to them.
"""

import json

import frappe

ORDERS = ("CIMS Order", "CIMS Payment")
DOMAIN = "CIMS Orders and Payments"
WORKSPACE = "CIMS"


def hide_orders() -> None:
	"""Where nobody keeps orders or payments here. Can run again and again."""
	if any(frappe.db.a_row_exists(doctype) for doctype in ORDERS):
		show_orders()
		return
	if not frappe.db.exists("Domain", DOMAIN):
		frappe.get_doc({"doctype": "Domain", "domain": DOMAIN}).insert(ignore_permissions=True)
	_restrict(DOMAIN)
	_strip_workspace()


def show_orders() -> None:
	"""As it is where there is no ERPNext."""
	if not frappe.db.exists("Domain", DOMAIN):
		return
	_restrict("")
	frappe.delete_doc("Domain", DOMAIN, force=True, ignore_permissions=True, delete_permanently=True)
	frappe.reload_doc("cims", "workspace", frappe.scrub(WORKSPACE), force=True)
	_forget()


def _restrict(domain: str) -> None:
	for doctype in ORDERS:
		frappe.db.set_value("DocType", doctype, "restrict_to_domain", domain, update_modified=False)
	_forget()


def _strip_workspace() -> None:
	lists = frappe.get_all(
		"Workspace Quick List", {"parent": WORKSPACE, "document_type": ("in", ORDERS)}, pluck="label"
	)
	frappe.db.delete("Workspace Quick List", {"parent": WORKSPACE, "document_type": ("in", ORDERS)})
	frappe.db.delete("Workspace Link", {"parent": WORKSPACE, "link_to": ("in", ORDERS)})
	content = json.loads(frappe.db.get_value("Workspace", WORKSPACE, "content") or "[]")
	left = [block for block in content if block["data"].get("quick_list_name") not in lists]
	frappe.db.set_value("Workspace", WORKSPACE, "content", json.dumps(left), update_modified=False)
	_forget()


def _forget() -> None:
	frappe.clear_cache()
	frappe.clear_document_cache("Workspace", WORKSPACE)
	# What each user may read is remembered for hours under a key that nothing else deletes.
	frappe.cache.delete_keys("user:")
