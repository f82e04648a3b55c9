"""Every customer of ERPNext has one of ours: made where it is missing, brought in line where ERPNext has changed.

One customer after an event and all of them at the install go the same way, in sets: a fixed number of statements for
thousands. Only what differs is written, so that it can run again and again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.model.naming import set_new_name
from frappe.utils import add_to_date, now, now_datetime
from frappe.utils.synchronization import filelock

from cims.cims.doctype.cims_customer.cims_customer import COMPANY_FIELDS, PERSON_FIELDS, SERIES
from cims.customers import derived
from cims.customers.status import ARCHIVED, comment
from cims.duplicates import keys
from cims.erpnext import CUSTOMER, LINK, OURS, installed, mapping
from cims.imports import changes
from cims.imports.importer import Names
from cims.ratings import policies, queue, sql, store
from cims.search import texts

# As many as make a full segment of the search index.
AT_ONCE = 10_000
# Fewer are written one by one: a set has to be loaded first.
FEW = 20
GROUP = "CIMS Customer Group"
# Changes that pass by the documents are looked for among what was modified so recently.
RECENT_MINUTES = 15
LOCK = "cims_adoption"
# What ERPNext owns and the search or the keys of names are made of.
DERIVED_FROM = {*texts.FIELDS, *keys.READ, "account_manager"} & set(mapping.OWNED)


@dataclass
class Outcome:
	"""made: new customers of ours; linked: ones that we had already; changed: those that follow ERPNext; gone: whose customer
	ERPNext has no more."""

	made: int = 0
	linked: int = 0
	changed: int = 0
	gone: int = 0

	def __add__(self, other: "Outcome") -> "Outcome":
		return Outcome(*(getattr(self, field) + getattr(other, field) for field in self.__dataclass_fields__))


def adopt(
	names: Sequence[str], mapper: mapping.Mapping | None = None, refresh: Callable = derived.refresh
) -> Outcome:
	"""Bring our customers in line with these of ERPNext's, in the caller's transaction. refresh: brings what is derived from
	them in line."""
	mapper = mapper or mapping.of_request()
	rows = mapping.read(names)
	ours = _ours(LINK, names)
	new, changed = {}, {}
	for row in rows:
		there = ours.get(row.name)
		values = mapper.ours(row, there and there["status"])
		if not there:
			new[row.name] = (row, values)
		elif _differs(there, values):
			changed[there["name"]] = (there, values)
	linked = _same(new)
	for code, (erp, there) in linked.items():
		row, _values = new.pop(erp)
		changed[code] = (there, {**mapper.ours(row, there["status"]), LINK: erp})
	moved = [
		values for there, values in changed.values() if there["customer_group"] != values["customer_group"]
	]
	_bring_groups(values["customer_group"] for values in (*(values for _row, values in new.values()), *moved))
	with _adopting():
		made = _insert(new)
		_update(changed)
		_note_former({code: changed[code] for code in linked})
		refresh([*made, *(code for code, (there, values) in changed.items() if _is_derived(there, values))])
	return Outcome(len(made), len(linked), len(changed) - len(linked))


def everybody(progress: Callable[[int, int], None] | None = None) -> Outcome:
	"""All of ERPNext's customers, some thousands at a time, each time committed. progress: how many are done, of how many."""
	mapper, outcome = mapping.Mapping(), Outcome()
	total, done = frappe.db.count(CUSTOMER), 0
	with filelock(LOCK, timeout=600):
		for part in sql.runs_of(CUSTOMER, AT_ONCE):
			outcome += adopt(part, mapper)
			sql.commit()
			done += len(part)
			if progress:
				progress(done, max(total, done))
		outcome.gone = _let_orphans_go()
		if outcome.made or outcome.linked:
			# Their documents were there before them.
			queue.add_evidence()
		sql.commit()
	return outcome


def missing() -> int:
	"""How many of ERPNext's customers have none of ours."""
	return frappe.db.sql(
		f"SELECT COUNT(*) FROM `tab{CUSTOMER}` theirs LEFT JOIN `tab{OURS}` ours ON ours.`{LINK}` = theirs.name"
		" WHERE ours.name IS NULL"
	)[0][0]


