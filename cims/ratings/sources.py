"""What the site's sources of receivables say, as receivables and as rows of evidence."""

from collections.abc import Collection, Iterable
from dataclasses import replace

import frappe

from cims.ratings.events import weight_without_amount
from cims.receivables.source import ReceivableSource, sources
from cims.trust.calendar import Calendar
from cims.trust.evidence import Evidence, Receivable, evidence_of
from cims.trust.policy import Policy

# Any policy will do here: what depends on it is taken out again.
NEUTRAL = Policy()


def receivables(customers: Collection[str] | None, open_only: bool = False) -> list[Receivable]:
	"""The receivables of these customers (None: of all), of every source; open_only: what is still owed."""
	return [row for source in sources() for row in source.receivables(customers, open_only=open_only)]


def evidence(customers: Collection[str] | None, calendar: Calendar) -> list[Evidence]:
	"""Everything that the documents of these customers are evidence of, as it is kept."""
	events = [event for source in sources() for event in source.trading_events(customers)]
	return rows_of(receivables(customers), events, calendar)


def evidence_of_document(doctype: str, name: str, calendar: Calendar) -> list[Evidence]:
	"""What one document is evidence of, as it is kept; nothing where the document doesn't count (any more)."""
	source = source_of(doctype)
	return rows_of(list(source.receivables(names=[name])), source.trading_events(names=[name]), calendar)


def source_of(doctype: str) -> ReceivableSource:
	"""The source that speaks for documents of this type. Raises ValueError without one."""
	for source in sources():
		if doctype in source.doctypes:
			return source
	raise ValueError(
		f"No source of receivables speaks for {doctype}. Name one with the hook cims_receivable_sources."
	)


def rows_of(rows: list[Receivable], events: Iterable[Evidence], calendar: Calendar) -> list[Evidence]:
	"""Receivables and trading events as rows of evidence, free of any policy."""
	found = [
		replace(row, weight=weight_without_amount(row, NEUTRAL))
		for row in evidence_of(rows, NEUTRAL, calendar)
	]
	return [*found, *events]


def references(rows: Iterable[Receivable]) -> dict[tuple[str, str], str]:
	"""(doctype, name) -> the number under which people know the document. One query for each source."""
	names: dict[str, list[str]] = {}
	for row in rows:
		names.setdefault(row.source_doctype, []).append(row.reference)
	found = {}
	for doctype, wanted in names.items():
		field = getattr(source_of(doctype), "reference_field", None)
		if not field:
			continue
		for name, reference in frappe.get_all(
			doctype, {"name": ("in", wanted)}, ["name", field], as_list=True
		):
			found[doctype, name] = reference
	return found
