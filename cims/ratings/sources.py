"""What the site's sources of receivables say, as receivables and as rows of evidence."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

import frappe

from cims.ratings.events import BY_AMOUNT_CODES, weight_without_amount
from cims.receivables.source import ReceivableSource, Undivided, sources
from cims.trust import kinds
from cims.trust.calendar import NEVER, Calendar, to_date
from cims.trust.evidence import (
	Evidence,
	Receivable,
	Receivables,
	amount_weight,
	columns_of,
	columns_of_undivided,
	event_of,
	evidence_of,
	receivable_events,
)
from cims.trust.policy import Policy

# Receivables of so few customers are as quickly asked for one by one.
FEW = 20
# Any policy will do here: what depends on it is taken out again.
NEUTRAL = Policy()


def receivables(customers: Collection[str] | None, open_only: bool = False) -> list[Receivable]:
	"""The receivables of these customers (None: of all), of every source; open_only: what is still owed."""
	return [row for source in sources() for row in source.receivables(customers, open_only=open_only)]


@dataclass(frozen=True)
class Table:
	"""Receivables in columns, whole and split into pieces (`columns_of`), with the key of each open one, "" for others."""

	whole: Receivables
	pieces: Receivables
	keys: np.ndarray


def table(customers: Sequence[str], calendar: Calendar, since: int | None = None) -> Table:
	"""The receivables of many customers, of every source, the columns' customers being their places.

	since: those that were closed by the end of this day may be left out. Straight from the database where a source can
	(`undivided`), else by the receivables as objects.
	"""
	position = {name: at for at, name in enumerate(customers)}
	parts = []
	for source in sources():
		if len(customers) > FEW and hasattr(source, "undivided"):
			found = source.undivided(customers, to_date(since) if since is not None else None)
			parts.append(_of_undivided(found, calendar))
			parts.append(of_objects(found.others, calendar, position))
		else:
			parts.append(of_objects(list(source.receivables(customers)), calendar, position))
	return Table(
		Receivables.join([part.whole for part in parts]),
		Receivables.join([part.pieces for part in parts]),
		np.concatenate([part.keys for part in parts]),
	)


def open_pieces(customers: Sequence[str], calendar: Calendar) -> Receivables:
	"""What many customers owe now, of every source, split into pieces; the columns' customers are their places."""
	position = {name: at for at, name in enumerate(customers)}
	parts = []
	for source in sources():
		if len(customers) > FEW and hasattr(source, "undivided_open"):
			found = source.undivided_open(customers)
			parts.append(_columns_of(found, calendar)[1])
			rows = found.others
		else:
			rows = list(source.receivables(customers, open_only=True))
		if rows or not parts:
			parts.append(of_objects(rows, calendar, position).pieces)
	return Receivables.join(parts)


def key(doctype: str, name: str, part: str = "") -> str:
	"""How a receivable is called among the kept forecasts."""
	return f"{doctype}|{name}|{part}" if part else f"{doctype}|{name}"


def of_objects(rows: list[Receivable], calendar: Calendar, position: dict[str, int] | None = None) -> Table:
	"""Receivables as objects in columns. position: each customer's place, of whom the others are left out; without, all are
	of one customer."""
	if position is None:
		position = dict.fromkeys((row.customer for row in rows), 0)
	rows = [row for row in rows if row.customer in position]
	return Table(
		*columns_of(rows, position, calendar),
		np.array([key(row.source_doctype, row.reference, row.part) for row in rows], dtype=object),
	)


def _columns_of(found: Undivided, calendar: Calendar) -> tuple[Receivables, Receivables]:
	"""Undivided receivables in columns, whole and as pieces (`columns_of`)."""

	def days(values: np.ndarray) -> np.ndarray:
		return np.where(np.isnan(values), NEVER, values).astype(np.int64)

	return columns_of_undivided(
		Receivables.build(
			found.owner,
			found.invoiced,
			found.due,
			found.amount,
			days(found.settled),
			calendar,
			disputed=found.disputed,
			disputed_from=days(found.disputed_from),
			disputed_to=days(found.disputed_to),
			written_off=days(found.written_off),
			binds=None if found.binds is None else days(found.binds),
		)
	)


