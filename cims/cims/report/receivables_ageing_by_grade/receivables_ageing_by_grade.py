"""What is owed today, by how long it has been due and by how far those who owe it are trusted.

Ages are the engine's own: a due date on a day off binds from the next business day, and days in dispute don't count.
"""

import numpy as np
from pypika.functions import NullIf
from pypika.terms import Case, CustomFunction

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Count, Sum
from frappe.utils import cint

from cims.cims.report import common, remembered
from cims.ratings.calendar import site_calendar, today
from cims.receivables.source import sources
from cims.trust.calendar import days_beyond_terms, to_date, to_day

# The last day of each bucket but the open-ended one; age 0 is what is not overdue.
EDGES = (0, 30, 60, 90)
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
COLOURS = ("#93cfa0", "#f6d55c", "#ed8936", "#d9534f", "#8f1d1d")

DateDiff = CustomFunction("DATEDIFF", ["later", "earlier"])
Greatest = CustomFunction("GREATEST", ["one", "other"])
Least = CustomFunction("LEAST", ["one", "other"])


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary of the report."""
	filters = frappe._dict(filters or {})
	where = common.readable(filters, archived=True)
	currencies = common.as_list(filters.get("currency") or [])
	rows = aged(where, currencies, bool(cint(filters.get("overdue_only"))))
	currency = currencies[0] if currencies else largest_currency(rows)
	drawn = [row for row in rows if row.currency == currency]
	options = chart(drawn, currency, bool(cint(filters.get("overdue_only"))))
	result = [row for part in by_currency(rows) for row in (*part, total(part))]
	notes = [remembered.notice()]
	if len({row.currency for row in rows}) > 1:
		notes.append(
			_("The chart shows {0}. Amounts in different currencies are not added up.").format(currency)
		)
	return columns(), result, "<br>".join(filter(None, notes)) or None, options, summary(rows)


def aged(where, currencies: list[str], overdue_only: bool) -> list[dict]:
	"""One row for each currency and grade that owe something, best grade first."""
	found = owed(where, currencies)
	if not found:
		return []
	grade, currency, due, paused, receivables, amount, disputed = zip(*found, strict=True)
	due = np.array([to_day(day) for day in due])
	age = np.maximum(
		days_beyond_terms(due, site_calendar().roll(due), today(), np.array(paused, dtype=int)), 0
	)
	bucket = np.searchsorted(EDGES, age)
	debtors = {(g, c): number for g, c, number in customers(where, currencies)}
	order = common.in_order(grade, common.grades())
	rows: dict[tuple[str, str], frappe._dict] = {}
	for at, key in enumerate(zip(grade, currency, strict=True)):
		if overdue_only and not age[at]:
			continue
		row = rows.setdefault(key, empty(*key))
		row[BUCKETS[bucket[at]]] += float(amount[at])
		row.receivables += int(receivables[at])
		row.disputed += float(disputed[at])
	for key, row in rows.items():
		row.customers = debtors.get(key, 0)
		add_up(row)
	return sorted(rows.values(), key=lambda row: (row.currency, order.index(row.grade)))


def empty(grade: str, currency: str) -> frappe._dict:
	return frappe._dict(
		grade=grade,
		currency=currency,
		receivables=0,
		customers=0,
		disputed=0.0,
		**dict.fromkeys(BUCKETS, 0.0),
	)


def add_up(row: frappe._dict) -> None:
	row.outstanding = sum(row[name] for name in BUCKETS)
	row.overdue = row.outstanding - row.not_due
	row.overdue_share = 100.0 * row.overdue / row.outstanding if row.outstanding else 0.0


def owed(where, currencies: list[str]) -> list[tuple]:
	"""(grade, currency, due date, days in dispute, receivables, outstanding, of that in dispute) of what is open.

	As many rows as there are different due dates and disputes, however many receivables there are.
	"""
	day = to_date(today())
	query, receivable, grade, currency = open_receivables(where, currencies)
	ended = Least(Coalesce(receivable.disputed_to, day), day)
	began = Greatest(receivable.disputed_from, receivable.invoiced_on)
	paused = Case().when(receivable.disputed_from.isnotnull(), Greatest(DateDiff(ended, began), 0)).else_(0)
	in_dispute = receivable.disputed_from.isnotnull() & receivable.disputed_to.isnull()
	return remembered.rows(
		query.select(
			grade,
			currency,
			receivable.due_on,
			paused,
			Count("*"),
			Sum(receivable.outstanding),
			common.sum_if(in_dispute, receivable.outstanding),
		).groupby(grade, currency, receivable.due_on, paused)
	)


def customers(where, currencies: list[str]) -> list[tuple]:
	"""(grade, currency, number of customers who owe)."""
	query, receivable, grade, currency = open_receivables(where, currencies)
	return remembered.rows(
		query.select(grade, currency, Count(receivable.customer).distinct()).groupby(grade, currency)
	)


def open_receivables(where, currencies: list[str]):
	"""A query of what every source of receivables says is owed, joined to the customers who owe it; then the receivable
	in it, and its customer's grade and its currency as terms."""
	parts = [source.outstanding() for source in sources()]
	whole = parts[0]
	for part in parts[1:]:
		whole = whole * part
	receivable, customer = whole.as_("receivable"), DocType(common.CUSTOMER)
	currency = Coalesce(NullIf(receivable.currency, ""), common.main_currency())
	query = frappe.qb.from_(receivable).join(customer).on(customer.name == receivable.customer).where(where)
	if currencies:
		query = query.where(currency.isin(currencies))
	return query, receivable, common.grade_of(customer), currency


