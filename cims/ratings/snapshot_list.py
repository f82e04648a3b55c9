"""The list of Trust Snapshot, whose rows no table has: points out of packed curves, for the desk, REST and reports.

With customers in the filters their curves are read, and every filter and order holds. Without, everybody's points are looked
through a month at a time and only as far as the page needs, by day; what only a curve knows can't be asked of a million of
them, and another order than by day needs all that the filters let through: for these a message asks for a customer, or a
month.
"""

import operator
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.utils import cint

from cims.ratings import snapshots, standings
from cims.ratings.curve_tables import CURVES
from cims.ratings.month_format import Standings
from cims.ratings.snapshot_query import BY_DAY, DOCTYPE, TITLE, Asked, holds
from cims.trust.calendar import to_date

CUSTOMER = "CIMS Customer"
# So many customers are read by their curves; a list without a page's length ends with an error beyond so many rows.
MOST_CUSTOMERS, MOST_ROWS = 2000, 100_000
# What is known of everybody's points without opening their curves.
KNOWN = ("day", "cause", "policy", "score", "grade", "rated")


def get_list(args: Mapping) -> list:
	"""The rows of the list, as Frappe asks a virtual DocType for them."""
	if counted := re.fullmatch(
		r"count\(.*\)(?: as (\w+))?", " ".join(args.get("fields") or ()), re.IGNORECASE
	):
		return [frappe._dict({counted[1] or "count(*)": get_count(args | {"fields": None})})]
	asked = Asked.of(args)
	_may_read(asked)
	page = _page(asked)
	if TITLE in asked.fields:
		_add_names(page)
	rows = [frappe._dict({shown: row.get(name) for name, shown in asked.fields.items()}) for row in page]
	if args.get("pluck"):
		return [row[args["pluck"]] for row in rows]
	return [tuple(row.values()) for row in rows] if args.get("as_list") else rows


def _add_names(rows: Sequence[frappe._dict]) -> None:
	codes = list({row.customer for row in rows})
	found = (
		frappe.get_all(CUSTOMER, {"name": ("in", codes)}, ["name", TITLE], as_list=True, limit=0)
		if codes
		else ()
	)
	names = dict(found)
	for row in rows:
		row[TITLE] = names.get(row.customer)


def get_count(args: Mapping) -> int:
	"""How many points the list has; with a limit, counting ends there."""
	asked, limit = Asked.of(args), cint(args.get("limit"))
	_may_read(asked)
	if (customers := _customers(asked)) is not None:
		found = len(_rows_of(asked, customers))
		return min(found, limit) if limit else found
	found = 0
	for points in _through(asked):
		found += len(points)
		if limit and found >= limit:
			return limit
	return found


def may_read(doc, ptype: str = "read", user: str | None = None, **_more) -> bool:
	"""Hook: a customer's snapshots are for those who may read the customer."""
	return not doc.customer or frappe.has_permission(CUSTOMER, "read", doc=doc.customer, user=user)


def _may_read(asked: Asked) -> None:
	if asked.restricted:
		frappe.has_permission(DOCTYPE, "read", throw=True)
		frappe.has_permission(CUSTOMER, "read", throw=True)


# --- the rows ---------------------------------------------------------------------------------------


def _page(asked: Asked) -> list[frappe._dict]:
	if (customers := _customers(asked)) is not None:
		rows = _rows_of(asked, customers)
		return rows[asked.start : asked.start + asked.length if asked.length else None]
	_check_order(asked)
	parts, skip, left = [], asked.start, asked.length or MOST_ROWS + 1
	for points in _through(asked):
		part = _in_order(points, asked)[skip : skip + left]
		skip = max(skip - len(points), 0)
		parts.append(points.where(part))
		left -= len(part)
		if left <= 0:
			break
	if asked.length is None and left <= 0:
		frappe.throw(
			_("These are more than {0} snapshots. Narrow the filters, by a customer or by days.").format(
				frappe.format_value(MOST_ROWS, {"fieldtype": "Int"})
			)
		)
	return [row for part in parts for row in _opened(part)]


def _opened(points: Standings) -> Iterator[frappe._dict]:
	"""The rows of some points, out of their customers' curves."""
	wanted = list(zip(points.number.tolist(), points.day.tolist(), strict=True))
	for at in range(0, len(wanted), MOST_CUSTOMERS):
		part = wanted[at : at + MOST_CUSTOMERS]
		names = dict(
			frappe.db.sql(f"SELECT id, customer FROM `{CURVES}` WHERE id IN %s", ({n for n, _d in part},))
		)
		days = [day for _number, day in part]
		found = snapshots.documents(list(names.values()), min(days), max(days))
		kept = {(row.customer, row.day): row for row in found}
		for number, day in part:
			if row := kept.get((names.get(number), to_date(day))):
				yield row


def _rows_of(asked: Asked, customers: Sequence[str]) -> list[frappe._dict]:
	"""All that the filters let through of some customers, in order."""
	if asked.restricted and customers:
		customers = frappe.get_list(
			CUSTOMER, {"name": ("in", customers)}, pluck="name", limit=0, order_by="name"
		)
	rows = [row for row in snapshots.documents(customers, *asked.days()) if asked.passes(row)]
	rows.sort(key=lambda row: (row.day, row.customer), reverse=True)
	rows.sort(
		key=lambda row: row[asked.order] or "", reverse=asked.descending
	) if asked.order != "day" else None
	return rows if asked.order != "day" or asked.descending else rows[::-1]


