"""Rows of ERPNext's documents, for our customers or by the documents' names; and the words that its ledger uses."""

from collections.abc import Collection

import frappe

from cims.erpnext import LINK, OURS
from cims.ratings import sql
from cims.trust import kinds
from cims.trust.evidence import Evidence, event_of

LEDGER = "Payment Ledger Entry"
# `c` in the statements below.
OUR_CUSTOMERS = f"`tab{OURS}` c"


def select(
	fields: str,
	source: str,
	customers: Collection[str] | None,
	names: Collection[str] | None,
	customer_field: str = "d.customer",
) -> list[frappe._dict]:
	"""Rows of documents `d` with `c.name` of ours as `customer`, so many at a time as a statement takes.

	source: joins after the document's table, and WHERE. customers, names: limit the answer to these; None for all.
	"""
	statement = f"""SELECT c.name AS customer, {fields} FROM {
		source.format(ours=f"JOIN {OUR_CUSTOMERS} ON c.`{LINK}` = {customer_field}")
	}"""
	if names is not None:
		conditions = sql.among("d.name", sorted(set(names)))
	elif customers is not None:
		conditions = sql.among(
			"c.name", customers if isinstance(customers, sql.Run) else sorted(set(customers))
		)
	else:
		conditions = [("TRUE", {})]
	return [
		row
		for condition, among in conditions
		for row in frappe.db.sql(f"{statement} AND {condition}", among, as_dict=True)
	]


def event(
	row: frappe._dict, doctype: str, kind: str, day, weight: float = 1.0, amount: float = 0.0
) -> Evidence:
	"""What a document is evidence of. weight: the share of the kind's own weight."""
	of = kinds.BY_NAME[kind]
	return Evidence(
		customer=row.customer,
		kind=kind,
		occurred_on=day,
		value=of.value,
		weight=of.weight * weight,
		amount=amount,
		source_doctype=doctype,
		source_name=row.name,
		source_event=event_of(kind),
		company=row.company or "",
	)
