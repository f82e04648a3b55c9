"""What is searched of a customer: its values, folded, and how they read, in lines of a fixed order."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import frappe

from cims import erpnext
from cims.customers.text import fold, readings, words
from cims.erpnext import links
from cims.search.tables import LINE

CUSTOMER = "CIMS Customer"
# Fields of CIMS Customer, each with the line of its own.
FIELDS = ("code", "customer_name", "legal_name", "phone", "mobile", "email", "city")
NUMBERS = ("phone", "mobile")
CONTACT = "contact"
# How the name and the legal name read, in full and by initials, and how the city and the contacts do.
READING, INITIALS, CITY_READS, CONTACT_READS = "reading", "initials", "city reads", "contact reads"
READINGS = {READING: "customer_name", INITIALS: "customer_name", CITY_READS: "city", CONTACT_READS: CONTACT}
LINES = (*FIELDS, CONTACT, *READINGS)
# The lines of which people type the beginning.
BEGINS = tuple(LINES.index(line) for line in ("code", "customer_name", "legal_name", READING, INITIALS))
_CONTROL = re.compile(r"[\x00-\x1f]+")


def of(names: Sequence[str]) -> dict[str, tuple[str, str]]:
	"""Customer -> (account manager, text) of those of the names that there are, as they stand in the database now.

	The customers stay as they are until the transaction ends, so that no older text comes to stand over a newer one.
	"""
	rows = frappe.db.sql(
		f"SELECT name, account_manager, {', '.join(FIELDS)} FROM `tab{CUSTOMER}` WHERE name IN %s"
		" LOCK IN SHARE MODE",
		[list(names)],
	)
	reach = _contacts(names)
	made = compose([(*row[2:], reach.get(row[0], "")) for row in rows])
	return {row[0]: (row[1] or "", text) for row, text in zip(rows, made, strict=True)}


def compose(rows: Sequence[Sequence[str | None]]) -> list[str]:
	"""Values in the order of FIELDS and CONTACT -> texts."""
	return of_columns(list(zip(*rows, strict=True))) if rows else []


def of_columns(columns: Sequence[Sequence[str | None]]) -> list[str]:
	"""The texts of customers given by column, in the order of FIELDS and CONTACT. Each column is folded and read at once,
	which is what makes it fast."""
	code, name, legal, phone, mobile, email, city, contact = map(_folded, columns)
	named = [full if short in full else f"{short} {full}" for short, full in zip(name, legal, strict=True)]
	others = dict.fromkeys((*city, *(text for text in contact if not text.isascii())))
	reads = dict(zip(others, readings(list(others))[0], strict=True))
	lines = (
		map(squeezed, code), name, legal, map(number, phone), map(number, mobile), email, city, contact,
		*readings(named), map(reads.__getitem__, city), ("" if text.isascii() else reads[text] for text in contact),
	)  # fmt: skip
	return list(map("\n".join, zip(*lines, strict=True)))


def _folded(column: Sequence[str | None]) -> list[str]:
	plain = [value or "" for value in column]
	if _CONTROL.search("".join(plain)):
		plain = [_CONTROL.sub(" ", value) for value in plain]
	return fold(LINE.join(plain)).split(LINE)


def squeezed(value: str) -> str:
	"""A folded value without what stands between letters and digits."""
	return value if value.isalnum() else "".join(words(value))


def number(value: str) -> str:
	"""A stored telephone number without its plus; an extension stays apart."""
	return value[1:] if value[:1] == "+" else value


def with_contacts(names: Sequence[str]) -> list[str]:
	"""Those of the names that a contact belongs to. names: in order."""
	near = [CUSTOMER, names[0], names[-1]]
	link = "`tabDynamic Link` WHERE link_doctype = %s AND parenttype = 'Contact' AND link_name"
	if not frappe.db.sql(f"SELECT name FROM {link} BETWEEN %s AND %s LIMIT 1", near):
		return []
	return frappe.db.sql_list(f"SELECT DISTINCT link_name FROM {link} IN %s", [CUSTOMER, list(names)])


def _contacts(names: Sequence[str]) -> dict[str, str]:
	"""Customer -> names, numbers and addresses of its contacts."""
	rows = _contacts_of(CUSTOMER, names)
	if erpnext.installed():
		code = {erp: name for name, erp in links.customers_of(names).items()}
		rows += [(code[erp], *row) for erp, *row in _contacts_of(erpnext.CUSTOMER, list(code))]
	if not rows:
		return {}
	reach = _reach({row[1] for row in rows})
	found = defaultdict(list)
	for customer, contact, *named in rows:
		found[customer] += [*_named(named), *reach[contact]]
	return {customer: " ".join(dict.fromkeys(values)) for customer, values in found.items()}


def _contacts_of(doctype: str, names: Sequence[str]) -> list[tuple]:
	"""(whose, contact, its first, middle and last name) of the contacts of customers, ours or ERPNext's."""
	if not names:
		return []
	return list(
		frappe.db.sql(
			"""SELECT link.link_name, contact.name, contact.first_name, contact.middle_name, contact.last_name
			FROM `tabDynamic Link` link JOIN tabContact contact ON contact.name = link.parent
			WHERE link.link_doctype = %s AND link.link_name IN %s AND link.parenttype = 'Contact'
			ORDER BY link.link_name, contact.name""",
			[doctype, list(names)],
		)
	)


def _named(parts: Iterable[str | None]) -> list[str]:
	"""A contact's name in one word where it is Chinese; Frappe keeps 伟 and 张 apart, first name first."""
	first, *rest = [part or "" for part in parts]
	middle, last = rest
	chinese = last + first if last and not (first + last).isascii() else ""
	return [part for part in (chinese, first, middle, last) if part]


def _reach(contacts: Iterable[str]) -> dict[str, list[str]]:
	"""Contact -> its numbers, digits alone, and e-mail addresses."""
	found = defaultdict(list)
	names = list(contacts)
	for parent, phone in frappe.db.sql(
		"SELECT parent, phone FROM `tabContact Phone` WHERE parent IN %s ORDER BY parent, idx", [names]
	):
		found[parent].append(re.sub(r"\D", "", phone or ""))
	for parent, email in frappe.db.sql(
		"SELECT parent, email_id FROM `tabContact Email` WHERE parent IN %s ORDER BY parent, idx", [names]
	):
		found[parent].append(email or "")
	return found
