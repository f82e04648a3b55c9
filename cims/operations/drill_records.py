"""The log of restore drills: documents that nobody but the drill writes."""

from collections.abc import Sequence

import frappe
from frappe.utils import now

from cims.operations.losses import Loss
from cims.operations.restored import Finding
from cims.ratings import sql

DRILL, CHECK, LOSS = "Restore Drill", "Restore Drill Check", "Restore Drill Loss"
RUNNING = "Running"
CHILD = ("name", "parent", "parenttype", "parentfield", "idx")


def start() -> str:
	name = frappe.model.naming.make_autoname("DRILL-.#####")
	sql.insert(
		DRILL, ("name", "status", "started_on", "asked_by"), [(name, RUNNING, now(), frappe.session.user)]
	)
	return name


def finish(
	name: str, status: str, findings: Sequence[Finding] = (), losses: Sequence[Loss] = (), **figures
) -> None:
	"""Write what a drill has come to. figures: fields of the document."""
	row = frappe.qb.DocType(DRILL)
	query = frappe.qb.update(row).where(row.name == name)
	for field, value in {"status": status, "finished_on": now(), "modified": now(), **figures}.items():
		query = query.set(row[field], value)
	query.run()
	_children(name, CHECK, "checks", ("check", "outcome", "said"), findings)
	_children(name, LOSS, "losses", ("of", "lost", "changed", "deleted", "older"), losses)


def _children(parent: str, doctype: str, field: str, fields: Sequence[str], items: Sequence) -> None:
	rows = [
		(sql.new_name(), parent, DRILL, field, at, *(getattr(item, one) for one in fields))
		for at, item in enumerate(items, start=1)
	]
	columns = [{"of": "of_doctype", "check": "check_name"}.get(one, one) for one in fields]
	if rows:
		sql.insert(doctype, (*CHILD, *columns), rows)


def running() -> list[str]:
	return frappe.get_all(DRILL, {"status": RUNNING}, pluck="name")


def last() -> frappe._dict | None:
	"""The last drill that has ended."""
	found = frappe.get_all(
		DRILL,
		{"status": ("!=", RUNNING)},
		["name", "status", "started_on", "seconds", "rows_lost", "error", "taken_on"],
		order_by="started_on desc",
		limit=1,
	)
	return found[0] if found else None
