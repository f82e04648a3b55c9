"""Every filter, order and saved view of every list of ours is served by an index: the database is asked, on large tables.

A list page may read some rows more than it shows, and never the table. A new DocType, filter or view falls under this by
itself; a DocType that stays small however many customers there are is named in SMALL.
"""

import json
from contextlib import ExitStack, contextmanager
from pathlib import Path

import frappe
from frappe.desk.reportview import execute
from frappe.model import data_fieldtypes
from frappe.tests.utils import FrappeTestCase

from cims import lists
from cims.cims.report import common
from cims.tests import large, records

PAGE = 20
# Rows that the database may read for a page, and for a count that stops at 1001.
MOST_FOR_PAGE, MOST_FOR_COUNT = 3_000, 3_000
COUNTED = 1_001
# They grow with what people decide or set up, or are emptied all the time, not with the number of customers.
SMALL = {
	"Changed Document", "CIMS Customer Group", "CIMS Import", "Customer Source", "Duplicate Search", "Receivable Dispute",
	"Restore Drill", "Trust Decision", "Trust Forecast", "Trust Override", "Trust Policy", "Trust Rule", "Trust Run", "Trust Segment Snapshot",
	"Trust Terms Change",
}  # fmt: skip
# A report can be asked for these, and reads everything all the same: each has a handful of values.
FEW_VALUES = {"customer_type", "level", "source"}
TEXT = ("Data", "Small Text", "Text", "Read Only", "Code", "Text Editor", "Phone", "HTML Editor", "JSON")
MODULE = Path(frappe.get_app_path("cims", "cims"))


def doctypes() -> list[str]:
	filters = {
		"module": "CIMS",
		"istable": 0,
		"issingle": 0,
		"is_virtual": 0,
		"name": ("not in", sorted(SMALL)),
	}
	return frappe.get_all("DocType", filters, pluck="name", order_by="name")


def standard_filters(meta) -> list:
	"""The fields that the desk offers above the list; the name is one where the list doesn't hide it."""
	offered = [
		df
		for df in meta.fields
		if (df.in_standard_filter or df.fieldname == meta.title_field)
		and df.fieldtype in data_fieldtypes
		and df.fieldname not in lists.NEEDLESS.get(meta.name, ())
	]
	return [*offered, frappe._dict(fieldname="name", fieldtype="Data")]


def conditions(df) -> list[tuple]:
	"""(operator, value) as the desk asks: a value that many rows have, one that few have, one that none has."""
	if df.fieldtype == "Check":
		return [("=", 1)]
	if df.fieldtype == "Select":
		return [("=", df.options.strip().split("\n")[0]), ("=", "Nothing")]
	if df.fieldtype == "Date":
		return [("=", "2023-05-05"), ("=", "1999-01-01")]
	if df.fieldname == "name":
		return [("like", "N0000012%"), ("like", "none%")]
	begins = df.fieldtype in TEXT and df.fieldname not in lists.WHOLE.get(df.parent, ())
	values = [large.value(df.fieldname, at) for at in (1, 0)] + ["none"]
	return [("like", f"{text}%") if begins else ("=", text) for text in values]


def sorts(meta) -> list[str]:
	"""What the desk offers to sort by: what we say, or what Frappe makes of the fields."""
	own = lists.SORTS.get(meta.name)
	if own is None:
		own = ["creation", "idx", meta.title_field, *(df.fieldname for df in meta.fields if _in_list(df))]
	return list(dict.fromkeys(filter(None, [meta.sort_field or "modified", "modified", "name", *own])))


def _in_list(df) -> bool:
	return (df.in_list_view or df.reqd or df.bold) and df.fieldtype in data_fieldtypes


def saved() -> list[tuple[str, str, list, list | None]]:
	"""(DocType, name, filters, order) of the list's views and of what the workspace's shortcuts, lists and cards ask."""
	found = [
		("CIMS Customer", view["label"], view["filters"], view.get("sort"))
		for view in lists.views("large@example.com")
	]
	for path in (MODULE / "workspace").glob("*/*.json"):
		workspace = json.loads(path.read_text(encoding="utf-8"))
		for row in workspace["shortcuts"]:
			if row.get("stats_filter"):
				text = row["stats_filter"].replace("frappe.session.user", '"large@example.com"')
				found.append((row["link_to"], row["label"], json.loads(text), None))
		for row in workspace["quick_lists"]:
			found.append((row["document_type"], row["label"], json.loads(row["quick_list_filter"]), None))
	for path in (MODULE / "number_card").glob("*/*.json"):
		card = json.loads(path.read_text(encoding="utf-8"))
		if card["type"] == "Document Type":
			found.append((card["document_type"], card["label"], json.loads(card["filters_json"]), None))
	return found


