"""What ERPNext's submitted documents are evidence of, in the engine's words: one module for each kind of document.

`receivables`: Sales Invoices with all that the Payment Ledger says of them. `orders`, `returns`, `issues`, `dunning`: what
happened besides paying. `live` follows the documents as they change. Which is what: docs/trust-model.md.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import frappe

from cims import erpnext
from cims.erpnext import LINK, OURS
from cims.erpnext.evidence import dunning, issues, orders, receivables, returns
from cims.erpnext.evidence.rows import LEDGER
from cims.receivables.source import Undivided
from cims.trust.evidence import Evidence, Receivable

Names = Collection[str] | None
BESIDES = (orders, returns, issues, dunning)
# Every DocType whose documents tell something, with the field that names ERPNext's customer.
READ = {
	LEDGER: "party",
	receivables.INVOICE: "customer",
	orders.ORDER: "customer",
	returns.DELIVERY: "customer",
	issues.ISSUE: "customer",
	dunning.DUNNING: "customer",
}


class ERPNextDocuments:
	"""The source of receivables of sites that have ERPNext; on others it speaks for no documents, and isn't asked."""

	reference_field = "name"
	# Whose disputes are kept as Receivable Disputes.
	disputable = (receivables.INVOICE,)

	@property
	def doctypes(self) -> tuple[str, ...]:
		return tuple(doctype for doctype in READ if doctype != LEDGER) if erpnext.installed() else ()

	def receivables(
		self, customers: Names = None, names: Names = None, open_only: bool = False
	) -> Iterator[Receivable]:
		return receivables.receivables(customers, names, open_only)

	def undivided(
		self, customers: Sequence[str], since: date | None = None, all_named: bool = False
	) -> Undivided:
		return receivables.undivided(customers, since, all_named)

	def outstanding(self):
		return receivables.outstanding()

	def trading_events(self, customers: Names = None, names: Names = None) -> Iterator[Evidence]:
		for module in BESIDES:
			yield from module.events(customers, names)

	def changed_since(self, day: date) -> set[str]:
		"""Also by their entries in the ledger, which move without the documents when the ledger is posted anew."""
		return {
			customer
			for doctype, field in READ.items()
			for customer in frappe.db.sql_list(
				f"""SELECT DISTINCT c.name FROM `tab{doctype}` d JOIN `tab{OURS}` c ON c.`{LINK}` = d.`{field}`
				WHERE d.modified >= %s""",
				day,
			)
		}
