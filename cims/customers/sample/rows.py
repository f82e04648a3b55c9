"""People and their trade as rows of the database, exactly as if every document had been submitted on its day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

import frappe
from frappe.utils import cint, now_datetime

from cims.customers.sample import behaviour, logins
from cims.customers.sample.catalogue import CATALOGUE
from cims.customers.sample.people import People, Person
from cims.receivables.settlement import UNPAID, order_status, standing
from cims.trust import kinds
from cims.trust.evidence import Evidence

CUSTOMER, ORDER, ITEM = "CIMS Customer", "CIMS Order", "CIMS Order Item"
PAYMENT, ALLOCATION = "CIMS Payment", "CIMS Payment Allocation"
# What our own evidence of sample customers is called, to tell it from what people record about them.
EVENT = "sample:"


@dataclass
class Sample:
	"""One sample customer with its trade, and the names that it was given."""

	person: Person
	trader: behaviour.Trader
	orders: list[behaviour.Order]
	joined: date
	manager: str | None = None
	name: str = ""


class Maker:
	"""Turns people and behaviour into rows of the database."""

	def __init__(self, customers: int, last_day: date, seed: int):
		self.seed, self.last_day, self.now = seed, last_day, now_datetime()
		self.random = Random(seed)
		self.people = People(seed, last_day)
		self.count = customers
		self.currency = frappe.get_cached_doc("CIMS Settings").default_currency or "CNY"
		self.samples: list[Sample] = []
		self.contact_names: list[str] = []

	def make(self) -> "Maker":
		for profile in behaviour.profiles(self.count, self.random):
			person = self.people.make()
			trader = behaviour.trader(profile, person.group == "Private Person", self.random)
			prices = [item[4] for item in CATALOGUE[person.group]]
			orders = behaviour.orders(trader, prices, self.last_day, self.random)
			joined = (orders[0].order_date if orders else self.last_day) - timedelta(
				days=self.random.randint(1, 20)
			)
			self.samples.append(Sample(person, trader, orders, joined))
		self.samples.sort(key=lambda sample: sample.joined)
		return self

	# --- numbers -------------------------------------------------------------------------------------

	def take_numbers(self) -> dict[str, list[int]]:
		"""Name everything, in the order of its days, with numbers from the site's own series. Returns what was taken:
		series -> [last number before, last number now]."""
		taken = {}
		names = _numbers("C-", 6, len(self.samples), CUSTOMER, taken)
		for sample, name in zip(self.samples, names, strict=True):
			sample.name = name
		self.order_names = self._by_year(
			"SO-{0}-",
			ORDER,
			taken,
			[(o.order_date, at, n) for at, s in enumerate(self.samples) for n, o in enumerate(s.orders)],
		)
		self.payments = list(self._payments())
		days = [(payment["payment_date"], at, 0) for at, payment in enumerate(self.payments)]
		for (at, _n), name in self._by_year("PAY-{0}-", PAYMENT, taken, days).items():
			self.payments[at]["name"] = name
		return taken

	def _by_year(self, prefix: str, doctype: str, taken: dict, days: list[tuple[date, int, int]]) -> dict:
		years = defaultdict(list)
		for day, at, n in sorted(days):
			years[day.year].append((at, n))
		found = {}
		for year, keys in years.items():
			found.update(zip(keys, _numbers(prefix.format(year), 5, len(keys), doctype, taken), strict=True))
		return found

	def choose_managers(self) -> None:
		users = [
			logins.address(login)
			for login in ("sales", "sales", "sales", "manager", "manager", "service", None)
		]
		for sample in self.samples:
			sample.manager = self.random.choice(users)

	# --- rows ----------------------------------------------------------------------------------------

	def tables(self) -> Iterable[tuple[str, Sequence[str], list[tuple]]]:
		"""(doctype, fields, rows) of everything, ready to insert."""
		yield _table(CUSTOMER, (self._customer(sample) for sample in self.samples))
		orders = [
			(s, self.order_names[at, n], o)
			for at, s in enumerate(self.samples)
			for n, o in enumerate(s.orders)
		]
		yield _table(ORDER, (self._order(*order) for order in orders))
		yield _table(ITEM, (row for order in orders for row in self._items(*order)))
		yield _table(PAYMENT, ({k: v for k, v in row.items() if k != "parts"} for row in self.payments))
		yield _table(ALLOCATION, (row for payment in self.payments for row in self._allocations(payment)))
		yield from self._contacts()

	def _row(
		self, name: str, day: date, changed: date | None = None, owner: str | None = None, docstatus: int = 0
	) -> dict:
		"""What every row of Frappe's has. The time of day is made up, and the same every time."""
		minute = hash_of(name) % 480
		owner = owner or "Administrator"
		return {
			"name": name,
			"creation": datetime.combine(day, time(9)) + timedelta(minutes=minute),
			"modified": min(
				datetime.combine(changed or day, time(9)) + timedelta(minutes=minute + 1),
				self.now,
			),
			"owner": owner,
			"modified_by": owner,
			"docstatus": docstatus,
			"idx": 0,
		}

	def _customer(self, sample: Sample) -> dict:
		last = sample.orders[-1].order_date if sample.orders else sample.joined
		return {
			**dict.fromkeys(PERSON_FIELDS),
			**sample.person.fields,
			**self._row(sample.name, sample.joined, last, sample.manager),
			"code": sample.name,
			"status": self._status(sample, last),
			"level": _level(sample),
			"account_manager": sample.manager,
			"trust_grade": "NR",
			"currency": self.currency,
			"sample_data": 1,
		}

	def _status(self, sample: Sample, last: date) -> str:
		if not any(not o.draft and not o.cancelled_on for o in sample.orders):
			return "Prospect"
		if any(o.written_off_on for o in sample.orders):
			return "Blocked"
		dormant_after = cint(frappe.get_cached_doc("CIMS Settings").dormant_after_days)
		if dormant_after and (self.last_day - last).days > dormant_after:
			return "Dormant"
		return "Active"

	def _order(self, sample: Sample, name: str, order: behaviour.Order) -> dict:
		docstatus = 0 if order.draft else 2 if order.cancelled_on else 1
		cleared = [(day, amount) for day, amount in order.parts if not self._pending(day)]
		state = standing(
			order.amount,
			order.order_date,
			order.due_date,
			cleared,
			self.now.date(),
			order.returned,
			order.written_off_on,
		)
		days = [
			order.order_date,
			order.delivery_date,
			order.cancelled_on,
			order.disputed_to,
			order.written_off_on,
		]
		days += [day for day, _amount in [*order.parts, *([order.returned] if order.returned else [])]]
		chinese = sample.person.chinese
		return {
			**self._row(name, order.order_date, max(day for day in days if day), sample.manager, docstatus),
			"customer": sample.name,
			"customer_name": sample.person.fields["customer_name"],
			"order_no": name,
			"status": order_status(
				docstatus, bool(order.delivery_date), order.amount, order.returned[1] if order.returned else 0
			),
			"order_date": order.order_date,
			"delivery_date": order.delivery_date,
			"credit_days": order.credit_days,
			"due_date": order.due_date,
			"currency": self.currency,
			"total": order.total,
			"discount_amount": order.discount,
			"grand_total": order.amount,
			"payment_status": UNPAID if docstatus != 1 else state.payment_status,
			"settled_on": state.settled_on if docstatus == 1 else None,
			"paid_amount": state.paid,
			"outstanding_amount": 0 if docstatus == 2 else state.outstanding,
			"refund_due_amount": state.refund_due,
			"written_off_amount": state.written_off,
			"written_off_on": order.written_off_on,
			"disputed_from": order.disputed_from,
			"disputed_to": order.disputed_to,
			"dispute_reason": DISPUTES[order.dispute][not chinese] if order.dispute else None,
			"returned_on": order.returned[0] if order.returned else None,
			"returned_amount": order.returned[1] if order.returned else 0,
			"cancelled_on": order.cancelled_on,
			"sample_data": 1,
		}

	def _items(self, sample: Sample, name: str, order: behaviour.Order) -> Iterable[dict]:
		docstatus = 0 if order.draft else 2 if order.cancelled_on else 1
		for idx, (item, qty, rate) in enumerate(order.lines, 1):
			article = CATALOGUE[sample.person.group][item]
			yield {
				**self._row(f"{name}-{idx}", order.order_date, owner=sample.manager, docstatus=docstatus),
				"idx": idx,
				**_child_of(ORDER, name, "items"),
				"item_name": article[0 if sample.person.chinese else 1],
				"uom": article[2 if sample.person.chinese else 3],
				"qty": qty,
				"rate": rate,
				"amount": round(qty * rate, 2),
				"currency": self.currency,
			}

	def _payments(self) -> Iterable[dict]:
		"""Payments without their names: one for each day on which a customer paid, and the cheques that bounced."""
		for at, sample in enumerate(self.samples):
			method = self._method(sample)
			for day, parts in behaviour.by_day(sample.orders).items():
				yield self._payment(
					at, sample, day, parts, method, "Pending" if self._pending(day) else "Cleared"
				)
			for n, order in enumerate(sample.orders):
				if order.bounced:
					yield self._payment(
						at, sample, order.bounced, [(n, order.parts[0][1])], "Cheque", "Failed"
					)

	def _pending(self, day: date) -> bool:
		"""What was paid in the last three days is still on its way."""
		return (self.last_day - day).days < 3

	def _method(self, sample: Sample) -> str:
		if sample.person.group != "Private Person":
			return self.random.choices(("Bank Transfer", "Cheque", "Card"), (84, 10, 6))[0]
		if sample.person.chinese:
			return self.random.choices(("WeChat Pay", "Alipay", "Cash", "Card"), (45, 38, 7, 10))[0]
		return self.random.choices(("Card", "Bank Transfer", "Cash"), (70, 20, 10))[0]

	def _payment(self, at: int, sample: Sample, day: date, parts: list, method: str, status: str) -> dict:
		return {
			**self._row("", day, owner=sample.manager, docstatus=1),
			"customer": sample.name,
			"customer_name": sample.person.fields["customer_name"],
			"payment_date": day,
			"method": method,
			"status": status,
			"cleared_on": day if status == "Cleared" else None,
			"amount": round(sum(amount for _n, amount in parts), 2),
			"currency": self.currency,
			"reference_no": f"{self.random.randrange(10**11, 10**12)}" if method != "Cash" else None,
			"unallocated_amount": 0,
			"sample_data": 1,
			"parts": [(at, n, amount) for n, amount in parts],
		}

	def _allocations(self, payment: dict) -> Iterable[dict]:
		for idx, (at, n, amount) in enumerate(payment["parts"], 1):
			order = self.samples[at].orders[n]
			before = sum(paid for day, paid in order.parts if day < payment["payment_date"])
			returned = (
				order.returned[1] if order.returned and order.returned[0] <= payment["payment_date"] else 0
			)
			yield {
				**self._row(
					f"{payment['name']}-{idx}", payment["payment_date"], owner=payment["owner"], docstatus=1
				),
				"idx": idx,
				**_child_of(PAYMENT, payment["name"], "allocations"),
				"order": self.order_names[at, n],
				"order_no": self.order_names[at, n],
				"grand_total": order.amount,
				"outstanding_amount": round(order.amount - before - returned, 2),
				"allocated_amount": amount,
				"currency": self.currency,
			}

	def _contacts(self) -> Iterable[tuple[str, Sequence[str], list[tuple]]]:
		contacts, mails, phones, links = [], [], [], []
		for sample in self.samples:
			who = sample.person.contact
			if not who:
				continue
			full_name = " ".join(filter(None, (who["first_name"], who["last_name"])))
			name = f"{full_name}-{sample.name}"
			if frappe.db.exists("Contact", name):
				continue
			self.contact_names.append(name)
			row = self._row(name, sample.joined, owner=sample.manager)
			contacts.append(
				{
					**row,
					"first_name": who["first_name"],
					"last_name": who["last_name"],
					"full_name": full_name,
					"email_id": who["email"],
					"mobile_no": who["mobile"],
					"designation": who["designation"],
					"company_name": sample.person.fields["legal_name"],
					"status": "Passive",
					"is_primary_contact": 1,
				}
			)

			def child(field, row=row, name=name):
				return {**row, "name": f"{name}-{field}"[:140], "idx": 1, **_child_of("Contact", name, field)}

			mails.append({**child("email_ids"), "email_id": who["email"], "is_primary": 1})
			phones.append({**child("phone_nos"), "phone": who["mobile"], "is_primary_mobile_no": 1})
			title = sample.person.fields["customer_name"]
			links.append(
				{**child("links"), "link_doctype": CUSTOMER, "link_name": sample.name, "link_title": title}
			)
		for doctype, rows in (
			("Contact", contacts),
			("Contact Email", mails),
			("Contact Phone", phones),
			("Dynamic Link", links),
		):
			yield _table(doctype, rows)

	# --- conduct and service -------------------------------------------------------------------------

	def conduct(self) -> Iterable[Evidence]:
		"""What people at the counter would have recorded: identities verified, complaints, ratings after a call."""
		for sample in self.samples:
			random = Random(f"{self.seed}{sample.name}")
			quality = QUALITY.get(sample.trader.profile.name, 0.75)
			days = (self.last_day - sample.joined).days
			if random.random() < 0.55:
				yield self._evidence(
					sample, "conduct.identity_verified", random.randint(0, min(days, 40)), 1.0
				)
			for kind, chance in (
				("service.agent_rating", 0.5),
				("service.feedback", 0.35),
				("conduct.assessment", 0.2),
			):
				if random.random() < chance:
					value = round(min(max(random.gauss(quality, 0.12), 0), 1), 2)
					yield self._evidence(sample, kind, random.randint(0, days), value)
			if random.random() < (0.25 if quality < 0.6 else 0.05):
				yield self._evidence(sample, "service.complaint_against", random.randint(0, days), 0.0)
			if random.random() < 0.08:
				yield self._evidence(sample, "service.complaint_by", random.randint(0, days), 0.9)

	def _evidence(self, sample: Sample, kind: str, after: int, value: float) -> Evidence:
		return Evidence(
			customer=sample.name,
			kind=kind,
			occurred_on=sample.joined + timedelta(days=after),
			value=value,
			weight=kinds.BY_NAME[kind].weight,
			source_doctype=CUSTOMER,
			source_name=sample.name,
			source_event=f"{EVENT}{kind}",
		)


