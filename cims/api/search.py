"""Finding customers by any part of what one knows of them."""

import json

import frappe
from frappe import _
from frappe.utils.data import make_filter_tuple

from cims.api import arguments
from cims.search import find

# What a customer is known by, and what is told of it beside.
KNOWN = ("code", "customer_name", "legal_name", "phone", "mobile", "email")
SHOWN = (*KNOWN, "status", "city", "account_manager", "trust_grade", "trust_score", "trust_watch")
DESCRIBED = ("name", "customer_name", "code", "legal_name", "phone", "mobile", "email", "city")
MOST = 50
MOST_CODES = 500
SHORTEST = 2


@frappe.whitelist(methods=["GET", "POST"])
def customers(text: str = "", limit: int = 20) -> dict:
	"""Customers whom the user may see and of whom each word of the text is a part of code, name, legal name, phone,
	mobile, e-mail, contact or city, or of how the name reads in pinyin, in full or by its initials.

	text: two characters at least, or one that is Chinese; words in any order, traditional characters or simplified; a
	telephone number may be written with spaces, dashes and brackets; a resident ID or credit code only as a whole.
	Where nobody fits the text as it is, a mistake of one letter in a word counts too.
	limit: 1 to 50. Best first, the user's own customers before others that fit as well.
	Returns {"customers": [{the fields in SHOWN, "matched": field}], "more": bool}.
	"""
	text = _checked(text)
	arguments.between(limit, "limit", 1, MOST)
	hits, more = find.customers(text, limit, fields=("name", *SHOWN))
	found = [{**hit.row, "matched": hit.matched} for hit in hits]
	for row in found:
		del row["name"]
	return {"customers": found, "more": more}


@frappe.whitelist(methods=["GET", "POST"])
def codes(text: str = "", limit: int = 100, filters: str | list | None = None) -> list[str]:
	"""The codes of the customers that the same search finds, best first.

	limit: 1 to 500. filters: further conditions, as `/api/resource` takes them.
	"""
	text = _checked(text)
	arguments.between(limit, "limit", 1, MOST_CODES)
	if isinstance(filters, str):
		filters = arguments.parsed(filters, "filters")
	return [hit.customer for hit in find.customers(text, limit, filters=filters or ())[0]]


@frappe.whitelist()
@frappe.validate_and_sanitize_search_inputs
def link(
	doctype: str,
	txt: str,
	searchfield: str,
	start: int,
	page_len: int,
	filters: str | dict | list | None = None,
	as_dict: bool = False,
	reference_doctype: str | None = None,
) -> list:
	"""What a field that links to a customer offers: the customers found, or, as long as nothing has been typed, the
	user's own and then the latest."""
	if isinstance(filters, str):
		filters = json.loads(filters)
	if isinstance(filters, dict):
		filters = [make_filter_tuple(doctype, field, value) for field, value in filters.items()]
	filters = filters or []
	if txt.strip():
		hits, _more = find.customers(txt, page_len, start, filters, reference_doctype, DESCRIBED)
		found = [hit.row for hit in hits]
	else:
		found = _latest(start, page_len, filters, reference_doctype)
	if as_dict:
		return [frappe._dict(row, label=row.get("customer_name")) for row in found]
	return [[row.get(field) for field in DESCRIBED] for row in found]


def _checked(text: str) -> str:
	text = text.strip()
	arguments.required(text=text)
	if len(text) < SHORTEST and text.isascii():
		frappe.throw(_("Type at least {0} characters to search for customers.").format(SHORTEST))
	arguments.may_read(arguments.CUSTOMER)
	return text


def _latest(start: int, page_len: int, filters: list, reference_doctype: str | None) -> list[dict]:
	"""The user's own customers and then all others, the last changed ones first."""
	own = [arguments.CUSTOMER, "account_manager", "=", frappe.session.user]
	found: dict[str, dict] = {}
	for more in ([own], []):
		for row in frappe.get_list(
			arguments.CUSTOMER,
			filters=[*filters, *more],
			fields=list(DESCRIBED),
			order_by="modified desc",
			limit_page_length=start + page_len,
			reference_doctype=reference_doctype,
		):
			found.setdefault(row.name, row)
	return list(found.values())[start : start + page_len]
