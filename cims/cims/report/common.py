"""What the reports share: whose records the reader may see, the filters, the grades in order, amounts and text.

Every report starts from `readable(filters)`, so that no figure counts a customer that its reader may not open.
"""

from collections.abc import Iterable

from pypika import Table
from pypika.functions import NullIf
from pypika.terms import Case, Criterion, Term

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.query_builder import DocType
from frappe.query_builder.functions import Coalesce, Sum
from frappe.utils import flt

from cims.cims.report import remembered
from cims.trust.policy import DEFAULT_BANDS, NOT_RATED

CUSTOMER = "CIMS Customer"
ON_SCREEN = "frappe.desk.query_report.run"
# What makes a spreadsheet take a cell for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Filter of a report -> field of the customer.
CHOICES = {
	"customer_group": "customer_group",
	"customer_type": "customer_type",
	"level": "level",
	"status": "status",
	"source": "source",
	"country": "country",
	"province": "province",
	"city": "city",
	"account_manager": "account_manager",
	"grade": "trust_grade",
}


class _Sql(Criterion):
	"""A condition that comes as text, from Frappe's own permission code."""

	def __init__(self, text: str):
		super().__init__()
		self.text = text

	def nodes_(self):
		yield self

	def get_sql(self, **kwargs) -> str:
		return f"({self.text})"


def readable(filters: frappe._dict, archived: bool = False) -> Criterion:
	"""The customers that the reader may see and has not filtered away, as a condition on `CIMS Customer`.

	Archived customers count when `archived`, or when the filters ask for them by status. Raises
	frappe.PermissionError for someone who may not report on customers at all.
	"""
	frappe.has_permission(CUSTOMER, "report", throw=True)
	customer = DocType(CUSTOMER)
	conditions = [customer[field].isin(chosen) for field, chosen in _chosen(filters).items()]
	if not archived and not filters.get("status"):
		conditions.append(customer.status != "Archived")
	if match := build_match_conditions(CUSTOMER):
		conditions.append(_Sql(match))
	return Criterion.all([customer.name.isnotnull(), *conditions])


def _chosen(filters: frappe._dict) -> dict[str, list[str]]:
	"""Field of the customer -> the values asked for; a single value and a list are the same thing."""
	return {field: as_list(filters[name]) for name, field in CHOICES.items() if filters.get(name)}


def as_list(value) -> list[str]:
	"""A filter's value as a list: the desk sends a text, a list, or a list as JSON."""
	if isinstance(value, str):
		value = frappe.parse_json(value) if value.startswith("[") else [value]
	return [str(item) for item in value]


def grade_of(customer: Table) -> Term:
	"""The grade of a row of `CIMS Customer`: NR for one that nothing has rated yet."""
	return Coalesce(NullIf(customer.trust_grade, ""), NOT_RATED)


def is_rated(customer: Table) -> Criterion:
	return grade_of(customer) != NOT_RATED


def known_figures(rating: Table) -> list[Term]:
	"""Figures of a row of `Trust Rating`, empty where the history is too short for one (the table has 0 there)."""
	conditions = {
		"change_90d": rating.has_change_90d == 1,
		"change_1y": rating.has_change_1y == 1,
		"percentile": rating.compared == 1,
		"days_beyond_terms": rating.settled_count > 0,
	}
	return [Case().when(condition, rating[name]).as_(name) for name, condition in conditions.items()]


def count_if(condition: Criterion) -> Term:
	return Coalesce(Sum(Case().when(condition, 1).else_(0)), 0)


def sum_if(condition: Criterion, value: Term) -> Term:
	return Coalesce(Sum(Case().when(condition, value).else_(0)), 0)


def grades() -> list[str]:
	"""The grades of the policy in force, best first, and NR at the end."""
	policy, band = DocType("Trust Policy"), DocType("Trust Grade Band")
	rows = (
		frappe.qb.from_(band)
		.join(policy)
		.on(band.parent == policy.name)
		.select(policy.version, band.grade)
		.where(policy.status == "Published")
		.orderby(policy.version, order=frappe.qb.desc)
		.orderby(band.floor, order=frappe.qb.desc)
	).run(as_dict=True)
	bands = [row for row in rows if row.version == rows[0].version] or DEFAULT_BANDS
	return [band.grade for band in bands] + [NOT_RATED]


def in_order(found: Iterable[str], known: list[str]) -> list[str]:
	"""The known grades, then whatever an earlier policy called its own and somebody still has."""
	return known + sorted(set(found) - set(known))


def main_currency() -> str:
	"""The currency of figures that add up several customers: the one new orders get, else the site's."""
	return frappe.db.get_single_value("CIMS Settings", "default_currency") or frappe.db.get_default(
		"currency"
	)


def amounts_by_currency(column: str, where: Criterion) -> list[tuple[str, float]]:
	"""(currency, sum) of a customers' amount, largest first; amounts in different currencies are never added."""
	customer = DocType(CUSTOMER)
	total = Sum(customer[column])
	rows = remembered.rows(
		frappe.qb.from_(customer)
		.select(customer.currency, total)
		.where(where & (customer[column] > 0))
		.groupby(customer.currency)
		.orderby(total, order=frappe.qb.desc)
	)
	main = main_currency()
	return [(currency or main, flt(amount)) for currency, amount in rows]


def amount_summary(label: str, column: str, where: Criterion, indicator: str = "Blue") -> list[dict]:
	"""Report summary entries for an amount of the customers, one for each of the three largest currencies."""
	found = amounts_by_currency(column, where)[:3] or [(main_currency(), 0.0)]
	return [
		{
			"value": amount,
			"label": label,
			"datatype": "Currency",
			"currency": currency,
			"indicator": indicator,
		}
		for currency, amount in found
	]


def figure(label: str, value, datatype: str = "Int", indicator: str | None = None) -> dict:
	"""One entry of a report's summary; a figure that can't be given is shown as a dash, never as 0."""
	if value is None:
		value, datatype, indicator = "–", "Data", None
	elif datatype == "Float":
		# The desk would show as many decimals as the site has for any number.
		value, datatype = frappe.format_value(value, {"fieldtype": "Float", "precision": 1}), "Data"
	return {"label": label, "value": value, "datatype": datatype, "indicator": indicator}


def column(fieldname: str, label: str, fieldtype: str = "Data", width: int = 110, **more) -> dict:
	return {"fieldname": fieldname, "label": label, "fieldtype": fieldtype, "width": width, **more}


def customer_columns() -> list[dict]:
	return [
		column("customer", _("Customer"), "Link", 130, options=CUSTOMER),
		column("customer_name", _("Customer Name"), width=200),
	]


def share_column(fieldname: str, label: str, width: int = 110) -> dict:
	return column(fieldname, label, "Percent", width, precision=1)


def score_column(fieldname: str, label: str, width: int = 100) -> dict:
	return column(fieldname, label, "Float", width, precision=1)


def amount_column(fieldname: str, label: str, width: int = 155) -> dict:
	return column(fieldname, label, "Currency", width, options="currency")


def plain_text(rows: list[dict], *fieldnames: str) -> None:
	"""Keeps what people typed from running as a formula in the spreadsheet that opens an exported report.

	Frappe 15 writes report cells as they are, and a text that begins with "=" becomes a formula even in XLSX. On the
	desk's own page the text stays as it was typed.
	"""
	if frappe.form_dict.get("cmd") == ON_SCREEN:
		return
	for row in rows:
		for fieldname in fieldnames:
			if str(row.get(fieldname) or "").startswith(FORMULA_STARTS):
				row[fieldname] = "'" + row[fieldname]
