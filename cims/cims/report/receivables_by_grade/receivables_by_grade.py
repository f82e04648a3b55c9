"""What ERPNext's customers owe a company, by grade: ERPNext's own Accounts Receivable, added up in the database.

Vouchers are put together, left out and aged as ERPNext's report does it (accounts_receivable.py), so that both give the same
totals to the cent. Only where ERPNext is (`cims.erpnext.desk`).
"""

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions
from frappe.utils import cint, flt, getdate, nowdate

from cims.cims.report import common
from cims.erpnext import selling_reports as selling

LEDGER = "Payment Ledger Entry"
# The last day of each bucket but the open-ended one, as ERPNext's report has them by default.
EDGES = (30, 60, 90, 120)
BUCKETS = ("range1", "range2", "range3", "range4", "range5")
SUMS = ("outstanding", "not_due", *BUCKETS)
COLOURS = ("#93cfa0", "#cfe08c", "#f6d55c", "#ed8936", "#d9534f", "#8f1d1d")


def execute(filters: dict | None = None):
	"""Columns, rows, message, chart and summary of the report."""
	filters = frappe._dict(filters or {})
	company, currency = selling.company_of(filters)
	day = getdate(filters.report_date or nowdate())
	compare = bool(cint(filters.compare))
	rows = by_grade(company, day)
	if compare:
		beside(rows, company, day)
	for row in rows:
		row.currency = currency
	total = selling.total(rows, (*SUMS, "customers", *(("erpnext", "difference") if compare else ())))
	return columns(compare), [*rows, total] if rows else [], None, chart(rows), summary(total, currency)


def by_grade(company: str, day) -> list[frappe._dict]:
	"""One row for each grade that owes something or is owed something, best first. One statement."""
	found = frappe.db.sql(
		f"""WITH {vouchers()}
		SELECT {selling.GRADE} AS grade, COUNT(DISTINCT v.party) AS customers, SUM(v.outstanding) AS outstanding,
			SUM(IF(v.age < 0, v.outstanding, 0)) AS not_due, {_buckets()}
		FROM v {selling.joined_to_grades("v.party", "v.party_type")} GROUP BY grade""",
		_parameters(company, day),
		as_dict=True,
	)
	rows = {row.grade: row for row in found}
	for row in found:
		row.update({name: flt(row[name], 2) for name in SUMS})
	return [rows[grade] for grade in common.in_order(rows, [*common.grades(), ""]) if grade in rows]


def _buckets() -> str:
	limits = zip((-1, *EDGES), (*EDGES, 10**6), strict=True)
	return ", ".join(
		f"SUM(IF(v.age > {after} AND v.age <= {to}, v.outstanding, 0)) AS {name}"
		for name, (after, to) in zip(BUCKETS, limits, strict=True)
	)


def _parameters(company: str, day) -> dict:
	from erpnext.accounts.utils import get_currency_precision, get_party_types_from_account_type

	digits = get_currency_precision() or 2
	return {
		"company": company,
		"day": day,
		"digits": digits,
		"least": 10.0**-digits,
		"types": get_party_types_from_account_type("Receivable") or ["Customer"],
	}


