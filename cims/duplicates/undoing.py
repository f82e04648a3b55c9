"""A merge taken back: both customers as they were, and every row that was repointed points back.

What happened since the merge stays where it happened, with the customer that stayed; where that would tear documents
apart, undoing refuses and says which.
"""

from collections.abc import Mapping, Sequence

import frappe
from frappe import _
from frappe.utils import now
from frappe.utils.global_search import update_global_search

from cims.duplicates import links, queue, record
from cims.duplicates.merging import DONE, MERGE, MERGERS, UNDONE, follow, gone, shift
from cims.duplicates.twins import hidden_fields
from cims.ratings.guard import require_role

CUSTOMER = "CIMS Customer"
EVIDENCE, RATING = "Trust Evidence", "Trust Rating"


def undo(merge: str) -> dict:
	"""Take a merge back. Returns {"customers", "restored": {doctype: rows}, "kept": [sentence]}: what could not be as it was,
	because it has been changed since.

	Needs a role of `merging.MERGERS`. Raises ValidationError, and changes nothing, where it is impossible.
	"""
	require_role(MERGERS)
	found = frappe.db.get_value(MERGE, merge, "*", as_dict=True, for_update=True)
	if not found:
		frappe.throw(_("There is no merge {0}.").format(merge), frappe.DoesNotExistError)
	if found.status != DONE:
		frappe.throw(_("{0} has been undone already.").format(merge))
	log = frappe.parse_json(found.log)
	survivor, retired = found.survivor, found.retired
	now_is = record.locked([survivor, retired])
	_check(found, log, now_is)
	_lock_ratings(survivor, retired)
	kept = _restore_fields(survivor, log, now_is[survivor])
	record.insert(CUSTOMER, [log["before"][retired]])
	_check_identity(log, survivor, retired)
	restored, lost = _point_back(survivor, retired, log)
	record_later = _evidence_since(survivor, retired, log)
	if record_later:
		restored[EVIDENCE] = restored.get(EVIDENCE, 0) + record_later
	for doctype, row in log["dropped"]:
		record.insert(doctype, [row])
	queue.put_back(log["pairs"], survivor, retired)
	_rate(survivor, retired, log["had_rating"])
	_finish(found, log, restored, kept + lost)
	return {"customers": [survivor, retired], "restored": restored, "kept": kept + lost}


def _check(found, log: Mapping, now_is: Mapping) -> None:
	"""Refuse what can't be undone, naming what stands in its way."""
	survivor, retired = found.survivor, found.retired
	if survivor not in now_is:
		later = frappe.db.get_value(MERGE, {"retired": survivor, "status": DONE})
		if later:
			frappe.throw(_("{0} Undo {1} first.").format(gone(survivor), later))
		frappe.throw(_("{0} has been deleted since, so the merge can't be undone.").format(survivor))
	frappe.has_permission(CUSTOMER, "write", doc=survivor, throw=True)
	if retired in now_is:
		frappe.throw(
			_("The code {0} belongs to another customer by now. Delete that one, then undo.").format(retired)
		)
	if torn := _torn(survivor, log):
		frappe.throw(
			_(
				"Since the merge, {0} has been made for orders of both customers. Cancel it or change its allocations, then undo."
			).format(", ".join(torn))
		)


def _torn(survivor: str, log: Mapping) -> list[str]:
	"""Payments that after parting would pay another customer's order."""
	orders = log["rows"].get("CIMS Order|customer", [])
	payments = log["rows"].get("CIMS Payment|customer", [])
	return frappe.db.sql_list(
		"""SELECT DISTINCT p.name FROM `tabCIMS Payment Allocation` a JOIN `tabCIMS Payment` p ON p.name = a.parent
		WHERE p.customer = %(survivor)s AND p.docstatus < 2 AND (
			(a.`order` IN %(orders)s AND p.name NOT IN %(payments)s)
			OR (p.name IN %(payments)s AND a.`order` NOT IN %(orders)s))
		ORDER BY p.name LIMIT 5""",
		{"survivor": survivor, "orders": orders or [""], "payments": payments or [""]},
	)


def _lock_ratings(*customers: str) -> None:
	frappe.db.sql(
		f"SELECT name FROM `tab{RATING}` WHERE name IN %(names)s ORDER BY name FOR UPDATE",
		{"names": sorted(customers)},
	)


def _restore_fields(survivor: str, log: Mapping, current: Mapping) -> list[str]:
	"""Give the fields that the merge changed their former values; says which have been changed again since."""
	current, values, kept = record.plain(current), {}, []
	meta = frappe.get_meta(CUSTOMER)
	for column, (before, after) in log["written"].items():
		if column not in current:
			continue
		if current[column] == after:
			values[column] = before
		elif meta.has_field(column):
			label = _(meta.get_label(column), context=CUSTOMER)
			kept.append(_("{0} was changed after the merge and stays as it is.").format(label))
	figures = {column: log["before"][survivor].get(column) for column in record.TRUST_FIGURES}
	record.write(
		survivor, {**values, **{column: value for column, value in figures.items() if column in current}}
	)
	return kept


