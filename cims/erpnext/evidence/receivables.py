"""Sales Invoices as receivables, from what the Payment Ledger says was owed, paid, credited and written off, and when.

Most invoices were paid at once or not at all; those leave the database as columns (`undivided`). The others, with part payments,
credit notes, losses or several due dates, are put together one by one (`settling`). Both say the same of the same invoice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date

import numpy as np

import frappe
from frappe.query_builder import DocType
from frappe.query_builder.functions import Sum

from cims.erpnext import LINK, OURS
from cims.erpnext.evidence import calendars, losses
from cims.erpnext.evidence.rows import LEDGER, select
from cims.erpnext.evidence.settling import CREDITED, LOST, PAID, Instalment, Move, settled
from cims.ratings import packed, sql
from cims.receivables.settlement import CENT
from cims.receivables.source import UNDIVIDED, Undivided
from cims.trust.calendar import NEVER
from cims.trust.evidence import Receivable

INVOICE, DISPUTE = "Sales Invoice", "Receivable Dispute"
# A row of the ledger that moves what an invoice is owed. What has no amount in the currency of the account only tells of gains
# and losses by exchange.
MOVES = f"""p.against_voucher_type = '{INVOICE}' AND p.delinked = 0 AND p.party_type = 'Customer'
	AND p.amount_in_account_currency != 0"""
Terms = dict[tuple[str, str], list[tuple[str | None, float]]]
# A payment that is for no term of its own.
ALL_OF_IT = [(None, 1.0)]
_DISPUTED = f"""LEFT JOIN `tab{DISPUTE}` dispute
	ON dispute.reference_doctype = '{INVOICE}' AND dispute.reference_name = d.name"""


def receivables(
	customers: Collection[str] | None, names: Collection[str] | None, open_only: bool = False
) -> Iterator[Receivable]:
	"""See `ReceivableSource.receivables`."""
	invoices = select(
		"""d.name, d.company, d.posting_date, d.due_date, d.is_pos, d.base_write_off_amount, d.base_change_amount,
		dispute.name AS dispute, dispute.disputed_from, dispute.disputed_to""",
		f"""`tab{INVOICE}` d {{ours}} {_DISPUTED}
		WHERE d.docstatus = 1 AND d.is_return = 0 {"AND d.outstanding_amount > 0" if open_only else ""}""",
		customers,
		names,
	)
	for part in sql.chunks(invoices, sql.ROWS_AT_ONCE):
		yield from _put_together(part)


def _put_together(invoices: list[frappe._dict]) -> Iterator[Receivable]:
	names = [invoice.name for invoice in invoices]
	ledger, schedules = _ledger(names), _schedules(names)
	shares = losses.shares(row for rows in ledger.values() for row in rows)
	terms = _terms([name for name in names if len(schedules[name]) > 1])
	days_of = calendars.of_companies()
	for invoice in invoices:
		rows = ledger[invoice.name]
		amount, rate = _owed(invoice, rows)
		if amount <= CENT:
			continue
		instalments = _instalments(invoice, amount, schedules[invoice.name])
		moves = list(_moves(invoice, rows, rate, shares, terms))
		for facts in settled(instalments, moves, amount):
			yield Receivable(
				customer=invoice.customer,
				reference=invoice.name,
				invoiced_on=invoice.posting_date,
				disputed=bool(invoice.dispute),
				disputed_from=invoice.disputed_from,
				disputed_to=invoice.disputed_to,
				source_doctype=INVOICE,
				company=invoice.company or "",
				binds_on=days.binds_on(facts["due_on"]) if (days := days_of.get(invoice.company)) else None,
				**facts,
			)


def _ledger(names: Sequence[str]) -> dict[str, list[frappe._dict]]:
	found = defaultdict(list)
	for condition, among in sql.among("p.against_voucher_no", names):
		for row in frappe.db.sql(
			f"""SELECT p.against_voucher_no AS invoice, p.voucher_type, p.voucher_no, p.posting_date, p.amount,
				p.amount_in_account_currency AS in_account
			FROM `tab{LEDGER}` p WHERE {MOVES} AND {condition} ORDER BY p.posting_date, p.creation, p.name""",
			among,
			as_dict=True,
		):
			found[row.invoice].append(row)
	return found


def _schedules(names: Sequence[str]) -> dict[str, list[frappe._dict]]:
	found = defaultdict(list)
	for condition, among in sql.among("parent", names):
		for row in frappe.db.sql(
			f"""SELECT parent, due_date, base_payment_amount AS amount, payment_term FROM `tabPayment Schedule`
			WHERE parenttype = '{INVOICE}' AND {condition} ORDER BY parent, due_date, idx""",
			among,
			as_dict=True,
		):
			found[row.parent].append(row)
	return found


def _terms(names: Sequence[str]) -> Terms:
	"""(Payment Entry, invoice) -> the terms of the invoice that it says it pays, each with its share of the payment."""
	found: dict[tuple[str, str], dict[str | None, float]] = defaultdict(lambda: defaultdict(float))
	for condition, among in sql.among("reference_name", names):
		for payment, invoice, term, amount in frappe.db.sql(
			f"""SELECT parent, reference_name, payment_term, allocated_amount FROM `tabPayment Entry Reference`
			WHERE docstatus = 1 AND reference_doctype = '{INVOICE}' AND {condition} ORDER BY parent, idx""",
			among,
		):
			found[payment, invoice][term or None] += amount
	return {
		key: [(term, part / sum(parts.values())) for term, part in parts.items() if part]
		for key, parts in found.items()
		if sum(parts.values())
	}


def _is_debt(invoice: frappe._dict, row: frappe._dict) -> bool:
	return row.voucher_no == invoice.name and row.amount > 0


def _owed(invoice: frappe._dict, rows: list[frappe._dict]) -> tuple[float, float]:
	"""What an invoice was for in the company's currency, and that for one unit of the account's currency: at its own rate, so that
	the day's rate of a payment makes nobody owe more or less."""
	debts = [row for row in rows if _is_debt(invoice, row)]
	amount = sum(row.amount for row in debts)
	in_account = sum(row.in_account for row in debts)
	change = invoice.base_change_amount if invoice.is_pos and len(debts) > 1 else 0.0
	return round(amount - change, 6), amount / in_account if in_account else 1.0


