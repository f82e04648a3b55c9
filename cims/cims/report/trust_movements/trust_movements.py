"""Who moved between two days: grades from and to, and the points of score behind them, from the daily snapshots."""

import datetime
from collections import Counter

from pypika.analytics import RowNumber
from pypika.functions import Abs, Coalesce
from pypika.terms import Case

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Count, Max
from frappe.utils import add_days, flt, getdate, today

from cims.cims.report import common
from cims.trust.policy import NOT_RATED

UP, DOWN, NEW, GONE, SAME = "Upgraded", "Downgraded", "Newly rated", "No longer rated", "Same grade"
MOST_ROWS = 1000
INDEX = "day_curve"


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary. Raises frappe.ValidationError for days in the wrong order."""
	filters = frappe._dict(filters or {})
	end = getdate(filters.get("to_date") or today())
	start = getdate(filters.get("from_date") or add_days(end, -90))
	if start >= end:
		frappe.throw(_("The first day must be before the last day."))
	where = common.readable(filters)
	known = common.grades()
	pairs = matched(where, start, end)
	moves = migrations(pairs, known)
	rows = moved(pairs, filters.get("direction"), flt(filters.get("points")) or event_move(), known)
	common.plain_text(rows, "customer_name", "customer_group")
	message = None
	if len(rows) == MOST_ROWS:
		message = _("Showing the {0} largest movements. Narrow the filters to see the others.").format(
			MOST_ROWS
		)
	return columns(start, end), rows, message, chart(moves, known), summary(moves)


def event_move() -> float:
	"""The move that the settings call worth keeping, in points."""
	return flt(frappe.db.get_single_value("CIMS Settings", "event_move")) or 15.0


def matched(where, start: datetime.date, end: datetime.date):
	"""A query of the customers with their grades and scores on `start` and on `end` side by side."""
	customer = DocType(common.CUSTOMER)
	query = frappe.qb.from_(customer)
	query, grade_from, score_from = with_snapshot(query, customer, start, "then")
	if end < getdate(today()):
		query, grade_to, score_to = with_snapshot(query, customer, end, "now")
	else:
		query, grade_to, score_to = with_rating(query, customer)
	return (
		query.select(
			customer.name.as_("customer"),
			customer.customer_name,
			customer.customer_group,
			customer.account_manager,
			customer.overdue_amount,
			customer.currency,
			Coalesce(grade_from, NOT_RATED).as_("grade_from"),
			Coalesce(grade_to, NOT_RATED).as_("grade_to"),
			score_from.as_("score_from"),
			score_to.as_("score_to"),
			(score_to - score_from).as_("change"),
		)
		.where(where)
		.where(grade_from.isnotnull() | grade_to.isnotnull())
	)


def with_snapshot(query, customer, day: datetime.date, alias: str):
	"""The query with each customer's last snapshot on or before the day joined, and that day's grade and score as terms,
	both empty without a rating.

	Everyone known has a snapshot of each month end, so this takes the last month end kept, and of the days since then the
	few on which something moved. All of it is read from one index, `day_curve`.
	"""
	snapshot = DocType("Trust Snapshot")
	fields = (snapshot.customer, snapshot.rated, snapshot.grade, snapshot.score)
	month_end = last_month_end(day)
	month = quickly(frappe.qb.from_(snapshot)).select(*fields).where(snapshot.day == month_end)
	place = RowNumber().over(snapshot.customer).orderby(snapshot.day, order=frappe.qb.desc)
	later = (
		quickly(frappe.qb.from_(snapshot))
		.select(*fields, place.as_("place"))
		.where((snapshot.day > month_end) & (snapshot.day <= day))
	)
	month, later = month.as_(f"{alias}_month"), later.as_(f"{alias}_later")
	query = (
		query.left_join(month)
		.on(month.customer == customer.name)
		.left_join(later)
		.on((later.customer == customer.name) & (later.place == 1))
	)

	def latest(fieldname: str):
		return (
			Case()
			.when(later.rated == 1, later[fieldname])
			.when(later.rated.isnull() & (month.rated == 1), month[fieldname])
		)

	return query, latest("grade"), latest("score")


def quickly(query):
	"""The query of snapshots bound to the index that holds all it asks for: the optimiser prefers the unique one, and
	fetches every row for it, which takes ten times as long."""
	return query.force_index(INDEX) if frappe.db.has_index("tabTrust Snapshot", INDEX) else query


def last_month_end(day: datetime.date) -> datetime.date:
	"""The last day on or before `day` for which month-end snapshots are kept; a day without any if there is none."""
	snapshot = DocType("Trust Snapshot")
	kept = (
		frappe.qb.from_(snapshot)
		.select(Max(snapshot.day))
		.where((snapshot.day <= day) & (snapshot.cause == "Month End"))
		.run()[0][0]
	)
	return kept or datetime.date.min


def with_rating(query, customer):
	"""Like `with_snapshot` for today: the rating as it stands."""
	rating = DocType("Trust Rating")
	rated = rating.rated == 1
	query = query.left_join(rating).on(rating.customer == customer.name)
	return query, Case().when(rated, rating.grade), Case().when(rated, rating.score)


def migrations(pairs, known: list[str]) -> list[dict]:
	"""How many customers went from which grade to which, with the direction of each."""
	pairs = pairs.as_("pairs")
	rows = (
		frappe.qb.from_(pairs)
		.select(pairs.grade_from, pairs.grade_to, Count("*").as_("customers"))
		.groupby(pairs.grade_from, pairs.grade_to)
	).run(as_dict=True)
	for row in rows:
		row.direction = direction(row.grade_from, row.grade_to, known)
	return rows


def direction(before: str, after: str, known: list[str]) -> str:
	"""Which way a customer went. A grade that the policy in force doesn't know counts as worse than any."""
	if before == after:
		return SAME
	if before == NOT_RATED:
		return NEW
	if after == NOT_RATED:
		return GONE
	order = common.in_order([before, after], known)
	return UP if order.index(after) < order.index(before) else DOWN


