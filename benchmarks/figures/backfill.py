"""Evidence of ERPNext's ledger, ten entries for each customer of ERPNext's, and the first rating of everybody from it.

The ledger and its documents are written as rows, not through ERPNext's controllers, which would take days: invoices, payments,
credit notes, write-offs and schedules with the columns that ERPNext's own reports read. What is measured reads them as it reads
any. Needs a site with ERPNext and a company with its chart of accounts.
"""

import time
from collections.abc import Iterator

import measure
from measure import Figure
from place import BENCH, Place

import frappe
from frappe.utils.background_jobs import get_workers

from cims.erpnext import LINK
from cims.ratings import queue, runs
from figures.ratings import run

# Goal: a million entries in five minutes.
ENTRIES_A_CUSTOMER, SECONDS = 10, 300
# In per mille of all invoices, by how they were paid: at once, in two parts, with a credit note, lost, in instalments; others
# are open.
AT_ONCE, PARTS, CREDITED, LOST, INSTALMENTS = 740, 820, 850, 870, 900
# What an invoice of this mix has in the ledger: its own entry, and those that settle it.
ENTRIES_AN_INVOICE = 2.04
SAME = "NOW(6), NOW(6), 'Administrator', 'Administrator', 1"
HEAD = "creation, modified, owner, modified_by, docstatus"


def figures(place: Place) -> Iterator[Figure]:
	seconds = measure.seconds(lambda: fill(place.customers, ENTRIES_A_CUSTOMER * place.customers))
	entries = frappe.db.count("Payment Ledger Entry")
	goal = SECONDS * entries / 1_000_000
	yield Figure(
		f"filling {entries:,} ledger entries with their documents, as rows", seconds, f"{seconds:,.0f} s"
	)
	first = _run(2)
	yield Figure(
		f"evidence of {entries:,} ledger entries, two workers", first, f"{first:,.1f} s",
		goal=f"under {goal:,.0f} s", reached=first < goal,
	)  # fmt: skip
	rows = frappe.db.count("Trust Evidence")
	again = _run(2)
	if frappe.db.count("Trust Evidence") != rows:
		raise SystemExit("Reading the same documents again has written evidence.")
	yield Figure(f"the same again, when all {rows:,} rows are there", again, f"{again:,.1f} s")
	everybody = run(2, curve=True)
	yield Figure(
		f"rating {place.customers:,} customers from it, with 36 months of their curves, two workers",
		everybody,
		f"{everybody:,.1f} s",
	)


def _run(workers: int) -> float:
	"""Seconds from asking for everybody's evidence until the run has finished, without the rating that follows."""
	with measure.workers(BENCH, workers):
		while len(get_workers()) < workers:
			time.sleep(0.05)
		start = time.perf_counter()
		name = runs.start_evidence()
		queue.add_evidence()
		frappe.db.commit()
		while frappe.db.get_value(runs.RUN, name, "status") == runs.RUNNING:
			time.sleep(0.1)
			frappe.db.rollback()
		took = time.perf_counter() - start
	status = frappe.db.get_value(runs.RUN, name, "status")
	if status != runs.FINISHED:
		raise SystemExit(f"{runs.RUN} {name} ended {status}")
	return took


def fill(customers: int, entries: int) -> None:
	"""So many ledger entries of so many customers, over two years. Customers who are there already are used."""
	_customers(customers)
	values = _company() | {"customers": customers, "invoices": int(entries / ENTRIES_AN_INVOICE)}
	_plan(values)
	for statement in (*_documents(), *_ledger()):
		frappe.db.sql(statement.format(same=SAME, head=HEAD), values)
		frappe.db.commit()
	frappe.db.sql_ddl("DROP TABLE bench_plan")
	for table in ("Sales Invoice", "Payment Ledger Entry", "Payment Entry", "Payment Schedule"):
		frappe.db.sql(f"ANALYZE TABLE `tab{table}`")


def _company() -> dict:
	company = frappe.get_all(
		"Company", ["name", "default_currency", "default_receivable_account", "write_off_account"], limit=1
	)
	if not company:
		raise SystemExit("This site has no company. Run ERPNext's setup first.")
	return dict(company[0])


