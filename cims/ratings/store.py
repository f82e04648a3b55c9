"""The evidence store: rows come in once, are never changed, and are taken back by another row.

Every writer of a customer's evidence holds that customer's Trust Rating row until it commits, and adds the new rows to
the sums kept there. So the sums are always those of the rows, whoever writes at the same time.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

import frappe
from frappe import _
from frappe.utils import add_days, formatdate, getdate, nowdate

from cims.ratings import curve_tables, policies, queue, sources, sql
from cims.ratings.calendar import site_calendar
from cims.ratings.events import DECIMALS, Ledger, dump
from cims.ratings.guard import require_role
from cims.trust import kinds
from cims.trust.calendar import month_ends, to_date, to_day
from cims.trust.evidence import Evidence
from cims.trust.policy import Policy
from cims.trust.sums import Tally

EVIDENCE, RATING = "Trust Evidence", "Trust Rating"
FIELDS = (
	"name", "customer", "dimension", "kind", "occurred_on", "decays_from", "value", "weight", "amount", "days",
	"source_doctype", "source_name", "source_event", "reversal", "reverses", "note", "recorded_by", "company",
)  # fmt: skip
# More rows than this at once are added up from all of the customer's evidence rather than one by one.
FEW = 200
CUSTOMERS_AT_ONCE = 1000
REVERSED = "reversed"
# Who may record what people, and not documents, say.
RECORDERS = ("CIMS Manager", "CIMS Service", "System Manager")
ASSESSORS = (*RECORDERS, "CIMS Sales")


def record(rows: Iterable[Evidence], rate: bool = True, notes: dict[tuple, str] | None = None) -> int:
	"""Keep rows of evidence. Returns how many were new; a row whose source is known already changes nothing.

	rate: queue the re-rating of the customers. notes: identity (`identity_of`) -> what to note with the row.
	Raises ValidationError for a customer that there isn't.
	"""
	made = [_row(row, note=(notes or {}).get(identity_of(row))) for row in rows]
	_check_customers({row["customer"] for row in made})
	return _write(made, rate)


def identity_of(row: Evidence) -> tuple[str, str, str]:
	"""What makes a row the same row: where it comes from."""
	return row.source_doctype, row.source_name, row.source_event


def _row(row: Evidence, note: str | None = None, reverses: str | None = None) -> dict:
	"""A row as it is stored; numbers as the database will keep them, so that sums from either are the same."""
	return {
		"name": sql.new_name(),
		"customer": row.customer,
		"dimension": kinds.kind_of(row.kind).dimension,
		"kind": row.kind,
		"occurred_on": getdate(row.occurred_on),
		"decays_from": getdate(row.decays_from or row.occurred_on),
		"value": round(row.value, DECIMALS),
		"weight": round(row.weight, DECIMALS),
		"amount": round(row.amount, DECIMALS),
		"days": round(row.days or 0.0, DECIMALS),
		"source_doctype": row.source_doctype,
		"source_name": row.source_name,
		"source_event": row.source_event,
		"reversal": int(row.reversal),
		"reverses": reverses,
		"note": note,
		"recorded_by": frappe.session.user,
		"company": row.company,
	}


def _write(rows: Sequence[dict], rate: bool = True) -> int:
	if not rows:
		return 0
	first = {}
	for row in rows:
		first[row["customer"]] = min(row["occurred_on"], first.get(row["customer"], row["occurred_on"]))
	few = len(rows) <= FEW
	hold(first, replay=not few)
	new = sql.insert(EVIDENCE, FIELDS, ([row[field] for field in FIELDS] for row in rows))
	if few and new:
		_add_up(rows if new == len(rows) else _kept(rows))
	if rate and new:
		queue.add(first)
	return new


def _check_customers(customers: Collection[str]) -> None:
	for part in sql.chunks(customers, CUSTOMERS_AT_ONCE):
		there = set(frappe.get_all("CIMS Customer", {"name": ("in", part)}, pluck="name", limit=0))
		if missing := [name for name in part if name not in there]:
			frappe.throw(
				_("There is no customer with the code {0}. Create the customer first.").format(
					", ".join(missing[:5])
				),
				frappe.DoesNotExistError,
			)


def hold(first: dict[str, date | None], replay: bool = False) -> None:
	"""Lock the customers' rating rows (made where missing) until the transaction ends, and mark them as changed.

	first: the earliest day of each one's new evidence, from which on its curve is worked out anew if `replay`.
	"""
	fields = ["name", "customer", "grade", "computed_grade", "dirty", "replay_from"]
	rows = ((name, name, "NR", "NR", 1, first[name] if replay else None) for name in sorted(first))
	stamp, user = frappe.utils.now(), frappe.session.user
	head = ", ".join(f"`{field}`" for field in ("creation", "modified", "owner", "modified_by", *fields))
	for part in sql.chunks(rows, CUSTOMERS_AT_ONCE):
		one = "(" + ", ".join(["%s"] * (len(fields) + 4)) + ")"
		frappe.db.sql(
			f"""INSERT INTO `tabTrust Rating` ({head}) VALUES {", ".join([one] * len(part))}
			ON DUPLICATE KEY UPDATE `dirty` = `dirty` + 1,
				`replay_from` = LEAST(COALESCE(VALUES(`replay_from`), `replay_from`), COALESCE(`replay_from`, VALUES(`replay_from`)))""",
			[value for row in part for value in (stamp, stamp, user, user, *row)],
		)


def _kept(rows: Sequence[dict]) -> list[dict]:
	"""Those of the rows that were new: they are there under the name they were given."""
	names = set(
		frappe.get_all(EVIDENCE, {"name": ("in", [row["name"] for row in rows])}, pluck="name", limit=0)
	)
	return [row for row in rows if row["name"] in names]


def _add_up(rows: Sequence[dict]) -> None:
	"""Add new rows to their customers' sums, whose rating rows are locked."""
	policy = policies.active()
	by_customer = defaultdict(list)
	for row in rows:
		by_customer[row["customer"]].append(row)
	rating = frappe.qb.DocType(RATING)
	locked = (
		frappe.qb.from_(rating)
		.select(rating.name, rating.sums, rating.replay_from)
		.where(rating.name.isin(sorted(by_customer)))
		.orderby(rating.name)
		.for_update()
		.run(as_dict=True)
	)
	changed = [(kept, _with(kept, by_customer[kept.name], policy)) for kept in locked]
	sql.insert(
		RATING,
		("name", "customer", "sums", "replay_from"),
		[
			(kept.name, kept.name, new.get("sums", kept.sums), new.get("replay_from", kept.replay_from))
			for kept, new in changed
		],
		update=("sums", "replay_from"),
		touch=False,
	)


