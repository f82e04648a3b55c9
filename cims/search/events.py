"""What documents tell the index, in their own transaction."""

from cims.customers import derived
from cims.search import index, texts


def customer_changed(doc, _event: str | None = None) -> None:
	"""After inserting, saving and `db_set`: only where something that is searched has changed."""
	before = doc.get_doc_before_save()
	if before and all(before.get(field) == doc.get(field) for field in (*texts.FIELDS, "account_manager")):
		return
	if not derived.is_noted(doc.name):
		index.refresh([doc.name])


def customer_renamed(doc, _event: str, old: str, new: str, merge: bool = False) -> None:
	index.refresh([old, new])


def customer_deleted(doc, _event: str | None = None) -> None:
	index.refresh([doc.name])


def contact_changed(doc, _event: str | None = None) -> None:
	"""After inserting, saving and deleting a contact: the customers that it belongs to, and those that it belonged to."""
	before = doc.get_doc_before_save()
	index.refresh(_customers_of(doc) | (_customers_of(before) if before else set()))


def _customers_of(contact) -> set[str]:
	return {link.link_name for link in contact.links if link.link_doctype == texts.CUSTOMER}