def recent() -> None:
	"""Every few minutes: customers that were changed past their documents (`frappe.db.set_value`, SQL)."""
	if not installed():
		return
	since = {"since": add_to_date(now_datetime(), minutes=-RECENT_MINUTES)}
	names = frappe.db.sql_list(
		f"""SELECT name FROM `tab{CUSTOMER}` WHERE modified > %(since)s
		UNION SELECT link.link_name FROM tabAddress address JOIN `tabDynamic Link` link
			ON link.parent = address.name AND link.parenttype = 'Address' AND link.link_doctype = '{CUSTOMER}'
		WHERE address.modified > %(since)s""",
		since,
	)
	for part in sql.chunks(names, AT_ONCE):
		adopt(part)
		sql.commit()


def nightly() -> None:
	"""Whatever else passed by: all of them."""
	if installed():
		everybody()


def settle(codes: Sequence[str]) -> None:
	"""Customers of ours were written as sets: what ERPNext owns of them is as it says. A hook of `cims_customer_indexes`."""
	if frappe.flags.cims_adopting or not installed():
		return
	for part in sql.chunks(codes, sql.ROWS_AT_ONCE):
		if there := frappe.get_all(OURS, {"name": ("in", part), LINK: ("is", "set")}, pluck=LINK, limit=0):
			adopt(there)


@contextmanager
def _adopting():
	before, frappe.flags.cims_adopting = frappe.flags.cims_adopting, True
	try:
		yield
	finally:
		frappe.flags.cims_adopting = before


# --- what is there -----------------------------------------------------------------------------------


def _ours(field: str, values: Sequence[str], more: str = "") -> dict[str, dict]:
	"""Our customers by a field that has one of the values, with what ERPNext owns of them."""
	columns = ", ".join(f"`{one}`" for one in dict.fromkeys(("name", LINK, *mapping.OWNED)))
	return {
		row[field]: row
		for part in sql.chunks(values, sql.LISTED)
		for row in frappe.db.sql(
			f"SELECT {columns} FROM `tab{OURS}` WHERE `{field}` IN %(values)s {more}",
			{"values": part, "archived": ARCHIVED},
			as_dict=True,
		)
	}


def _differs(there: Mapping, values: Mapping) -> bool:
	return any((there[field] or None) != value for field, value in values.items())


def _is_derived(there: Mapping, values: Mapping) -> bool:
	"""Whether something has changed from which search or duplicates derive what they keep."""
	return any((there[field] or None) != values[field] for field in DERIVED_FROM)


def _same(new: Mapping[str, tuple]) -> dict[str, tuple[str, dict]]:
	"""Our code -> (their name, our row) of customers that both had already: the only ones on either side with a credit code."""
	codes = {values["credit_code"]: name for name, (_row, values) in new.items() if values["credit_code"]}
	if not codes:
		return {}
	listed = {"codes": list(codes), "archived": ARCHIVED}
	single = (
		"SELECT `{0}` FROM `tab{1}` WHERE `{0}` IN %(codes)s {2} GROUP BY `{0}` HAVING COUNT(*) = 1".format
	)
	living = "AND status != %(archived)s"
	only = set(frappe.db.sql_list(single("credit_code", OURS, living), listed))
	only = only and only & set(frappe.db.sql_list(single("tax_id", CUSTOMER, ""), listed))
	if not only:
		return {}
	there = _ours("credit_code", list(only), f"{living} AND `{LINK}` IS NULL")
	return {row["name"]: (codes[code], row) for code, row in there.items()}


def _bring_groups(groups: Iterable[str | None]) -> None:
	"""ERPNext's customer groups that customers are in are ours, too."""
	wanted = set(filter(None, groups))
	if not wanted:
		return
	there = frappe.get_all(GROUP, {"name": ("in", list(wanted))}, pluck="name", limit=0)
	for name in sorted(wanted - set(there)):
		frappe.get_doc({"doctype": GROUP, "group_name": name}).insert(
			ignore_permissions=True, ignore_if_duplicate=True
		)


