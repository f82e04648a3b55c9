"""The likely twins of one customer, before it is made or as it is saved: a few indexed look-ups, whatever the size."""

from dataclasses import dataclass

import frappe
from frappe import _
from frappe.utils import get_link_to_form

from cims.customers import identity
from cims.duplicates import keys, likeness, queue
from cims.duplicates.likeness import Likeness

CUSTOMER = "CIMS Customer"
# A key that more customers share than this is no key: a switchboard, a group's mailbox.
MOST = 20
# How many neighbours in the order of the sounds are looked at for a typing mistake.
NEIGHBOURS = 10
NEAR = "near"
SHOWN = (
	"customer_name",
	"legal_name",
	"status",
	"city",
	"mobile",
	"phone",
	"email",
	"account_manager",
	"trust_grade",
)
# Saving through these is silent: what is found lies in the queue, or is found by the search afterwards.
SILENT = ("in_import", "in_install", "in_patch", "in_migrate", "in_uninstall")


@dataclass(frozen=True)
class Found:
	"""twins: the likely ones, most alike first. too_common: keys that are shared by too many to say anything."""

	twins: list[tuple[frappe._dict, Likeness]]
	too_common: list[str]


def twins(customer) -> Found:
	"""Customers that are likely the same as this one, a document or a row with `likeness.FIELDS`; its name may be None."""
	by_key: dict[str, set[str]] = {}
	parts = list(_look_ups(customer))
	if parts:
		query = " UNION ALL ".join(f"(SELECT '{key}', {what} LIMIT {most})" for key, what, most, _v in parts)
		for key, name in frappe.db.sql(query, [value for part in parts for value in part[3]]):
			by_key.setdefault(key, set()).add(name)
	too_common = [key for key, names in by_key.items() if key != NEAR and len(names) > MOST]
	names = {name for key, group in by_key.items() if key not in too_common for name in group} - {
		customer["name"]
	}
	rows = queue.rows_of(*names).values() if names else ()
	telling = _without(customer, too_common)
	found = [(row, likeness.compare(telling, row)) for row in rows]
	likely = [(row, like) for row, like in found if like.likely]
	return Found(sorted(likely, key=lambda pair: (-pair[1].score, pair[0].name)), too_common)


def _without(customer, too_common: list[str]) -> dict:
	"""What is compared of the customer, but for what it shares with too many to be told by."""
	fields = [field for key in too_common for field in (("phone", "mobile") if key == "phone" else (key,))]
	return {field: None if field in fields else customer[field] for field in likeness.FIELDS}


def _look_ups(customer):
	"""(key, what is selected, at most, its values) for each key of the customer."""
	table = f"name FROM `tab{CUSTOMER}` WHERE"
	numbers = sorted({customer["phone"], customer["mobile"]} - {None, ""})
	if numbers:
		marks = ", ".join(["%s"] * len(numbers))
		for field in ("mobile", "phone"):
			yield "phone", f"{table} `{field}` IN ({marks})", MOST + 2, numbers
	for field in ("email", "credit_code", "resident_id"):
		if customer[field]:
			yield field, f"{table} `{field}` = %s", MOST + 2, [customer[field]]
	for sound in keys.sounds(customer):
		key = f"customer FROM `{keys.TABLE}` WHERE"
		yield "name", f"{key} sound = %s", MOST + 2, [sound]
		back = keys.echo(sound)
		if back:
			for column, value in (("sound", sound), ("echo", back)):
				yield NEAR, f"{key} {column} < %s ORDER BY {column} DESC", NEIGHBOURS, [value]
				yield NEAR, f"{key} {column} > %s ORDER BY {column}", NEIGHBOURS, [value]


def as_row(values: dict, name: str | None = None) -> frappe._dict:
	"""What a person or a program has of a customer, in the form in which customers are kept; what can't be read is left
	out, for saving will say so."""
	row = frappe._dict({field: (str(values.get(field) or "").strip() or None) for field in likeness.FIELDS})
	row.name = name
	row.customer_type = row.customer_type or "Company"
	country = values.get("country")
	region = frappe.db.get_value("Country", country, "code", cache=True) if country else None
	for field, read in (
		("phone", lambda text: identity.phone(text, region)),
		("mobile", lambda text: identity.phone(text, region)),
		("email", identity.email),
		("website", identity.website),
		("credit_code", identity.credit_code),
		("resident_id", identity.resident_id),
	):
		if row[field]:
			try:
				row[field] = read(row[field])
			except identity.BadValue:
				row[field] = None
	if row.resident_id and not row.birth_date:
		row.birth_date = str(identity.birth_date_of(row.resident_id))
	return row


def shown(found: Found, limit: int) -> dict:
	"""The twins that the user may read, for a form or a program, and how many there are besides."""
	names = [row.name for row, _like in found.twins]
	visible = (
		frappe.get_list(CUSTOMER, {"name": ("in", names)}, ["name", *SHOWN], limit=len(names))
		if names
		else []
	)
	by_name = {row.name: row for row in visible}
	hidden = hidden_fields()
	twins = [
		{
			"customer": row.name,
			**{field: by_name[row.name][field] for field in SHOWN if field not in hidden},
			"score": like.score,
			"reasons": likeness.sentences(like.why, hidden),
		}
		for row, like in found.twins
		if row.name in by_name
	]
	return {"twins": twins[:limit], "more": max(len(twins) - limit, 0), "not_yours": len(names) - len(twins)}


def hidden_fields() -> list[str]:
	"""The fields of a customer that the user's roles don't let them read."""
	meta = frappe.get_meta(CUSTOMER)
	levels = meta.get_permlevel_access("read")
	return [df.fieldname for df in meta.fields if df.permlevel and df.permlevel not in levels]


def on_update(doc, method=None) -> None:
	"""Document event: a new customer, or one by whose data twins are found that changed, is looked up. What looks alike goes
	into the queue, and whoever saved is told; nothing is held up."""
	if doc.flags.ignore_twins or any(frappe.flags.get(flag) for flag in SILENT):
		return
	before = doc.get_doc_before_save()
	if before and all(str(before.get(field) or "") == str(doc.get(field) or "") for field in likeness.FIELDS):
		return
	row = frappe._dict({field: doc.get(field) for field in likeness.FIELDS})
	found = twins(row)
	_drop_outdated(doc.name, {other.name for other, _like in found.twins})
	if not found.twins:
		return
	queue.keep([(row, other, like) for other, like in found.twins], queue.BY_SAVING)
	if frappe.form_dict.get("cmd") != "frappe.desk.form.save.savedocs":
		_tell(found)


def _drop_outdated(name: str, alike: set[str]) -> None:
	"""Pairs that nobody has decided on, and that don't look alike any more."""
	for mine, theirs in (("customer", "other"), ("other", "customer")):
		waiting = frappe.get_all(
			queue.CANDIDATE,
			{mine: name, "status": queue.OPEN, "found_by": ("!=", queue.BY_PERSON)},
			["name", theirs],
		)
		if gone := [row.name for row in waiting if row[theirs] not in alike]:
			frappe.db.delete(queue.CANDIDATE, {"name": ("in", gone)})


def _tell(found: Found) -> None:
	"""The desk has asked before it saved; to a program it is said in the messages of the answer."""
	row, like = found.twins[0]
	if not frappe.has_permission(CUSTOMER, "read", doc=row.name):
		return
	frappe.msgprint(
		_("This looks like {0} ({1} %). The pair is in the queue of duplicates.").format(
			get_link_to_form(CUSTOMER, row.name, frappe.utils.escape_html(row.customer_name)), like.score
		),
		indicator="orange",
		alert=True,
	)
