"""What a list of Trust Snapshot is asked for: fields, filters and order as the desk, REST and Frappe's queries write them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import frappe
from frappe import _
from frappe.model import default_fields, optional_fields
from frappe.model.db_query import get_date_range
from frappe.utils import cint, compare, flt, get_filter, getdate

from cims.ratings import snapshots
from cims.trust.calendar import to_day

DOCTYPE = snapshots.SNAPSHOT
# [table.]name [as name in the answer]
FIELD = re.compile(r"(?:(`[^`]+`|\w+)\.)?`?(\*|\w+)`?(?:\s+as\s+`?(\w+)`?)?$", re.IGNORECASE)
NO_FIELD = re.compile(r"()(.*)()", re.DOTALL)
# What every document has besides, and the customer's name, which the desk asks for to show links by.
DOCUMENT, TITLE = ("creation", "modified", "owner", "docstatus"), "customer_name"
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

	def days(self) -> tuple[int, int]:
		"""The first and the last day that the filters let through."""
		since, until = FIRST, LAST
		for one in self.filters:
			if one.fieldname not in BY_DAY or not one.value:
				continue
			if one.operator in ("=", "in", "between", ">", ">="):
				since = max(since, to_day(min(one.value) if isinstance(one.value, list) else one.value))
			if one.operator in ("=", "in", "between", "<", "<="):
				until = min(until, to_day(max(one.value) if isinstance(one.value, list) else one.value))
		return since, until

	def passes(self, row: frappe._dict) -> bool:
		"""Whether the filters let a row through."""
		return all(holds(row.get(one.fieldname), one) for one in self.filters) and (
			not self.any_of or any(holds(row.get(one.fieldname), one) for one in self.any_of)
		)


def _bare(field: str) -> str:
	"""The fieldname in `tabTrust Snapshot`.`day` and the like."""
	return field.rsplit(".", 1)[-1].strip("` ")


def _fields(asked: Sequence[str] | str | None) -> dict[str, str]:
	if isinstance(asked, str):
		asked = frappe.parse_json(asked) if asked.startswith("[") else asked.split(",")
	found = {}
	for field in asked or ["name"]:
		prefix, name, shown = (FIELD.match(field.strip()) or NO_FIELD.match(field)).groups()
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


def holds(value, one: frappe._dict) -> bool:
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
