"""What each field of ERPNext's Customer is on ours, and back. ERPNext owns all of them: what it says holds.

Of what ERPNext takes in any form (tax IDs, numbers, addresses, places) we keep what is good by our own rules, in stored
form, and nothing of the rest.
"""

from collections.abc import Mapping as Row
from collections.abc import Sequence

import frappe
from frappe.utils.caching import request_cache

from cims.customers.rows import Rules
from cims.customers.status import ACTIVE, ARCHIVED, BLOCKED
from cims.erpnext import CUSTOMER
from cims.ratings import sql

# Ours -> theirs, where it is one field each.
FIELDS = {
	"customer_name": "customer_name",
	"customer_type": "customer_type",
	"customer_group": "customer_group",
	"account_manager": "account_manager",
	"image": "image",
	"industry": "industry",
	"credit_code": "tax_id",
	"gender": "gender",
	"website": "website",
}
# Theirs that are our status.
STOPPED = ("disabled", "is_frozen")
# Ours that ERPNext takes from the primary contact or the primary address, and so changes there.
OF_CONTACT, OF_ADDRESS = ("mobile", "email"), ("country", "province", "city", "address_line")
READ_ONLY = (*OF_CONTACT, *OF_ADDRESS)
# Everything of ours that ERPNext owns, and everything of theirs that it depends on.
OWNED = (*FIELDS, "status", *READ_ONLY)
WATCHED = (*FIELDS.values(), *STOPPED, "mobile_no", "email_id", "customer_primary_address")
ADDRESS = ("country", "state", "city", "address_line1", "address_line2")
COMPANY, PERSON = "Company", "Individual"
# ERPNext's other types are companies to us.
OTHER_COMPANIES = ("Partnership",)
GENDERS = ("Female", "Male", "Other")


def read(names: Sequence[str]) -> list[frappe._dict]:
	"""ERPNext's customers with their primary addresses, as they stand in the database."""
	columns = ", ".join(f"theirs.`{field}`" for field in ("name", "creation", "owner", *WATCHED))
	place = ", ".join(f"address.`{field}`" for field in ADDRESS)
	return [
		row
		for part in sql.chunks(names, sql.LISTED)
		for row in frappe.db.sql(
			f"""SELECT {columns}, {place} FROM `tab{CUSTOMER}` theirs
			LEFT JOIN tabAddress address ON address.name = theirs.customer_primary_address
			WHERE theirs.name IN %(names)s""",
			{"names": part},
			as_dict=True,
		)
	]


class Mapping:
	"""Turns rows of `read` into what we keep, remembering every value that it has judged."""

	def __init__(self):
		self.rules = Rules()
		usual = frappe.get_cached_doc("CIMS Settings").holiday_country
		self.usual_region = self.rules.region.get(usual)

	def ours(self, row: Row, status: str | None = None) -> dict[str, str | None]:
		"""All of OWNED as ERPNext has it. status: the one that our customer has now, None for a new one."""
		company = row["customer_type"] != PERSON
		return {
			"customer_name": row["customer_name"] or row["name"],
			"customer_type": COMPANY if company else PERSON,
			"customer_group": row["customer_group"] or None,
			"account_manager": row["account_manager"] or None,
			"image": row["image"] or None,
			"industry": (row["industry"] or None) if company else None,
			"credit_code": self._good("credit_code", row["tax_id"]) if company else None,
			"gender": row["gender"] if not company and row["gender"] in GENDERS else None,
			"website": self._good("website", row["website"]),
			"status": status_of(row, status),
			**self._reach(row),
			**self._place(row),
		}

	def _good(self, field: str, text: str | None) -> str | None:
		"""The stored form of a value that is good and fits in."""
		stored = self.rules.of(field)[text] if text else None
		return stored if stored and len(stored) <= self.rules.longest[field] else None

	def _reach(self, row: Row) -> dict:
		region = self.rules.region.get(row["country"]) or self.usual_region
		number = row["mobile_no"]
		return {
			"mobile": self.rules.mobile[number, region] if number else None,
			"email": self._good("email", row["email_id"]),
		}

	def _place(self, row: Row) -> dict:
		country, state, city = row["country"] or None, row["state"] or "", row["city"] or ""
		line = ", ".join(filter(None, (row["address_line1"], row["address_line2"])))
		known = ((state, city), (state, ""), ("", city), ("", "")) if country else (("", ""),)
		province, city = next(filter(None, (self.rules.place[(country, *one)] for one in known)))
		return {
			"country": country,
			"province": province or None,
			"city": city or None,
			"address_line": line or None,
		}


@request_cache
def of_request() -> Mapping:
	"""One for all events of a request or a job: making it reads the site's countries."""
	return Mapping()


def status_of(row: Row, status: str | None) -> str:
	"""Disabled is archived, frozen is blocked; else our own status stands, unless it was one of these."""
	if row["disabled"]:
		return ARCHIVED
	if row["is_frozen"]:
		return BLOCKED
	return ACTIVE if status in (None, "", ARCHIVED, BLOCKED) else status


def theirs(ours: Row, changed: Sequence[str], there: Row) -> dict:
	"""What the changed ones of our fields are on ERPNext's customer, which has `there` now."""
	values = {FIELDS[field]: ours[field] for field in changed if field in FIELDS}
	if values.get("customer_type") == COMPANY and there["customer_type"] in OTHER_COMPANIES:
		del values["customer_type"]
	if "status" in changed:
		values["disabled"] = int(ours["status"] == ARCHIVED)
		if not values["disabled"]:
			values["is_frozen"] = int(ours["status"] == BLOCKED)
	return values
