"""Goods that came back: by a Delivery Note that is a return, or a credit note that takes them into stock itself.

A credit note without goods lowers what is owed (`receivables`) and says nothing against the customer.
"""

from collections.abc import Collection, Iterator

from cims.erpnext.evidence.rows import event, select
from cims.trust import kinds
from cims.trust.evidence import Evidence

DELIVERY, INVOICE = "Delivery Note", "Sales Invoice"


def events(customers: Collection[str] | None, names: Collection[str] | None) -> Iterator[Evidence]:
	for doctype, condition in ((DELIVERY, "TRUE"), (INVOICE, "d.update_stock = 1")):
		for row in select(
			"""d.name, d.company, d.posting_date AS day, ABS(d.base_grand_total) AS amount,
			ABS(d.base_grand_total / NULLIF(was.base_grand_total, 0)) AS share""",
			f"""`tab{doctype}` d {{ours}} JOIN `tab{doctype}` was ON was.name = d.return_against
			WHERE d.docstatus = 1 AND d.is_return = 1 AND {condition}""",
			customers,
			names,
		):
			if row.share:
				yield event(row, doctype, kinds.RETURNED, row.day, min(row.share, 1.0), row.amount)
