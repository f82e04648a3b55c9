"""What a customer's status allows, and how it follows what happens.

Prospect and dormant customers become active with their first or next order; a blocked one can be drafted for and not
submitted; an archived one takes no new orders at all.
"""

from collections.abc import Mapping

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Max
from frappe.utils import add_days, cint, get_link_to_form, nowdate

PROSPECT, ACTIVE, DORMANT, BLOCKED, ARCHIVED = "Prospect", "Active", "Dormant", "Blocked", "Archived"


def _status(customer: str) -> str:
	status = frappe.db.get_value("CIMS Customer", customer, "status")
	if not status:
		# Frappe lets a link with fetched fields point nowhere.
		frappe.throw(_("There is no customer {0}. Choose one from the list.").format(frappe.bold(customer)))
	return status


def check_exists(customer: str) -> None:
	"""Refuse a customer that isn't there."""
	_status(customer)


def check_may_draft_order(customer: str) -> None:
	"""Refuse an archived customer, warn about a blocked one."""
	status = _status(customer)
	if status == ARCHIVED:
		frappe.throw(
			_(
				"{0} is archived and takes no new orders. Set the customer's status back to Active first."
			).format(get_link_to_form("CIMS Customer", customer))
		)
	if status == BLOCKED:
		frappe.msgprint(
			_(
				"{0} is blocked: this order can be saved as a draft, and submitted once the customer is unblocked."
			).format(get_link_to_form("CIMS Customer", customer)),
			title=_("Blocked Customer"),
			indicator="orange",
		)


def check_may_order(customer: str) -> None:
	"""Refuse to submit an order of a blocked or archived customer."""
	status = _status(customer)
	if status in (BLOCKED, ARCHIVED):
		frappe.throw(
			_(
				"{0} has the status {1}, so this order can't be submitted. Set the status back to Active first."
			).format(
				get_link_to_form("CIMS Customer", customer), frappe.bold(_(status, context="CIMS Customer"))
			),
			title=_("No New Orders"),
		)


def has_ordered(customer: str, order: str) -> None:
	"""An order was submitted: a prospect or dormant customer is active now."""
	if _status(customer) not in (PROSPECT, DORMANT):
		return
	doc = frappe.get_doc("CIMS Customer", customer)
	doc.db_set("status", ACTIVE, notify=True)
	doc.add_comment("Info", _("became active with order {0}").format(order))


def archive(customer: str):
	"""Archive a customer; needs the right to write it. Returns the document."""
	doc = frappe.get_doc("CIMS Customer", customer)
	doc.check_permission("write")
	doc.status = ARCHIVED
	return doc.save()


def mark_dormant() -> int:
	"""Nightly: active customers whose last order is longer ago than the settings say become dormant.

	Returns how many. Three statements for any number of customers.
	"""
	days = cint(frappe.get_cached_doc("CIMS Settings").dormant_after_days)
	if not days:
		return 0
	names = _without_order_since(add_days(nowdate(), -days))
	if not names:
		return 0
	customer = DocType("CIMS Customer")
	frappe.qb.update(customer).set(customer.status, DORMANT).where(customer.name.isin(names)).run()
	comment(dict.fromkeys(names, _("became dormant after {0} days without an order").format(days)))
	return len(names)


def _without_order_since(day: str) -> list[str]:
	customer, order = DocType("CIMS Customer"), DocType("CIMS Order")
	return (
		frappe.qb.from_(customer)
		.join(order)
		.on((order.customer == customer.name) & (order.docstatus == 1))
		.select(customer.name)
		.where(customer.status == ACTIVE)
		.groupby(customer.name)
		.having(Max(order.order_date) < day)
		.run(pluck=True)
	)


def comment(texts: Mapping[str, str]) -> None:
	"""Note something with many customers, code -> text, as `add_comment` does with one."""
	fields = ["name", "comment_type", "reference_doctype", "reference_name", "content", "comment_by"]
	common = ["creation", "modified", "owner", "modified_by"]
	now, user = frappe.utils.now(), frappe.session.user
	rows = [
		(frappe.generate_hash(length=10), "Info", "CIMS Customer", name, text, user, now, now, user, user)
		for name, text in texts.items()
	]
	frappe.db.bulk_insert("Comment", [*fields, *common], rows)