def _customers(count: int) -> None:
	there = frappe.db.count("Customer")
	if there < count:
		frappe.db.sql(
			f"""INSERT INTO `tabCustomer` ({HEAD}, name, customer_name, customer_type, customer_group, territory)
			SELECT NOW(6), NOW(6), 'Administrator', 'Administrator', 0, CONCAT('Bench ', LPAD(seq, 7, '0')),
				CONCAT('Bench ', LPAD(seq, 7, '0')), 'Company', 'All Customer Groups', 'All Territories'
			FROM seq_{there + 1}_to_{count}"""
		)
	frappe.db.sql(
		f"""INSERT INTO `tabCIMS Customer` ({HEAD}, name, code, customer_name, customer_type, status, `{LINK}`)
		SELECT NOW(6), NOW(6), 'Administrator', 'Administrator', 0, x.code, x.code, x.name, 'Company', 'Active', x.name FROM (
			SELECT e.name, CONCAT('B-', LPAD(%s + ROW_NUMBER() OVER (ORDER BY e.name), 7, '0')) AS code
			FROM `tabCustomer` e LEFT JOIN `tabCIMS Customer` c ON c.`{LINK}` = e.name WHERE c.name IS NULL
		) x""",
		frappe.db.count("CIMS Customer"),
	)
	frappe.db.commit()


def _plan(values: dict) -> None:
	"""One row for each invoice: whose, when, how much, and how it was paid."""
	frappe.db.sql_ddl("DROP TABLE IF EXISTS bench_plan")
	frappe.db.sql_ddl(
		"""CREATE TABLE bench_plan (seq INT PRIMARY KEY, name VARCHAR(140), party VARCHAR(140), invoiced DATE, due DATE,
		paid DATE, amount DECIMAL(21, 9), how INT) COLLATE utf8mb4_unicode_ci"""
	)
	frappe.db.sql(
		"""INSERT INTO bench_plan
		SELECT seq, name, party, invoiced, ADDDATE(invoiced, 30), ADDDATE(invoiced, 25 + CRC32(CONCAT('late', pair)) %% 31), amount, how
		FROM (
			SELECT seq, CONCAT('BSI-', LPAD(seq, 8, '0')) AS name, c.name AS party, FLOOR(seq / 2) AS pair,
				-- Two invoices in a row are paid together, so they are of one day.
				ADDDATE(CURDATE(), -700 + (FLOOR(seq / 2) * 2 * 640 / %(invoices)s * 7) %% 640) AS invoiced,
				100 * (1 + CRC32(CONCAT('amount', seq)) %% 400) AS amount, CRC32(CONCAT('how', seq)) %% 1000 AS how
			FROM seq_0_to_{last} s JOIN (
				SELECT name, ROW_NUMBER() OVER (ORDER BY name) - 1 AS place FROM `tabCustomer`
			) c ON c.place = FLOOR(seq / 2) %% %(customers)s
		) x""".format(last=values["invoices"] - 1),
		values,
	)
	frappe.db.commit()


