"""Evidence: the feed for and from other programs, and what people record themselves."""

from dataclasses import MISSING, fields
from typing import Any

import frappe
from frappe import _

from cims.api import arguments
from cims.ratings import outside, policies, queue, runs, store
from cims.ratings.guard import require_role

EVIDENCE = store.EVIDENCE
MOST_ITEMS = 200
MOST_ROWS = 1000
KEYS = tuple(field.name for field in fields(outside.Report) if field.name != "number")
REQUIRED = tuple(
	field.name for field in fields(outside.Report) if field.default is MISSING and field.name != "number"
)


@frappe.whitelist(methods=["POST"])
def add(items: list[dict] | dict | str = "") -> list[dict]:
	"""Report up to 200 events: one object or a list of {customer, kind, source, event, occurred_on, value?, note?}.

	source and event are the caller's own names of itself and of the event; reported again, an event changes nothing. Only kinds
	that people record, and only for users with the role that it takes. All items are kept, or none.
	"""
	arguments.required(items=items)
	listed = arguments.parsed(items, "items") if isinstance(items, str) else items
	listed = listed if isinstance(listed, list) else [listed]
	if len(listed) > MOST_ITEMS:
		frappe.throw(
			_("{0} items are too many; send {1} at most with one request.").format(len(listed), MOST_ITEMS)
		)
	arguments.may_read(arguments.CUSTOMER)
	return outside.take_in([_report(number, item) for number, item in enumerate(listed, 1)])


def _report(number: int, item: Any) -> outside.Report:
	where = _("Item {0}: ").format(number)
	if not isinstance(item, dict):
		frappe.throw(where + _("it must be an object with the keys {0}.").format(", ".join(KEYS)))
	if unknown := sorted(set(item) - set(KEYS)):
		frappe.throw(
			where + _("unknown keys {0}. Known are: {1}.").format(", ".join(unknown), ", ".join(KEYS))
		)
	for key in REQUIRED:
		if item.get(key) in (None, ""):
			frappe.throw(where + _("{0} is missing.").format(key))
	for key in KEYS:
		if key != "value" and not isinstance(item.get(key), str | None):
			frappe.throw(where + _("{0} must be text.").format(key))
	value = item.get("value")
	if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
		frappe.throw(where + _("{0} must be a number.").format("value"))
	day = arguments.day(item["occurred_on"], f"{where}occurred_on")
	return outside.Report(number=number, **{**item, "occurred_on": day})


@frappe.whitelist(methods=["GET"])
def feed(cursor: str | None = None, limit: int = 100, customer: str | None = None) -> dict:
	"""Rows of evidence in the order in which they came in, from the one after the cursor on (`outside.feed`).

	limit: 1 to 1,000. customer: only of this one. Returns {"items", "cursor", "more"}.
	"""
	arguments.may_read(EVIDENCE)
	arguments.between(limit, "limit", 1, MOST_ROWS)
	code = arguments.customer(customer) if customer else None
	return outside.feed(cursor, limit, code)


@frappe.whitelist(methods=["POST"])
def record(
	customer: str = "",
	kind: str = "",
	value: float | None = None,
	note: str | None = None,
	occurred_on: str | None = None,
) -> str:
	"""Record what a person says of a customer (`store.record_manual`). Returns the name of the evidence."""
	arguments.required(kind=kind)
	code = arguments.customer(customer)
	return store.record_manual(code, kind, value, note, arguments.day(occurred_on, "occurred_on"))


@frappe.whitelist(methods=["POST"])
def take_back(evidence: str = "", note: str = "") -> str:
	"""Take back what was recorded or reported wrongly, saying why (`store.take_back`). Returns the name of the reversal."""
	arguments.required(evidence=evidence, note=note)
	arguments.may_read(EVIDENCE)
	if not frappe.db.exists(EVIDENCE, evidence):
		frappe.throw(_("There is no evidence {0}.").format(evidence), frappe.DoesNotExistError)
	return store.take_back(evidence, note)


@frappe.whitelist(methods=["POST"])
def bring() -> dict:
	"""Bring everybody's evidence in line with their documents, in the background, and rate whom that changes: {"run": its name},
	of which `cims.api.rating.progress` tells how far it is. One that is going already is joined. Needs the role CIMS Manager."""
	require_role(policies.PUBLISHERS)
	run = runs.start_evidence(frappe.session.user)
	queue.add_evidence(frappe.session.user)
	return {"run": run}