DISPUTES = {
	"quality": ("质量与样品不符", "The quality differs from the sample"),
	"quantity": ("数量短缺", "Fewer pieces arrived than were ordered"),
	"price": ("价格与合同不符", "The price differs from the contract"),
	"delivery": ("货物在运输中损坏", "The goods were damaged on the way"),
}
# How staff see a kind of customer, 0 to 1.
QUALITY = {
	"prompt": 0.85,
	"early": 0.9,
	"tardy": 0.65,
	"sliding": 0.55,
	"chronic": 0.4,
	"disputed": 0.5,
	"defaulting": 0.35,
}
PERSON_FIELDS = (
	"customer_name", "customer_type", "customer_group", "source", "legal_name", "industry", "credit_code", "resident_id",
	"gender", "birth_date", "country", "province", "city", "address_line", "phone", "mobile", "email", "website", "preferences",
)  # fmt: skip


def hash_of(text: str) -> int:
	"""A number from a text that is the same in every process."""
	return sum(ord(char) * (at + 7) for at, char in enumerate(text))


def _level(sample: Sample) -> str:
	yearly = sample.trader.scale * sample.trader.pace * 12
	return next(
		level
		for level, least in (("Strategic", 900_000), ("Key", 350_000), ("Standard", 60_000), ("Small", 0))
		if yearly >= least
	)


