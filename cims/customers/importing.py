"""Customers from a file: made, or brought up to date where their code is there.

Every row passes the customer's own checks before anything is written, so the dry run says what the import will do.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from babel import Locale

import frappe
from frappe import _
from frappe.utils import strip_html

from cims.imports.importer import (
	DUPLICATE,
	NEW,
	REJECTED,
	UPDATED,
	Field,
	Importer,
	Plan,
	Step,
	in_cell,
	said_by,
)
from cims.trust.calendar import to_date
from cims.trust.cells import BEYOND, open_cells
from cims.trust.problems import Problem, message
from cims.trust.reader import WRONG, DateColumn, DateFormat, settle_order

CUSTOMER = "CIMS Customer"
AT_ONCE = 1000
# What a row may bring, with what else its column is called.
HEADERS = {
	"code": ("customercode", "customerno", "customernumber", "customerid", "客户编号", "客户编码", "客户代码", "客户号", "编码"),
	"customer_name": ("name", "customer", "company", "companyname", "客户名称", "客户", "客户名", "姓名", "名称", "公司名称"),
	"customer_type": ("type", "kind", "客户类型", "类型", "客户性质"),
	"status": ("state", "客户状态", "状态"),
	"customer_group": ("group", "客户组", "客户分组", "分组", "客户分类"),
	"level": ("tier", "grade", "客户等级", "客户级别", "等级", "级别"),
	"source": ("leadsource", "来源", "客户来源"),
	"account_manager": ("manager", "owner", "salesperson", "客户经理", "负责人", "业务员", "销售"),
	"country": ("countryregion", "国家", "国家地区"),
	"province": ("state", "region", "省", "省份", "省市"),
	"city": ("town", "市", "城市"),
	"address_line": ("address", "street", "streetaddress", "地址", "详细地址", "街道"),
	"phone": ("telephone", "tel", "landline", "电话", "固定电话", "座机", "联系电话"),
	"mobile": ("cell", "cellphone", "mobilephone", "mobileno", "手机", "手机号", "手机号码", "移动电话"),
	"email": ("mail", "emailaddress", "邮箱", "电子邮箱", "电子邮件"),
	"website": ("url", "web", "homepage", "网站", "网址", "官网"),
	"legal_name": ("registeredname", "法定名称", "公司全称", "企业名称", "注册名称"),
	"credit_code": ("uscc", "creditcode", "taxid", "统一社会信用代码", "信用代码", "社会信用代码", "税号", "纳税人识别号"),
	"industry": ("sector", "行业", "所属行业"),
	"resident_id": ("idnumber", "idcard", "nationalid", "身份证", "身份证号", "身份证号码"),
	"gender": ("sex", "性别"),
	"birth_date": ("birthday", "dateofbirth", "dob", "生日", "出生日期", "出生年月日"),
	"preferences": ("preference", "偏好", "客户偏好"),
	"notes": ("note", "remarks", "remark", "comments", "备注", "说明"),
}  # fmt: skip
EXAMPLES = {
	"code": "C-000001", "customer_name": "Lakeside Trading Ltd", "customer_type": "Company", "status": "Active",
	"level": "Key", "country": "China", "province": "广东省", "city": "深圳市", "phone": "+86 755 2688 0000",
	"mobile": "+86 138 0013 8000", "email": "name@example.com", "website": "https://example.com",
}  # fmt: skip
HELP = {
	"code": "Customers are matched by it. Empty for a new customer: a number is given.",
	"customer_type": "Company or Individual.",
	"account_manager": "The user's e-mail address or full name.",
	"country": "Empty: the country in CIMS Settings.",
}
REQUIRED = ("customer_name",)
# By these one knows that two customers of one name are one.
IDENTITY = ("credit_code", "resident_id", "mobile", "phone", "email")
UNIQUE = ("credit_code", "resident_id")
OF_A_PERSON = ("resident_id", "gender", "birth_date")


class CustomersImport(Importer):
	doctypes = (CUSTOMER,)

	@cached_property
	def fields(self) -> tuple[Field, ...]:
		label = frappe.get_meta(CUSTOMER).get_label
		return tuple(
			Field(name, label(name), name in REQUIRED, HELP.get(name, ""), headers, EXAMPLES.get(name, ""))
			for name, headers in HEADERS.items()
		)

	def check_permission(self) -> None:
		frappe.has_permission(CUSTOMER, "create", throw=True)
		if self.doc.update_customers:
			frappe.has_permission(CUSTOMER, "write", throw=True)

	def plan(self, progress: Callable[[int, int], None]) -> Plan:
		cells = open_cells(self.path)
		headers = self.mapping(cells.headers)
		self.headers = headers
		frame = cells.columns({name: cells.headers.index(header) for name, header in headers.items()})
		beyond = frame.pop(BEYOND)
		birth_dates = self.birth_dates(frame)
		rows = []
		for at, texts in enumerate(zip(*(frame[name] for name in headers), strict=True)):
			values = dict(zip(headers, map(str.strip, texts), strict=True))
			if any(values.values()):
				number = cells.header_row + 1 + at
				rows.append((number, values, birth_dates and birth_dates[at], beyond.iloc[at]))
		self.look_up([values for _number, values, _day, _beyond in rows])
		steps = []
		for done, row in enumerate(rows, 1):
			steps.append(self.step(*row))
			progress(done, len(rows))
		return Plan(steps)

	def birth_dates(self, frame) -> list | None:
		"""Each row's birth date: a date, "" where there is none, or the form that dates of this column have."""
		if "birth_date" not in frame:
			return None
		column = DateColumn(self.headers["birth_date"], frame["birth_date"].to_numpy(dtype=object))
		wanted = DateFormat(self.doc.date_format) if self.doc.date_format else None
		if not wanted:
			settle_order([column])
		days, form = column.days(wanted)
		read = [
			"" if not text else form if day == WRONG else to_date(day)
			for text, day in zip(column.lower, days, strict=True)
		]
		return [read[code] for code in column.codes]

	def look_up(self, rows: list[Mapping[str, str]]) -> None:
		"""What the rows refer to, with few queries for all of them."""
		self.by_code = {name.casefold(): name for name in names_among(CUSTOMER, "name", rows, "code")}
		self.by_name = defaultdict(list)
		for name in chunks({row["customer_name"] for row in rows if not row.get("code")}):
			for there in frappe.get_all(
				CUSTOMER,
				{"customer_name": ("in", name)},
				["name", "customer_name", *IDENTITY],
				limit=0,
				order_by="name",
			):
				self.by_name[there.customer_name.casefold()].append(there)
		self.options = {field: options_of(field) for field in ("customer_type", "status", "level", "gender")}
		self.links = {
			"customer_group": {
				name.casefold(): name for name in frappe.get_all("CIMS Customer Group", pluck="name", limit=0)
			},
			"source": {
				name.casefold(): name for name in frappe.get_all("Customer Source", pluck="name", limit=0)
			},
			"account_manager": users() if any(row.get("account_manager") for row in rows) else {},
			"country": countries() if any(row.get("country") for row in rows) else {},
		}
		self.seen: dict[tuple[str, str], int] = {}

	def step(self, number: int, texts: dict[str, str], birth_date, beyond: str) -> Step:
		shown = {self.headers[name]: text for name, text in texts.items() if text}
		problems = []
		if beyond:
			problems.append(message(Problem(number, None, "too_many_cells", {"value": beyond}), _))
		values = {
			name: self.value(number, name, text, birth_date, problems) for name, text in texts.items() if text
		}
		if not values.get("customer_name"):
			problems.append(
				in_cell(self.headers["customer_name"], message(Problem(number, None, "empty"), _))
			)
		self.check_seen(number, values, problems)
		if problems:
			return Step(number, REJECTED, shown, "\n".join(problems))
		outcome, note, doc = self.judge(values)
		if outcome in (NEW, UPDATED):
			self.check_seen(number, {name: doc.get(name) for name in UNIQUE}, problems)
			if problems:
				return Step(number, REJECTED, shown, "\n".join(problems))
		return Step(number, outcome, shown, note, (doc.name if outcome == UPDATED else None, values))

	def value(self, row: int, name: str, text: str, birth_date, problems: list[str]):
		"""A cell as the customer's field wants it; what is wrong with it goes to `problems`."""
		if name == "birth_date":
			if isinstance(birth_date, str):
				problem = Problem(row, None, "date_wrong", {"value": text, "form": birth_date})
				problems.append(in_cell(self.headers[name], message(problem, _)))
				return None
			return birth_date
		known = self.options.get(name) or self.links.get(name)
		if known is None:
			return text
		found = known.get(text.casefold())
		if found is None:
			label = _(frappe.get_meta(CUSTOMER).get_label(name))
			if name in self.options:
				why = _("{0} isn't one of: {1}.").format(
					text, ", ".join(_(option) for option in dict.fromkeys(known.values()))
				)
			else:
				why = _("There is no {0} {1}. Create it first, or correct the cell.").format(label, text)
			problems.append(in_cell(self.headers[name], why))
		return found

	def check_seen(self, row: int, values: Mapping, problems: list[str]) -> None:
		"""No two rows may be about one customer."""
		for name in ("code", *UNIQUE):
			value = values.get(name)
			if not value:
				continue
			first = self.seen.setdefault((name, value.casefold()), row)
			if first != row:
				why = _("{0} already stands in row {1}.").format(value, first)
				problems.append(in_cell(self.headers[name], why))

	def judge(self, values: dict) -> tuple[str, str, object]:
		"""What becomes of good cells: outcome, note, and the customer as it would be."""
		name = self.by_code.get((values.get("code") or "").casefold())
		try:
			doc = self.changed(name, values) if name else self.made(values)
			check(doc)
		except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
			return REJECTED, in_cell(self.column_of_error(), said_by(error)), None
		finally:
			notes = [strip_html(message.get("message") or "") for message in frappe.get_message_log()]
			frappe.clear_messages()
		if not name:
			if twin := self.twin(doc):
				return (
					DUPLICATE,
					_("Is there as {0}. Write that code into the row to update the customer.").format(twin),
					doc,
				)
			return NEW, "\n".join(notes), doc
		changed = [
			_(doc.meta.get_label(field))
			for field in values
			if field != "code" and doc.has_value_changed(field)
		]
		if not changed:
			return DUPLICATE, _("Is there as {0}; nothing changes.").format(name), doc
		if not self.doc.update_customers:
			return (
				DUPLICATE,
				_("Is there as {0} and stays as it is, though the file has another: {1}.").format(
					name, ", ".join(changed)
				),
				doc,
			)
		return UPDATED, "\n".join([_("Changes: {0}.").format(", ".join(changed)), *notes]), doc

	def column_of_error(self) -> str | None:
		"""The column that the customer's own checks complain of: they head their message with the field."""
		titles = {message.get("title") for message in frappe.get_message_log()}
		label = frappe.get_meta(CUSTOMER).get_label
		return next((header for name, header in self.headers.items() if _(label(name)) in titles), None)

	def made(self, values: dict):
		doc = frappe.new_doc(CUSTOMER)
		if not values.get("customer_type") and any(values.get(name) for name in OF_A_PERSON):
			doc.customer_type = "Individual"
		doc.country = (
			frappe.get_cached_doc("CIMS Settings").holiday_country if self.needs_country(values) else None
		)
		doc.update(values)
		return doc

	@staticmethod
	def needs_country(values: dict) -> bool:
		return any(values.get(name) for name in ("province", "city", "phone", "mobile"))

	@staticmethod
	def changed(name: str, values: dict):
		doc = frappe.get_doc(CUSTOMER, name)
		doc.check_permission("write")
		doc.update({field: value for field, value in values.items() if field != "code"})
		return doc

	def twin(self, doc) -> str | None:
		"""A customer of the same name with whom nothing that both have differs, and something agrees if there is anything."""
		for there in self.by_name.get(doc.customer_name.casefold(), ()):
			both = [(there[field], doc.get(field)) for field in IDENTITY if there[field] and doc.get(field)]
			if all(one == other for one, other in both) and (
				both or not any(doc.get(field) for field in IDENTITY)
			):
				return there.name
		return None

	def write(self, step: Step) -> None:
		name, values = step.data
		if name:
			doc = self.changed(name, values)
		else:
			doc = self.made(values)
		doc.flags.notify_update = False
		doc.save()