def _instalments(invoice: frappe._dict, amount: float, schedule: list[frappe._dict]) -> list[Instalment]:
	"""The due dates of an invoice with what falls due on each. What was rounded falls due last."""
	if len(schedule) < 2:
		return [Instalment("", invoice.due_date or invoice.posting_date, amount)]
	rest, found = amount, []
	for at, row in enumerate(schedule, start=1):
		part = rest if at == len(schedule) else min(round(row.amount, 6), rest)
		found.append(Instalment(str(at), row.due_date, part, row.payment_term, part / amount))
		rest = round(rest - part, 6)
	return [one for one in found if one.amount > CENT]


def _moves(
	invoice: frappe._dict,
	rows: list[frappe._dict],
	rate: float,
	shares: losses.Shares,
	terms: Terms,
) -> Iterator[Move]:
	"""What became of an invoice, in the order of the days; nothing before its own, for then nothing was owed."""
	at_the_till = 0.0
	for row in rows:
		if row.voucher_no == invoice.name:
			at_the_till -= 0 if _is_debt(invoice, row) else row.amount
			continue
		day, amount = max(row.posting_date, invoice.posting_date), -row.in_account * rate
		kind, lost = shares.of(row)
		for term, share in terms.get((row.voucher_no, invoice.name), ALL_OF_IT):
			if lost:
				yield Move(day, LOST, amount * share * lost, term)
			if lost < 1:
				yield Move(day, kind, amount * share * (1 - lost), term)
	if at_the_till:
		yield from _till(invoice, rows, at_the_till)


