"""Sales Orders: those that were cancelled, and the part that was not delivered of those that were closed.

An order that was amended was a correction of what was typed. Of a closed one, only what was never delivered was called off.
"""

from collections.abc import Collection, Iterator

from cims.erpnext.evidence.rows import event, select
from cims.trust import kinds
from cims.trust.evidence import Evidence

ORDER = "Sales Order"
# Of an order, as ERPNext keeps it in per cent; less than this is rounding.
ROUNDING = 0.01


def events(customers: Collection[str] | None, names: Collection[str] | None) -> Iterator[Evidence]:
	"""ERPNext keeps no day of the end of an order: it is that of the last change, after which there is none any more."""
	for row in select(
		"""d.name, d.company, DATE(d.modified) AS day, d.base_grand_total AS amount,
		IF(d.docstatus = 2, 100, 100 - d.per_delivered) AS missing""",
		# By the customer: ERPNext has no index of what was amended.
		"""`tabSales Order` d {ours} LEFT JOIN `tabSales Order` successor
			ON successor.customer = d.customer AND successor.amended_from = d.name
		WHERE (d.docstatus = 2 OR d.docstatus = 1 AND d.status = 'Closed') AND (d.docstatus = 1 OR successor.name IS NULL)""",
		customers,
		names,
	):
		share = min(row.missing / 100, 1.0)
		if share > ROUNDING / 100:
			yield event(row, ORDER, kinds.CANCELLED, row.day, share, row.amount * share)
