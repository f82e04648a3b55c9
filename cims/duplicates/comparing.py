"""Two customers side by side: what differs, why they look alike, and what merging them would repoint."""

import frappe
from frappe import _
from frappe.utils import cstr

from cims.duplicates import likeness, links, queue, record, twins
from cims.duplicates.merging import MERGERS

CUSTOMER = "CIMS Customer"
HEAD = ("name", "customer_name", "status", "creation", "trust_grade", "trust_score")


def compare(one: str, other: str) -> dict:
	"""Both customers, each of whom the user may read.

	Returns {"customers": [head of each], "survivor": the one that more points at, "score", "reasons", "fields": [{"field",
	"label", "values", "shown", "differs", "take"}], "points": [{"doctype", "label", "counts"}], "candidate", "status",
	"may_merge", "may_decide"}. take: the field is empty on the survivor, so the other's value is proposed. points: what would be
	repointed of each, where it is the one that goes.
	"""
	docs = [frappe.get_doc(CUSTOMER, queue.readable(name)) for name in (one, other)]
	points = links.counts([one, other])
	survivor = _survivor(docs, points)
	like = likeness.compare(docs[0].as_dict(), docs[1].as_dict())
	hidden = twins.hidden_fields()
	candidate = queue.of_pair(one, other)
	roles = {*frappe.get_roles()}
	return {
		"customers": [{field: doc.get(field) for field in HEAD} for doc in docs],
		"survivor": survivor,
		"score": like.score,
		"reasons": likeness.sentences(like.why, hidden),
		"fields": [
			_field(df, docs, survivor)
			for df in record.chosen_fields()
			if df.fieldname not in hidden and _said(df, docs)
		],
		"points": [
			{"doctype": doctype, "label": links.label(doctype), "counts": counts}
			for doctype, counts in points.items()
		],
		"candidate": candidate,
		"status": frappe.db.get_value(queue.CANDIDATE, candidate, "status") if candidate else None,
		"may_merge": bool(roles & set(MERGERS)) and all(doc.has_permission("write") for doc in docs),
		"may_decide": bool(roles & set(queue.DECIDERS)),
	}


def _said(df, docs) -> bool:
	return any(doc.get(df.fieldname) for doc in docs)


def _survivor(docs, points: dict[str, list[int]]) -> str:
	"""The one that more points at; of equals the older one."""
	totals = [sum(counts[at] for counts in points.values()) for at in (0, 1)]
	ranked = sorted(zip(docs, totals, strict=True), key=lambda pair: (-pair[1], pair[0].creation))
	return ranked[0][0].name


def _field(df, docs, survivor: str) -> dict:
	values = [doc.get(df.fieldname) for doc in docs]
	at = [doc.name for doc in docs].index(survivor)
	return {
		"field": df.fieldname,
		"label": _(df.label, context=CUSTOMER),
		"values": [cstr(value) for value in values],
		"shown": [cstr(frappe.utils.strip_html(cstr(_shown(df, doc)))) for doc in docs],
		"differs": cstr(values[0]) != cstr(values[1]),
		"take": not values[at] and bool(values[1 - at]),
	}


def _shown(df, doc) -> str:
	value = doc.get_formatted(df.fieldname)
	return _(value, context=CUSTOMER) if df.fieldtype == "Select" and value else value