def _with(kept: frappe._dict, rows: Sequence[dict], policy: Policy) -> dict:
	"""What changes in a rating row by new rows of evidence."""
	first = min(row["occurred_on"] for row in rows)
	if kept.replay_from:
		return {"replay_from": min(kept.replay_from, first)}
	ledger = (
		Ledger.from_dict(json.loads(kept.sums)) if kept.sums else Ledger(policy.version, Tally(to_day(first)))
	)
	if ledger.policy != policy.version:
		return {"replay_from": first}
	for row in rows:
		# What lies in the future is added up by the nightly run of its day.
		if row["occurred_on"] <= getdate(nowdate()):
			ledger.add(row, policy)
	changed = {"sums": dump(ledger.to_dict())}
	if first <= last_month_end():
		changed["replay_from"] = first
	return changed


def last_month_end() -> date:
	"""The last month end before today: what lies on or before it changes the kept curve."""
	return to_date(month_ends(to_day(getdate(nowdate())), 1)[0])


def changed(doctype: str, name: str, customer: str, since: date | None = None) -> int:
	"""A document changed: keep what it is evidence of now, take back what it no longer is, and rate the customer anew.

	since: the earliest day whose picture of the customer may have changed (`earliest_change`), for what no row of evidence
	tells, such as a part payment or another due date. Returns how many rows were written.
	"""
	said = sources.evidence_of_document(doctype, name, site_calendar())
	kept = _kept_rows({"source_doctype": doctype, "source_name": name})
	rows = _differences(said, kept)
	written = _write(rows, rate=False)
	since = getdate(since) if since else None
	back = since if since and since <= last_month_end() else None
	if back or not rows:
		hold({customer: back}, replay=bool(back))
	queue.add([customer])
	return written


