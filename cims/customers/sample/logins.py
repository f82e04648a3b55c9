"""A log-in for each role, to look around with. Made together with the sample data, and removed with it."""

from collections.abc import Iterable

import frappe
from frappe.utils.password import update_password

from cims import permissions

# Known to everybody who reads this: these users come with sample data only, never with the app.
PASSWORD = "cims-sample"
LOGINS = {
	"manager": ("Fang", "Wang", permissions.MANAGER),
	"sales": ("Qiang", "Li", permissions.SALES),
	"service": ("Yang", "Liu", permissions.SERVICE),
	"viewer": ("Jing", "Chen", permissions.VIEWER),
	"auditor": ("Lei", "Zhao", permissions.AUDITOR),
}

# What Frappe keeps for one user alone.
OWN = (
	("Notification Settings", "name"), ("Notification Log", "for_user"), ("ToDo", "allocated_to"), ("DocShare", "user"),
	("User Permission", "user"), ("List Filter", "for_user"), ("Activity Log", "user"), ("Access Log", "user"),
	("Route History", "user"), ("View Log", "viewed_by"), ("__UserSettings", "user"), ("Sessions", "user"),
)  # fmt: skip


def address(login: str | None) -> str | None:
	return f"{login}@example.com" if login else None


def add() -> list[str]:
	"""Add the users that aren't there yet. Returns their addresses; who was there before is left alone."""
	added = []
	for login, (first, last, role) in LOGINS.items():
		if frappe.db.exists("User", address(login)):
			continue
		user = frappe.new_doc("User")
		user.update(
			{"email": address(login), "first_name": first, "last_name": last, "send_welcome_email": 0}
		)
		user.append("roles", {"role": role})
		user.flags.update({"no_welcome_mail": True, "ignore_password_policy": True})
		user.insert(ignore_permissions=True)
		update_password(user.name, PASSWORD)
		added.append(user.name)
	return added


def remove(users: Iterable[str]) -> list[str]:
	"""Remove these users. Returns those that others' records still name; they can't log in any more."""
	kept = []
	for user in users:
		if not frappe.db.exists("User", user):
			continue
		frappe.db.savepoint("remove_login")
		try:
			_delete(user)
		except frappe.LinkExistsError:
			frappe.db.rollback(save_point="remove_login")
			frappe.clear_last_message()
			frappe.db.set_value("User", user, "enabled", 0)
			kept.append(user)
	return kept


def _delete(user: str) -> None:
	"""Delete a user with what belongs to nobody else.

	Past User.on_trash, which on a site whose only system manager is the Administrator refuses to delete anybody.
	"""
	for doctype, field in OWN:
		frappe.db.delete(doctype, {field: user})
	for contact in frappe.get_all("Contact", filters={"user": user}, pluck="name"):
		frappe.db.set_value("Contact", contact, "user", None)
		frappe.delete_doc("Contact", contact, ignore_permissions=True, delete_permanently=True)
	frappe.delete_doc("User", user, ignore_permissions=True, ignore_on_trash=True, delete_permanently=True)
	frappe.clear_cache(user=user)