def moved(pairs, wanted: str | None, points: float, known: list[str]) -> list[dict]:
	"""The customers whose grade changed or whose score moved by `points` or more, largest moves first."""
	pairs = pairs.as_("pairs")
	size = Abs(Coalesce(pairs.change, 0))
	query = (
		frappe.qb.from_(pairs).select(pairs.star).orderby(size, order=frappe.qb.desc).orderby(pairs.customer)
	)
	query = query.where(
		of_direction(pairs, wanted, known)
		if wanted
		else (pairs.grade_from != pairs.grade_to) | (size >= points)
	)
	rows = query.limit(MOST_ROWS).run(as_dict=True)
	for row in rows:
		row.direction = _(direction(row.grade_from, row.grade_to, known))
	return rows


def of_direction(pairs, wanted: str, known: list[str]):
	"""The condition that a pair of grades went the wanted way, by their places in the order of the policy."""
	if wanted not in (UP, DOWN, NEW, GONE):
		frappe.throw(
			_("Choose one of these as the direction: {0}.").format(", ".join(map(_, (UP, DOWN, NEW, GONE))))
		)
	names = [grade for grade in known if grade != NOT_RATED]

	def place(grade):
		case = Case()
		for at, name in enumerate(names):
			case = case.when(grade == name, at)
		return case.else_(len(names))

	both = (
		(pairs.grade_from != NOT_RATED) & (pairs.grade_to != NOT_RATED) & (pairs.grade_from != pairs.grade_to)
	)
	return {
		UP: both & (place(pairs.grade_to) < place(pairs.grade_from)),
		DOWN: both & (place(pairs.grade_to) >= place(pairs.grade_from)),
		NEW: (pairs.grade_from == NOT_RATED) & (pairs.grade_to != NOT_RATED),
		GONE: (pairs.grade_from != NOT_RATED) & (pairs.grade_to == NOT_RATED),
	}[wanted]


def columns(start: datetime.date, end: datetime.date) -> list[dict]:
	before, after = frappe.format(start, "Date"), frappe.format(end, "Date")
	return [
		*common.customer_columns(),
		common.column("direction", _("Movement"), width=130),
		common.column("grade_from", _("Grade on {0}").format(before), width=180),
		common.column("grade_to", _("Grade on {0}").format(after), width=180),
		common.score_column("change", _("Change"), 110),
		common.score_column("score_from", _("Score on {0}").format(before), 180),
		common.score_column("score_to", _("Score on {0}").format(after), 180),
		common.amount_column("overdue_amount", _("Overdue Amount")),
		common.column("currency", _("Currency"), width=90),
		common.column("customer_group", _("Customer Group"), width=140),
		common.column("account_manager", _("Account Manager"), width=180),
	]


def chart(moves: list[dict], known: list[str]) -> dict | None:
	"""For each grade that customers had: how many went up and how many went down."""
	ways = Counter({(row.grade_from, row.direction): 0 for row in moves})
	for row in moves:
		ways[row.grade_from, row.direction] += row.customers
	names = [
		grade for grade in common.in_order((row.grade_from for row in moves), known) if grade != NOT_RATED
	]
	if not any(ways[name, way] for name in names for way in (UP, DOWN)):
		return None
	return {
		"type": "bar",
		"data": {
			"labels": [_("from {0}").format(name) for name in names],
			"datasets": [
				{"name": _(UP), "values": [ways[name, UP] for name in names]},
				{"name": _(DOWN), "values": [ways[name, DOWN] for name in names]},
			],
		},
		"colors": ["#2a9db5", "#ed8936"],
	}


def summary(moves: list[dict]) -> list[dict]:
	ways = Counter()
	for row in moves:
		ways[row.direction] += row.customers
	return [
		common.figure(_(UP), ways[UP], indicator="Green"),
		common.figure(_(DOWN), ways[DOWN], indicator="Red"),
		common.figure(_(NEW), ways[NEW], indicator="Blue"),
		common.figure(_(GONE), ways[GONE], indicator="Grey"),
		common.figure(_(SAME), ways[SAME]),
	]