def _till(invoice: frappe._dict, rows: list[frappe._dict], amount: float) -> Iterator[Move]:
	"""What was paid as the goods were sold; what the seller let go then was never to be paid."""
	let_go = invoice.base_write_off_amount or 0.0
	change = invoice.base_change_amount if sum(_is_debt(invoice, row) for row in rows) > 1 else 0.0
	if let_go:
		yield Move(invoice.posting_date, CREDITED, let_go)
	if abs(paid := amount - let_go - change) > CENT:
		yield Move(invoice.posting_date, PAID, paid)


# --- many at once ------------------------------------------------------------------------------------

FOUND = "__cims_invoices"
_NUMBERS = (
	packed.day_or_none("invoiced_on"),
	packed.day_or_none("due_on"),
	"amount",
	packed.day_or_none("settled_on"),
	str(packed.NO_DAY),
	"disputed",
	packed.day_or_none("disputed_from"),
	packed.day_or_none("disputed_to"),
	"COALESCE(FIELD(company, %(companies)s), 0)",
)


def undivided(customers: Sequence[str], since: date | None, all_named: bool) -> Undivided:
	"""See `Undivided`: the invoices of many customers, those that were paid by one payment or not at all as columns."""
	_find(customers, since)
	odd = frappe.db.sql_list(f"SELECT name FROM `{FOUND}` WHERE odd")
	days_of = calendars.of_companies()
	text = "CONCAT(name, '\t', company)"
	found = packed.read(
		customers,
		_NUMBERS,
		f"FROM `{FOUND}` WHERE odd = 0",
		"customer",
		text if all_named else f"IF(settled_on IS NULL, {text}, NULL)",
		companies=list(days_of) or [""],
	)
	*numbers, company = packed.with_nan(found.columns)
	columns = dict(zip(UNDIVIDED, numbers, strict=True))
	named = {
		at: [line.split("\t") for line in joined.split("\n")] for at, joined in found.texts.items() if joined
	}
	return Undivided(
		INVOICE,
		found.owner,
		**columns,
		names={at: [name for name, _company in pairs] for at, pairs in named.items()},
		others=list(receivables(None, odd)) if odd else [],
		companies={at: [company for _name, company in pairs] for at, pairs in named.items()},
		binds=_binds(columns["due"], company, list(days_of.values())) if days_of else None,
	)


def _binds(due: np.ndarray, company: np.ndarray, days_of: list[calendars.Days]) -> np.ndarray:
	"""From which day on each due date binds, by the Holiday List of its company (counted from 1), NaN where there is none."""
	binds = np.full(len(due), np.nan)
	for at, days in enumerate(days_of, start=1):
		here = np.flatnonzero(company == at)
		rolled = days.roll(due[here].astype(np.int64))
		binds[here] = np.where(rolled == NEVER, np.nan, rolled)
	return binds


