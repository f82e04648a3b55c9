"""The list of Trust Snapshot, whose rows no table has: points out of packed curves, for the desk, REST and reports.

With customers in the filters their curves are read, and every filter and order holds. Without, everybody's points are looked
through a month at a time and only as far as the page needs, by day; what only a curve knows can't be asked of a million of
them, and another order than by day needs all that the filters let through: for these a message asks for a customer, or a
month.
"""

import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.model import default_fields, optional_fields
from frappe.model.db_query import get_date_range
from frappe.utils import cint, compare, flt, get_filter, getdate

from cims.ratings import snapshots, standings
from cims.ratings.curve_tables import CURVES
from cims.ratings.month_format import Standings
from cims.trust.calendar import to_date, to_day

DOCTYPE, CUSTOMER = snapshots.SNAPSHOT, "CIMS Customer"
# So many customers are read by their curves; a list without a page's length ends with an error beyond so many rows.
MOST_CUSTOMERS, MOST_ROWS = 2000, 100_000
# A field as the desk and Frappe's queries write it: [table.]name [as name in the answer].
FIELD = re.compile(r"(?:(`[^`]+`|\w+)\.)?`?(\*|\w+|[^`]*)`?(?:\s+as\s+`?(\w+)`?)?$", re.IGNORECASE)
# What every document has besides, and the customer's name, which the desk asks for to show links by.
DOCUMENT, TITLE = ("creation", "modified", "owner", "docstatus"), "customer_name"
# What is known of everybody's points without opening their curves.
KNOWN = ("day", "cause", "policy", "score", "grade", "rated")
BY_DAY = ("day", "creation", "modified")
FIRST, LAST = to_day(date.min), to_day(date.max)


@dataclass(frozen=True)
class Asked:
	"""What a list is asked for. fields: fieldname -> name in the answer; filters: all hold; any_of: one of these, if any."""

	fields: Mapping[str, str]
	filters: Sequence[frappe._dict]
	any_of: Sequence[frappe._dict]
	order: str
	descending: bool
	start: int
	length: int | None
	restricted: bool

	@classmethod
	def of(cls, args: Mapping) -> "Asked":
		if args.get("group_by"):
			frappe.throw(
				_("Snapshots can't be grouped. The report Trust Movements counts customers by grade.")
			)
		order, descending = _order(args.get("order_by"))
		return cls(
			_fields(args.get("fields")),
			_filters(args.get("filters")),
			_filters(args.get("or_filters")),
			order,
			descending,
			cint(args.get("limit_start") or args.get("start")),
			cint(args.get("limit_page_length") or args.get("page_length")) or None,
			# A dict of this kind comes from Frappe's own code only, never with a request.
			not (isinstance(args.get("flags"), frappe._dict) and args["flags"].get("ignore_permissions")),
		)


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


# --- what is asked ----------------------------------------------------------------------------------


def _bare(field: str) -> str:
	"""The fieldname in `tabTrust Snapshot`.`day` and the like."""
	return field.rsplit(".", 1)[-1].strip("` ")


def _fields(asked: Sequence[str] | str | None) -> dict[str, str]:
	if isinstance(asked, str):
		asked = frappe.parse_json(asked) if asked.startswith("[") else asked.split(",")
	found = {}
	for field in asked or ["name"]:
		prefix, name, shown = FIELD.match(field.strip()).groups()
		of_customer = prefix and not prefix.strip("`").startswith((f"tab{DOCTYPE}", DOCTYPE))
		if name == "*":
			found |= {name: name for name in (*snapshots.FIELDS, *DOCUMENT)}
		elif of_customer and name == TITLE:
			found[TITLE] = shown or name
		elif not of_customer and (
			name in snapshots.FIELDS or name in default_fields or name in optional_fields
		):
			found[name] = shown or name
		else:
			frappe.throw(_("A snapshot has no field {0}.").format(name), frappe.DataError)
	return found


def _filters(asked) -> list[frappe._dict]:
	asked = frappe.parse_json(asked) or []
	if isinstance(asked, dict):
		asked = [{name: value} for name, value in asked.items()]
	return [_filter(get_filter(DOCTYPE, one)) for one in asked]