# --- writing -----------------------------------------------------------------------------------------


def _insert(new: Mapping[str, tuple[Mapping, Mapping]]) -> list[str]:
	"""Customers that we didn't have, as old as they are in ERPNext. Returns their codes."""
	if not new:
		return []
	from cims.customers.importing import standing

	rows, values = zip(*new.values(), strict=True)
	codes = _codes(len(rows))
	columns = {field: [one[field] for one in values] for field in mapping.OWNED}
	own = {"name": codes, "code": codes, LINK: list(new)}
	own |= {field: [row[field] for row in rows] for field in ("creation", "owner")}
	usual = {
		field: value
		for field, value in standing(frappe.new_doc(OURS)).items()
		if field not in (*columns, *own)
	}
	changes.insert(OURS, {**columns, **own}, usual, now())
	return codes


def _codes(count: int) -> list[str]:
	names = Names(OURS, SERIES, count)
	codes = names.take(count)
	while len(codes) < count:
		# The site names customers by a rule of its own.
		doc = frappe.new_doc(OURS)
		set_new_name(doc)
		codes.append(doc.name)
	return codes


def _update(changed: Mapping[str, tuple[Mapping, Mapping]]) -> None:
	if not changed:
		return
	stamp = now()
	types = [
		code for code, (there, values) in changed.items() if there["customer_type"] != values["customer_type"]
	]
	if len(changed) < FEW:
		for code, (there, values) in changed.items():
			different = {field: value for field, value in values.items() if (there[field] or None) != value}
			frappe.db.set_value(OURS, code, different, modified=stamp)
	else:
		fields = dict.fromkeys(field for _there, values in changed.values() for field in values)
		columns = {
			field: [values.get(field, there[field]) for there, values in changed.values()] for field in fields
		}
		changes.update(OURS, list(changed), columns, stamp)
		frappe.cache.delete_value([frappe.get_document_cache_key(OURS, code) for code in changed])
	_clear_other_type(types)
	segment = policies.segment_field()
	moved = [code for code, (there, values) in changed.items() if there.get(segment) != values.get(segment)]
	store.segments_changed(moved)


def _clear_other_type(codes: Sequence[str]) -> None:
	"""A company has no birth date, a person no legal name."""
	for fields, kind in ((PERSON_FIELDS, mapping.COMPANY), (COMPANY_FIELDS, mapping.PERSON)):
		empty = ", ".join(f"`{field}` = NULL" for field in fields if field not in mapping.OWNED)
		for part in sql.chunks(codes, sql.ROWS_AT_ONCE):
			frappe.db.sql(
				f"UPDATE `tab{OURS}` SET {empty} WHERE customer_type = %(kind)s AND name IN %(codes)s",
				{"kind": kind, "codes": part},
			)


def _note_former(linked: Mapping[str, tuple[Mapping, Mapping]]) -> None:
	"""What a customer of ours had before ERPNext's took its place is kept as a comment."""
	label = frappe.get_meta(OURS).get_label
	texts = {}
	for code, (there, values) in linked.items():
		lost = [
			f"{_(label(field))}: {there[field]}"
			for field, value in values.items()
			if there[field] and there[field] != value
		]
		said = _("is the customer {0} of ERPNext now, which says the fields that both have.").format(
			values[LINK]
		)
		texts[code] = frappe.utils.escape_html(
			" ".join((said, _("Before: {0}.").format("; ".join(lost)))) if lost else said
		)
	if texts:
		comment(texts)


def _let_orphans_go() -> int:
	from cims.erpnext import follow

	codes = frappe.db.sql_list(
		f"SELECT ours.name FROM `tab{OURS}` ours LEFT JOIN `tab{CUSTOMER}` theirs ON theirs.name = ours.`{LINK}`"
		f" WHERE ours.`{LINK}` IS NOT NULL AND theirs.name IS NULL"
	)
	for code in codes:
		follow.let_go(code)
	return len(codes)
