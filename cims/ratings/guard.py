"""Documents that nobody writes by hand: evidence, ratings, snapshots and forecasts come from their own code only.

That code writes sets of rows through SQL and never through the document, so the document refuses everything.
"""

from collections.abc import Iterable

import frappe
from frappe import _
from frappe.model.document import Document

# Set on frappe.flags by the code that takes everything of some customers away (`store.forget`, uninstalling).
FORGETTING = "cims_forgetting"


class ReadOnlyDocument(Document):
	"""A document that can be read, and neither made, changed, renamed nor deleted through the ORM, by anyone."""

	def before_insert(self):
		self.refuse(_("{0} is written by CIMS itself; it can't be made by hand."))

	def validate(self):
		self.refuse(_("{0} can't be changed: it is a record of what was known."))

	def on_trash(self):
		if not frappe.flags.get(FORGETTING) and not frappe.flags.in_uninstall:
			self.refuse(_("{0} can't be deleted: it is a record of what was known."))

	def before_rename(self, old, new, merge=False):
		self.refuse(_("{0} can't be renamed."))

	def db_set(self, *args, **kwargs):
		self.refuse(_("{0} can't be changed: it is a record of what was known."))

	def db_insert(self, *args, **kwargs):
		self.refuse(_("{0} is written by CIMS itself; it can't be made by hand."))

	def db_update(self, *args, **kwargs):
		self.refuse(_("{0} can't be changed: it is a record of what was known."))

	def refuse(self, message: str) -> None:
		"""Raises PermissionError with the message, whose {0} is this document's type."""
		frappe.throw(message.format(_(self.doctype)), frappe.PermissionError, title=_("Read Only"))


def require_role(roles: Iterable[str]) -> None:
	"""Raises PermissionError, naming the roles, unless the user has one of them (Administrator has all)."""
	if frappe.session.user == "Administrator" or set(roles) & set(frappe.get_roles()):
		return
	frappe.throw(
		_("You need one of these roles for that: {0}.").format(", ".join(_(role) for role in roles)),
		frappe.PermissionError,
	)
