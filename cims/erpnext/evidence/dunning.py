"""Dunnings. The first for a due date is a courtesy and tells nothing that the ledger doesn't: how late a payment is counts by
itself. Whoever lets a written demand pass and is sent another one has a complaint against them."""

from collections.abc import Collection, Iterator

from cims.erpnext.evidence.rows import event, select
from cims.trust import kinds
from cims.trust.evidence import Evidence

DUNNING = "Dunning"
# The number of a demand for the same due date, from which on it counts.
COUNTS_FROM = 2


def events(customers: Collection[str] | None, names: Collection[str] | None) -> Iterator[Evidence]:
	for row in select(
		"d.name, d.company, d.posting_date AS day, d.total_outstanding * d.conversion_rate AS amount",
		f"""`tabDunning` d {{ours}} WHERE d.docstatus = 1 AND EXISTS (SELECT * FROM `tabOverdue Payment` p
		WHERE p.parent = d.name AND p.parenttype = 'Dunning' AND p.dunning_level >= {COUNTS_FROM})""",
		customers,
		names,
	):
		yield event(row, DUNNING, kinds.COMPLAINT_AGAINST, row.day, amount=row.amount or 0.0)
