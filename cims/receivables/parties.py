"""Whom the text of a customer in a file means: the customer with that code, else the one with that name, else a new one."""

from collections import defaultdict
from dataclasses import dataclass

import frappe
from frappe import _

from cims.customers.importing import check
from cims.customers.status import ACTIVE, ARCHIVED, BLOCKED
from cims.imports.importer import said_by
from cims.imports.permission import Permission
from cims.ratings import sql

CUSTOMER, ORDER = "CIMS Customer", "CIMS Order"
LONGEST = 140


@dataclass(frozen=True)
class Party:
	"""Whom a customer's text in the file means. code: None for one that is to be made and named by the series. is_own: made by
	this import. refusal: why its rows can't be taken, already translated."""

	code: str | None
	name: str
	is_new: bool = False
	is_own: bool = False
	refusal: str = ""
	# A blocked or archived customer still pays what it owes, but takes no new orders.
	no_orders: str = ""
	# Of a new one whose name its document changes.
	stored_name: str = ""

	@property
	def key(self) -> str:
		"""The same for all texts in the file that mean this customer, before and after it is made."""
		return f"+{self.name}" if self.is_new or self.is_own else f"={self.code}"


class Parties:
	"""The customers of one import."""

	def __init__(self, doc, currency: str):
		self.own, self.create, self.currency = doc.name, doc.create_customers, currency
		self.may_order = Permission(ORDER, "submit")
		self.may_read = Permission(CUSTOMER, "read")
		self.may_create = Permission(CUSTOMER, "create")

	def of(self, texts: set[str]) -> dict[str, Party]:
		"""Text in the file -> whom it means."""
		by_code, by_name = self.known_customers(texts)
		# What is a customer to the database is one customer here, whatever its spelling in the file.
		made: dict[str, Party] = {}
		found = {}
		for text in sorted(texts):
			same = by_code.get(text.casefold())
			named = [same] if same else by_name.get(text.casefold(), [])
			if len(named) > 1:
				codes = ", ".join(row.name for row in named[:5])
				refusal = _(
					"Several customers are called {0}: {1}. Write the code instead of the name."
				).format(text, codes)
				found[text] = Party(None, text, refusal=refusal)
			elif named:
				found[text] = self.party_of(named[0])
			else:
				found[text] = made.setdefault(text.casefold(), self.new_party(text))
		return found

	@staticmethod
	def known_customers(texts: set[str]):
		"""Customers by code and by name, both in small letters."""
		by_code, by_name = {}, defaultdict(list)
		wanted = sorted(text for text in texts if len(text) <= LONGEST)
		for part in sql.chunks(wanted, sql.ROWS_AT_ONCE):
			for column in ("name", "customer_name"):
				rows = frappe.get_all(
					CUSTOMER,
					{column: ("in", part)},
					["name", "customer_name", "status", "owner", "import_id"],
					limit=0,
					order_by="name",
				)
				for row in rows:
					if column == "name":
						by_code[row.name.casefold()] = row
					else:
						by_name[row.customer_name.casefold()].append(row)
		return by_code, by_name

	def party_of(self, row) -> Party:
		refusal = no_orders = ""
		if not self.may_read.free and not frappe.has_permission(CUSTOMER, "read", doc=row.name):
			refusal = _(
				"Customer {0} is not yours to see. Ask the account manager to import this row."
			).format(row.name)
		elif row.status in (BLOCKED, ARCHIVED):
			no_orders = _(
				"Customer {0} has the status {1} and takes no new orders. Set the status back to Active first."
			).format(row.name, _(row.status))
		elif not self.may_order.may({"customer": row.name, "currency": self.currency}):
			refusal = _("You may not submit orders of customer {0}.").format(row.name)
		own = row.import_id == self.own
		return Party(row.name, row.customer_name, refusal=refusal, no_orders=no_orders, is_own=own)

	def new_party(self, text: str) -> Party:
		refusal = ""
		if not self.create:
			refusal = _(
				"There is no customer with the code or name {0}. Create it first, or let the import create customers."
			).format(text)
		elif len(text) > LONGEST:
			refusal = _("{0} is too long for a customer's name: {1} characters are the most.").format(
				text, LONGEST
			)
		party = Party(text if looks_like_code(text) else None, text, is_new=True, refusal=refusal)
		if not refusal and ("<" in text or ">" in text or not self.may_create.free):
			party = self.asked(party)
		return party

	def asked(self, party: Party) -> Party:
		"""The party as the new customer's document has it, refused if that refuses it."""
		try:
			doc = new_customer(party.code, party.name)
			check(doc)
		except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
			return Party(party.code, party.name, is_new=True, refusal=said_by(error))
		finally:
			frappe.clear_messages()
		return Party(party.code, party.name, is_new=True, stored_name=doc.customer_name)


def new_customer(code: str | None, name: str):
	"""The document of a customer of whom a file says no more than this."""
	doc = frappe.new_doc(CUSTOMER)
	doc.update({"code": code, "customer_name": name, "status": ACTIVE})
	return doc


def looks_like_code(text: str) -> bool:
	"""Whether a customer's text is rather a code than a name: no spaces, plain letters and a digit among them."""
	return (
		text.isascii() and not any(sign.isspace() for sign in text) and any(sign.isdigit() for sign in text)
	)
