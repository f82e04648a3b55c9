"""What a company sold, by the present grade of those who bought it: Sales Invoices or Sales Orders, by month or quarter.

Net of taxes and of what came back, in the company's currency. Only where ERPNext is (`cims.erpnext.desk`).
"""

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.utils import add_months, flt, get_first_day, getdate, nowdate

from cims.cims.report import common
from cims.erpnext import selling_reports as selling
from cims.ratings import panel, policies

# Document -> the field with its day.
DAYS = {"Sales Invoice": "posting_date", "Sales Order": "transaction_date"}
# Period -> the first day of that of a day, in SQL.
PERIODS = {
	"Month": "DATE_FORMAT({0}, '%%Y-%%m-01')",
	"Quarter": "DATE_FORMAT(MAKEDATE(YEAR({0}), 1) + INTERVAL QUARTER({0}) QUARTER - INTERVAL 1 QUARTER, '%%Y-%%m-01')",
	"Year": "DATE_FORMAT({0}, '%%Y-01-01')",
}
GREY = "#8c8c8c"


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary of the report."""
	filters = frappe._dict(filters or {})
	company, currency = selling.company_of(filters)
	doctype, period = filters.based_on or "Sales Invoice", filters.period or "Month"
	if doctype not in DAYS or period not in PERIODS:
		frappe.throw(_("Choose what to add up, and by which period."))
	frappe.has_permission(doctype, "report", throw=True)
	first = getdate(filters.from_date or get_first_day(add_months(nowdate(), -11)))
	last = getdate(filters.to_date or nowdate())
	if first > last:
		frappe.throw(_("The first day must not be after the last one."))
	found = sold(company, doctype, period, first, last)
	grades = common.in_order({row.grade for row in found}, [*common.grades(), ""])
	grades = [grade for grade in grades if any(row.grade == grade for row in found)]
	rows = by_period(found, grades, period, currency)
	fields = [field_of(grade) for grade in grades]
	total = selling.total(rows, (*fields, "total"))
	total.period = total.pop("grade")
	return (
		columns(grades),
		[*rows, total] if rows else [],
		_("Grades are those of today."),
		chart(rows, grades, currency),
		summary(total, grades, currency),
	)


def sold(company: str, doctype: str, period: str, first, last) -> list[frappe._dict]:
	"""(first day of the period, grade, amount). One statement."""
	day = f"d.`{DAYS[doctype]}`"
	match = build_match_conditions(doctype)
	yours = f"AND ({match.replace(f'`tab{doctype}`', 'd')})" if match else ""
	return frappe.db.sql(
		f"""SELECT {PERIODS[period].format(day)} AS period, {selling.GRADE} AS grade, SUM(d.base_net_total) AS amount
		FROM `tab{doctype}` d {selling.joined_to_grades("d.customer")}
		WHERE d.docstatus = 1 AND d.company = %(company)s AND {day} BETWEEN %(first)s AND %(last)s {yours}
		GROUP BY period, grade ORDER BY period""",
		{"company": company, "first": first, "last": last},
		as_dict=True,
	)


def by_period(found: list[frappe._dict], grades: list[str], period: str, currency: str) -> list[frappe._dict]:
	"""One row for each period in which something was sold, with a column for each grade."""
	rows: dict[str, frappe._dict] = {}
	for part in found:
		row = rows.setdefault(part.period, frappe._dict({field_of(grade): 0.0 for grade in grades}))
		row[field_of(part.grade)] += flt(part.amount, 2)
	for start, row in rows.items():
		row.update(period=named(getdate(start), period), currency=currency)
		row.total = flt(sum(row[field_of(grade)] for grade in grades), 2)
	return list(rows.values())


def named(start, period: str) -> str:
	"""A period as people write it."""
	if period == "Year":
		return str(start.year)
	return f"{start.year}-Q{(start.month + 2) // 3}" if period == "Quarter" else f"{start:%Y-%m}"


def field_of(grade: str) -> str:
	"""The column of a grade; grades may be called anything."""
	return "grade_" + (grade.encode().hex() or "none")


def columns(grades: list[str]) -> list[dict]:
	return [
		common.column("period", _("Period"), width=110),
		*(common.amount_column(field_of(grade), selling.shown(grade), 140) for grade in grades),
		common.amount_column("total", _("Total")),
		common.column("currency", _("Currency"), "Link", 90, options="Currency", hidden=1),
	]


def chart(rows: list[frappe._dict], grades: list[str], currency: str) -> dict | None:
	if not rows:
		return None
	colours = {band["grade"]: band["colour"] for band in panel.bands(policies.active())}
	return {
		"data": {
			"labels": [row.period for row in rows],
			"datasets": [
				{"name": selling.shown(grade), "values": [row[field_of(grade)] for row in rows]}
				for grade in grades
			],
		},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": [colours.get(grade, GREY) for grade in grades],
		"fieldtype": "Currency",
		"currency": currency,
	}


def summary(total: frappe._dict, grades: list[str], currency: str) -> list[dict]:
	"""All of it, and the share of the better half of the grades."""
	best = [band.grade for band in policies.active().bands]
	better = flt(sum(total[field_of(grade)] for grade in grades if grade in best[: len(best) // 2]), 2)
	share = 100 * better / total.total if total.total > 0 else None
	return [
		{"label": _("Sold"), "value": total.total, "datatype": "Currency", "currency": currency},
		common.figure(_("To the Better Half of the Grades"), share, "Percent"),
	]
