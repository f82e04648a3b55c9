"""What happens to ERPNext's customers, addresses and contacts, and ours follow, in the same transaction."""

import frappe
from frappe import _

from cims.customers import derived, guards
from cims.customers.status import ARCHIVED, comment
from cims.duplicates import merging, record
from cims.erpnext import CUSTOMER, LINK, OURS, adoption, installed, links, mapping
from cims.search import index

# On ERPNext's document while we write it: what it says comes back by another way.
WRITING = "cims_writes"
# On ERPNext's document while it is saved.
BEFORE = "cims_before"


def note_customer(doc, _event: str | None = None) -> None:
	"""As a Customer is about to be saved: what it was. Its own `on_update` may save parts of it once more, after which the
	framework has forgotten."""
	before = doc.get_doc_before_save()
	doc.flags[BEFORE] = before and watched(before)


def customer_changed(doc, _event: str | None = None) -> None:
	"""After inserting and saving a Customer; nothing is asked of the database where nothing that we keep has changed."""
	if doc.flags.get(WRITING) or doc.flags.get(BEFORE) == watched(doc) or not installed():
		return
	adoption.adopt([doc.name], refresh=derived.refresh_at_commit)


def watched(customer) -> list:
	return [customer.get(field) or None for field in mapping.WATCHED]


def before_customer_renamed(doc, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""Two of ERPNext's become one: so do ours, before the links to the one that goes point at the one that stays."""
	if not (merge and installed()):
		return
	codes = links.codes_of([old, new])
	if old in codes and new in codes:
		goes, stays = codes[old], codes[new]
		merging.merge(stays, goes, take=_only_ours(stays, goes), following=True)


def _only_ours(stays: str, goes: str) -> list[str]:
	"""The fields that ERPNext doesn't own, that only the one that goes has."""
	fields = [df.fieldname for df in record.chosen_fields() if df.fieldname not in mapping.OWNED]
	mine, theirs = (frappe.db.get_value(OURS, code, fields, as_dict=True) for code in (stays, goes))
	return [field for field in fields if theirs[field] and not mine[field]]


def after_customer_renamed(doc, _event: str, old: str, new: str, merge: bool = False) -> None:
	"""The link has followed as every link does; ERPNext may have changed the customer's name with its key."""
	if installed():
		adoption.adopt([new])


def customer_trashed(doc, _event: str | None = None) -> None:
	"""Before ERPNext looks for what links to the customer, ours doesn't any more."""
	if installed() and (code := links.codes_of([doc.name]).get(doc.name)):
		let_go(code)


def let_go(code: str) -> None:
	"""A customer of ours that ERPNext has no more: deleted, or archived where anything names it."""
	frappe.db.set_value(OURS, code, LINK, None)
	if guards.what_holds(code):
		doc = frappe.get_doc(OURS, code)
		doc.status = ARCHIVED
		doc.flags.ignore_twins = True
		doc.save(ignore_permissions=True)
		comment({code: _("was archived, because ERPNext's customer was deleted and this one has a history")})
	else:
		frappe.delete_doc(OURS, code, ignore_permissions=True)


def address_changed(doc, _event: str | None = None) -> None:
	"""After saving an address: the customers whose primary address it may be."""
	if not installed():
		return
	before = doc.get_doc_before_save()
	if before and all((before.get(field) or None) == (doc.get(field) or None) for field in mapping.ADDRESS):
		return
	if names := linked(doc):
		adoption.adopt(sorted(names))


def contact_changed(doc, _event: str | None = None) -> None:
	"""After saving and deleting a contact: what is searched of the customers that it belongs to, or did."""
	if not installed():
		return
	before = doc.get_doc_before_save()
	if names := linked(doc) | (linked(before) if before else set()):
		index.refresh(links.codes_of(names).values())


def linked(doc) -> set[str]:
	"""ERPNext's customers that a contact or an address belongs to."""
	return {link.link_name for link in doc.links if link.link_doctype == CUSTOMER}