def earliest_change(doc) -> date | None:
	"""The earliest day among the dates of a document that its last save changed, old and new; None for none.

	All of its dates where it was submitted or cancelled, or where its rows changed.
	"""
	before = doc.get_doc_before_save()
	fields = [df.fieldname for df in doc.meta.fields if df.fieldtype == "Date"]
	if not before or before.docstatus != doc.docstatus or _rows_of(before) != _rows_of(doc):
		touched = [doc.get(field) for field in fields]
	else:
		touched = [d.get(f) for f in fields for d in (before, doc) if _day(before.get(f)) != _day(doc.get(f))]
	return min((getdate(day) for day in touched if day), default=None)


def _rows_of(doc) -> list[list]:
	"""What a document's rows link to, and their numbers."""
	return [
		[row.get(df.fieldname) for df in row.meta.fields if df.fieldtype in ("Link", "Currency", "Float")]
		for table in doc.meta.get_table_fields()
		for row in doc.get(table.fieldname)
	]


def _day(value) -> date | None:
	return getdate(value) if value else None


def backfill(customers: Collection[str] | None = None, rate: bool = True) -> int:
	"""Bring the evidence of these customers (None: of all) in line with their documents. Returns how many rows it took.

	A fixed number of statements for every few thousand customers. What is there already stays; what differs is taken back
	and written anew, exactly as when the documents change one by one. rate: queue the re-rating.
	"""
	from cims.ratings import backfill as bulk

	written = 0
	for part in sql.customers(bulk.CUSTOMERS_AT_ONCE, customers):
		written += bulk.backfill(part if customers is not None else sql.Run(part))
		sql.commit()
	if rate:
		queue.add_waiting()
	return written


def bring_in_line(customers: Collection[str]) -> int:
	"""The same for some customers, comparing row by row. Returns how many rows it took; the caller commits."""
	calendar, doctypes = site_calendar(), [name for source in sources.sources() for name in source.doctypes]
	written = 0
	for part in sql.chunks(customers, CUSTOMERS_AT_ONCE):
		kept = _kept_rows({"source_doctype": ("in", doctypes), "customer": ("in", part)})
		written += _write(_differences(sources.evidence(part, calendar), kept), rate=False)
	return written


def catch_up(days: int = 3) -> int:
	"""Bring the evidence in line with the documents that changed within the last days, however they were changed. Returns
	how many rows it took."""
	since = getdate(add_days(nowdate(), -days))
	customers = set().union(*(_changed_since(source, since) for source in sources.sources()))
	return backfill(customers, rate=False) if customers else 0


def _changed_since(source: sources.ReceivableSource, day: date) -> set[str]:
	if hasattr(source, "changed_since"):
		return source.changed_since(day)
	return {
		customer
		for doctype in source.doctypes
		for customer in frappe.get_all(
			doctype, {"modified": (">=", day)}, pluck="customer", distinct=True, limit=0
		)
	}


def _kept_rows(filters: dict) -> list[frappe._dict]:
	return frappe.get_all(
		EVIDENCE,
		filters,
		[field for field in FIELDS if field not in ("note", "recorded_by")],
		limit=0,
		order_by=None,
	)


