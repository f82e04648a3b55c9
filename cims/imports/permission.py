"""Whether a user may make or change documents with certain links: asked of the framework once for all that are alike."""

from collections.abc import Mapping

import frappe
from frappe.core.doctype.user_permission.user_permission import get_user_permissions
from frappe.permissions import get_role_permissions


class Permission:
	"""The present user's right to the documents of a DocType."""

	def __init__(self, doctype: str, right: str):
		self.doctype, self.right = doctype, right
		meta = frappe.get_meta(doctype)
		self.links = [df.fieldname for df in meta.get_link_fields() if not df.ignore_user_permissions]
		roles = get_role_permissions(meta) if frappe.session.user != "Administrator" else {right: 1}
		# Nothing in a document decides where neither user permissions nor "only if owner" nor an app's own rule do.
		self.free = frappe.session.user == "Administrator" or bool(
			roles.get(right)
			and not roles.get("has_if_owner_enabled")
			and not get_user_permissions(frappe.session.user)
			and not frappe.get_hooks("has_permission").get(doctype)
		)
		self.known: dict[tuple, bool] = {}

	def may(self, values: Mapping, name: str | None = None, owner: str | None = None) -> bool:
		"""values: of the document's fields. name and owner: of one that is there already."""
		if self.free:
			return True
		key = (*(values.get(field) for field in self.links), name, owner)
		if key not in self.known:
			doc = frappe.get_doc(
				{"doctype": self.doctype, **{field: values.get(field) for field in self.links}}
			)
			doc.update({"name": name, "owner": owner or frappe.session.user})
			self.known[key] = bool(frappe.has_permission(self.doctype, self.right, doc=doc))
		return self.known[key]
