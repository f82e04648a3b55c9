"""Finding customers by any part of what one knows of them."""

import re

import frappe
from frappe import _

from cims.api import arguments

# In the order in which a hit counts.
SEARCHED = ("code", "customer_name", "legal_name", "phone", "mobile", "email")
NUMBERS = ("phone", "mobile")
SHOWN = (*SEARCHED, "status", "city", "account_manager", "trust_grade", "trust_score", "trust_watch")
MOST = 50
SHORTEST = 2


@frappe.whitelist(methods=["GET", "POST"])
def customers(text: str = "", limit: int = 20) -> dict:
	"""Customers whom the user may see and of whom the text is a part of code, name, legal name, phone, mobile or e-mail.

	text: two characters at least; a telephone number may be written with spaces, dashes and brackets.
	limit: 1 to 50. Best first: the code itself, then what begins with the text, then what contains it.
	Returns {"customers": [{the fields in SHOWN, "matched": field or None}], "more": bool}.
	"""
	text = text.strip()
	arguments.required(text=text)
	if len(text) < SHORTEST:
		frappe.throw(_("Type at least {0} characters to search for customers.").format(SHORTEST))
	arguments.between(limit, "limit", 1, MOST)
	arguments.may_read(arguments.CUSTOMER)

	sought = _sought(text)
	found = {row.code: row for row in _matching(sought, "{0}%", limit + 1)}
	if len(found) <= limit:
		# Only now the search that no index can help.
		found |= {row.code: row for row in _matching(sought, "%{0}%", limit + 1 + len(found))}
	ranked = [(*_rank(row, sought), code, row) for code, row in found.items()]
	if "%" in text or "_" in text:
		# The database takes these two for any text and any sign.
		ranked = [hit for hit in ranked if hit[1] is not None]
	ranked.sort(key=lambda hit: (hit[0], SEARCHED.index(hit[1]) if hit[1] else 0, hit[2]))
	return {
		"customers": [row | {"matched": field} for _how, field, _code, row in ranked[:limit]],
		"more": len(ranked) > limit,
	}


def _sought(text: str) -> dict[str, str]:
	"""Field -> what it must contain. Numbers are kept without spaces and signs, so they are looked for without them."""
	sought = dict.fromkeys(SEARCHED, text)
	digits = re.sub(r"\D", "", text)
	if len(digits) > SHORTEST and not re.search(r"[^\d\s()+./-]", text):
		plus = "+" if text.startswith("+") else ""
		sought |= dict.fromkeys(NUMBERS, plus + digits)
	return sought


def _matching(sought: dict[str, str], pattern: str, limit: int) -> list[dict]:
	return frappe.get_list(
		arguments.CUSTOMER,
		fields=list(SHOWN),
		or_filters=[[field, "like", pattern.format(part)] for field, part in sought.items()],
		limit=limit,
	)


def _rank(row: dict, sought: dict[str, str]) -> tuple[int, str | None]:
	"""How well a customer fits, and by which field: 0 it is the very value, 1 its beginning, 2 any part of it; 3 and
	no field where only the database, which folds accents, sees that it fits."""
	best = 3, None
	for field, part in sought.items():
		value, part = (row[field] or "").casefold(), part.casefold()
		if part in value:
			how = 0 if value == part else 1 if value.startswith(part) else 2
			if how < best[0]:
				best = how, field
	return best