def _differences(said: Iterable[Evidence], kept: Iterable[frappe._dict]) -> list[dict]:
	"""The rows that bring what is kept of some documents in line with what the documents say now."""
	today = getdate(nowdate())
	taken_back, by_event = set(), defaultdict(list)
	for row in kept:
		if row.reversal:
			taken_back.add(row.reverses)
		else:
			by_event[_event(row)].append(row)
	rows = []
	for now in said:
		before = by_event.pop(identity_of(now), [])
		standing = [row for row in before if row.name not in taken_back]
		if any(_same(row, now) for row in standing):
			continue
		rows += [_reversal(row, today) for row in standing]
		if before:
			# A correction is known from today on; what it corrects stays known for the days in between.
			now = replace(
				now,
				occurred_on=today,
				decays_from=now.decays_from or now.occurred_on,
				source_event=f"{now.source_event}:{len(before) + 1}",
			)
		rows.append(_row(now))
	gone = [row for rest in by_event.values() for row in rest if row.name not in taken_back]
	return rows + [_reversal(row, today) for row in gone]


def _event(row: frappe._dict) -> tuple[str, str, str]:
	"""The identity of the event that a kept row, corrected or not, is about."""
	return row.source_doctype, row.source_name, row.source_event.split(":")[0]


def _same(row: frappe._dict, now: Evidence) -> bool:
	"""Whether a kept row says what the document says now. A correction's own day is that of the correction."""
	corrected = ":" in row.source_event
	return (
		(row.customer, row.kind, row.decays_from, row.company or "")
		== (now.customer, now.kind, now.decays_from or now.occurred_on, now.company)
		and (corrected or row.occurred_on == now.occurred_on)
		and all(
			abs(row[field] - (getattr(now, field) or 0)) < 1e-6
			for field in ("value", "weight", "amount", "days")
		)
	)


def _reversal(row: frappe._dict, day: date, note: str | None = None) -> dict:
	"""The row that takes a kept row back from `day` on."""
	return {
		**{field: row[field] for field in FIELDS if field not in ("note", "recorded_by")},
		"name": sql.new_name(),
		"occurred_on": max(day, row.occurred_on),
		"source_event": f"{row.source_event}:{REVERSED}",
		"reversal": 1,
		"reverses": row.name,
		"note": note,
		"recorded_by": frappe.session.user,
	}


def record_manual(
	customer: str,
	kind: str,
	value: float | None = None,
	note: str | None = None,
	occurred_on: date | str | None = None,
) -> str:
	"""Keep what a person says of a customer: a complaint, a check of identity, an assessment. Returns the row's name.

	value: 0 to 1, needed by and only for the kinds that have none of their own. Needs the role CIMS Manager or CIMS
	Service, for assessments CIMS Sales will do.
	"""
	source = "CIMS Customer", customer, f"{kind}:{sql.new_name()}"
	row = _row(evidence_of_people(customer, kind, value, occurred_on, source), note=note)
	_write([row])
	return row["name"]


def evidence_of_people(
	customer: str,
	kind: str,
	value: float | None,
	occurred_on: date | str | None,
	source: tuple[str, str, str],
) -> Evidence:
	"""A row that says what a person, or a program for people, says of a customer; checked, and not kept yet.

	source: doctype, name and event. Raises ValidationError for another kind, a value too many or too few and a day to come,
	PermissionError for a customer whom the user may not read and without the role that it takes (`record_manual`).
	"""
	_check_recorder(customer, kind)
	of = kinds.BY_NAME[kind]
	day = getdate(occurred_on or nowdate())
	if day > getdate(nowdate()):
		frappe.throw(_("{0} lies in the future. Enter a day up to today.").format(formatdate(day)))
	if of.value is None and (value is None or not 0 <= value <= 1):
		frappe.throw(
			_("{0} needs a value between 0 (as bad as it can be) and 1 (as good as it can be).").format(
				_(of.label)
			)
		)
	worth = of.value if of.value is not None else float(value)
	return Evidence(
		customer,
		kind,
		day,
		worth,
		of.weight,
		source_doctype=source[0],
		source_name=source[1],
		source_event=source[2],
	)


