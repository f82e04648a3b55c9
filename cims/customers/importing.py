"""Customers from a file: made, or brought up to date where they are found by the field that the user chooses.

Both lanes judge every row alike. What is plainly good is judged in columns (`cims.customers.rows`), anything else by the
document itself, so that the dry run says what the import will do, and in the document's own words.

The fast lane writes thousands of rows with one statement. It skips what the framework does for each document: versions,
notifications, webhooks, server scripts, assignments and followers; where somebody counts on these it is refused
(`cims.imports.lanes`). Its rows carry the import's ID, their owner and the time; the former values of changed ones are kept.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from babel import Locale

import frappe
from frappe import _
from frappe.model.naming import validate_name
from frappe.utils import now, strip_html

from cims import erpnext
from cims.cims.doctype.cims_customer.cims_customer import SERIES, emptied
from cims.customers import derived
from cims.customers.matching import Matching
from cims.customers.rows import Rules
from cims.customers.status import ARCHIVED
from cims.imports import changes
from cims.imports.importer import Field, Importer, Names, in_cell, said_by
from cims.imports.lanes import STRICT, check_fast
from cims.imports.outcome import DUPLICATE, NEW, REJECTED, UPDATED, Batch
from cims.imports.permission import Permission
from cims.imports.source import Chunk
from cims.ratings import policies, store
from cims.trust.calendar import to_date
from cims.trust.problems import Problem, message
from cims.trust.reader import WRONG, DateFormat, DateForms, settle_order

CUSTOMER = "CIMS Customer"
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
	"code": "Empty for a new customer: a number is given.",
	"customer_type": "Company or Individual.",
	"account_manager": "The user's e-mail address or full name.",
	"country": "Empty: the country in CIMS Settings.",
}
REQUIRED = ("customer_name",)
# By these one knows that two customers of one name are one.
IDENTITY = ("credit_code", "resident_id", "mobile", "phone", "email")
UNIQUE = ("credit_code", "resident_id")
# What customers may be found by, as the import's field says it.
MATCH = {
	"Code": "code",
	"Unified Social Credit Code": "credit_code",
	"Resident ID": "resident_id",
	"Phone": "phone",
	"Mobile": "mobile",
}
OF_A_PERSON = ("resident_id", "gender", "birth_date")
WITH_COUNTRY = ("province", "city", "phone", "mobile")
LINKS = ("customer_group", "source", "account_manager", "country")
# What a TEXT column of the database holds.
TEXT_BYTES = 65_535
FAST_AT_ONCE, STRICT_AT_ONCE = 5000, 200
SAVEPOINT = "cims_import_row"


@dataclass
class Rows:
	"""The rows of a batch. texts: as they stand in the file; values: what the cells mean, None for empty ones; columns: the
	customers as they would be, in stored form; there: position -> the customer that it changes, as it is."""

	texts: dict[str, list[str]]
	values: dict[str, list]
	columns: dict[str, list] = field(default_factory=dict)
	there: dict[int, dict] = field(default_factory=dict)

	def given(self, at: int) -> dict:
		"""What the file says of one row."""
		return {name: column[at] for name, column in self.values.items() if column[at] is not None}

	def row(self, at: int) -> dict:
		"""The customer as it would be."""
		return {name: column[at] for name, column in self.columns.items()}


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
		if self.doc.lane != STRICT:
			check_fast(self.doctypes)

	# --- before the first row

	def open(self, headers: Sequence[str], writes: bool) -> None:
		super().open(headers, writes)
		self.strict = self.doc.lane == STRICT
		self.rows_at_once = STRICT_AT_ONCE if self.strict else FAST_AT_ONCE
		self.match_by = MATCH.get(self.doc.match_by, "code")
		self.check_match()
		self.births = DateForms(self.chosen["birth_date"]) if "birth_date" in self.at else None
		self.format = DateFormat(self.doc.date_format) if self.births and self.doc.date_format else None
		self.unnamed = 0
		self.names: Names | None = None
		self.stamp = now()
		self.rules = Rules()
		self.country = frappe.get_cached_doc("CIMS Settings").holiday_country
		self.label = {name: _(frappe.get_meta(CUSTOMER).get_label(name)) for name in HEADERS}
		self.known = {
			**{name: options_of(name) for name in ("customer_type", "status", "level", "gender")},
			"customer_group": names_of("CIMS Customer Group"),
			"source": names_of("Customer Source"),
			"account_manager": users() if "account_manager" in self.at else {},
			"country": countries() if "country" in self.at else {},
		}
		self.template = frappe.new_doc(CUSTOMER)
		self.usual = standing(self.template)
		self.may_create, self.may_write = Permission(CUSTOMER, "create"), Permission(CUSTOMER, "write")
		self.matching = Matching(self.doc.name)

	def check_match(self) -> None:
		if self.match_by != "code" and self.match_by not in self.at:
			frappe.throw(
				_(
					"Customers are to be found by {0}, but no column stands for it. Choose one under Columns."
				).format(_(self.doc.match_by))
			)

	def survey(self, chunk: Chunk) -> None:
		codes = chunk.column(self.at["code"]) if "code" in self.at else None
		self.unnamed += codes.count("") if codes else len(chunk)
		if self.births and not self.format:
			self.births.add(np.array(chunk.column(self.at["birth_date"]), dtype=object))

	def ready(self) -> None:
		if self.births and not self.format:
			settle_order([self.births])
		if self.writes and self.unnamed:
			self.names = Names(CUSTOMER, SERIES, self.unnamed)

	def close(self) -> None:
		if self.names:
			self.names.give_back()
		self.matching.close()

	# --- cell by cell

	def read(self, chunk: Chunk) -> Batch:
		batch = Batch(chunk)
		texts = {name: chunk.column(at) for name, at in self.at.items()}
		batch.data = rows = Rows(texts, {})
		for at, beyond in chunk.beyond.items():
			batch.reject(
				at, message(Problem(chunk.numbers[at], None, "too_many_cells", {"value": beyond}), _)
			)
		for name, column in texts.items():
			rows.values[name] = self.read_column(batch, name, column)
		for at, text in enumerate(texts["customer_name"]):
			if not text:
				why = message(Problem(chunk.numbers[at], None, "empty"), _)
				batch.reject(at, in_cell(self.chosen["customer_name"], why))
		self.keys(rows)
		for name in ("email", "website"):
			for text in filter(None, rows.values.get(name, ())):
				getattr(self.rules, name)[text]
		return batch

	def read_column(self, batch: Batch, name: str, texts: list[str]) -> list:
		"""What the cells of a column mean, None for empty ones; what means nothing is rejected."""
		if name == "birth_date":
			return self.read_dates(batch, texts)
		known = self.known.get(name)
		if known is None:
			if name in self.rules.texts and max(map(len, texts)) * 4 > TEXT_BYTES:
				self.check_text(batch, name, texts)
			return [text or None for text in texts]
		found = [known.get(text.casefold()) if text else None for text in texts]
		for at, text in enumerate(texts):
			if text and found[at] is None:
				batch.reject(at, in_cell(self.chosen[name], self.not_known(name, text)))
		return found

	def check_text(self, batch: Batch, name: str, texts: list[str]) -> None:
		for at, text in enumerate(texts):
			if len(text.encode()) > TEXT_BYTES and name != "notes":
				why = _("The text is too long: {0} bytes are the most.").format(f"{TEXT_BYTES:,}")
				batch.reject(at, in_cell(self.chosen[name], why))

	def not_known(self, name: str, text: str) -> str:
		if name in LINKS:
			why = _("There is no {0} {1}. Create it first, or correct the cell.")
			return why.format(self.label[name], text)
		options = ", ".join(_(option) for option in dict.fromkeys(self.known[name].values()))
		return _("{0} isn't one of: {1}.").format(text, options)

	def read_dates(self, batch: Batch, texts: list[str]) -> list:
		column = self.births.settled(np.array(texts, dtype=object))
		days, form = column.days(self.format)
		read = [
			None if not text else WRONG if day == WRONG else to_date(day)
			for text, day in zip(column.lower, days, strict=True)
		]
		found = [read[code] for code in column.codes]
		for at, day in enumerate(found):
			if day == WRONG:
				problem = Problem(
					batch.chunk.numbers[at], None, "date_wrong", {"value": texts[at], "form": form}
				)
				batch.reject(at, in_cell(self.chosen["birth_date"], message(problem, _)))
				found[at] = None
		return found

	# --- who is who

	def judge(self, batch: Batch) -> None:
		self.load(batch)
		for at, name, value, first in self.matching.seen():
			why = _("{0} already stands in row {1}.").format(value, first)
			batch.reject(at, in_cell(self.chosen[name], why))
		rows = batch.data
		rows.there = self.find(batch)
		self.check_codes(batch)
		self.settle(rows, len(batch.chunk))
		doubtful, lost = self.rules.settle(rows.columns)
		doubtful |= self.taken(rows) | self.not_permitted(batch)
		twins = self.matching.there("customer_name", "customer_name", ("name", *IDENTITY))
		for at in batch.of(NEW):
			if at not in doubtful:
				notes = [emptied([self.label[name] for name in lost[at]])] if at in lost else []
			elif (notes := self.ask_document(batch, at)) is None:
				continue
			self.conclude(batch, at, twins.get(at, ()), notes)

	def pass_by(self, batch: Batch) -> None:
		self.load(batch)

	def load(self, batch: Batch) -> None:
		values = batch.data.values
		codes = values.get("code")
		titles = [None if codes and codes[at] else title for at, title in enumerate(values["customer_name"])]
		self.matching.load(batch.chunk.numbers, self.keys(batch.data), titles)

	def keys(self, rows: Rows) -> dict[str, list[str | None]]:
		"""What the rows are known by, in stored form where it can be brought into that, as of new customers."""
		found = {}
		for name in dict.fromkeys(("code", *UNIQUE, "phone", "mobile")):
			column, memo = rows.values.get(name), self.rules.of(name)
			if column is None:
				continue
			if name in ("phone", "mobile"):
				regions = self.regions(rows, len(column))
				stored = [
					text and (memo[text, region] or text)
					for text, region in zip(column, regions, strict=True)
				]
			elif name == "resident_id":
				stored = [text and (memo[text] or (text,))[0] for text in column]
			else:
				stored = [text and (memo[text] or text) for text in column]
			if name in ("code", *UNIQUE, self.match_by):
				found[name] = stored
		return found

	def regions(self, rows: Rows, count: int) -> list[str | None]:
		"""The country whose numbers each row may give without its code, were it a new customer's."""
		countries, usual = rows.values.get("country"), self.rules.region.get(self.country)
		return (
			[self.rules.region.get(name) if name else usual for name in countries]
			if countries
			else [usual] * count
		)

	def find(self, batch: Batch) -> dict[int, dict]:
		"""Position -> the customer that the row is about, as it is. Several that it may be about are a problem."""
		column = "name" if self.match_by == "code" else self.match_by
		found = {}
		fields = ("name", "owner", *HEADERS, *((erpnext.LINK,) if erpnext.installed() else ()))
		for at, same in self.matching.there(self.match_by, column, fields).items():
			living = [there for there in same if there["status"] != ARCHIVED] or same
			if len(living) > 1:
				codes = ", ".join(there["name"] for there in living[:5])
				why = _("Several customers have it: {0}. Find them by their code instead.").format(codes)
				batch.reject(at, in_cell(self.chosen[self.match_by], why))
			else:
				found[at] = living[0]
		return found

	def check_codes(self, batch: Batch) -> None:
		"""Where customers are found by something else than their code, a code in the row has to agree with it."""
		if self.match_by == "code" or "code" not in self.at:
			return
		known = {at: same[0]["name"] for at, same in self.matching.there("code", "name", ("name",)).items()}
		for at, code in enumerate(batch.data.values["code"]):
			same, by_code = batch.data.there.get(at), known.get(at)
			if code and same and same["name"] != by_code:
				why = _("The customer with this {0} has the code {1}. Correct the code, or leave it empty.")
				batch.reject(
					at, in_cell(self.chosen["code"], why.format(self.label[self.match_by], same["name"]))
				)
			elif by_code and not same:
				why = _(
					"The customer with this code has another {0}. Find customers by their code to change it."
				)
				batch.reject(at, in_cell(self.chosen["code"], why.format(self.label[self.match_by])))

	def settle(self, rows: Rows, count: int) -> None:
		"""The customers as they would be: what the file says, else what is there, else what is usual."""
		for name in HEADERS:
			usual = self.template.get(name)
			given = rows.values.get(name)
			column = [usual if value is None else value for value in given] if given else [usual] * count
			for at, there in rows.there.items():
				if not given or given[at] is None:
					column[at] = there[name]
			rows.columns[name] = column
		for at, there in rows.there.items():
			rows.columns["code"][at] = there["name"]
		self.settle_new(rows, count)

	def settle_new(self, rows: Rows, count: int) -> None:
		"""What a new customer takes from the rest of its row: as a person, and in the usual country."""
		given, columns = rows.values, rows.columns
		types, countries = given.get("customer_type"), given.get("country")
		of_a_person = [given[name] for name in OF_A_PERSON if name in given]
		placed = [given[name] for name in WITH_COUNTRY if name in given]
		for at in range(count):
			if at in rows.there:
				continue
			if not (types and types[at]) and any(column[at] for column in of_a_person):
				columns["customer_type"][at] = "Individual"
			if not (countries and countries[at]):
				needed = any(column[at] for column in placed)
				columns["country"][at] = self.country if needed else self.template.get("country")

	def taken(self, rows: Rows) -> set[int]:
		"""The rows whose resident ID or credit code another customer has."""
		found = set()
		for name in UNIQUE:
			if name not in self.at:
				continue
			for at, others in self.matching.there(name, name, ("name",), living=True).items():
				me, value = rows.there.get(at, {}), rows.columns[name][at]
				if (
					value
					and value != me.get(name)
					and any(other["name"] != me.get("name") for other in others)
				):
					found.add(at)
		return found

	def not_permitted(self, batch: Batch) -> set[int]:
		"""The rows that the user may not make of change, by user permissions and the like."""
		if self.may_create.free and self.may_write.free:
			return set()
		return {at for at in batch.of(NEW) if not self.may(batch.data, at)}

	def may(self, rows: Rows, at: int) -> bool:
		there, values = rows.there.get(at), rows.row(at)
		if not there:
			return self.may_create.may(values)
		name, owner = there["name"], there["owner"]
		return self.may_write.may(there, name, owner) and self.may_write.may(values, name, owner)

	# --- what becomes of a row

	def ask_document(self, batch: Batch, at: int) -> list[str] | None:
		"""Let the document itself judge a row. Returns what it notes, None if the row is rejected."""
		rows = batch.data
		try:
			doc = self.document(rows, at)
			check(doc)
		except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
			batch.reject(at, in_cell(self.column_of_error(), said_by(error)))
			return None
		finally:
			notes = [strip_html(message.get("message") or "") for message in frappe.get_message_log()]
			frappe.clear_messages()
		for name, column in rows.columns.items():
			column[at] = doc.get(name)
		return notes

	def column_of_error(self) -> str | None:
		"""The column that the customer's own checks complain of: they head their message with the field."""
		titles = {message.get("title") for message in frappe.get_message_log()}
		return next((header for name, header in self.chosen.items() if self.label[name] in titles), None)

	def document(self, rows: Rows, at: int):
		"""The customer of a row as a document, new or as it is with what the file says."""
		there, values = rows.there.get(at), rows.given(at)
		if there:
			doc = frappe.get_doc(CUSTOMER, there["name"])
			doc.check_permission("write")
			doc.update({name: value for name, value in values.items() if name != "code"})
			return doc
		doc = frappe.new_doc(CUSTOMER)
		if not values.get("customer_type") and any(values.get(name) for name in OF_A_PERSON):
			doc.customer_type = "Individual"
		if any(values.get(name) for name in WITH_COUNTRY):
			doc.country = self.country
		doc.update(values)
		return doc

	def conclude(self, batch: Batch, at: int, twins: Sequence[Mapping], notes: list[str]) -> None:
		rows, there = batch.data, batch.data.there.get(at)
		if not there:
			if twin := next((one["name"] for one in twins if self.is_twin(rows, at, one)), None):
				note = _("Is there as {0}. Write that code into the row to update the customer.").format(twin)
				batch.say(at, DUPLICATE, note)
			else:
				batch.say(at, NEW, *notes)
			return
		changed = [
			self.label[name]
			for name, column in rows.values.items()
			if name != "code"
			and column[at] is not None
			and (rows.columns[name][at] or None) != (there[name] or None)
		]
		said = ", ".join(changed)
		if not changed:
			batch.say(at, DUPLICATE, _("Is there as {0}; nothing changes.").format(there["name"]))
		elif not self.doc.update_customers:
			stays = _("Is there as {0} and stays as it is, though the file has another: {1}.")
			batch.say(at, DUPLICATE, stays.format(there["name"], said))
		elif not self.strict and there.get(erpnext.LINK):
			why = _("{0} is a customer of ERPNext, which the fast lane can't change. Choose the strict lane.")
			batch.reject(at, in_cell(None, why.format(there["name"])))
		else:
			batch.say(at, UPDATED, _("Changes: {0}.").format(said), *notes)

	@staticmethod
	def is_twin(rows: Rows, at: int, there: Mapping) -> bool:
		"""Nothing that both have differs, and something agrees if there is anything."""
		mine = {name: rows.columns[name][at] for name in IDENTITY}
		both = [(there[name], mine[name]) for name in IDENTITY if there[name] and mine[name]]
		return all(one == other for one, other in both) and (bool(both) or not any(mine.values()))

	def shown(self, batch: Batch, at: int) -> dict[str, str]:
		return {self.chosen[name]: column[at] for name, column in batch.data.texts.items() if column[at]}

	# --- writing

	def write(self, batch: Batch) -> None:
		if self.strict:
			with derived.later():
				self.write_documents(batch)
		else:
			self.write_set(batch)

	def write_set(self, batch: Batch) -> None:
		rows, new, updated = batch.data, batch.of(NEW), batch.of(UPDATED)
		made = self.insert_set(rows, new)
		names = [rows.there[at]["name"] for at in updated]
		if updated:
			former = [self.former(rows, at) for at in updated]
			changes.keep(self.doc.name, CUSTOMER, names, former, self.stamp)
			columns = {name: [rows.columns[name][at] for at in updated] for name in HEADERS if name != "code"}
			changes.update(CUSTOMER, names, columns, self.stamp)
			self.rate_again(former, names)
		derived.refresh([*made, *names])

	def insert_set(self, rows: Rows, new: list[int]) -> list[str]:
		if not new:
			return []
		codes = [rows.columns["code"][at] for at in new]
		given = iter(self.names.take(codes.count(None)) if self.names else ())
		codes = [code or next(given) for code in codes]
		columns = {name: [rows.columns[name][at] for at in new] for name in HEADERS}
		same = {**self.usual, "import_id": self.doc.name}
		changes.insert(CUSTOMER, {**columns, "name": codes, "code": codes}, same, self.stamp)
		return codes

	@staticmethod
	def former(rows: Rows, at: int) -> dict:
		"""What an updated customer had in the fields that change."""
		there = rows.there[at]
		return {
			name: there[name]
			for name, column in rows.columns.items()
			if name != "code" and (column[at] or None) != (there[name] or None)
		}

	def rate_again(self, former: list[dict], names: list[str]) -> None:
		"""Customers in another segment now are rated anew from their first day on, as `store.segment_changed` does."""
		segment = policies.segment_field()
		store.segments_changed([name for name, old in zip(names, former, strict=True) if segment in old])

	def write_documents(self, batch: Batch) -> None:
		rows, made = batch.data, []
		for at in batch.of(NEW, UPDATED):
			frappe.db.savepoint(SAVEPOINT)
			try:
				doc = self.document(rows, at)
				if at not in rows.there and not doc.code and self.names:
					doc.code = next(iter(self.names.take()), None)
				doc.flags.notify_update = False
				doc.save()
			except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
				frappe.db.rollback(save_point=SAVEPOINT)
				batch.reject(at, in_cell(self.column_of_error(), said_by(error)))
				continue
			finally:
				frappe.clear_messages()
			if at in rows.there:
				changes.keep(self.doc.name, CUSTOMER, [doc.name], [self.former(rows, at)], doc.modified)
			else:
				made.append(doc.name)
		changes.mark(CUSTOMER, made, self.doc.name)


def standing(template) -> dict:
	"""What every new customer has in the fields that no file brings."""
	template.keep_trust_figures()
	return {
		df.fieldname: template.get(df.fieldname)
		for df in template.meta.fields
		if df.fieldname in template.meta.get_valid_columns()
		and df.fieldname not in HEADERS
		and template.get(df.fieldname) is not None
	}


def check(doc) -> None:
	"""The checks that saving the customer makes, without saving. Raises what they raise."""
	if doc.is_new():
		doc.check_permission("create")
		if doc.code:
			validate_name(CUSTOMER, doc.code)
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


def names_of(doctype: str) -> dict[str, str]:
	return {name.casefold(): name for name in frappe.get_all(doctype, pluck="name", limit=0)}
