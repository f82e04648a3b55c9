"""What of a voucher was a payment, a credit, or a loss.

A loss is what goes to the account that the company keeps for write-offs, or a Journal Entry that says it is a write-off. Bank
charges, discounts and rounding on other accounts are a matter of the seller's: the customer has paid.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import frappe

from cims.erpnext.evidence.settling import CREDITED, PAID
from cims.ratings import sql

INVOICE, PAYMENT, JOURNAL = "Sales Invoice", "Payment Entry", "Journal Entry"
CREDIT_NOTE, WRITE_OFF = "Credit Note", "Write Off Entry"


@dataclass(frozen=True)
class Shares:
	"""lost: (type, name) of a voucher -> the share of it that is a loss; credits: Journal Entries that are credit notes."""

	lost: dict[tuple[str, str], float]
	credits: set[str]

	def of(self, row: frappe._dict) -> tuple[str, float]:
		"""What a row of the ledger is besides a loss, and what share of it is one."""
		credit = row.voucher_type == INVOICE or (
			row.voucher_type == JOURNAL and row.voucher_no in self.credits
		)
		return CREDITED if credit else PAID, self.lost.get((row.voucher_type, row.voucher_no), 0.0)


def shares(rows: Iterable[frappe._dict]) -> Shares:
	"""Of the vouchers that these rows of the ledger come from. Three queries."""
	names: dict[str, set[str]] = {PAYMENT: set(), JOURNAL: set()}
	for row in rows:
		if row.voucher_type in names:
			names[row.voucher_type].add(row.voucher_no)
	journals = _journals(sorted(names[JOURNAL]))
	return Shares(
		{**_of_payments(sorted(names[PAYMENT])), **_of_journals(journals)},
		{journal.name for journal in journals if journal.voucher_type == CREDIT_NOTE},
	)


def _of_payments(names: list[str]) -> dict[tuple[str, str], float]:
	"""What was deducted as a loss counts among all that the payment was allocated to, by amount."""
	return {
		(PAYMENT, name): min(lost / allocated, 1.0)
		for condition, among in sql.among("d.parent", names)
		for name, lost, allocated in frappe.db.sql(
			f"""SELECT p.name, SUM(d.amount), p.base_total_allocated_amount FROM `tabPayment Entry Deduction` d
			JOIN `tabPayment Entry` p ON p.name = d.parent
			JOIN `tabCompany` c ON c.name = p.company AND c.write_off_account = d.account
			WHERE {condition} AND p.base_total_allocated_amount > 0 GROUP BY p.name HAVING SUM(d.amount) > 0""",
			among,
		)
	}


def _journals(names: list[str]) -> list[frappe._dict]:
	return [
		row
		for condition, among in sql.among("j.name", names)
		for row in frappe.db.sql(
			f"""SELECT j.name, j.voucher_type, j.total_debit AS total,
				(SELECT SUM(a.debit - a.credit) FROM `tabJournal Entry Account` a
				WHERE a.parent = j.name AND a.account = c.write_off_account) AS lost
			FROM `tabJournal Entry` j LEFT JOIN `tabCompany` c ON c.name = j.company WHERE {condition}""",
			among,
			as_dict=True,
		)
	]


def _of_journals(journals: list[frappe._dict]) -> dict[tuple[str, str], float]:
	found = {}
	for journal in journals:
		if journal.voucher_type == WRITE_OFF:
			found[JOURNAL, journal.name] = 1.0
		elif journal.lost and journal.lost > 0 and journal.total:
			found[JOURNAL, journal.name] = min(journal.lost / journal.total, 1.0)
	return found


def mark(table: str) -> None:
	"""Mark the invoices, in a table of `receivables.undivided`, whose payment was a loss in part."""
	frappe.db.sql(
		f"""UPDATE `{table}` f JOIN `tabPayment Entry Deduction` d ON d.parent = f.voucher
		JOIN `tabCompany` c ON c.name = f.company AND c.write_off_account = d.account SET f.odd = 1"""
	)