def _check_recorder(customer: str, kind: str) -> None:
	if kind not in kinds.BY_NAME or not kinds.BY_NAME[kind].manual:
		known = ", ".join(of.name for of in kinds.KINDS if of.manual)
		frappe.throw(_("{0} isn't evidence that people record. Choose one of: {1}.").format(kind, known))
	frappe.has_permission("CIMS Customer", "read", doc=customer, throw=True)
	require_role(ASSESSORS if kind == kinds.ASSESSMENT else RECORDERS)


def take_back(name: str, note: str) -> str:
	"""Take back a row of evidence that a person recorded or another system sent. Returns the reversal's name.

	Rows that come from documents follow their documents and can't be taken back here. Needs the role CIMS Manager.
	"""
	require_role(policies.PUBLISHERS)
	if not (note or "").strip():
		frappe.throw(_("Say why this evidence is taken back."))
	row = frappe.get_doc(EVIDENCE, name).as_dict()
	if row.reversal or frappe.db.exists(EVIDENCE, {"reverses": name}):
		frappe.throw(_("This evidence has been taken back already."))
	if row.source_doctype in [doctype for source in sources.sources() for doctype in source.doctypes]:
		frappe.throw(
			_("This evidence comes from {0} {1} and follows it. Correct that document instead.").format(
				_(row.source_doctype), row.source_name
			)
		)
	reversal = _reversal(row, getdate(nowdate()), note)
	_write([reversal])
	return reversal["name"]


def forget(customers: Collection[str]) -> None:
	"""Take away everything that is kept of these customers' trust. Only for what removes the customers themselves, such as
	the removal of sample data: what they did is gone then."""
	for part in sql.chunks(customers, CUSTOMERS_AT_ONCE):
		for doctype in (EVIDENCE, RATING, "Trust Override"):
			frappe.db.delete(doctype, {"customer": ("in", part)})
		curve_tables.forget(part)


def segment_changed(doc, method=None) -> None:
	"""Document event of CIMS Customer: in another segment other priors hold, so the whole curve is worked out anew."""
	field = policies.segment_field()
	# What has just been made has no curve yet.
	if not field or not doc.get_doc_before_save() or not doc.has_value_changed(field):
		return
	segments_changed([doc.name])


def segments_changed(customers: Collection[str]) -> None:
	"""These customers are in another segment now: each one's curve is worked out anew from its first evidence on."""
	for part in sql.chunks(customers, CUSTOMERS_AT_ONCE):
		first = dict(
			frappe.get_all(
				RATING,
				{"name": ("in", part), "first_evidence_on": ("is", "set")},
				["name", "first_evidence_on"],
				limit=0,
				as_list=True,
			)
		)
		if first:
			hold(first, replay=True)
			queue.add(first)


def before_customer_renamed(doc, method=None, old: str = "", new: str = "", merge: bool = False) -> None:
	"""Document event: where two customers become one, what was worked out for the one that goes is dropped."""
	if merge:
		frappe.db.delete(RATING, {"customer": old})
		curve_tables.forget([old])


def after_customer_renamed(doc, method=None, old: str = "", new: str = "", merge: bool = False) -> None:
	"""Document event: the rating is called as its customer; after a merge both histories are one."""
	if merge:
		first = frappe.db.get_value(EVIDENCE, {"customer": new}, "min(occurred_on)")
		if first:
			hold({new: first}, replay=True)
			queue.add([new])
	else:
		frappe.db.sql("UPDATE `tabTrust Rating` SET `name` = `customer` WHERE `customer` = %s", new)
		curve_tables.rename(old, new)