def check(doc) -> None:
	"""The checks that saving the customer makes, without saving. Raises what they raise."""
	doc.load_doc_before_save()
	doc._action = "save"
	doc._validate_links()
	doc.run_method("validate")
	doc._validate()


def options_of(field: str) -> dict[str, str]:
	"""What may be written for a choice, in small letters -> the choice: English, Chinese and the user's language."""
	options = [
		option for option in (frappe.get_meta(CUSTOMER).get_field(field).options or "").split("\n") if option
	]
	return {
		spelling.casefold(): option for option in options for spelling in (_(option), _(option, "zh"), option)
	}


def users() -> dict[str, str]:
	"""Address or full name in small letters -> user. A name that two users have is nobody's."""
	rows = frappe.get_all("User", {"enabled": 1, "user_type": "System User"}, ["name", "full_name"], limit=0)
	times = defaultdict(set)
	for row in rows:
		times[(row.full_name or "").casefold()].add(row.name)
	named = {name: next(iter(same)) for name, same in times.items() if name and len(same) == 1}
	return named | {row.name.casefold(): row.name for row in rows}


def countries() -> dict[str, str]:
	"""Name in English, Chinese or the user's language, or ISO code, in small letters -> country."""
	locales = [Locale("en"), Locale("zh")]
	found = {}
	for name, code in frappe.get_all("Country", fields=["name", "code"], limit=0, as_list=True):
		code = (code or "").upper()
		known = (code, *(locale.territories.get(code) for locale in locales), _(name), name)
		found |= {spelling.casefold(): name for spelling in known if spelling}
	return found


def names_among(doctype: str, field: str, rows: Iterable[Mapping[str, str]], column: str) -> list[str]:
	"""The documents whose `field` stands in the rows' column."""
	wanted = {row[column] for row in rows if row.get(column)}
	found = []
	for part in chunks(wanted):
		found += frappe.get_all(doctype, {field: ("in", part)}, pluck="name", limit=0)
	return found


def chunks(items: Iterable[str]) -> Iterable[list[str]]:
	items = sorted(items)
	return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))
