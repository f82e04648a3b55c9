"""How the customers divide by one of their properties, and how far each part can be trusted."""

from pypika.functions import NullIf
from pypika.terms import Case

import frappe
from frappe import _
from frappe.query_builder import DocType
from frappe.query_builder.functions import Avg, Coalesce, Count
from frappe.utils import cint, flt

from cims.cims.report import common, remembered
from cims.trust.policy import NOT_RATED

# What the filter says -> the customer's field. The values of these come from CIMS or from Frappe and have translations.
FIELDS = {
	"City": "city",
	"Province": "province",
	"Country": "country",
	"Customer Group": "customer_group",
	"Customer Type": "customer_type",
	"Level": "level",
	"Industry": "industry",
	"Customer Source": "source",
	"Status": "status",
	"Grade": "trust_grade",
	"Account Manager": "account_manager",
}
TRANSLATED = ("Country", "Customer Type", "Level", "Status")
# Bars that a chart can show before nobody can read their names, unless the filter says how many.
BARS = 10


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary of the report. Raises frappe.ValidationError for an unknown `by`."""
	filters = frappe._dict(filters or {})
	by = filters.get("by") or "City"
	if by not in FIELDS:
		frappe.throw(
			_("Choose one of these to divide the customers by: {0}.").format(", ".join(map(_, FIELDS)))
		)
	where = common.readable(filters)
	currency = common.main_currency()
	rows = counts(FIELDS[by], where, currency)
	name_rows(rows, by)
	common.plain_text(rows, "value")
	most = cint(filters.get("bars")) or BARS
	notes = [elsewhere(where, currency), remembered.notice()]
	if by != "Grade" and len(rows) > most:
		notes.append(_("The chart shows the {0} largest of {1}.").format(most, len(rows)))
	return (
		columns(by, currency),
		rows,
		"<br>".join(filter(None, notes)) or None,
		chart(rows, by, most),
		summary(rows, currency),
	)


def counts(field: str, where, currency: str) -> list[dict]:
	"""One row for each value, most customers first; means without the customers that are not rated."""
	customer = DocType(common.CUSTOMER)
	value = common.grade_of(customer) if field == "trust_grade" else NullIf(customer[field], "")
	in_currency = Coalesce(NullIf(customer.currency, ""), currency) == currency
	number = Count("*")
	query = (
		frappe.qb.from_(customer)
		.select(
			value.as_("value"),
			number.as_("customers"),
			common.count_if(common.is_rated(customer)).as_("rated"),
			Avg(Case().when(common.is_rated(customer), customer.trust_score)).as_("mean_score"),
			common.count_if(customer.trust_watch == 1).as_("on_watch"),
			common.sum_if(in_currency, customer.open_amount).as_("open_amount"),
			common.sum_if(in_currency, customer.overdue_amount).as_("overdue_amount"),
		)
		.where(where)
		.groupby(value)
		.orderby(number, order=frappe.qb.desc)
		.orderby(value)
	)
	rows = remembered.rows(query, as_dict=True)
	total = sum(row.customers for row in rows)
	for row in rows:
		row.share = 100.0 * row.customers / total
		row.currency = currency
	return rows


def name_rows(rows: list[dict], by: str) -> None:
	"""Puts grades in their order and gives every row the name a person reads."""
	if by == "Grade":
		order = common.in_order((row.value for row in rows), common.grades())
		rows.sort(key=lambda row: order.index(row.value))
	for row in rows:
		row.value = (_(row.value) if by in TRANSLATED else row.value) if row.value else _("Not given")


def columns(by: str, currency: str) -> list[dict]:
	return [
		common.column("value", _(by), width=180),
		common.column("customers", _("Customers"), "Int", 110),
		common.share_column("share", _("Share of Customers"), 160),
		common.column("rated", _("Rated"), "Int", 90),
		common.score_column("mean_score", _("Mean Score"), 110),
		common.column("on_watch", _("On Watch"), "Int", 100),
		common.amount_column("open_amount", _("Open ({0})").format(currency)),
		common.amount_column("overdue_amount", _("Overdue ({0})").format(currency)),
	]


def elsewhere(where, currency: str) -> str | None:
	"""What the amounts leave out, so that nobody takes them for everything."""
	customer = DocType(common.CUSTOMER)
	query = (
		frappe.qb.from_(customer)
		.select(Count("*"))
		.where(where & (customer.open_amount != 0))
		.where(Coalesce(NullIf(customer.currency, ""), currency) != currency)
	)
	if other := remembered.rows(query)[0][0]:
		return _(
			"Customers who owe in another currency than {0}, and whose amounts are left out here: {1}."
		).format(currency, other)


def chart(rows: list[dict], by: str, most: int = BARS) -> dict | None:
	if not rows:
		return None
	bars = [(row.value, row.customers) for row in rows[: len(rows) if by == "Grade" else most]]
	return {
		"type": "bar",
		"data": {
			"labels": [name for name, _customers in bars],
			"datasets": [{"name": _("Customers"), "values": [customers for _name, customers in bars]}],
		},
		"colors": ["#2a9db5"],
	}


def summary(rows: list[dict], currency: str) -> list[dict]:
	customers = sum(row.customers for row in rows)
	rated = sum(row.rated for row in rows)
	points = sum(row.rated * flt(row.mean_score) for row in rows)
	return [
		common.figure(_("Customers"), customers),
		common.figure(_("Rated"), rated),
		common.figure(_("Mean Score"), points / rated if rated else None, "Float", "Blue"),
		common.figure(_("On Watch"), int(sum(row.on_watch for row in rows)), indicator="Orange"),
		{
			"label": _("Overdue Amount"),
			"value": sum(flt(row.overdue_amount) for row in rows),
			"datatype": "Currency",
			"currency": currency,
			"indicator": "Red",
		},
	]
