"""The kinds of happenings in a timeline: where each is kept, when it happened, and which ones are a customer's.

Another app adds its own by a hook `cims_timeline`: functions that return branches.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import frappe

from cims import erpnext

CUSTOMER = "CIMS Customer"
ORDER, PAYMENT, EVIDENCE, OVERRIDE, MERGE = (
	"CIMS Order", "CIMS Payment", "Trust Evidence", "Trust Override", "Customer Merge",
)  # fmt: skip
# Helpdesks that a site may have beside us; they know contacts, not customers.
TICKETS = ("Issue", "HD Ticket")
# What a comment of Frappe's can be, and what we call it.
COMMENTS = {
	"Comment": "comment",
	"Assigned": "assignment",
	"Assignment Completed": "assignment",
	**dict.fromkeys(
		("Attachment", "Attachment Removed", "Info", "Edit", "Label", "Like", "Workflow"), "change"
	),
}
KINDS = (
	"order",
	"payment",
	"evidence",
	"mail",
	"comment",
	"event",
	"ticket",
	"assignment",
	"override",
	"merge",
	"change",
)
# Ours on tables of Frappe's: see `storage`.
INDEX = "cims_timeline"
CONTACTS = """SELECT `parent` FROM `tabDynamic Link`
	WHERE `link_doctype` = 'CIMS Customer' AND `link_name` = %(customer)s AND `parenttype` = 'Contact'"""
# ERPNext's contacts of the same customer.
ITS_CONTACTS = f"""SELECT `parent` FROM `tabDynamic Link`
	WHERE `link_doctype` = '{erpnext.CUSTOMER}' AND `parenttype` = 'Contact' AND `link_name` =
		(SELECT `{erpnext.LINK}` FROM `tab{CUSTOMER}` WHERE `name` = %(customer)s)"""


@dataclass(frozen=True)
class Branch:
	"""Documents of one DocType that happened with a customer.

	kind: what people filter by.
	moment: the field that says when it happened; with `where` it is served by an index.
	where: SQL on the DocType's table, in which %(customer)s is the customer. No two branches hold the same document.
	fields: what `wording` needs to know of one.
	index: gives the customer's rows in their order. Named, because the database would rather take any other one that finds the
		customer, and read all that is newer than the page.
	with_customer: seen by whoever sees the customer, as on every form of Frappe; otherwise by whoever may read it.
	"""

	kind: str
	doctype: str
	moment: str
	where: str
	fields: Sequence[str] = ()
	index: str | None = None
	with_customer: bool = False


def all_branches() -> list[Branch]:
	"""Every branch of this site."""
	found = [*documents(), *correspondence(), *changes(), *tickets()]
	for path in frappe.get_hooks("cims_timeline"):
		found += frappe.get_attr(path)()
	return found


def contacts() -> str:
	"""SQL for the names of the customer's contacts."""
	return f"({CONTACTS} UNION {ITS_CONTACTS})" if erpnext.installed() else f"({CONTACTS})"


def documents() -> list[Branch]:
	mine = "`tab{0}`.`{1}` = %(customer)s".format
	found = [
		Branch(
			"order", ORDER, "order_date", mine(ORDER, "customer"),
			("order_no", "status", "payment_status", "docstatus", "grand_total", "currency", "due_date"),
			"customer_order_date",
		),
		Branch(
			"payment", PAYMENT, "payment_date", mine(PAYMENT, "customer"),
			("status", "docstatus", "amount", "currency", "method", "reference_no"),
			"customer_payment_date",
		),
		Branch(
			"evidence", EVIDENCE, "occurred_on", mine(EVIDENCE, "customer"),
			("kind", "value", "amount", "days", "reversal", "note", "source_doctype", "source_name", "recorded_by"),
			"customer_occurred_on",
		),
		Branch(
			"override", OVERRIDE, "creation", mine(OVERRIDE, "customer"),
			("grade", "status", "reason", "expires_on"),
		),
	]  # fmt: skip
	if frappe.db.table_exists(MERGE):
		fields = ("retired", "retired_name", "status", "merged_by")
		found.append(Branch("merge", MERGE, "creation", mine(MERGE, "survivor"), fields))
	return found


