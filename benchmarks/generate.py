"""A population of customers with their orders, part payments and evidence, put into a site at the speed of its database.

	env/bin/python generate.py SITE [--customers N]

Five orders and ten rows of evidence for each customer over three years; the same number makes the same population. Every
fiftieth customer is a likely duplicate of another. Orders come without their items, and those paid at once without the
payment, as `settled_on` says all that the rating asks; one order in ten was paid in two parts, with both payments. The
evidence is what the site's own adapter would write for these orders (`--check` compares), and what people recorded.
Indexes are dropped while rows are loaded in the order of their names, and made anew afterwards.
"""

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from time import monotonic

import numpy as np
from faker.providers.person.en_US import Provider as English
from phonenumbers import is_valid_number, parse
from pypinyin import lazy_pinyin
from stdnum.cn import ric, uscc

import frappe
from frappe.utils import getdate, nowdate

from cims.customers.sample.people import CHINESE_CITIES, ENGLISH_CITIES, STREETS
from cims.ratings.calendar import site_calendar
from cims.ratings.policies import active
from cims.search import index
from cims.trust import kinds
from cims.trust.calendar import NEVER, to_date, to_day
from cims.trust.evidence import Receivables, amount_weight, receivable_events

CUSTOMER, ORDER, EVIDENCE, RATING = "CIMS Customer", "CIMS Order", "Trust Evidence", "Trust Rating"
PAYMENT, ALLOCATION = "CIMS Payment", "CIMS Payment Allocation"
ORDERS_EACH, EVIDENCE_EACH, YEARS = 5, 10, 3
MANAGERS = 20
BLOCK = 50_000  # customers made at a time: memory stays flat
LATEST = "2026-10-31"  # the last day of the population, so that the same number makes the same rows
BRANDS = "华新天宇恒达盛泰安康瑞丰和信诚义仁德金银宝玉龙凤祥云海山江河林森春秋明光辉耀星辰东南西北中正平顺兴旺隆昌永久长远高峰鼎创联合众智慧科技维通利百千万"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文志国志强海燕春梅晓东思远子涵雨欣浩然梓萱一诺俊杰欣怡博文"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
TRADES = (
	"机械制造",
	"电子科技",
	"贸易",
	"商贸",
	"物流",
	"信息技术",
	"食品",
	"服饰",
	"建材",
	"医疗器械",
	"环保科技",
	"供应链管理",
	"投资管理",
	"广告传媒",
	"教育咨询",
)
FORMS = ("有限公司", "有限公司", "有限公司", "股份有限公司", "有限责任公司")
LEGAL = ("Ltd", "Inc", "LLC", "Co., Ltd.", "Group")
MOBILES = (
	"130",
	"131",
	"132",
	"135",
	"136",
	"137",
	"138",
	"139",
	"150",
	"151",
	"158",
	"159",
	"170",
	"176",
	"180",
	"186",
	"188",
	"189",
)


def main() -> None:
	asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	asked.add_argument("site")
	asked.add_argument("--customers", type=int, default=100_000)
	asked.add_argument(
		"--check", action="store_true", help="compare the evidence with what the adapter writes"
	)
	given = asked.parse_args()
	frappe.init(site=given.site)
	frappe.connect()
	started = monotonic()
	generate(given.customers)
	print(f"{given.customers:,} customers in {monotonic() - started:.0f} s")
	if given.check:
		check()
	frappe.destroy()


def generate(customers: int) -> None:
	"""Put the population into the connected site, which must have no customers yet."""
	if frappe.db.count(CUSTOMER):
		raise SystemExit("The site has customers already; benchmarks want a site of their own.")
	managers = _managers()
	latest = to_day(getdate(min(LATEST, nowdate())))
	with (
		without_indexes(CUSTOMER),
		without_indexes(ORDER),
		without_indexes(EVIDENCE),
		without_indexes(RATING),
	):
		with without_indexes(PAYMENT), without_indexes(ALLOCATION):
			for start in range(0, customers, BLOCK):
				block = Block(start, min(BLOCK, customers - start), customers, latest, managers)
				for doctype, fields, rows in block.tables():
					load(doctype, fields, rows)
				frappe.db.commit()
	_count_series(customers)
	frappe.db.commit()
	index.rebuild()
	frappe.db.commit()