def _of_undivided(found: Undivided, calendar: Calendar) -> Table:
	whole, pieces = _columns_of(found, calendar)
	keys = np.full(len(whole), "", dtype=object)
	names = [
		key(found.doctype, name)
		for place in dict.fromkeys(found.owner.tolist())
		for name in found.names.get(place, ())
	]
	keys[np.flatnonzero(whole.closed == NEVER) if len(names) < len(whole) else slice(None)] = names
	return Table(whole, pieces, keys)


def evidence_columns(customers: Sequence[str], calendar: Calendar) -> dict[str, list]:
	"""Everything that the documents of many customers are evidence of, as it is kept: `EVIDENCE` by column."""
	found: dict[str, list] = {field: [] for field in EVIDENCE}
	for source in sources():
		rows, named = None, None
		if len(customers) > FEW and hasattr(source, "undivided"):
			named = source.undivided(customers, all_named=True)
			_add_columns(found, named, customers, calendar)
			rows = named.others
		else:
			rows = list(source.receivables(customers))
		for row in rows_of(rows, source.trading_events(customers), calendar):
			for field, values in found.items():
				values.append(getattr(row, field))
	return found


# What is kept of a row of evidence.
EVIDENCE = (
	"customer", "kind", "occurred_on", "decays_from", "value", "weight", "amount", "days", "source_doctype", "source_name",
	"source_event", "company",
)  # fmt: skip


def _add_columns(
	found: dict[str, list], named: Undivided, customers: Sequence[str], calendar: Calendar
) -> None:
	"""Add what undivided receivables are evidence of."""
	whole = _of_undivided(named, calendar).whole
	places = dict.fromkeys(named.owner.tolist())
	names = [name for place in places for name in named.names.get(place, ())]
	companies = [name for place in places for name in (named.companies or {}).get(place, ())] or [""] * len(
		names
	)
	events = receivable_events(whole, NEUTRAL)
	by_amount = np.isin(events.kind, BY_AMOUNT_CODES)
	weight = np.where(by_amount, events.weight / amount_weight(events.amount, NEUTRAL), events.weight)
	found["customer"] += [customers[at] for at in events.customer.tolist()]
	found["kind"] += [kinds.KINDS[code].name for code in events.kind.tolist()]
	for field, days in (("occurred_on", events.known), ("decays_from", events.fades_from)):
		found[field] += dates(days)
	for field, values in (("value", events.value), ("weight", weight), ("amount", events.amount)):
		found[field] += values.tolist()
	found["days"] += np.nan_to_num(events.days).tolist()
	found["source_doctype"] += [named.doctype] * len(events)
	found["source_name"] += [names[at] for at in events.origin.tolist()]
	found["source_event"] += [event_of(kinds.KINDS[code].name) for code in events.kind.tolist()]
	found["company"] += [companies[at] for at in events.origin.tolist()]


def dates(days: np.ndarray) -> list[date]:
	"""Days since 1970 as dates."""
	return days.astype("datetime64[D]").tolist()


def evidence(customers: Collection[str] | None, calendar: Calendar) -> list[Evidence]:
	"""Everything that the documents of these customers are evidence of, as it is kept."""
	events = [event for source in sources() for event in source.trading_events(customers)]
	return rows_of(receivables(customers), events, calendar)


def evidence_of_document(doctype: str, name: str, calendar: Calendar) -> list[Evidence]:
	"""What one document is evidence of, as it is kept; nothing where the document doesn't count (any more)."""
	source = source_of(doctype)
	found = rows_of(list(source.receivables(names=[name])), source.trading_events(names=[name]), calendar)
	# A source of several doctypes may know a document of another one by the same name.
	return [row for row in found if row.source_doctype == doctype]


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