def _check_identity(log: Mapping, survivor: str, retired: str) -> None:
	"""One credit code or resident ID is one customer: somebody may have entered it again meanwhile."""
	for column in ("credit_code", "resident_id"):
		number = log["before"][retired].get(column)
		if not number or number == log["before"][survivor].get(column):
			continue
		other = frappe.db.get_value(
			CUSTOMER,
			{column: number, "name": ("!=", retired), "status": ("!=", "Archived")},
			"name",
			for_update=True,
		)
		if other:
			frappe.throw(
				_("{0} {1} belongs to {2} by now. Correct it there, then undo.").format(
					_(frappe.get_meta(CUSTOMER).get_label(column), context=CUSTOMER), number, other
				)
			)


def _point_back(survivor: str, retired: str, log: Mapping) -> tuple[dict[str, int], list[str]]:
	"""Let the repointed rows point back. Returns how many by DocType, and sentences about those that are gone or were
	given to someone else since."""
	known = {pointer.key: pointer for pointer in links.pointers()}
	restored, kept = {}, []
	for key, names in log["rows"].items():
		doctype = key.split("|")[0]
		pointer = known.get(key)
		back, _dropped = links.repoint(pointer, names, survivor, retired) if pointer else (0, [])
		restored[doctype] = max(restored.get(doctype, 0), back)
		if lost := len(names) - back:
			kept.append(
				_("{0} × {1} were deleted or given to another customer after the merge.").format(
					lost, _(doctype)
				)
			)
		if pointer and pointer.field == links.PARENT and log["offsets"].get(doctype):
			shift(doctype, names, -log["offsets"][doctype])
	return restored, list(dict.fromkeys(kept))


def _evidence_since(survivor: str, retired: str, log: Mapping) -> int:
	"""What came to be known since the merge of documents that go back, goes back with them. Returns how many rows."""
	documents = {key.split("|")[0]: names for key, names in log["rows"].items() if key.endswith("|customer")}
	moved = 0
	for doctype, names in documents.items():
		for part in links.sql.chunks(names, links.ROWS_AT_ONCE):
			frappe.db.sql(
				f"""UPDATE `tab{EVIDENCE}` SET customer = %(retired)s
				WHERE source_doctype = %(doctype)s AND source_name IN %(names)s AND customer = %(survivor)s""",
				{"retired": retired, "survivor": survivor, "doctype": doctype, "names": part},
			)
			moved += frappe.db._cursor.rowcount
	frappe.db.sql(
		f"""UPDATE `tab{EVIDENCE}` taken JOIN `tab{EVIDENCE}` row ON row.name = taken.reverses
		SET taken.customer = row.customer WHERE taken.customer = %(survivor)s AND row.customer = %(retired)s""",
		{"retired": retired, "survivor": survivor},
	)
	return moved + frappe.db._cursor.rowcount


def _rate(survivor: str, retired: str, had_rating: Sequence[str]) -> None:
	"""Both histories changed: what was worked out is dropped, and worked out anew from each one's own evidence."""
	from cims.ratings import queue as jobs
	from cims.ratings import store

	first = dict(
		frappe.db.sql(
			f"SELECT customer, MIN(occurred_on) FROM `tab{EVIDENCE}` WHERE customer IN %(names)s GROUP BY customer",
			{"names": [survivor, retired]},
		)
	)
	for name in sorted((survivor, retired)):
		store.before_customer_renamed(None, old=name, merge=True)
	known = {name: first.get(name) for name in (survivor, retired) if name in first or name in had_rating}
	if known:
		store.hold(known, replay=True)
		jobs.add(known)


def _finish(found, log: Mapping, restored: Mapping, kept: Sequence[str]) -> None:
	values = {
		"status": UNDONE,
		"undone_by": frappe.session.user,
		"undone_on": now(),
		"not_restored": "\n".join(kept) or None,
	}
	frappe.db.set_value(MERGE, found.name, values)
	follow(found.survivor, found.retired)
	before = log["before"]
	said = _("merge of {0} into {1} undone").format(
		_called(before[found.retired]), _called(before[found.survivor])
	)
	for name in (found.survivor, found.retired):
		doc = frappe.get_doc(CUSTOMER, name)
		doc.add_comment("Edit", said)
		update_global_search(doc)


def _called(row: Mapping) -> str:
	return frappe.bold(frappe.utils.escape_html(f"{row['customer_name']} ({row['name']})"))


def told(merge: str) -> dict:
	"""What a merge did, in words: see `cims.api.duplicates.merged`."""
	found = frappe.get_doc(MERGE, merge)
	log, meta = frappe.parse_json(found.log), frappe.get_meta(CUSTOMER)
	hidden = hidden_fields()
	changes = [
		{"label": _(meta.get_label(column), context=CUSTOMER), "before": before, "after": after}
		for column, (before, after) in log["written"].items()
		if meta.has_field(column) and column not in hidden
	]
	counts = frappe.parse_json(found.counts)
	return {
		"merge": merge,
		"status": found.status,
		"changes": changes,
		"points": [
			{"doctype": doctype, "label": _(doctype), "count": count} for doctype, count in counts.items()
		],
		"may_undo": found.status == DONE and bool({*frappe.get_roles()} & set(MERGERS)),
	}
