"""Two customers become one: everything that points at the one that goes points at the one that stays afterwards.

All of it is one transaction. The log (Customer Merge) keeps both records as they were and the name of every row that was
repointed, which is what `undoing` goes by.
"""

from collections.abc import Mapping, Sequence

import frappe
from frappe import _
from frappe.model.naming import make_autoname
from frappe.utils import now
from frappe.utils.global_search import delete_for_document

from cims import erpnext, permissions
from cims.customers import guards
from cims.duplicates import links, queue, record
from cims.erpnext import mapping
from cims.ratings import sql
from cims.ratings.guard import require_role

CUSTOMER, MERGE = "CIMS Customer", "Customer Merge"
SERIES = "MRG-.#####"
# Who may make two customers one, and part them again.
MERGERS = (permissions.MANAGER, "System Manager")
DONE, UNDONE = "Done", "Undone"
FIELDS = (
	"name", "survivor", "survivor_name", "retired", "retired_name", "status", "merged_by", "merged_on", "counts", "log",
)  # fmt: skip


def merge(survivor: str, retired: str, take: Sequence[str] | None = None, following: bool = False) -> str:
	"""Merge `retired` into `survivor`. Returns the name of the log entry.

	take: the fields whose values come from the one that goes; None: those that are empty on the one that stays. Needs a
	role of `MERGERS` and the right to write both. A transaction should begin with it, so that it sees what others did while
	it waited for its locks. Raises ValidationError, and changes nothing, where it can't be done. following: what they are kept
	for elsewhere has been merged there, with the rights that this needs.
	"""
	before = record.locked([survivor, retired]) if following else _checked(survivor, retired)
	mine, theirs = before[survivor], before[retired]
	taken = _taken(take, mine, theirs)
	_lock_ratings(survivor, retired)
	had_rating = frappe.get_all("Trust Rating", {"name": ("in", [survivor, retired])}, pluck="name")
	gone = frappe.get_doc(CUSTOMER, retired)
	gone.flags.following = following
	gone.run_method("before_rename", retired, survivor, True)
	offsets = _row_numbers(survivor)
	moved, dropped = _repoint(retired, survivor)
	_renumber(moved, offsets)
	pairs = queue.take_out(retired, survivor)
	_delete(gone)
	kept = _write_survivor(survivor, mine, theirs, taken, following)
	kept.run_method("after_rename", retired, survivor, True)
	log = {
		"before": before,
		"written": _changes(survivor, mine),
		"taken": taken,
		"rows": {pointer.key: names for pointer, names in moved.items()},
		"dropped": dropped,
		"offsets": offsets,
		"pairs": pairs,
		"had_rating": had_rating,
	}
	name = _log(mine, theirs, moved, log)
	queue.merged(survivor, retired, name)
	follow(survivor, retired)
	frappe.enqueue(
		"cims.duplicates.merging.repoint_late",
		queue="short",
		enqueue_after_commit=True,
		merge=name,
		now=frappe.flags.in_test,
	)
	return name


def _checked(survivor: str, retired: str) -> dict[str, dict]:
	"""Both rows, locked, if this user may merge them."""
	require_role(MERGERS)
	if survivor == retired:
		frappe.throw(_("{0} can't be merged with itself. Choose another customer.").format(survivor))
	before = record.locked([survivor, retired])
	for name in (survivor, retired):
		if name not in before:
			frappe.throw(gone(name), frappe.DoesNotExistError)
		frappe.has_permission(CUSTOMER, "write", doc=name, throw=True)
	return before


def gone(name: str) -> str:
	"""Says that a customer isn't there, and into which it was merged, if so."""
	into = frappe.db.get_value(MERGE, {"retired": name, "status": DONE}, ["name", "survivor"])
	if into:
		return _("{0} was merged into {1} ({2}).").format(name, into[1], into[0])
	return _("There is no customer with the code {0}.").format(name)


def _taken(take: Sequence[str] | None, mine: Mapping, theirs: Mapping) -> list[str]:
	fields = {df.fieldname: df for df in record.chosen_fields()}
	if take is None:
		fixed = mapping.READ_ONLY if mine.get(erpnext.LINK) else ()
		return [field for field in fields if not mine[field] and theirs[field] and field not in fixed]
	if unknown := [field for field in take if field not in fields]:
		frappe.throw(
			_("{0} can't be chosen. Choose among: {1}.").format(", ".join(unknown), ", ".join(fields))
		)
	allowed = frappe.get_meta(CUSTOMER).get_permlevel_access("write")
	if closed := [fields[field].label for field in take if fields[field].permlevel not in allowed]:
		frappe.throw(
			_("You may not change these fields: {0}.").format(", ".join(closed)), frappe.PermissionError
		)
	return list(dict.fromkeys(take))


def _lock_ratings(*customers: str) -> None:
	"""After the customers their ratings, in the order in which everybody locks them."""
	frappe.db.sql(
		"SELECT name FROM `tabTrust Rating` WHERE name IN %(names)s ORDER BY name FOR UPDATE",
		{"names": sorted(customers)},
	)