def vouchers() -> str:
	"""The open vouchers as a table v of a WITH clause: party, outstanding in company currency, age in days (below 0: not due).

	A row of the ledger counts for the voucher that it is against where that is in the ledger, else for its own; what is paid on
	a credit note, for the invoice that was credited.
	"""
	match = build_match_conditions(LEDGER)
	yours = f"AND {match.replace(f'`tab{LEDGER}`', 'p')}" if match else ""
	return f"""p AS (
			SELECT p.account, p.voucher_type, p.voucher_no, p.against_voucher_type, p.party_type, p.party, p.posting_date,
				p.amount, p.amount_in_account_currency, COALESCE(r.return_against, p.against_voucher_no) AS against
			FROM `tab{LEDGER}` p
			JOIN `tabAccount` a ON a.name = p.account AND a.company = p.company AND a.account_type = 'Receivable'
			LEFT JOIN `tabSales Invoice` r ON p.against_voucher_type = 'Sales Invoice' AND r.name = p.against_voucher_no
				AND r.is_return = 1 AND r.docstatus = 1 AND r.update_outstanding_for_self = 0
				AND r.posting_date <= %(day)s AND r.return_against != ''
			WHERE p.company = %(company)s AND p.posting_date <= %(day)s AND p.delinked = 0
				AND p.account_type = 'Receivable' AND p.party_type IN %(types)s AND p.party_type != 'Employee' {yours}
		), known AS (
			SELECT account, voucher_type, voucher_no, party, MIN(posting_date) AS posting_date
			FROM p GROUP BY account, voucher_type, voucher_no, party
		), placed AS (
			SELECT p.account, p.party_type, p.party, p.amount, p.amount_in_account_currency,
				IF(k.voucher_no IS NULL, p.voucher_type, p.against_voucher_type) AS type,
				IF(k.voucher_no IS NULL, p.voucher_no, p.against) AS name
			FROM p LEFT JOIN known k ON k.account = p.account AND k.voucher_type = p.against_voucher_type
				AND k.voucher_no = p.against AND k.party = p.party
		), balanced AS (
			SELECT account, type, name, party, MAX(party_type) AS party_type, ROUND(SUM(amount), %(digits)s) AS outstanding,
				ROUND(SUM(amount_in_account_currency), %(digits)s) AS in_account
			FROM placed GROUP BY account, type, name, party
		), v AS (
			SELECT b.party, b.party_type, b.outstanding,
				DATEDIFF(%(day)s, COALESCE(si.due_date, IF(je.bill_no != '', je.due_date, NULL), k.posting_date)) AS age
			FROM balanced b
			JOIN known k ON k.account = b.account AND k.voucher_type = b.type AND k.voucher_no = b.name AND k.party = b.party
			LEFT JOIN `tabSales Invoice` si ON b.type = 'Sales Invoice' AND si.name = b.name
			LEFT JOIN `tabJournal Entry` je ON b.type = 'Journal Entry' AND je.name = b.name
			WHERE ABS(b.outstanding) >= %(least)s AND (ABS(b.in_account) >= %(least)s
				OR je.voucher_type IN ('Exchange Rate Revaluation', 'Exchange Gain Or Loss'))
		)"""


def beside(rows: list[frappe._dict], company: str, day) -> None:
	"""Put what ERPNext's own report says beside each row; slow where there are many invoices."""
	from erpnext.accounts.report.accounts_receivable.accounts_receivable import execute as accounts_receivable

	asked = {
		"company": company,
		"report_date": day,
		"ageing_based_on": "Due Date",
		"calculate_ageing_with": "Report Date",
		"range": ", ".join(map(str, EDGES)),
	}
	data = accounts_receivable(frappe._dict(asked))[1]
	grades = selling.grades_of({row.party for row in data})
	sums: dict[str, float] = {}
	for row in data:
		grade = grades.get(row.party, "")
		sums[grade] = sums.get(grade, 0.0) + flt(row.outstanding)
	for row in rows:
		row.erpnext = flt(sums.get(row.grade), 2)
		row.difference = flt(row.outstanding - row.erpnext, 2)


def labels() -> dict[str, str]:
	names = (_("0–30 Days"), _("31–60 Days"), _("61–90 Days"), _("91–120 Days"), _("Over 120 Days"))
	return {"not_due": _("Not Due"), **dict(zip(BUCKETS, names, strict=True))}


def columns(compare: bool) -> list[dict]:
	found = [
		common.column("grade", _("Grade"), width=150),
		common.column("customers", _("Customers"), "Int", 110),
		common.amount_column("outstanding", _("Outstanding")),
		*(common.amount_column(name, label) for name, label in labels().items()),
	]
	if compare:
		found += [
			common.amount_column("erpnext", _("Accounts Receivable")),
			common.amount_column("difference", _("Difference")),
		]
	return [*found, common.column("currency", _("Currency"), "Link", 90, options="Currency", hidden=1)]


def chart(rows: list[frappe._dict]) -> dict | None:
	if not rows:
		return None
	datasets = [{"name": label, "values": [row[name] for row in rows]} for name, label in labels().items()]
	return {
		"data": {"labels": [selling.shown(row.grade) for row in rows], "datasets": datasets},
		"type": "bar",
		"barOptions": {"stacked": 1},
		"colors": list(COLOURS),
		"fieldtype": "Currency",
		"currency": rows[0].currency,
	}


def summary(total: frappe._dict, currency: str) -> list[dict]:
	def amount(label: str, value: float, indicator: str) -> dict:
		return {
			"label": label, "value": value, "datatype": "Currency", "currency": currency, "indicator": indicator,
		}  # fmt: skip

	overdue = flt(total.outstanding - total.not_due, 2)
	return [amount(_("Outstanding"), total.outstanding, "Blue"), amount(_("Overdue"), overdue, "Red")]