def _find(customers: Sequence[str], since: date | None) -> None:
	"""The invoices of some customers in a table of this connection, with what the ledger says of each. odd: it takes more than
	one look. since: without those that were settled and last touched by the end of this day."""
	frappe.db.sql(f"/* only for this connection */ DROP TEMPORARY TABLE IF EXISTS `{FOUND}`")
	frappe.db.sql(
		f"""/* only for this connection */ CREATE TEMPORARY TABLE `{FOUND}` (
			name VARCHAR(140) NOT NULL PRIMARY KEY, customer VARCHAR(140) NOT NULL, company VARCHAR(140) NOT NULL,
			invoiced_on DATE, due_on DATE, amount DECIMAL(21, 9), settled_on DATE, voucher VARCHAR(140), odd TINYINT NOT NULL,
			disputed TINYINT NOT NULL DEFAULT 0, disputed_from DATE, disputed_to DATE, KEY voucher (voucher), KEY customer (customer)
		) COLLATE utf8mb4_unicode_ci"""
	)
	for condition, among in sql.among("c.name", customers):
		frappe.db.sql(
			f"""INSERT INTO `{FOUND}` (name, customer, company, invoiced_on, due_on, amount, settled_on, voucher, odd)
			SELECT name, customer, company, posting_date, COALESCE(due_date, posting_date), amount,
				IF(moves, GREATEST(last, posting_date), NULL), voucher,
				debts != 1 OR moves AND (ABS(rest) > {CENT} OR back OR moves > 1 OR NOT plain)
			FROM (
				SELECT i.name, c.name AS customer, COALESCE(i.company, '') AS company, i.posting_date, i.due_date,
					SUM(IF(p.voucher_no = i.name AND p.amount > 0, p.amount, 0)) AS amount,
					SUM(p.voucher_no = i.name AND p.amount > 0) AS debts,
					SUM(p.voucher_no != i.name OR p.amount < 0) AS moves,
					SUM(p.voucher_no != i.name AND p.amount > 0) AS back,
					SUM(p.amount_in_account_currency) AS rest,
					MAX(IF(p.voucher_no != i.name OR p.amount < 0, p.posting_date, NULL)) AS last,
					MAX(IF(p.voucher_no != i.name OR p.amount < 0, p.voucher_no, NULL)) AS voucher,
					MIN(p.voucher_type = 'Payment Entry' OR p.voucher_no = i.name AND i.base_write_off_amount = 0) AS plain
				FROM `tab{OURS}` c
				STRAIGHT_JOIN `tab{INVOICE}` i ON i.customer = c.`{LINK}` AND i.docstatus = 1 AND i.is_return = 0
				STRAIGHT_JOIN `tab{LEDGER}` p ON p.against_voucher_no = i.name AND {MOVES}
				WHERE {condition} {"AND (i.outstanding_amount != 0 OR i.modified > %(since)s)" if since else ""}
				GROUP BY i.name
			) ledger WHERE amount > {CENT}""",
			{**among, "since": since},
		)
	losses.mark(FOUND)
	frappe.db.sql(
		f"""UPDATE `{FOUND}` f JOIN (
			SELECT s.parent FROM `{FOUND}` g STRAIGHT_JOIN `tabPayment Schedule` s
			ON s.parent = g.name AND s.parenttype = '{INVOICE}' GROUP BY s.parent HAVING COUNT(*) > 1
		) several ON several.parent = f.name SET f.odd = 1"""
	)
	frappe.db.sql(
		f"""UPDATE `{FOUND}` f JOIN `tab{DISPUTE}` dispute
		ON dispute.reference_doctype = '{INVOICE}' AND dispute.reference_name = f.name
		SET f.disputed = 1, f.disputed_from = dispute.disputed_from, f.disputed_to = dispute.disputed_to"""
	)


# --- what is owed now --------------------------------------------------------------------------------


def outstanding():
	"""Open invoices with what the ledger says is left of each, in the company's currency, as ERPNext's Accounts Receivable adds
	it up; an invoice with several due dates by the last of them."""
	invoice, ledger, ours, company, dispute = (
		DocType(INVOICE), DocType(LEDGER), DocType(OURS), DocType("Company"), DocType(DISPUTE),
	)  # fmt: skip
	left = Sum(ledger.amount)
	return (
		frappe.qb.from_(invoice)
		.join(ours)
		.on(ours[LINK] == invoice.customer)
		.join(company)
		.on(company.name == invoice.company)
		.join(ledger)
		.on(
			(ledger.against_voucher_no == invoice.name)
			& (ledger.against_voucher_type == INVOICE)
			& (ledger.delinked == 0)
		)
		.left_join(dispute)
		.on((dispute.reference_doctype == INVOICE) & (dispute.reference_name == invoice.name))
		.select(
			ours.name.as_("customer"),
			company.default_currency.as_("currency"),
			invoice.posting_date.as_("invoiced_on"),
			invoice.due_date.as_("due_on"),
			dispute.disputed_from,
			dispute.disputed_to,
			left.as_("outstanding"),
		)
		.where((invoice.docstatus == 1) & (invoice.is_return == 0) & (invoice.outstanding_amount > 0))
		.groupby(invoice.name)
		.having(left > 0)
	)
