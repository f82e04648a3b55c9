"""Evidence from and for other programs: what they report of customers, and the feed of all that is kept.

A program names its event (`source` and `event`); the pair is the identity of the row, so reporting it twice changes nothing.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import frappe
from frappe import _
from frappe.utils import get_datetime, now_datetime

from cims.ratings import store
from cims.trust.evidence import Evidence

# What comes from outside comes from no document of this site.
NO_DOCTYPE = ""
LONGEST = 120
FEED = (
	"name", "creation", "customer", "dimension", "kind", "occurred_on", "decays_from", "value", "weight", "amount", "days",
	"source_doctype", "source_name", "source_event", "reversal", "reverses", "note", "recorded_by", "company",
)  # fmt: skip
# Rows get their time when they are written and are seen when that is committed, which can take as long as a request may.
UNCERTAIN = timedelta(minutes=2)


@dataclass(frozen=True)
class Report:
	"""What a program reports: see `store.evidence_of_people`. number: its place in what was sent, from 1 on."""

	number: int
	customer: str
	kind: str
	source: str
	event: str
	occurred_on: date
	value: float | None = None
	note: str | None = None


def take_in(reports: Sequence[Report]) -> list[dict]:
	"""Keep what programs report, all of it or, where anything is wrong, nothing.

	Returns for each, in their order, {"source", "event", "name", "created"}: created is False for what was known already.
	Raises as `store.evidence_of_people`, and DuplicateEntryError (409) for an event that was reported differently before.
	"""
	rows = {report.number: _checked(report) for report in reports}
	found = {}
	# One order of customers for everybody, so that two programs never wait for each other in a circle.
	for report in sorted(reports, key=lambda report: (report.customer, report.number)):
		row = rows[report.number]
		notes = {store.identity_of(row): report.note} if report.note else None
		created = bool(store.record([row], notes=notes))
		found[report.number] = {
			"source": report.source,
			"event": report.event,
			"name": _name_of(report, row),
			"created": created,
		}
	return [found[report.number] for report in reports]


def _checked(report: Report) -> Evidence:
	where = _("Item {0}: ").format(report.number)
	for label, text in (("source", report.source), ("event", report.event)):
		if len(text) > LONGEST:
			frappe.throw(where + _("{0} may have {1} characters at most.").format(label, LONGEST))
	if report.event.endswith(f":{store.REVERSED}"):
		frappe.throw(
			where
			+ _("The event must not end in {0}, which marks what was taken back.").format(
				f":{store.REVERSED}"
			)
		)
	source = NO_DOCTYPE, report.source, report.event
	try:
		return store.evidence_of_people(
			report.customer, report.kind, report.value, report.occurred_on, source
		)
	except frappe.ValidationError as error:
		frappe.clear_last_message()
		frappe.throw(where + str(error), type(error))


def _name_of(report: Report, row: Evidence) -> str:
	"""The name of the row that is kept of an event, which has to say the same. Read as it is now, whoever wrote it."""
	kept = frappe.db.get_value(
		store.EVIDENCE,
		{"source_doctype": NO_DOCTYPE, "source_name": report.source, "source_event": report.event},
		["name", "customer", "kind", "occurred_on", "value"],
		as_dict=True,
		for_update=True,
	)
	same = (kept.customer, kept.kind, kept.occurred_on) == (row.customer, row.kind, row.occurred_on)
	if not same or abs(kept.value - row.value) > 1e-6:
		frappe.throw(
			_(
				"Item {0}: event {1} of {2} was reported before, with other facts ({3}). Take that back and report a new event."
			).format(report.number, report.event, report.source, kept.name),
			frappe.DuplicateEntryError,
		)
	return kept.name


def feed(cursor: str | None, limit: int, customer: str | None = None) -> dict:
	"""Up to `limit` rows of evidence that came in after the cursor, in that order, of customers whom the user may read.

	Returns {"items", "cursor", "more"}. With `more`, ask on at once; without it, ask again later with the same cursor. An item
	may come twice, never not at all: what was written in the last minutes is repeated, for rows written before it may still
	become visible. Raises ValidationError for a cursor that isn't one.
	"""
	since, name = read_cursor(cursor) if cursor else (None, "")
	rows = _rows([["creation", "=", since], ["name", ">", name]], customer, limit + 1) if since else []
	if len(rows) <= limit:
		rows += _rows([["creation", ">", since]] if since else [], customer, limit + 1 - len(rows))
	items, more = rows[:limit], len(rows) > limit
	horizon = now_datetime() - UNCERTAIN
	if items and (more or items[-1].creation < horizon):
		last = items[-1].creation, items[-1].name
	else:
		# Back to where all is certain, but never behind what the caller had.
		certain = [(row.creation, row.name) for row in items if row.creation < horizon]
		last = certain[-1] if certain else (since, name) if since else None
	return {"items": items, "cursor": write_cursor(*last) if last else None, "more": more}


def _rows(filters: list, customer: str | None, limit: int) -> list[frappe._dict]:
	if customer:
		filters = [*filters, ["customer", "=", customer]]
	return frappe.get_list(
		store.EVIDENCE, filters=filters, fields=list(FEED), order_by="creation asc, name asc", limit=limit
	)


def write_cursor(creation: datetime, name: str) -> str:
	return base64.urlsafe_b64encode(f"{creation}|{name}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, str]:
	try:
		plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
		creation, name = plain.split("|")
		return get_datetime(creation), name
	except (binascii.Error, ValueError):
		frappe.throw(_("The cursor {0} isn't one that this feed gave.").format(cursor))