def by_currency(rows: list[dict]) -> list[list[dict]]:
	"""The rows in one list for each currency."""
	return [
		[row for row in rows if row.currency == currency]
		for currency in sorted({row.currency for row in rows})
	]


def total(rows: list[dict]) -> dict:
	"""The rows of one currency added up."""
	row = empty(_("Total"), rows[0].currency)
	for name in (*BUCKETS, "disputed", "receivables", "customers"):
		row[name] = sum(part[name] for part in rows)
	add_up(row)
	row.is_total = 1
	return row


def largest_currency(rows: list[dict]) -> str:
	sums: dict[str, float] = {}
	for row in rows:
		sums[row.currency] = sums.get(row.currency, 0.0) + row.outstanding
	return max(sums, key=sums.get) if sums else common.main_currency()


def bucket_labels() -> dict[str, str]:
	return dict(
		zip(
			BUCKETS,
			(_("Not Due"), _("1–30 Days"), _("31–60 Days"), _("61–90 Days"), _("Over 90 Days")),
			strict=True,
		)
	)


def columns() -> list[dict]:
	return [
		common.column("grade", _("Grade"), width=100),
		common.column("customers", _("Customers"), "Int", 110),
		common.column("receivables", _("Receivables"), "Int", 120),
		*(common.amount_column(name, label) for name, label in bucket_labels().items()),
		common.amount_column("outstanding", _("Outstanding"), 165),
		common.amount_column("overdue", _("Overdue"), 165),
		common.share_column("overdue_share", _("Share Overdue"), 140),
		common.amount_column("disputed", _("In Dispute")),
		common.column("currency", _("Currency"), width=90),
	]


def chart(rows: list[dict], currency: str, overdue_only: bool) -> dict | None:
	if not rows:
		return None
	first = 1 if overdue_only else 0
	# Short, since the legend stands on half a page.
	labels = dict(zip(BUCKETS, (_("Not Due"), "1–30", "31–60", "61–90", _("Over 90")), strict=True))
	return {
		"type": "bar",
		"data": {
			"labels": [row.grade for row in rows],
			"datasets": [
				{"name": labels[name], "values": [round(row[name], 2) for row in rows]}
				for name in BUCKETS[first:]
			],
		},
		"colors": list(COLOURS[first:]),
		"barOptions": {"stacked": 1, "spaceRatio": 0.5},
		"fieldtype": "Currency",
		"options": "currency",
		"currency": currency,
	}


def summary(rows: list[dict]) -> list[dict]:
	found = []
	for part in sorted(by_currency(rows), key=lambda part: -total(part).outstanding)[:2]:
		whole = total(part)
		money = {"datatype": "Currency", "currency": whole.currency}
		found += [
			{"label": _("Outstanding"), "value": whole.outstanding, "indicator": "Blue", **money},
			{"label": _("Overdue"), "value": whole.overdue, "indicator": "Orange", **money},
			{"label": _("Over 90 Days"), "value": whole.days_over_90, "indicator": "Red", **money},
			common.figure(_("Share Overdue"), round(whole.overdue_share, 1), "Percent"),
		]
	return found
