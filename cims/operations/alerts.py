"""Telling the people who run the site that something needs them: a notification in the desk, and an e-mail."""

import frappe
from frappe.utils import get_url_to_form
from frappe.utils.user import get_users_with_role

FALLBACK = "System Manager"


def send(subject: str, text: str, doctype: str, name: str) -> list[str]:
	"""Notify everybody with the role that CIMS Settings names for alerts. Returns who that is.

	Written here and now, not by a job: an alert about a queue that stands still must not wait in it. The caller commits.
	"""
	users = recipients()
	for user in users:
		note = frappe.new_doc("Notification Log")
		note.update(
			{
				"for_user": user,
				"type": "Alert",
				"subject": subject,
				"email_content": text,
				"document_type": doctype,
				"document_name": name,
			}
		)
		# The e-mail follows below, to all and whatever they have chosen for their notifications.
		note.flags.ignore_permissions = True
		note.db_insert()
		frappe.publish_realtime("notification", after_commit=True, user=user)
	_email(users, subject, text, doctype, name)
	return users


def recipients() -> list[str]:
	role = frappe.get_cached_doc("CIMS Settings").alert_role or FALLBACK
	return get_users_with_role(role) or get_users_with_role(FALLBACK) or ["Administrator"]


def _email(users: list[str], subject: str, text: str, doctype: str, name: str) -> None:
	addresses = frappe.get_all(
		"User", {"name": ("in", users), "enabled": 1, "email": ("like", "%_@_%")}, pluck="email"
	)
	if not addresses:
		return
	link = get_url_to_form(doctype, name)
	message = (
		f"<p>{frappe.utils.escape_html(text)}</p><p><a href='{link}'>{frappe.utils.escape_html(name)}</a></p>"
	)
	try:
		frappe.sendmail(
			recipients=addresses,
			subject=subject,
			message=message,
			reference_doctype=doctype,
			reference_name=name,
		)
	except frappe.OutgoingEmailError:
		# Without an account for outgoing e-mail the notification in the desk is what there is.
		frappe.clear_messages()
		frappe.log_error(title=subject, message=text, reference_doctype=doctype, reference_name=name)