def _repoint(retired: str, survivor: str) -> tuple[dict[links.Pointer, list[str]], list[list]]:
	"""Repoint every row. Returns the names of those that were, and [doctype, row] of those that were there twice."""
	moved, dropped = {}, []
	for pointer, names in links.rows(retired).items():
		count, out = links.repoint(pointer, names, retired, survivor)
		if count + len(out) != len(names):
			frappe.throw(
				_("{0} is being changed by someone else right now. Try again.").format(retired),
				frappe.QueryDeadlockError,
			)
		left = {row["name"] for row in out}
		moved[pointer] = [name for name in names if name not in left]
		dropped += [[pointer.doctype, row] for row in out]
	return moved, dropped


def _row_numbers(survivor: str) -> dict[str, int]:
	"""Child DocType -> how many rows of it the survivor has already."""
	found = {}
	for table in frappe.get_meta(CUSTOMER).get_table_fields():
		where = {"parent": survivor, "parenttype": CUSTOMER}
		found[table.options] = found.get(table.options, 0) + frappe.db.count(table.options, where)
	return found


def _renumber(moved: Mapping[links.Pointer, list[str]], offsets: Mapping[str, int]) -> None:
	for pointer, names in moved.items():
		if pointer.field == links.PARENT and offsets.get(pointer.doctype):
			shift(pointer.doctype, names, offsets[pointer.doctype])


def shift(doctype: str, names: Sequence[str], by: int) -> None:
	"""Move rows of a child table down (or, below 0, up) by so many."""
	frappe.db.sql(
		f"UPDATE `tab{doctype}` SET idx = idx + %(by)s WHERE name IN %(names)s",
		{"by": by, "names": list(names)},
	)


def _delete(doc) -> None:
	"""The record goes; the log has it. Not by `delete_doc`, which would refuse or take along what has been repointed."""
	frappe.db.delete(CUSTOMER, {"name": doc.name})
	delete_for_document(doc)
	frappe.clear_document_cache(CUSTOMER, doc.name)


def _write_survivor(survivor: str, mine: Mapping, theirs: Mapping, taken: Sequence[str], following: bool):
	doc = frappe.get_doc(CUSTOMER, survivor, for_update=True)
	if taken:
		doc.update({field: theirs[field] for field in taken})
		doc.flags.ignore_twins = True
		doc.save(ignore_permissions=following)
	record.write(survivor, record.united(mine, theirs))
	return doc


def _changes(survivor: str, before: Mapping) -> dict[str, list]:
	"""Column -> [before, after] of what the merge changed on the one that stays."""
	before, after = record.plain(before), record.plain(record.locked([survivor])[survivor])
	return {
		column: [before[column], value]
		for column, value in after.items()
		if value != before[column] and column not in record.TRUST_FIGURES
	}


def _log(mine: Mapping, theirs: Mapping, moved: Mapping[links.Pointer, list[str]], log: dict) -> str:
	name = make_autoname(SERIES, MERGE)
	counts: dict[str, int] = {}
	for pointer, names in moved.items():
		counts[pointer.doctype] = max(counts.get(pointer.doctype, 0), len(names))
	row = (
		name, mine["name"], mine["customer_name"], theirs["name"], theirs["customer_name"], DONE, frappe.session.user,
		now(), record.dump(counts), record.dump(log),
	)  # fmt: skip
	sql.insert(MERGE, FIELDS, [row])
	return name


def follow(*customers: str) -> None:
	"""Bring what is kept beside the customers (search, keys of names) in line with them."""
	for function in frappe.get_hooks("cims_customer_indexes"):
		frappe.get_attr(function)(list(customers))
	for name in customers:
		frappe.publish_realtime("list_update", {"doctype": CUSTOMER, "name": name}, after_commit=True)


def repoint_late(merge: str) -> int:
	"""Job: what another transaction, not ended yet while the customers were merged, wrote for the one that is gone.

	Returns how many rows; the log entry tells of them as of the others.
	"""
	found = frappe.db.get_value(
		MERGE, merge, ["survivor", "retired", "status", "log"], as_dict=True, for_update=True
	)
	if not found or found.status != DONE or frappe.db.exists(CUSTOMER, found.retired):
		return 0
	late = links.rows(found.retired)
	if not late:
		return 0
	record.locked([found.survivor])
	log = frappe.parse_json(found.log)
	moved, dropped = _repoint(found.retired, found.survivor)
	for pointer, names in moved.items():
		log["rows"].setdefault(pointer.key, []).extend(names)
	log["dropped"] += dropped
	frappe.db.set_value(MERGE, merge, "log", record.dump(log), update_modified=False)
	from cims.ratings import store

	store.after_customer_renamed(None, old=found.retired, new=found.survivor, merge=True)
	return sum(map(len, moved.values()))
