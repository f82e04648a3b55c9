"""How many customers there were at the end of each month, quarter or year, and how many came in it."""

import datetime

from pypika.enums import DatePart
from pypika.functions import Extract
from pypika.terms import Case, Field

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count
from frappe.utils import add_days, add_months, get_first_day, getdate, today

from cims.cims.report import common, remembered

MONTHS = {"Month": 1, "Quarter": 3, "Year": 12}
CREATED, EVIDENCE = "Record created", "First evidence"
MOST_PERIODS = 240


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary. Raises frappe.ValidationError for periods that make no sense."""
	filters = frappe._dict(filters or {})
	interval = filters.get("interval") or "Month"
	if interval not in MONTHS:
		frappe.throw(_("Choose Month, Quarter or Year as the interval."))
	start, end = period_of(filters, interval)
	where = common.readable(filters)
	rows = growth(where, filters.get("count_by") or CREATED, start, end, MONTHS[interval])
	return columns(), rows, remembered.notice(), chart(rows), summary(rows)


def period_of(filters: frappe._dict, interval: str) -> tuple[datetime.date, datetime.date]:
	"""First and last day asked for, the first moved back to the beginning of its interval."""
	end = getdate(filters.get("to_date") or today())
	start = getdate(filters.get("from_date") or add_months(end, -23))
	if start > end:
		frappe.throw(_("The first day must not be after the last day."))
	start = beginning(start, MONTHS[interval])
	if (end.year - start.year) * 12 + end.month - start.month >= MOST_PERIODS * MONTHS[interval]:
		frappe.throw(
			_("That is more than {0} periods; choose a later first day or a longer interval.").format(
				MOST_PERIODS
			)
		)
	return start, end


def beginning(day: datetime.date, months: int) -> datetime.date:
	"""The first day of the month, quarter or year (`months` long) that holds the day."""
	return datetime.date(day.year, (day.month - 1) // months * months + 1, 1)


def growth(where, count_by: str, start: datetime.date, end: datetime.date, months: int) -> list[dict]:
	"""One row for each period from `start` to `end`, also where nobody came; none at all without any customer."""
	came, before = arrivals(where, count_by, start, end)
	new: dict[datetime.date, int] = {}
	for year, month, customers in came:
		first = beginning(datetime.date(year, month, 1), months)
		new[first] = new.get(first, 0) + customers
	rows, total, first = [], before, start
	while first <= end:
		grown = new.get(first, 0)
		rows.append(
			frappe._dict(
				period=name_of(first, months),
				from_date=first,
				to_date=min(add_days(add_months(first, months), -1), end),
				new=grown,
				total=total + grown,
				growth=100.0 * grown / total if total else None,
			)
		)
		total += grown
		first = getdate(add_months(first, months))
	return rows if total else []


def arrivals(where, count_by: str, start: datetime.date, end: datetime.date) -> tuple[list[tuple], int]:
	"""(year, month, customers) of the months that had any, and how many had come before."""
	customer, rating = DocType(common.CUSTOMER), DocType("Trust Rating")
	query = frappe.qb.from_(customer).where(where)
	came_on: Field = customer.creation
	if count_by == EVIDENCE:
		query = query.join(rating).on(rating.name == customer.name)
		came_on = rating.first_evidence_on
	# Whoever came before counts as of the month before: so all are read in one go.
	counted_on = Case().when(came_on < start, add_days(start, -1)).else_(came_on)
	year, month = Extract(DatePart.year, counted_on), Extract(DatePart.month, counted_on)
	found = remembered.rows(
		query.select(year, month, Count("*")).where(came_on < add_days(end, 1)).groupby(year, month)
	)
	came = [row for row in found if row[:2] >= (start.year, start.month)]
	return came, sum(row[2] for row in found) - sum(row[2] for row in came)


def name_of(first: datetime.date, months: int) -> str:
	"""2026-03, 2026 Q1 or 2026: the same in every language, and in order when sorted."""
	if months == 12:
		return str(first.year)
	if months == 3:
		return f"{first.year} Q{(first.month + 2) // 3}"
	return f"{first:%Y-%m}"


def columns() -> list[dict]:
	return [
		common.column("period", _("Period"), width=110),
		common.column("from_date", _("First Day"), "Date"),
		common.column("to_date", _("Last Day"), "Date"),
		common.column("new", _("New Customers"), "Int", 150),
		common.column("total", _("All Customers"), "Int", 130),
		common.share_column("growth", _("Growth")),
	]


def chart(rows: list[dict]) -> dict | None:
	if not rows:
		return None
	return {
		"type": "axis-mixed",
		"data": {
			"labels": [row.period for row in rows],
			"datasets": [
				{"name": _("New Customers"), "values": [row.new for row in rows], "chartType": "bar"},
				{"name": _("All Customers"), "values": [row.total for row in rows], "chartType": "line"},
			],
		},
		"colors": ["#93cfa0", "#0a5c8c"],
		"lineOptions": {"regionFill": 1},
	}


def summary(rows: list[dict]) -> list[dict]:
	new = sum(row.new for row in rows)
	total = rows[-1].total if rows else 0
	before = total - new
	return [
		common.figure(_("All Customers"), total),
		common.figure(_("New Customers"), new, indicator="Green"),
		common.figure(_("Growth"), round(100.0 * new / before, 1) if before else None, "Percent", "Green"),
	]
