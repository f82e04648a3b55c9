"""Who moved between two days: grades from and to, and the points of score behind them, from the kept curves.

Everybody's grades on the two days are read as columns and compared there, so that a million customers take a few seconds.
"""

import datetime
from collections import Counter
from dataclasses import dataclass

import numpy as np
from pypika.terms import Criterion

import frappe
from frappe import _
from frappe.utils import add_days, flt, getdate, today

from cims.cims.report import common
from cims.ratings import standings
from cims.ratings.curve_tables import CURVES
from cims.trust.calendar import to_day
from cims.trust.policy import NOT_RATED

UP, DOWN, NEW, GONE, SAME = "Upgraded", "Downgraded", "Newly rated", "No longer rated", "Same grade"
MOST_ROWS = 1000


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


@dataclass(frozen=True)
class Pairs:
	"""Customers with their grades and scores on the two days side by side. number: as in `cims.ratings.curve_tables`;
	before, after: places in `words`, where NR comes first; scores are NaN without a rating."""

	number: np.ndarray
	before: np.ndarray
	after: np.ndarray
	score_from: np.ndarray
	score_to: np.ndarray
	words: list[str]

	@property
	def size(self) -> np.ndarray:
		"""By how many points each customer moved; 0 where one of the scores is missing."""
		return np.abs(np.nan_to_num(self.score_to - self.score_from))


def matched(where: Criterion, start: datetime.date, end: datetime.date) -> Pairs:
	"""The customers that had a grade on one of the days, of those for whom the condition holds."""
	number, *standing = _today(where)
	sides = [_on(start, number), standing if end >= getdate(today()) else _on(end, number)]
	words = [NOT_RATED, *dict.fromkeys(word for _grade, _score, words in sides for word in words)]
	columns = []
	for grade, score, known in sides:
		codes = np.array([*(words.index(word) for word in known), 0])[grade]
		columns.append((codes, np.where(codes > 0, score, np.nan)))
	(before, score_from), (after, score_to) = columns
	rated = (before > 0) | (after > 0)
	return Pairs(*(column[rated] for column in (number, before, after, score_from, score_to)), words)


def _today(where: Criterion) -> tuple:
	"""The numbers of the customers for whom the condition holds, and their grades, scores and the grades' words today."""
	found = standings.now(where.get_sql(quote_char="`", with_namespace=True))
	return found.number, found.grade, found.score, found.words


def _on(day: datetime.date, number: np.ndarray) -> tuple:
	"""The grades, scores and the grades' words of these customers on a day."""
	found = standings.on(to_day(day))
	return standings.at(found.grade, number, -1), standings.at(found.score, number, 0), found.words


def migrations(pairs: Pairs, known: list[str]) -> list[dict]:
	"""How many customers went from which grade to which, with the direction of each."""
	codes, counts = np.unique(pairs.before * len(pairs.words) + pairs.after, return_counts=True)
	return [
		frappe._dict(
			grade_from=pairs.words[code // len(pairs.words)],
			grade_to=pairs.words[code % len(pairs.words)],
			customers=count,
			direction=direction(
				pairs.words[code // len(pairs.words)], pairs.words[code % len(pairs.words)], known
			),
		)
		for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
	]


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


def moved(pairs: Pairs, wanted: str | None, points: float, known: list[str]) -> list[dict]:
	"""The customers whose grade changed or whose score moved by `points` or more, largest moves first."""
	if wanted and wanted not in (UP, DOWN, NEW, GONE):
		frappe.throw(
			_("Choose one of these as the direction: {0}.").format(", ".join(map(_, (UP, DOWN, NEW, GONE))))
		)
	ways = np.array([[direction(before, after, known) for after in pairs.words] for before in pairs.words])
	way = ways[pairs.before, pairs.after]
	shown = np.flatnonzero(
		way == wanted if wanted else (pairs.before != pairs.after) | (pairs.size >= points)
	)
	shown = shown[np.lexsort((pairs.number[shown], -pairs.size[shown]))][:MOST_ROWS]
	details = customers(pairs.number[shown].tolist())
	rows = []
	for at in shown.tolist():
		if (row := details.get(int(pairs.number[at]))) is None:
			continue
		rated = pairs.before[at] > 0, pairs.after[at] > 0
		row.update(
			grade_from=pairs.words[pairs.before[at]],
			grade_to=pairs.words[pairs.after[at]],
			score_from=float(pairs.score_from[at]) if rated[0] else None,
			score_to=float(pairs.score_to[at]) if rated[1] else None,
			change=float(pairs.score_to[at] - pairs.score_from[at]) if all(rated) else None,
			direction=_(str(way[at])),
		)
		rows.append(row)
	return sorted(rows, key=lambda row: (-abs(row.change or 0), row.customer))


def customers(numbers: list[int]) -> dict[int, dict]:
	"""What the report shows of customers, by their number."""
	if not numbers:
		return {}
	rows = frappe.db.sql(
		f"""SELECT k.id, c.name AS customer, c.customer_name, c.customer_group, c.account_manager, c.overdue_amount, c.currency
		FROM `{CURVES}` k JOIN `tabCIMS Customer` c ON c.name = k.customer WHERE k.id IN %s""",
		(numbers,),
		as_dict=True,
	)
	return {row.pop("id"): row for row in rows}


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
