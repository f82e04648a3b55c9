"""Each point of a curve was a row of Trust Snapshot once. They go into packed curves; nothing is lost.

Some thousand customers' rows are in memory at a time, and each set is kept as soon as it is packed: what is interrupted goes
through all of them once more and finds most done. The old table goes when everything is there.
"""

from collections.abc import Iterator

import frappe
from frappe.model.dynamic_links import get_dynamic_link_map
from frappe.utils import cint, flt

from cims.ratings import curve_format, curve_tables, snapshots, sql, standings
from cims.ratings.curve_format import FIGURES, Points
from cims.ratings.snapshots import Point
from cims.trust.calendar import to_day
from cims.trust.policy import NOT_RATED

TABLE = f"tab{snapshots.SNAPSHOT}"
CUSTOMERS_AT_ONCE = 1000


def execute() -> None:
	if not frappe.db.sql("SHOW TABLES LIKE %s", TABLE):
		return
	curve_tables.create()
	for customers in _customers():
		snapshots.keep_many(customers, _points(customers))
		sql.commit()
	_follow_names()
	# Whoever is rated has a curve, be it an empty one.
	frappe.db.sql(
		f"INSERT IGNORE INTO `{curve_tables.CURVES}` (customer, points) SELECT name, '' FROM `tabTrust Rating`"
	)
	sql.commit()
	standings.refresh()
	frappe.db.sql_ddl(f"DROP TABLE `{TABLE}`")


def _customers() -> Iterator[list[str]]:
	last = ""
	while part := frappe.db.sql_list(
		f"SELECT DISTINCT customer FROM `{TABLE}` WHERE customer > %s ORDER BY customer LIMIT %s",
		(last, CUSTOMERS_AT_ONCE),
	):
		yield part
		last = part[-1]


def _points(customers: list[str]) -> Points:
	rows = frappe.db.sql(f"SELECT * FROM `{TABLE}` WHERE customer IN %s", (customers,), as_dict=True)
	by_policy: dict[str, list[Point]] = {}
	for row in rows:
		by_policy.setdefault(row.policy or "", []).append(_point(row))
	return curve_format.join(
		[snapshots.columns(points, customers, policy) for policy, points in by_policy.items()]
	)


def _point(row: frappe._dict) -> Point:
	return Point(
		customer=row.customer,
		day=to_day(row.day),
		**{name: flt(row[name]) for name in FIGURES},
		grade=row.grade or NOT_RATED,
		rated=bool(cint(row.rated)),
		cap=row.cap or "",
		event=row.cause == snapshots.EVENT,
		contributions=row.contributions or "{}",
		marks=row.marks or None,
	)


def _follow_names() -> None:
	"""What hangs on a snapshot (comments, files, shares, assignments) goes along to its new name."""
	fields = [
		(df.parent, df.options, df.fieldname)
		for df in get_dynamic_link_map().get(snapshots.SNAPSHOT, ())
		if not frappe.get_meta(df.parent).issingle
	]
	for doctype, type_field, name_field in (*fields, ("File", "attached_to_doctype", "attached_to_name")):
		frappe.db.sql(
			f"""UPDATE `tab{doctype}` holder JOIN `{TABLE}` s ON s.name = holder.`{name_field}`
			SET holder.`{name_field}` = CONCAT(s.customer, '-', s.day) WHERE holder.`{type_field}` = %s""",
			snapshots.SNAPSHOT,
		)
