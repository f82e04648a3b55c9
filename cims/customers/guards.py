"""What can't be deleted, and the message that says what holds it and what to do instead."""

from urllib.parse import quote

import frappe
from frappe import _
from frappe.desk.utils import slug
from frappe.model.rename_doc import get_link_fields
from frappe.utils import escape_html, get_link_to_form

from cims.customers.status import ARCHIVED, archive

CUSTOMER = "CIMS Customer"
# Worked out from the rest, and deleted with their customer.
DERIVED = ("Trust Rating", "Duplicate Candidate")


def refuse_to_delete_with_history(customer) -> None:
	"""Refuse to delete a customer that any other record names; the message links them and offers archiving."""
	held = what_holds(customer.name)
	if not held:
		return
	lines = "".join(
		f"<li>{_list_link(doctype, field, customer.name, count)}</li>" for doctype, field, count in held
	)
	message = _("{0} has a history and can't be deleted. It is named by:").format(
		get_link_to_form(CUSTOMER, customer.name, escape_html(customer.customer_name))
	)
	advice = _("Archive the customer instead: it takes no new orders, and its history stays.")
	frappe.throw(
		f"{message}<ul>{lines}</ul>{advice}",
		frappe.LinkExistsError,
		title=_("Customer with History"),
		primary_action=None if customer.status == ARCHIVED else _archive_action(customer.name),
	)


def what_holds(customer: str) -> list[tuple[str, str, int]]:
	"""(doctype, link field, count) of everything that names the customer and isn't worked out from the rest."""
	held = []
	for link in get_link_fields(CUSTOMER):
		doctype, field = link["parent"], link["fieldname"]
		if doctype in DERIVED or link["issingle"] or doctype == CUSTOMER:
			continue
		if count := frappe.db.count(doctype, {field: customer}):
			held.append((doctype, field, count))
	return held


def _list_link(doctype: str, field: str, value: str, count: int) -> str:
	text = f"{count} {_(doctype)}"
	if frappe.get_meta(doctype).istable:
		return text
	return f'<a href="/app/{slug(doctype)}?{field}={quote(value)}">{text}</a>'


def _archive_action(customer: str) -> dict:
	return {
		"label": _("Archive"),
		"server_action": "cims.customers.guards.archive_instead",
		"args": {"customer": customer},
		"hide_on_success": True,
	}


@frappe.whitelist(methods=["POST"])
def archive_instead(args: dict | str) -> None:
	"""The button of the message: archive the customer that can't be deleted."""
	doc = archive(frappe.parse_json(args)["customer"])
	frappe.msgprint(
		_("{0} is archived.").format(escape_html(doc.customer_name)), indicator="green", alert=True
	)


def delete_rating(customer: str) -> None:
	"""The rating and its snapshots go with a customer that has no history."""
	from cims.ratings import store

	store.forget([customer])


def refuse_to_delete_manager(user, method=None) -> None:
	"""Document event of User: who still manages customers can't be deleted; the message links to those customers."""
	if frappe.flags.in_uninstall:
		return
	count = frappe.db.count(CUSTOMER, {"account_manager": user.name})
	if count:
		frappe.throw(
			_("{0} manages {1}. Give them another account manager first, then delete the user.").format(
				frappe.bold(escape_html(user.full_name or user.name)),
				_list_link(CUSTOMER, "account_manager", user.name, count),
			),
			frappe.LinkExistsError,
			title=_("User Manages Customers"),
		)