class Block:
	"""Some customers, by number, with all that they have."""

	def __init__(self, start: int, count: int, of: int, latest: int, managers: Sequence[str]):
		self.random = np.random.default_rng([of, start])
		self.start, self.count, self.latest, self.managers = start, count, latest, managers
		self.names = [f"C-{start + at + 1:06d}" for at in range(count)]
		self.joined = latest - self.random.integers(30, YEARS * 365, count)
		self.stamp = [f"{to_date(day)} 09:{day % 60:02d}:00.000000" for day in self.joined.tolist()]

	def pick(self, of: Sequence, count: int | None = None) -> list:
		return [of[at] for at in self.random.integers(0, len(of), count or self.count).tolist()]

	def tables(self) -> Iterator[tuple[str, Sequence[str], Iterator[Sequence]]]:
		yield CUSTOMER, CUSTOMER_FIELDS, self.customers()
		self.make_orders()
		yield ORDER, ORDER_FIELDS, self.orders()
		yield PAYMENT, PAYMENT_FIELDS, self.payments()
		yield ALLOCATION, ALLOCATION_FIELDS, self.allocations()
		yield EVIDENCE, EVIDENCE_FIELDS, self.evidence()
		yield RATING, RATING_FIELDS, self.ratings()

	# --- who they are --------------------------------------------------------------------------------

	def customers(self) -> Iterator[Sequence]:
		chinese, person = self.random.random(self.count) < 0.8, self.random.random(self.count) < 0.3
		twin = self.random.random(self.count) < 0.02
		cities, places = self.pick(CHINESE_CITIES), self.pick(ENGLISH_CITIES)
		brands = ["".join(part) for part in zip(*(self.pick(BRANDS) for _ in range(3)), strict=True)]
		given = ["".join(part) for part in zip(self.pick(GIVEN), self.pick(GIVEN), strict=True)]
		last, first = self.pick(tuple(English.last_names)), self.pick(tuple(English.first_names))
		mobiles = [
			a + f"{b:08d}"
			for a, b in zip(self.pick(MOBILES), self.random.integers(0, 10**8, self.count), strict=True)
		]
		before = None
		for at, (code, surname, trade, form, legal, street, manager, status) in enumerate(
			zip(
				self.names, self.pick(SURNAMES), self.pick(TRADES), self.pick(FORMS), self.pick(LEGAL), self.pick(STREETS),
				self.pick(self.managers), self.pick(("Active", "Active", "Active", "Prospect", "Dormant")), strict=True,
			)
		):  # fmt: skip
			province, city, area, _weight = cities[at]
			number, mobile = self.start + at, "+86" + mobiles[at]
			row = dict.fromkeys(CUSTOMER_FIELDS)
			if chinese[at] and person[at]:
				name = surname + given[at]
				row |= {"customer_type": "Individual", "resident_id": self.resident_id(number)}
				row |= {
					"birth_date": "-".join(
						(row["resident_id"][6:10], row["resident_id"][10:12], row["resident_id"][12:14])
					),
					"gender": "Male" if int(row["resident_id"][16]) % 2 else "Female",
				}
			elif chinese[at]:
				name = city.rstrip("市") + brands[at] + trade + form
				row |= {
					"customer_type": "Company",
					"legal_name": name,
					"credit_code": self.credit_code(number),
				}
			else:
				name = f"{first[at]} {last[at]}" if person[at] else f"{last[at]} {first[at]} {legal}"
				row |= (
					{"customer_type": "Individual"}
					if person[at]
					else {"customer_type": "Company", "legal_name": name}
				)
			if not chinese[at]:
				_country, _iso, province, city, area, _weight = places[at]
				mobile = None
				row["country"] = _country
			if twin[at] and before:
				name, mobile = before
				name = name.replace("有限公司", "公司").replace(" Ltd", " Limited")
			before = name, mobile
			local = re.sub("[^a-z]", "", "".join(lazy_pinyin(name[:4])).lower()) or "office"
			row |= {
				"name": code, "code": code, "customer_name": name, "country": row["country"] or "China",
				"province": province, "city": city, "status": status, "account_manager": manager,
				"phone": self.phone(area, number) if chinese[at] else None, "mobile": mobile,
				"email": f"{local}{number % 1000}@example{number % 7}.com", "address_line": f"{street} {number % 900 + 1}",
				"trust_grade": "NR", "owner": "Administrator", "modified_by": "Administrator",
				"creation": self.stamp[at], "modified": self.stamp[at],
			}  # fmt: skip
			yield list(row.values())

	@staticmethod
	def phone(area: str, number: int) -> str:
		digits = local_digits(area)
		return f"+86{area}5{number % 10**digits:0{digits}d}"

	@staticmethod
	def resident_id(number: int) -> str:
		day = to_date(-3650 + number % 14_000)
		plain = f"440305{day:%Y%m%d}{number // 14_000 % 1000:03d}"
		return plain + ric.calc_check_digit(plain + "0")

	@staticmethod
	def credit_code(number: int) -> str:
		plain = f"91440300{number:09d}"
		return plain + uscc.calc_check_digit(plain)

	# --- what they did -------------------------------------------------------------------------------

	def make_orders(self) -> None:
		random, n = self.random, self.count * ORDERS_EACH
		customer = np.repeat(np.arange(self.count), ORDERS_EACH)
		placed = self.joined[customer] + (random.random(n) * (self.latest - self.joined[customer])).astype(
			np.int64
		)
		placed = np.sort(placed.reshape(-1, ORDERS_EACH), axis=1).ravel()
		due = placed + random.choice([15, 30, 30, 45, 60], n)
		habit = random.normal(3, 14, self.count)
		paid = np.maximum(due + np.rint(random.normal(habit[customer], 8)).astype(np.int64), placed)
		unpaid = random.random(n) < 0.01
		self.settled = np.where((paid > self.latest) | unpaid, NEVER, paid)
		amount = np.round(np.exp(random.normal(9, 1, n)), 2)
		self.parts = (random.random(n) < 0.1) & (self.settled < NEVER) & (self.settled - placed > 2)
		self.first_part = np.where(self.parts, (placed + self.settled) // 2, placed)
		self.half = np.round(amount / 2, 2)
		calendar = site_calendar()
		self.table = Receivables.build(customer, placed, due, amount, self.settled, calendar)
		early = Receivables.build(customer, placed, due, amount, self.first_part, calendar)
		# A receivable's days beyond terms are the amount-weighted mean over its parts.
		mixed = (early.days * self.half + self.table.days * (amount - self.half)) / amount
		self.table.days[self.parts] = mixed[self.parts]

	def order_name(self, at: int) -> str:
		return f"SO-2023-{self.start * ORDERS_EACH + at + 1:08d}"

	def orders(self) -> Iterator[Sequence]:
		table, today = self.table, to_day(getdate(nowdate()))
		for at, (customer, placed, due, amount, settled) in enumerate(
			zip(*(column.tolist() for column in (table.customer, table.invoiced, table.due, table.amount, self.settled)), strict=True)
		):  # fmt: skip
			is_open = settled == NEVER
			stamp = f"{to_date(placed)} 10:{at % 60:02d}:00.000000"
			yield (
				self.order_name(at), stamp, stamp, "Administrator", "Administrator", 1, self.names[customer], self.names[customer],
				f"PO{self.start * ORDERS_EACH + at + 1}", "Delivered", to_date(placed), to_date(placed), to_date(due), "CNY", amount, amount,
				("Overdue" if due < today else "Unpaid") if is_open else "Paid", None if is_open else to_date(settled),
				0 if is_open else amount, amount if is_open else 0, due - placed,
			)  # fmt: skip

	def part_payments(self) -> Iterator[tuple]:
		for at in np.flatnonzero(self.parts).tolist():
			customer, amount, half = (
				self.names[self.table.customer[at]],
				float(self.table.amount[at]),
				float(self.half[at]),
			)
			order = self.order_name(at)
			for part, (day, paid, left) in enumerate(
				(
					(self.first_part[at], half, amount),
					(self.settled[at], round(amount - half, 2), round(amount - half, 2)),
				)
			):
				yield (
					order.replace("SO", "PAY") + f"-{part}",
					order,
					customer,
					to_date(day),
					paid,
					amount,
					left,
				)

	def payments(self) -> Iterator[Sequence]:
		for name, order, customer, day, paid, _amount, _left in self.part_payments():
			stamp = f"{day} 11:00:00.000000"
			yield (
				name,
				stamp,
				stamp,
				"Administrator",
				"Administrator",
				1,
				customer,
				customer,
				day,
				"Bank Transfer",
				"Cleared",
				day,
				paid,
				"CNY",
				order,
			)

	def allocations(self) -> Iterator[Sequence]:
		for name, order, _customer, day, paid, amount, left in self.part_payments():
			stamp = f"{day} 11:00:00.000000"
			yield (
				f"{name}-1", stamp, stamp, "Administrator", "Administrator", 1, 1, name, PAYMENT, "allocations", order, order,
				amount, left, paid, "CNY",
			)  # fmt: skip

	# --- what it says of them ------------------------------------------------------------------------

	def evidence(self) -> Iterator[Sequence]:
		"""Rows as `cims.ratings.store` writes them: weights are kept free of the policy's amounts."""
		policy = active()
		events = receivable_events(self.table, policy)
		by_amount = np.isin(events.kind, [kinds.CODE[kinds.SETTLED], kinds.CODE[kinds.WRITTEN_OFF]])
		weight = np.where(by_amount, events.weight / amount_weight(events.amount, policy), events.weight)
		order = np.lexsort((events.known, events.customer))
		number = self.start * EVIDENCE_EACH * 2
		columns = (events.customer, events.kind, events.known, events.fades_from, events.value, weight, events.amount, events.days, events.origin)  # fmt: skip
		for at, (customer, kind, known, fades, value, weighs, amount, days, origin) in enumerate(
			zip(*(column[order].tolist() for column in columns), strict=True)
		):
			of = kinds.KINDS[kind]
			day, stamp = to_date(known), f"{to_date(known)} 12:00:00.000000"
			yield (
				f"{number + at:020x}", stamp, stamp, "Administrator", "Administrator", self.names[customer], of.dimension, of.name,
				day, to_date(fades), round(value, 9), round(weighs, 9), amount, 0 if days != days else round(days, 9), ORDER,
				self.order_name(origin), of.name.split(".")[1], 0, "Administrator",
			)  # fmt: skip
		yield from self.recorded(number + len(order), self.count * EVIDENCE_EACH - len(order))

	def recorded(self, number: int, count: int) -> Iterator[Sequence]:
		"""What people recorded, so that each customer has ten rows on average."""
		told = [kind for kind in kinds.KINDS if kind.manual and kind.value is None]
		customer = self.random.integers(0, self.count, count)
		known = self.joined[customer] + (
			self.random.random(count) * (self.latest - self.joined[customer])
		).astype(np.int64)
		value = np.round(self.random.beta(7, 3, count), 2)
		for at, (who, day, worth, of) in enumerate(
			zip(customer.tolist(), known.tolist(), value.tolist(), self.pick(told, count), strict=True)
		):
			day, stamp = to_date(day), f"{to_date(day)} 13:00:00.000000"
			yield (
				f"{number + at:020x}", stamp, stamp, "Administrator", "Administrator", self.names[who], of.dimension, of.name,
				day, day, worth, of.weight, 0, 0, CUSTOMER, self.names[who], f"{of.name}:{number + at}", 0, "Administrator",
			)  # fmt: skip

	def ratings(self) -> Iterator[Sequence]:
		"""Everybody has news and waits to be rated, as after a load of evidence."""
		for name, stamp, joined in zip(self.names, self.stamp, self.joined.tolist(), strict=True):
			yield name, stamp, stamp, "Administrator", "Administrator", name, "NR", "NR", 1, to_date(joined)


@cache
def local_digits(area: str) -> int:
	"""How many digits follow the first in the local numbers of a Chinese area."""
	return next(n for n in (7, 6) if is_valid_number(parse(f"+86{area}5" + "1" * n)))


HEAD = ("name", "creation", "modified", "owner", "modified_by")
CUSTOMER_FIELDS = (
	"name", "code", "customer_name", "customer_type", "status", "account_manager", "legal_name", "credit_code", "resident_id",
	"gender", "birth_date", "country", "province", "city", "address_line", "phone", "mobile", "email", "trust_grade",
	"owner", "modified_by", "creation", "modified",
)  # fmt: skip
ORDER_FIELDS = (
	*HEAD, "docstatus", "customer", "customer_name", "order_no", "status", "order_date", "delivery_date", "due_date", "currency",
	"total", "grand_total", "payment_status", "settled_on", "paid_amount", "outstanding_amount", "credit_days",
)  # fmt: skip
PAYMENT_FIELDS = (
	*HEAD, "docstatus", "customer", "customer_name", "payment_date", "method", "status", "cleared_on", "amount", "currency",
	"reference_no",
)  # fmt: skip
ALLOCATION_FIELDS = (
	*HEAD, "docstatus", "idx", "parent", "parenttype", "parentfield", "order", "order_no", "grand_total", "outstanding_amount",
	"allocated_amount", "currency",
)  # fmt: skip
EVIDENCE_FIELDS = (
	*HEAD, "customer", "dimension", "kind", "occurred_on", "decays_from", "value", "weight", "amount", "days",
	"source_doctype", "source_name", "source_event", "reversal", "recorded_by",
)  # fmt: skip
RATING_FIELDS = (*HEAD, "customer", "grade", "computed_grade", "dirty", "replay_from")


def load(doctype: str, fields: Sequence[str], rows: Iterator[Sequence]) -> None:
	for part in parts(rows):
		load_part(doctype, fields, part)


def parts(rows: Iterator[Sequence], at_once: int = 200_000) -> Iterator[list[Sequence]]:
	while part := list(islice(rows, at_once)):
		yield part


def load_part(doctype: str, fields: Sequence[str], part: list[Sequence]) -> float:
	"""Load rows by LOAD DATA LOCAL, from a file of the moment. Returns the seconds that the database took."""
	head = ", ".join(f"`{field}`" for field in fields)
	with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv") as file:
		for row in part:
			file.write("\t".join(["\\N" if value is None else str(value) for value in row]) + "\n")
		file.flush()
		start = monotonic()
		frappe.db.sql(
			f"LOAD DATA LOCAL INFILE %s INTO TABLE `tab{doctype}` CHARACTER SET utf8mb4 ({head})", file.name
		)
		return monotonic() - start


class without_indexes:
	"""Inside of it a table has its primary key alone; afterwards all of its indexes, made in one sort each."""

	def __init__(self, doctype: str):
		self.table = f"tab{doctype}"

	def __enter__(self):
		made = frappe.db.sql(f"SHOW CREATE TABLE `{self.table}`")[0][1].splitlines()
		lines = [line.strip().rstrip(",") for line in made]
		self.keys = [line for line in lines if line.startswith(("KEY ", "UNIQUE KEY ", "FULLTEXT KEY "))]
		if self.keys:
			drops = ", ".join(f"DROP INDEX {key.split('KEY ', 1)[1].split(' (')[0]}" for key in self.keys)
			frappe.db.sql_ddl(f"ALTER TABLE `{self.table}` {drops}")

	def __exit__(self, *_error):
		if self.keys:
			frappe.db.sql_ddl(f"ALTER TABLE `{self.table}` {', '.join('ADD ' + key for key in self.keys)}")
		frappe.db.sql_ddl(f"ANALYZE TABLE `{self.table}`")


def _managers() -> list[str]:
	names = [f"manager{number:02d}@example.com" for number in range(1, MANAGERS + 1)]
	for name in names:
		if not frappe.db.exists("User", name):
			user = frappe.get_doc(doctype="User", email=name, first_name=name.split("@")[0], enabled=1)
			user.flags.no_welcome_mail = True
			user.append_roles("CIMS Sales")
			user.insert(ignore_permissions=True)
	return names


def _count_series(customers: int) -> None:
	frappe.db.sql(
		"INSERT INTO tabSeries (name, current) VALUES ('C-', %(now)s) ON DUPLICATE KEY UPDATE current = GREATEST(current, %(now)s)",
		{"now": customers},
	)


def check() -> None:
	"""The evidence must be what the site's own adapter would write: then bringing it in line writes nothing."""
	from cims.ratings import store

	before = frappe.db.count(EVIDENCE)
	written = store.backfill(rate=False)
	print(f"{before:,} rows of evidence; the adapter would write {written:,} others")
	if written:
		raise SystemExit("The generator's evidence is not what the adapter writes.")


if __name__ == "__main__":
	main()
