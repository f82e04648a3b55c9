"""Customers in the order of how far they can be trusted, at the cautious end of what is known about them."""

from pypika.functions import Floor
from pypika.terms import Case

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Avg, Count
from frappe.utils import cint

from cims.cims.report import common, remembered

# What the filter says -> what decides, the best (or largest) first.
ORDERS = {
	"Low end of the score": "low",
	"Score": "score",
	"Change in 90 days": "change_90d",
	"Change in a year": "change_1y",
	"Days beyond terms": "days_beyond_terms",
	"Overdue amount": "overdue_amount",
}
OF_CUSTOMER = {"score": "trust_score", "change_90d": "trust_change", "overdue_amount": "overdue_amount"}
MOST_ROWS = 1000
# Points of score for one bar of the chart.
BIN = 50


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary. Raises frappe.ValidationError for an unknown order."""
	filters = frappe._dict(filters or {})
	order = filters.get("order_by") or "Low end of the score"
	if order not in ORDERS:
		frappe.throw(_("Choose one of these to rank by: {0}.").format(", ".join(map(_, ORDERS))))
	where = common.readable(filters)
	customer = DocType(common.CUSTOMER)
	if cint(filters.get("watch")):
		where &= customer.trust_watch == 1
	limit = min(max(cint(filters.get("show")) or 100, 1), MOST_ROWS)
	rows = ranked(where, ORDERS[order], bool(cint(filters.get("last_first"))), limit)
	common.plain_text(rows, "customer_name", "customer_group")
	figures = totals(where)
	drawn, sums = chart(where), summary(where, figures)
	notes = [message(len(rows), figures), remembered.notice()]
	return columns(), rows, "<br>".join(filter(None, notes)) or None, drawn, sums


def ranked(where, order: str, last_first: bool, limit: int) -> list[dict]:
	"""The first `limit` rated customers, numbered; the customer's code decides between equals."""
	customer, rating = DocType(common.CUSTOMER), DocType("Trust Rating")
	known = {figure.alias: figure for figure in common.known_figures(rating)}
	# What the customer's own row has too stands in its index there, and is read from the end that is asked for.
	deciding = customer[OF_CUSTOMER[order]] if order in OF_CUSTOMER else known.get(order, rating[order])
	direction = frappe.qb.asc if last_first else frappe.qb.desc
	query = (
		frappe.qb.from_(customer)
		.join(rating)
		.on(rating.customer == customer.name)
		.select(
			customer.name.as_("customer"),
			customer.customer_name,
			customer.trust_grade.as_("grade"),
			rating.score,
			rating.low,
			rating.high,
			*common.known_figures(rating),
			rating.evidence_count,
			customer.trust_watch.as_("watch"),
			customer.open_amount,
			customer.overdue_amount,
			customer.currency,
			customer.customer_group,
		)
		.where(where & common.is_rated(customer) & known.get(order, deciding).isnotnull())
		.orderby(deciding, order=direction)
		.orderby(customer.name, order=direction)
		.limit(limit)
	)
	rows = remembered.rows(query, as_dict=True)
	for at, row in enumerate(rows, start=1):
		row.rank = at
		row.watch = _("On Watch") if row.watch else ""
	return rows


def totals(where) -> dict:
	"""All customers that the filters leave, rated ones, those on watch, and the mean score of the rated."""
	customer = DocType(common.CUSTOMER)
	rated = common.is_rated(customer)
	query = (
		frappe.qb.from_(customer)
		.select(
			Count("*").as_("customers"),
			common.count_if(rated).as_("rated"),
			common.count_if(customer.trust_watch == 1).as_("on_watch"),
			Avg(Case().when(rated, customer.trust_score)).as_("mean_score"),
		)
		.where(where)
	)
	return remembered.rows(query, as_dict=True)[0]


def message(shown: int, figures: dict) -> str | None:
	if shown < figures.rated:
		return _("Showing {0} of {1} rated customers. Set the number of rows in the filters.").format(
			shown, int(figures.rated)
		)


def columns() -> list[dict]:
	return [
		common.column("rank", _("Rank"), "Int", 70),
		*common.customer_columns(),
		common.column("grade", _("Grade"), width=90),
		common.score_column("score", _("Score")),
		common.score_column("low", _("Low End")),
		common.score_column("high", _("High End")),
		common.score_column("change_90d", _("Change, 3 Months"), 165),
		common.score_column("change_1y", _("Change, 12 Months"), 175),
		common.column("percentile", _("Percentile"), "Int", 120),
		common.score_column("days_beyond_terms", _("Days beyond Terms"), 170),
		common.column("evidence_count", _("Evidence"), "Int", 100),
		common.column("watch", _("Watch"), width=100),
		common.amount_column("open_amount", _("Open Amount")),
		common.amount_column("overdue_amount", _("Overdue Amount")),
		common.column("currency", _("Currency"), width=90),
		common.column("customer_group", _("Customer Group"), width=140),
	]


def chart(where) -> dict | None:
	"""How many of the customers have which score: the whole field, not just the rows that are shown."""
	customer = DocType(common.CUSTOMER)
	bin_of = Floor(customer.trust_score / BIN)
	found = dict(
		remembered.rows(
			frappe.qb.from_(customer)
			.select(bin_of, Count("*"))
			.where(where & common.is_rated(customer))
			.groupby(bin_of)
		)
	)
	if not found:
		return None
	counts = {min(int(at), 1000 // BIN - 1): 0 for at in found}
	for at, customers in found.items():
		counts[min(int(at), 1000 // BIN - 1)] += customers
	bins = range(min(counts), max(counts) + 1)
	return {
		"type": "bar",
		"data": {
			"labels": [f"{at * BIN}+" for at in bins],
			"datasets": [{"name": _("Customers"), "values": [counts.get(at, 0) for at in bins]}],
		},
		"colors": ["#0a5c8c"],
	}


def summary(where, figures: dict) -> list[dict]:
	mean = figures.mean_score
	return [
		common.figure(_("Rated"), int(figures.rated)),
		common.figure(_("Not Rated"), int(figures.customers - figures.rated)),
		common.figure(_("Mean Score"), mean, "Float", "Blue"),
		common.figure(_("On Watch"), int(figures.on_watch), indicator="Orange"),
		*common.amount_summary(_("Overdue Amount"), "overdue_amount", where, "Red"),
	]