def _filter(one: frappe._dict) -> frappe._dict:
	"""A filter with its operator in small letters and its values as the field has them."""
	one.operator = one.operator.lower()
	if one.operator in ("previous", "next", "timespan"):
		one.operator, one.value = "between", get_date_range(one.operator, one.value)
	if one.operator in ("in", "not in") and isinstance(one.value, str):
		one.value = [value.strip() for value in one.value.split(",")]
	if one.operator in ("like", "not like", "is"):
		return one
	if one.fieldname in BY_DAY:
		as_kept = getdate
	elif one.fieldname in ("score", "low", "high", "confidence"):
		as_kept = flt
	elif one.fieldname == "rated":
		as_kept = cint
	else:
		as_kept = _text
	several = isinstance(one.value, list | tuple)
	one.value = [as_kept(value) for value in one.value] if several else as_kept(one.value)
	return one


def _text(value) -> str:
	return "" if value is None else str(value)


def _order(asked: str | None) -> tuple[str, bool]:
	"""The field to order by and whether the largest comes first; by day, the newest first, where nothing else is asked."""
	first = re.match(r"\s*([`\w .]+?)\s*(\b(?:asc|desc))?\s*(?:,|$)", asked or "", re.IGNORECASE)
	name = _bare(first[1]) if first else ""
	if name in BY_DAY:
		name = "day"
	if name not in snapshots.FIELDS:
		return "day", True
	return name, (first[2] or "").lower() == "desc"


def _holds(value, one: frappe._dict) -> bool:
	"""Whether a value passes a filter, as it would in SQL: what is empty is like nothing."""
	if one.operator == "between":
		return value is not None and one.value[0] <= value <= one.value[1]
	if one.operator in ("like", "not like"):
		return compare(_text(value), one.operator, str(one.value))
	if one.operator == "is":
		return compare(value, "is", one.value)
	if value is None and one.operator not in ("=", "!=", "in", "not in"):
		return False
	return compare("" if value is None else value, one.operator, one.value)


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
	rows = [row for row in snapshots.documents(customers, *_days(asked)) if _passes(row, asked)]
	rows.sort(key=lambda row: (row.day, row.customer), reverse=True)
	rows.sort(
		key=lambda row: row[asked.order] or "", reverse=asked.descending
	) if asked.order != "day" else None
	return rows if asked.order != "day" or asked.descending else rows[::-1]


def _passes(row: frappe._dict, asked: Asked) -> bool:
	return all(_holds(row.get(one.fieldname), one) for one in asked.filters) and (
		not asked.any_of or any(_holds(row.get(one.fieldname), one) for one in asked.any_of)
	)


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
	for points in standings.between(*_days(asked), newest_first=newest_first):
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
		passes = [_holds(word, one) for word in points.words]
		return np.array(passes, dtype=bool)[getattr(points, one.fieldname)]
	if one.fieldname == "cause":
		passes = [_holds(cause, one) for cause in (snapshots.MONTH_END, snapshots.EVENT)]
		return np.array(passes)[points.event.astype(int)]
	if one.fieldname == "rated":
		return np.array([_holds(rated, one) for rated in (0, 1)])[points.rated.astype(int)]
	days, place = np.unique(points.day, return_inverse=True)
	return np.array([_holds(to_date(day), one) for day in days.tolist()], dtype=bool)[place]


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
	return np.array([_holds(score, one) for score in scores.tolist()], dtype=bool)


def _days(asked: Asked) -> tuple[int, int]:
	"""The first and the last day that the filters let through."""
	since, until = FIRST, LAST
	for one in asked.filters:
		if one.fieldname not in BY_DAY:
			continue
		if one.operator in ("=", "in", "between", ">", ">=") and one.value:
			since = max(since, to_day(min(one.value) if isinstance(one.value, list) else one.value))
		if one.operator in ("=", "in", "between", "<", "<=") and one.value:
			until = min(until, to_day(max(one.value) if isinstance(one.value, list) else one.value))
	return since, until


def _check_order(asked: Asked) -> None:
	if asked.order == "day":
		return
	since, until = _days(asked)
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
