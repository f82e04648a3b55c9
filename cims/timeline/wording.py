"""An entry of a timeline in the reader's words: one line for what happened, one for what there is to say about it."""

import json
from collections.abc import Mapping

import frappe
from frappe import _
from frappe.utils import formatdate, get_fullname, markdown, strip_html

from cims.ratings import marks, wording
from cims.timeline.branches import CUSTOMER, EVIDENCE, MERGE, ORDER, OVERRIDE, PAYMENT

LONGEST = 280
# For what isn't written here: the values of documents.
translated = _
DRAFT, CANCELLED = 0, 2
# What the desk draws itself, as it does on every form: with an editor, a way to answer, and links.
DRAWN_BY_DESK = ("Comment", "Communication", "Version")


def entry(row: Mapping, record: Mapping) -> dict:
	"""row: moment, kind, doctype and name of an entry; record: what `Branch.fields` names of its document.

	Returns {"moment", "kind", "doctype", "name", "title", "text", "by", "by_name"}, and "record" for the desk where it draws it.
	"""
	title, text = SENTENCES.get(row["doctype"], ticket)(record)
	by = record.get("sender") or record.get("comment_email") or record.get("recorded_by") or record["owner"]
	found = {
		"moment": row["moment"].isoformat(" "),
		"kind": row["kind"],
		"doctype": row["doctype"],
		"name": row["name"],
		"title": title,
		"text": shortened(text),
		"by": by,
		"by_name": record.get("sender_full_name") or get_fullname(by),
	}
	if row["doctype"] in DRAWN_BY_DESK:
		found["record"] = record
	return found


def shortened(text: str | None) -> str:
	"""Plain text, not longer than a few lines."""
	plain = " ".join(strip_html(text or "").split())
	return plain if len(plain) <= LONGEST else plain[:LONGEST].rstrip() + "…"


def listed(*parts: str | None) -> str:
	return " · ".join(part for part in parts if part)


def status_of(record: Mapping, doctype: str) -> str:
	if record["docstatus"] == DRAFT:
		return _("Draft")
	if record["docstatus"] == CANCELLED:
		return _("Cancelled")
	return translated(record["status"], context=doctype)


def order(record: Mapping) -> tuple[str, str]:
	title = _("Order {0} of {1}").format(
		record["order_no"] or record["name"], wording.money(record["grand_total"] or 0, record["currency"])
	)
	live = record["docstatus"] not in (DRAFT, CANCELLED)
	return title, listed(
		status_of(record, ORDER),
		live and record["payment_status"] and translated(record["payment_status"], context=ORDER),
		live and record["due_date"] and _("due on {0}").format(formatdate(record["due_date"])),
	)


def payment(record: Mapping) -> tuple[str, str]:
	title = _("Payment of {0}").format(wording.money(record["amount"] or 0, record["currency"]))
	method = record["method"] and translated(record["method"], context=PAYMENT)
	return title, listed(status_of(record, PAYMENT), method, record["reference_no"])


def evidence(record: Mapping) -> tuple[str, str]:
	code = marks.text_code(record["kind"], record["days"] or 0, record["reversal"])
	figures = {name: record[name] for name in ("amount", "days", "value")}
	return marks.text({"text_code": code, "figures": figures}), record["note"] or ""


def override(record: Mapping) -> tuple[str, str]:
	title = _("Another grade asked for: {0}").format(record["grade"])
	return title, listed(translated(record["status"]), record["reason"])


def merge(record: Mapping) -> tuple[str, str]:
	title = _("{0} ({1}) was merged into this customer").format(record["retired_name"], record["retired"])
	return title, _("Undone later") if record["status"] == "Undone" else ""


def mail(record: Mapping) -> tuple[str, str]:
	return record["subject"] or translated(record["communication_medium"] or "Email"), record["content"]


def event(record: Mapping) -> tuple[str, str]:
	ends = record["ends_on"] and not record["all_day"] and frappe.format(record["ends_on"], "Datetime")
	return record["subject"], listed(
		translated(record["event_category"] or ""),
		translated(record["status"] or ""),
		ends and _("until {0}").format(ends),
	)


def comment(record: Mapping) -> tuple[str, str]:
	"""A remark; or what Frappe noted about the record, which is a sentence already."""
	if record["comment_type"] == "Comment":
		record["content"] = markdown(record["content"] or "")
		return _("Comment"), record["content"]
	titles = {
		"Assigned": _("Assigned"),
		"Assignment Completed": _("Assignment completed"),
		"Attachment": _("File attached"),
		"Attachment Removed": _("File removed"),
		"Like": _("Liked"),
	}
	return titles.get(record["comment_type"], _("Changed")), record["content"]


def version(record: Mapping) -> tuple[str, str]:
	data = json.loads(record["data"] or "{}")
	meta = frappe.get_meta(CUSTOMER)
	labels = [_(meta.get_label(change[0]), context=CUSTOMER) for change in data.get("changed", ())]
	return _("Changed"), ", ".join(labels)


def created(record: Mapping) -> tuple[str, str]:
	return _("Customer created"), ""


def ticket(record: Mapping) -> tuple[str, str]:
	return record["subject"] or record["name"], translated(record["status"] or "")


SENTENCES = {
	ORDER: order,
	PAYMENT: payment,
	EVIDENCE: evidence,
	OVERRIDE: override,
	MERGE: merge,
	"Communication": mail,
	"Event": event,
	"Comment": comment,
	"Version": version,
	CUSTOMER: created,
}
