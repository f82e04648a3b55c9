"""What people change on our customers and ERPNext owns is changed on ERPNext's document, in the same transaction, by its
rules and with this user's rights; what ERPNext has made of it comes back into ours."""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.contacts.doctype.address.address import get_address_display_list
from frappe.contacts.doctype.contact.contact import get_contact_display_list
from frappe.utils import get_link_to_form

from cims.erpnext import CUSTOMER, LINK, OURS, installed, mapping
from cims.erpnext.follow import WRITING


def before_save(doc, _event: str | None = None) -> None:
	"""Document event of our customer, after its own checks."""
	if not installed():
		return
	before = doc.get_doc_before_save()
	# Nobody chooses it.
	doc.set(LINK, before.get(LINK) if before else None)
	if not doc.get(LINK):
		return
	changed = [field for field in mapping.OWNED if (before.get(field) or None) != (doc.get(field) or None)]
	if changed:
		_check_where_it_changes(doc, changed)
		_write(doc, before, changed)


def _check_where_it_changes(doc, changed: list[str]) -> None:
	for fields, kind in ((mapping.OF_CONTACT, _("Contact")), (mapping.OF_ADDRESS, _("Address"))):
		if fixed := [doc.label(field) for field in changed if field in fields]:
			frappe.throw(
				_("{0} comes from the primary {1} of ERPNext's customer {2}. Change it there.").format(
					", ".join(fixed), kind, get_link_to_form(CUSTOMER, doc.get(LINK))
				)
			)


def _write(doc, before, changed: list[str]) -> None:
	customer = frappe.get_doc(CUSTOMER, doc.get(LINK), for_update=True)
	if not (doc.flags.ignore_permissions or customer.has_permission("write")):
		frappe.throw(
			_("ERPNext's customer {0} says {1}, and you may not change it.").format(
				get_link_to_form(CUSTOMER, customer.name), ", ".join(map(doc.label, changed))
			),
			frappe.PermissionError,
		)
	_check_nothing_is_lost(doc, before, changed)
	values = mapping.theirs(doc.as_dict(), changed, customer)
	_check_links(customer, values)
	customer.update(values)
	customer.flags[WRITING] = True
	customer.save(ignore_permissions=doc.flags.ignore_permissions)
	doc.update(_as_ours(customer.name, doc.status))


def _as_ours(name: str, status: str) -> dict:
	return mapping.of_request().ours(mapping.read([name])[0], status)


def _check_nothing_is_lost(doc, before, changed: list[str]) -> None:
	"""Where ERPNext has changed the same field past its document, that comes first."""
	now = _as_ours(doc.get(LINK), before.status)
	if newer := [doc.label(field) for field in changed if now[field] != (before.get(field) or None)]:
		frappe.enqueue("cims.erpnext.adoption.adopt", queue="short", names=[doc.get(LINK)])
		frappe.throw(
			_("ERPNext has changed {0} meanwhile. Reload in a moment, and change it again.").format(
				", ".join(newer)
			),
			frappe.TimestampMismatchError,
		)


def _check_links(customer, values: dict) -> None:
	"""Our groups and industries need not be ERPNext's."""
	for field, value in values.items():
		df = customer.meta.get_field(field)
		if value and df.fieldtype == "Link" and not frappe.db.exists(df.options, value):
			frappe.throw(
				_("ERPNext has no {0} {1}. Choose one that it has, or create it there first.").format(
					_(df.options), frappe.bold(value)
				),
				frappe.LinkValidationError,
			)


# --- what goes another way -----------------------------------------------------------------------------


def refuse_to_delete(doc, _event: str | None = None) -> None:
	"""Document event of our customer: it goes with ERPNext's, and not without."""
	if installed() and doc.get(LINK) and frappe.db.exists(CUSTOMER, doc.get(LINK)):
		frappe.throw(
			_("This is the customer {0} of ERPNext. Delete it there, and it goes from here too.").format(
				get_link_to_form(CUSTOMER, doc.get(LINK))
			),
			frappe.LinkExistsError,
		)


def refuse_to_merge(doc, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Document event of our customer, of the one that would go: ERPNext's are merged in ERPNext, and ours follow."""
	if merge and installed() and doc.get(LINK) and not doc.flags.following:
		frappe.throw(
			_(
				"{0} is the customer {1} of ERPNext. Merge it there, by Rename: ours follow. Or keep this one, and let the other go."
			).format(doc.name, get_link_to_form(CUSTOMER, doc.get(LINK)))
		)


def linked_among(condition: str = "1", values: dict | None = None) -> int:
	"""How many of our customers that meet a condition (SQL, of `ours`) are ERPNext's."""
	if not installed():
		return 0
	return frappe.db.sql(
		f"SELECT COUNT(*) FROM `tab{OURS}` ours WHERE ours.`{LINK}` IS NOT NULL AND {condition}", values or ()
	)[0][0]


# --- the form ------------------------------------------------------------------------------------------


def onload(doc, _event: str | None = None) -> None:
	"""Document event of our customer: the form shows ERPNext's contacts and addresses, and which fields are fixed."""
	if not installed() or not doc.get(LINK):
		return
	name = doc.get(LINK)
	for key, listed in (("addr_list", get_address_display_list), ("contact_list", get_contact_display_list)):
		doc.set_onload(key, [*(doc.get_onload(key) or []), *listed(CUSTOMER, name)])
	doc.set_onload("erpnext", {"customer": name, "fixed": list(_fixed(name))})


def _fixed(name: str) -> Iterator[str]:
	"""The fields that this user can't change on our form."""
	yield from mapping.READ_ONLY
	if not frappe.has_permission(CUSTOMER, "write", doc=name):
		yield from (field for field in mapping.OWNED if field not in mapping.READ_ONLY)