class TestLists(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.tables = ExitStack()
		cls.addClassCleanup(cls.tables.close)
		cls.doctypes = doctypes()
		for doctype in cls.doctypes:
			cls.tables.enter_context(large.table(doctype))

	def tearDown(self):
		frappe.set_user("Administrator")

	def check(self, doctype: str, filters: list, sort: list[str] | None = None, count: bool = True):
		meta = frappe.get_meta(doctype)
		field, order = sort or (meta.sort_field or "modified", (meta.sort_order or "desc").lower())
		asked = {
			"filters": [[doctype, *condition[-3:]] for condition in filters],
			"fields": [f"`tab{doctype}`.`name`", f"`tab{doctype}`.`owner`", f"`tab{doctype}`.`modified`"],
		}
		page = execute(
			doctype, **asked, order_by=f"`tab{doctype}`.`{field}` {order}", limit_page_length=PAGE, run=0
		)
		self.check_query(page, MOST_FOR_PAGE, doctype, filters, field)
		if count:
			asked["fields"] = [f"`tab{doctype}`.`name`"]
			counted = execute(doctype, **asked, order_by=None, limit_page_length=COUNTED, run=0)
			self.check_query(counted, MOST_FOR_COUNT, doctype, filters, "count")

	def check_query(self, sql: str, most: int, *what):
		read = large.rows_read(sql)
		if read > most:
			plan = frappe.db.sql(f"EXPLAIN {sql}", as_dict=True)
			ways = [(row.type, row.key, row.rows, row.Extra) for row in plan]
			self.fail(
				f"{what} reads {read} rows of {large.ROWS} by {ways}; it may read {most}. Give the filter or the order an "
				"index in on_doctype_update, or don't offer it (cims/lists.py, in_standard_filter).\n" + sql
			)

	def test_filters_in_the_lists_own_order(self):
		for meta in map(frappe.get_meta, self.doctypes):
			for df in standard_filters(meta):
				for condition in conditions(df):
					with self.subTest(doctype=meta.name, filter=df.fieldname, condition=condition):
						self.check(meta.name, [[df.fieldname, *condition]])

	def test_orders_alone_and_with_each_filter(self):
		for meta in map(frappe.get_meta, self.doctypes):
			wanted = [[]] + [
				[[df.fieldname, *condition]] for df in standard_filters(meta) for condition in conditions(df)
			]
			for field in sorts(meta):
				for order in ("asc", "desc"):
					for filters in wanted:
						with self.subTest(doctype=meta.name, sort=field, order=order, filters=filters):
							self.check(meta.name, filters, [field, order], count=False)

	def test_saved_views_cards_and_shortcuts(self):
		self.assertGreater(len(saved()), 5)
		for doctype, label, filters, sort in saved():
			with self.subTest(doctype=doctype, label=label):
				self.check(doctype, filters, sort)

	def test_for_someone_who_may_see_few_or_many(self):
		for label, allow, values in (
			("few", "CIMS Customer Group", [large.value("customer_group", 0)]),
			("many", "CIMS Customer Group", [large.value("customer_group", at) for at in range(1, 21)]),
			("a country", "Country", [large.value("country", 0)]),
			("some customers", "CIMS Customer", ["N00000007", "N00012345", "N00023456"]),
		):
			with self.restricted(allow, values):
				seen = [name for name in self.doctypes if frappe.has_permission(name)]
				self.assertIn("CIMS Customer", seen)
				for meta in map(frappe.get_meta, seen):
					with self.subTest(sees=label, doctype=meta.name):
						self.check(meta.name, [])
					for df in standard_filters(meta):
						for condition in conditions(df)[-2:]:
							with self.subTest(
								sees=label, doctype=meta.name, filter=df.fieldname, condition=condition
							):
								self.check(meta.name, [[df.fieldname, *condition]])

	def test_reports_read_the_customers_that_are_asked_for(self):
		for field in sorted(set(common.CHOICES.values()) - FEW_VALUES):
			df = frappe.get_meta("CIMS Customer").get_field(field)
			asked = next(name for name, column in common.CHOICES.items() if column == field)
			with self.subTest(filter=asked):
				rare = "Nothing" if df.fieldtype == "Select" else large.value(field, 0)
				where = common.readable(frappe._dict({asked: [rare]}))
				customer = frappe.qb.DocType("CIMS Customer")
				sql, values = frappe.qb.from_(customer).select(customer.trust_score).where(where).walk()
				self.check_query(frappe.db.mogrify(sql, values), MOST_FOR_PAGE, "report filter", asked)

	@contextmanager
	def restricted(self, allow: str, values: list[str]):
		"""Inside of it the user is one with User Permissions for these values and no others."""
		user = records.user("CIMS Viewer")
		frappe.db.delete("User Permission", {"user": user})
		for value in values:
			rule = frappe.new_doc("User Permission")
			rule.update({"user": user, "allow": allow, "for_value": value, "apply_to_all_doctypes": 1})
			rule.flags.ignore_links = True
			rule.insert(ignore_permissions=True)
		frappe.set_user(user)
		try:
			yield
		finally:
			frappe.set_user("Administrator")
			frappe.db.delete("User Permission", {"user": user})
			frappe.cache.hdel("user_permissions", user)