def correspondence() -> list[Branch]:
	"""E-mails and other communication about the customer, linked to it, or with a contact of it; and events."""
	fields = (
		"subject", "content", "sender", "sender_full_name", "recipients", "cc", "bcc", "communication_type",
		"communication_medium", "communication_date", "delivery_status", "sent_or_received", "_liked_by",
		"reference_doctype", "reference_name", "read_by_recipient", "rating", "creation",
	)  # fmt: skip
	about = "`tabCommunication`.`reference_doctype` = 'CIMS Customer' AND `tabCommunication`.`reference_name` = %(customer)s"
	linked = """`tabCommunication`.`name` IN (SELECT `parent` FROM `tabCommunication Link`
		WHERE `link_doctype` = 'CIMS Customer' AND `link_name` = %(customer)s)"""
	# The query asks for each of a contact's e-mails whether it is one of the above: by key, not by another list of them.
	by_contact = f"""`tabCommunication`.`name` IN (SELECT `parent` FROM `tabCommunication Link`
		WHERE `link_doctype` = 'Contact' AND `link_name` IN {contacts()})
		AND NOT EXISTS (SELECT 1 FROM `tabCommunication Link` own WHERE own.`parent` = `tabCommunication`.`name`
			AND own.`link_doctype` = 'CIMS Customer' AND own.`link_name` = %(customer)s)"""
	elsewhere = f"NOT COALESCE({about}, FALSE)"
	# Frappe writes one beside every event, too.
	mail = """`tabCommunication`.`communication_type` IN ('Communication', 'Feedback', 'Automated Message')
		AND COALESCE(`tabCommunication`.`communication_medium`, '') != 'Event'"""

	def branch(where: str, index: str | None = None) -> Branch:
		conditions = f"{where} AND {mail}"
		return Branch("mail", "Communication", "communication_date", conditions, fields, index, True)

	takes_part = """`tabEvent`.`name` IN (SELECT `parent` FROM `tabEvent Participants`
		WHERE `reference_doctype` = 'CIMS Customer' AND `reference_docname` = %(customer)s)"""
	return [
		branch(about, INDEX),
		branch(f"{linked} AND {elsewhere}"),
		branch(f"{by_contact} AND {elsewhere}"),
		Branch(
			"event",
			"Event",
			"starts_on",
			takes_part,
			("subject", "status", "event_category", "ends_on", "all_day"),
		),
	]


def changes() -> list[Branch]:
	"""What people said about the record and did to it; each kind of comment by itself, so that its index gives its order."""
	about = """`tabComment`.`reference_doctype` = 'CIMS Customer' AND `tabComment`.`reference_name` = %(customer)s
		AND `tabComment`.`comment_type` = '{0}'""".format
	fields = ("comment_type", "content", "creation", "comment_email", "comment_by")
	return [
		*(
			Branch(kind, "Comment", "creation", about(name), fields, INDEX, True)
			for name, kind in COMMENTS.items()
		),
		Branch(
			"change",
			"Version",
			"creation",
			"`tabVersion`.`ref_doctype` = 'CIMS Customer' AND `tabVersion`.`docname` = %(customer)s",
			("data", "creation"),
			INDEX,
			True,
		),
		Branch(
			"change", CUSTOMER, "creation", "`tabCIMS Customer`.`name` = %(customer)s", with_customer=True
		),
	]


def tickets() -> list[Branch]:
	"""Tickets of the customer's contacts, where there is a helpdesk."""
	return [
		Branch(
			"ticket", doctype, "creation", f"`tab{doctype}`.`contact` IN {contacts()}", ("subject", "status")
		)
		for doctype in TICKETS
		if frappe.db.table_exists(doctype) and frappe.get_meta(doctype).has_field("contact")
	]