def _customers(asked: Asked) -> list[str] | None:
	"""The customers whom the filters name, if they name any: by themselves, by their snapshots, or by a part of the code."""
	for one in asked.filters:
		values = one.value if isinstance(one.value, list) else [one.value]
		if one.operator in ("=", "in") and one.fieldname == "customer":
			return [value for value in dict.fromkeys(values) if value]
		if one.operator in ("=", "in") and one.fieldname == "name":
			return list(dict.fromkeys(value[:-11] for value in values if value))
		if one.operator == "like" and one.fieldname in ("customer", "name"):
			pattern = str(one.value) if one.fieldname == "customer" else f"{one.value}%"
			found = frappe.db.sql_list(
				f"SELECT customer FROM `{CURVES}` WHERE customer LIKE %s ORDER BY customer LIMIT %s",
				(pattern, MOST_CUSTOMERS + 1),
			)
			if len(found) > MOST_CUSTOMERS:
				frappe.throw(
					_("More than {0} customers are like that. Write more of the code.").format(MOST_CUSTOMERS)
				)
			return found
	return None


# --- everybody's ------------------------------------------------------------------------------------


def _through(asked: Asked) -> Iterator[Standings]:
	"""Everybody's points that the filters let through, a month at a time."""
	for one in (*asked.filters, *asked.any_of):
		if one.fieldname not in (*KNOWN, *BY_DAY):
			frappe.throw(
				_("Choose a customer too: among everybody's snapshots, {0} can't be looked for.").format(
					_(frappe.get_meta(DOCTYPE).get_label(one.fieldname))
				)
			)
	readable = _readable_numbers() if asked.restricted else None
	newest_first = asked.descending or asked.order != "day"
	for points in standings.between(*asked.days(), newest_first=newest_first):
		shown = np.ones(len(points), dtype=bool)
		for one in asked.filters:
			shown &= _which(points, one)
		if asked.any_of:
			shown &= np.any([_which(points, one) for one in asked.any_of], axis=0)
		if readable is not None:
			shown &= np.isin(points.number, readable)
		yield points.where(shown)


def _readable_numbers() -> np.ndarray | None:
	"""The customers that the user may read, by number; None for all of them."""
	condition = build_match_conditions(CUSTOMER)
	return standings.of_customers(condition) if condition else None


def _which(points: Standings, one: frappe._dict) -> np.ndarray:
	"""Which points pass a filter on one of `KNOWN`. Few values occur often, so each is looked at once."""
	if one.fieldname == "score":
		return _which_scores(points.score, one)
	if one.fieldname in ("grade", "policy"):
		passes = [holds(word, one) for word in points.words]
		return np.array(passes, dtype=bool)[getattr(points, one.fieldname)]
	if one.fieldname == "cause":
		passes = [holds(cause, one) for cause in (snapshots.MONTH_END, snapshots.EVENT)]
		return np.array(passes)[points.event.astype(int)]
	if one.fieldname == "rated":
		return np.array([holds(rated, one) for rated in (0, 1)])[points.rated.astype(int)]
	days, place = np.unique(points.day, return_inverse=True)
	return np.array([holds(to_date(day), one) for day in days.tolist()], dtype=bool)[place]


def _which_scores(scores: np.ndarray, one: frappe._dict) -> np.ndarray:
	simple = {
		"=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
	}  # fmt: skip
	if one.operator in simple:
		return simple[one.operator](scores, one.value)
	if one.operator == "between":
		return (scores >= one.value[0]) & (scores <= one.value[1])
	if one.operator in ("in", "not in"):
		return np.isin(scores, one.value, invert=one.operator == "not in")
	return np.array([holds(score, one) for score in scores.tolist()], dtype=bool)


def _check_order(asked: Asked) -> None:
	if asked.order == "day":
		return
	since, until = asked.days()
	label = _(frappe.get_meta(DOCTYPE).get_label(asked.order))
	if asked.order not in KNOWN:
		frappe.throw(_("Choose a customer too: everybody's snapshots can't be ordered by {0}.").format(label))
	if to_date(since).replace(day=1) != to_date(until).replace(day=1):
		frappe.throw(_("Choose a customer or the days of one month to order snapshots by {0}.").format(label))


def _in_order(points: Standings, asked: Asked) -> np.ndarray:
	"""The places of a month's points in the order asked."""
	if asked.order == "day":
		values = points.day
	elif asked.order == "score":
		values = points.score
	elif asked.order in ("grade", "policy"):
		ranks = np.argsort(np.argsort(np.array(points.words, dtype=object)))
		values = ranks[getattr(points, asked.order)]
	else:
		values = points.event if asked.order == "cause" else points.rated
		values = ~values if asked.order == "cause" else values
	values = np.asarray(values, dtype=float)
	return np.lexsort((points.number, -values if asked.descending else values))
