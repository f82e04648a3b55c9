"""What is searched of a customer: its values, folded, and how they read, in lines of a fixed order."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import frappe

from cims import erpnext
from cims.customers.text import fold, pinyin, words
from cims.erpnext import links
from cims.search.tables import FIELD, LINE

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
	"""Values in the order of FIELDS and CONTACT -> texts. All are folded at once, which is what makes it fast."""
	if not rows:
		return []
	plain = [[value or "" for value in row] for row in rows]
	if _CONTROL.search("".join(map("".join, plain))):
		plain = [[_CONTROL.sub(" ", value) for value in row] for row in plain]
	folded = fold(LINE.join(map(FIELD.join, plain)))
	return [_text(*row.split(FIELD)) for row in folded.split(LINE)]


def _text(code, name, legal, phone, mobile, email, city, contact) -> str:
	named = legal if name in legal else f"{name} {legal}"
	read = pinyin(named)
	others = pinyin(contact) if contact and not contact.isascii() else []
	return "\n".join(
		(
			squeezed(code), name, legal, number(phone), number(mobile), email, city, contact,
			"".join(read), "".join([word[0] for word in read]),
			"".join(pinyin(city)), "".join(others),
		)
	)  # fmt: skip


def squeezed(value: str) -> str:
	"""A folded value without what stands between letters and digits."""
	return value if value.isalnum() else "".join(words(value))


def number(value: str) -> str:
	"""A stored telephone number without its plus; an extension stays apart."""
	return value[1:] if value[:1] == "+" else value


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
