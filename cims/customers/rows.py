"""The customer's own rules for many rows at once: what is plainly good is brought into its stored form, value by value and
each different value once; what isn't is left to the document itself, which knows the words for it.

Each rule is the one that the form applies (`cims.customers.identity`, `cims.customers.regions`, Frappe's checks of e-mail,
telephone and web addresses); this module only decides on which cells it is called.
"""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial

import frappe
from frappe.model.naming import validate_name
from frappe.utils import (
	cint,
	getdate,
	nowdate,
	split_emails,
	validate_email_address,
	validate_phone_number,
	validate_url,
)

from cims.cims.doctype.cims_customer.cims_customer import COMPANY_FIELDS, PERSON_FIELDS
from cims.customers import identity, regions, shortcuts
from cims.customers.identity import BadValue

CUSTOMER = "CIMS Customer"
# Some batches' worth: most values come once, and what is remembered takes memory.
REMEMBERED = 50_000


class Memo(dict):
	"""A function of a value, worked out once for each of them; None where it refuses the value."""

	def __init__(self, function: Callable):
		super().__init__()
		self.function = function

	def __missing__(self, key):
		if len(self) >= REMEMBERED:
			self.clear()
		try:
			found = self.function(*key) if type(key) is tuple else self.function(key)
		except (BadValue, frappe.ValidationError, frappe.NameError):
			frappe.clear_messages()
			found = None
		self[key] = found
		return found


def code(name: str) -> str:
	return shortcuts.code(name) or validate_name(CUSTOMER, name)


def phone(number: str, region: str | None, mobile: bool = False) -> str:
	stored = identity.phone(number, region, mobile)
	validate_phone_number(stored, throw=True)
	return stored


def email(address: str) -> str:
	stored = identity.email(address)
	if stored != address:
		for one in split_emails(stored):
			validate_email_address(one, throw=True)
	return stored


def website(address: str) -> str:
	stored = identity.website(address)
	validate_url(stored, throw=True)
	return stored


def person(number: str) -> tuple[str, date, str]:
	"""A resident ID, and what it says of birth date and gender."""
	stored = identity.resident_id(number)
	return stored, identity.birth_date_of(stored), identity.gender_of(stored)


class Rules:
	"""The rules with what they have found so far. `settle` applies them to columns of equal length."""

	def __init__(self):
		self.code = Memo(code)
		self.credit_code = Memo(identity.credit_code)
		self.person = Memo(person)
		self.phone = Memo(phone)
		self.mobile = Memo(partial(phone, mobile=True))
		self.email = Memo(email)
		self.website = Memo(website)
		self.place = Memo(self._place)
		self.region = dict(frappe.get_all("Country", fields=["name", "code"], limit=0, as_list=True))
		meta = frappe.get_meta(CUSTOMER)
		types = frappe.db.type_map
		self.longest = {
			df.fieldname: cint(df.length) or cint(types[df.fieldtype][1])
			for df in meta.fields
			if df.fieldtype in types and types[df.fieldtype][0] == "varchar"
		}
		self.texts = [
			df.fieldname
			for df in meta.fields
			if df.fieldtype in types and types[df.fieldtype][0].endswith("text")
		]
		self.required = [df.fieldname for df in meta.fields if df.reqd]
		self.today = getdate(nowdate())

	def of(self, field: str) -> Memo:
		return self.person if field == "resident_id" else getattr(self, field)

	def _place(self, country: str | None, province: str, city: str) -> tuple[str, str]:
		return regions.place(country, self.region.get(country), province, city)

	def settle(self, columns: Mapping[str, list]) -> tuple[set[int], dict[int, list[str]]]:
		"""Bring columns of a customer's fields into their stored form. Returns the positions of the rows that only the
		document can judge, and what was emptied because it belongs to the other type: position -> fields."""
		doubtful: set[int] = set()
		emptied = self._clear_other_type(columns)
		self._take(columns, "code", self.code, doubtful)
		self._take(columns, "credit_code", self.credit_code, doubtful)
		self._persons(columns, doubtful)
		self._reach(columns, doubtful)
		self._places(columns, doubtful)
		self._framework(columns, doubtful)
		return doubtful, emptied

	@staticmethod
	def _clear_other_type(columns: Mapping[str, list]) -> dict[int, list[str]]:
		emptied: dict[int, list[str]] = {}
		types = columns["customer_type"]
		for fields, of_a_company in ((PERSON_FIELDS, False), (COMPANY_FIELDS, True)):
			for field in fields:
				column = columns[field]
				for at, kind in enumerate(types):
					if (kind == "Company") != of_a_company:
						if column[at]:
							emptied.setdefault(at, []).append(field)
						column[at] = None
		return emptied

	@staticmethod
	def _take(columns: Mapping[str, list], field: str, memo: Memo, doubtful: set[int]) -> None:
		column = columns[field]
		for at, text in enumerate(column):
			if text:
				stored = memo[text]
				if stored is None:
					doubtful.add(at)
				else:
					column[at] = stored

	def _persons(self, columns: Mapping[str, list], doubtful: set[int]) -> None:
		numbers, births, genders = (columns[field] for field in ("resident_id", "birth_date", "gender"))
		for at, number in enumerate(numbers):
			if number:
				found = self.person[number]
				if (
					found is None
					or births[at] not in (None, "", found[1])
					or genders[at] not in (None, "", found[2])
				):
					doubtful.add(at)
				else:
					numbers[at], births[at], genders[at] = found
			if births[at] and births[at] > self.today:
				doubtful.add(at)

	def _reach(self, columns: Mapping[str, list], doubtful: set[int]) -> None:
		countries = columns["country"]
		for field, memo in (("phone", self.phone), ("mobile", self.mobile)):
			column = columns[field]
			for at, text in enumerate(column):
				if text:
					stored = memo[text, self.region.get(countries[at])]
					if stored is None:
						doubtful.add(at)
					else:
						column[at] = stored
		self._take(columns, "email", self.email, doubtful)
		self._take(columns, "website", self.website, doubtful)

	def _places(self, columns: Mapping[str, list], doubtful: set[int]) -> None:
		provinces, cities = columns["province"], columns["city"]
		for at, key in enumerate(zip(columns["country"], provinces, cities, strict=True)):
			found = self.place[key]
			if found is None:
				doubtful.add(at)
			else:
				provinces[at], cities[at] = found

	def _framework(self, columns: Mapping[str, list], doubtful: set[int]) -> None:
		"""What Frappe checks of every document: mandatory fields, lengths, markup."""
		for field, column in columns.items():
			if field in self.required:
				doubtful.update(at for at, value in enumerate(column) if not value)
			longest = self.longest.get(field)
			if not longest and field not in self.texts:
				continue
			joined = "".join(filter(None, column))
			if "<" in joined or ">" in joined:
				doubtful.update(at for at, text in enumerate(column) if text and ("<" in text or ">" in text))
			if longest and max((len(text) for text in column if text), default=0) > longest:
				doubtful.update(at for at, text in enumerate(column) if text and len(text) > longest)