def _documents() -> Iterator[str]:
	yield f"""INSERT INTO `tabSales Invoice` ({{head}}, name, customer, customer_name, company, posting_date, due_date, currency,
			conversion_rate, debit_to, grand_total, base_grand_total, outstanding_amount, status)
		SELECT {{same}}, name, party, party, %(name)s, invoiced, due, %(default_currency)s, 1, %(default_receivable_account)s,
			amount, amount, IF(how < {INSTALMENTS}, 0, amount), IF(how < {INSTALMENTS}, 'Paid', 'Unpaid') FROM bench_plan"""
	yield f"""INSERT INTO `tabSales Invoice` ({{head}}, name, customer, customer_name, company, posting_date, due_date, currency,
			conversion_rate, debit_to, grand_total, base_grand_total, is_return, return_against, status)
		SELECT {{same}}, CONCAT(name, '-CN'), party, party, %(name)s, due, due, %(default_currency)s, 1,
			%(default_receivable_account)s, -amount / 4, -amount / 4, 1, name, 'Return'
		FROM bench_plan WHERE how >= {PARTS} AND how < {CREDITED}"""
	for at, days in enumerate((0, 30, 60)):
		only = f"WHERE how >= {LOST} AND how < {INSTALMENTS}" if at else ""
		yield f"""INSERT INTO `tabPayment Schedule` ({{head}}, name, parent, parenttype, parentfield, idx, due_date, payment_amount,
				base_payment_amount, invoice_portion)
			SELECT {{same}}, CONCAT(name, '-{at}'), name, 'Sales Invoice', 'payment_schedule', {at + 1}, ADDDATE(due, {days}),
				amount * share, amount * share, 100 * share
			FROM (SELECT p.*, IF(how >= {LOST} AND how < {INSTALMENTS}, 1 / 3, 1) AS share FROM bench_plan p) x {only}"""
	for name, amount, paid, only in _payments():
		yield f"""INSERT IGNORE INTO `tabPayment Entry` ({{head}}, name, payment_type, posting_date, company, party_type, party,
				paid_amount, received_amount, base_total_allocated_amount, total_allocated_amount)
			SELECT {{same}}, {name}, 'Receive', {paid}, %(name)s, 'Customer', party, {amount}, {amount}, {amount}, {amount}
			FROM bench_plan WHERE {only}"""
	yield f"""INSERT INTO `tabJournal Entry` ({{head}}, name, voucher_type, posting_date, company, total_debit, total_credit)
		SELECT {{same}}, CONCAT(name, '-WO'), 'Write Off Entry', ADDDATE(due, 90), %(name)s, amount, amount
		FROM bench_plan WHERE how >= {CREDITED} AND how < {LOST}"""


def _payments() -> list[tuple[str, str, str, str]]:
	"""(name, amount, day, which invoices) of the Payment Entries: one for two invoices, or one of two for an invoice."""
	parts = f"how >= {AT_ONCE} AND how < {PARTS} OR how >= {LOST} AND how < {INSTALMENTS}"
	return [
		("CONCAT('BPE-', LPAD(FLOOR(seq / 2), 8, '0'))", "amount", "paid", f"how < {AT_ONCE}"),
		("CONCAT(name, '-P1')", "amount / 2", "due", parts),
		("CONCAT(name, '-P2')", "amount / 2", "ADDDATE(paid, 20)", parts),
		("CONCAT(name, '-PR')", "amount * 3 / 4", "ADDDATE(due, 10)", f"how >= {PARTS} AND how < {CREDITED}"),
	]


def _ledger() -> Iterator[str]:
	def entries(name: str, voucher: str, voucher_type: str, amount: str, day: str, only: str) -> str:
		return f"""INSERT INTO `tabPayment Ledger Entry` ({{head}}, name, posting_date, company, account_type, account, party_type,
				party, due_date, voucher_type, voucher_no, against_voucher_type, against_voucher_no, amount, account_currency,
				amount_in_account_currency, delinked)
			SELECT {{same}}, CONCAT(name, '{name}'), {day}, %(name)s, 'Receivable', %(default_receivable_account)s, 'Customer', party,
				due, '{voucher_type}', {voucher}, 'Sales Invoice', name, {amount}, %(default_currency)s, {amount}, 0
			FROM bench_plan WHERE {only}"""

	yield entries("-L", "name", "Sales Invoice", "amount", "invoiced", "TRUE")
	for at, (name, amount, day, only) in enumerate(_payments()):
		yield entries(f"-L{at}", name, "Payment Entry", f"-({amount})", day, only)
	credited, lost = f"how >= {PARTS} AND how < {CREDITED}", f"how >= {CREDITED} AND how < {LOST}"
	yield entries("-LC", "CONCAT(name, '-CN')", "Sales Invoice", "-amount / 4", "due", credited)
	yield entries("-LW", "CONCAT(name, '-WO')", "Journal Entry", "-amount", "ADDDATE(due, 90)", lost)