def _child_of(doctype: str, name: str, field: str) -> dict:
	return {"parent": name, "parenttype": doctype, "parentfield": field}


def _table(doctype: str, rows: Iterable[dict]) -> tuple[str, list[str], list[tuple]]:
	rows = list(rows)
	fields = list(rows[0]) if rows else ["name"]
	return doctype, fields, [tuple(row[field] for field in fields) for row in rows]


def _numbers(prefix: str, digits: int, count: int, doctype: str, taken: dict[str, list[int]]) -> list[str]:
	"""The next `count` numbers of a series that no document has, all taken in one step."""
	before = frappe.db.sql("SELECT current FROM tabSeries WHERE name = %s FOR UPDATE", prefix)
	before = before[0][0] if before else 0
	there = set(frappe.get_all(doctype, filters={"name": ("like", f"{prefix}%")}, pluck="name"))
	names, number = [], before
	while len(names) < count:
		number += 1
		name = f"{prefix}{number:0{digits}d}"
		if name not in there:
			names.append(name)
	frappe.db.sql(
		"INSERT INTO tabSeries (name, current) VALUES (%(name)s, %(now)s) ON DUPLICATE KEY UPDATE current = %(now)s",
		{"name": prefix, "now": number},
	)
	taken[prefix] = [before, number]
	return names
