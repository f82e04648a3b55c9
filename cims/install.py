"""What installing CIMS adds to a site, and how uninstalling takes it away again.

Doctypes, reports and workspaces come and go with the module; here is the rest. Every step can run twice.
"""

import json

import frappe
from frappe.geo.country_info import get_country_info
from frappe.model.rename_doc import get_link_fields

from cims import permissions
from cims.cims.doctype.cims_customer.cims_customer import SERIES as CODES
from cims.duplicates import finding, keys
from cims.protection import keys as protection_keys
from cims.ratings import alerts, curve_tables, policies
from cims.search import index, tables
from cims.timeline import storage

MODULE = "CIMS"
CUSTOMER_GROUPS = ("Manufacturing", "Wholesale", "Retail", "Services", "Public Sector", "Private Person")
CUSTOMER_SOURCES = ("Referral", "Website", "Trade Fair", "Cold Call", "Advertisement", "Existing Business")
# The columns of our lists on a laptop, where Frappe's stop after four; Tag and the title come first anyway.
LIST_COLUMNS = {
	"CIMS Customer": ("status_field", "trust_score", "overdue_amount", "city", "account_manager"),
	"CIMS Order": ("status_field", "due_date", "grand_total", "outstanding_amount"),
	"CIMS Payment": ("status_field", "payment_date", "method", "amount"),
	"Duplicate Candidate": ("status_field", "other_name", "score", "found_by"),
	"Trust Rating": ("status_field", "customer", "grade", "score", "change_90d", "overdue_amount"),
	"Trust Snapshot": ("customer", "day", "score", "grade", "cause"),
}
# Where we note that the site had no address template before us.
TEMPLATE_ADDED = "cims_address_template"
# Records in their own right, which lose their reference to us and stay.
KEPT = ("Communication", "Activity Log", "Email Queue", "Deleted Document")


def after_install() -> None:
	protection_keys.ensure()
	index.ensure()
	permissions.grant()
	fill_settings()
	add_masters()
	widen_lists()
	add_address_template()
	policies.install_default()
	storage.bring()
	alerts.bring()


def fill_settings(args: dict | None = None) -> None:
	"""Settings from what the site knows of itself: its country and currency (also after the setup wizard)."""
	settings = frappe.get_single("CIMS Settings")
	if args:
		# What the site took for its country and currency before anybody had said so.
		settings.update({"holiday_country": args.get("country"), "default_currency": args.get("currency")})
	country = settings.holiday_country or frappe.db.get_single_value("System Settings", "country")
	currency = settings.default_currency or frappe.db.get_default("currency")
	if country and not currency:
		currency = get_country_info(country).get("currency")
	settings.holiday_country = country
	if currency and frappe.db.exists("Currency", currency):
		settings.default_currency = currency
	settings.save(ignore_permissions=True)


def add_masters() -> None:
	for doctype, field, names in (
		("CIMS Customer Group", "group_name", CUSTOMER_GROUPS),
		("Customer Source", "source_name", CUSTOMER_SOURCES),
	):
		for name in names:
			if not frappe.db.exists(doctype, name):
				frappe.get_doc({"doctype": doctype, field: name}).insert(ignore_permissions=True)


def widen_lists() -> None:
	for doctype, columns in LIST_COLUMNS.items():
		if frappe.db.exists("List View Settings", doctype):
			continue
		settings = frappe.new_doc("List View Settings")
		settings.name = doctype
		settings.total_fields = str(len(columns) + 2)
		settings.fields = json.dumps([{"fieldname": column} for column in columns])
		settings.insert(ignore_permissions=True)


def add_address_template() -> None:
	"""Frappe shows no address without a template, and a site that skipped the setup wizard has none."""
	if frappe.db.count("Address Template"):
		return
	country = frappe.get_single("CIMS Settings").holiday_country or "China"
	template = frappe.get_doc({"doctype": "Address Template", "country": country, "is_default": 1})
	frappe.db.set_default(TEMPLATE_ADDED, template.insert(ignore_permissions=True).name)


def _remove_address_template() -> None:
	if name := frappe.db.get_default(TEMPLATE_ADDED):
		frappe.db.set_value("Address Template", name, "is_default", 0)
		frappe.delete_doc("Address Template", name, ignore_missing=True, ignore_permissions=True, force=True)


def before_uninstall() -> None:
	"""While our doctypes are still there: log-ins, rights, roles, and whatever other records say about ours."""
	from cims.customers.sample import logins, records

	if records.noted():
		# Its contacts and log-ins are not our doctypes' and would stay behind; what people added to stays.
		logins.remove(records.remove().users_kept)
	_remove_address_template()
	permissions.revoke()
	permissions.delete_roles()
	doctypes = frappe.get_all("DocType", filters={"module": MODULE}, pluck="name")
	_forget(doctypes)
	_delete_bookkeeping(doctypes)
	storage.take_away()


def after_uninstall() -> None:
	curve_tables.drop()
	keys.drop_table()
	finding.drop_table()
	tables.drop()
	frappe.clear_cache()


def _forget(doctypes: list[str]) -> None:
	"""Delete what other doctypes keep about ours: comments, versions, files, custom fields, saved filters, reports..."""
	for link in get_link_fields("DocType"):
		holder, field = link["parent"], link["fieldname"]
		if holder in doctypes or link["issingle"]:
			continue
		if holder in KEPT:
			_unlink(holder, field, doctypes)
		elif holder == "File" or frappe.get_meta(holder).get_table_fields():
			for name in _named_by(holder, field, doctypes):
				frappe.delete_doc(holder, name, force=True, ignore_permissions=True, delete_permanently=True)
		else:
			frappe.db.delete(holder, {field: ("in", doctypes)})


def _named_by(holder: str, field: str, doctypes: list[str]) -> list[str]:
	"""The records that name our doctypes; what belongs to our module goes with it."""
	filters = {field: ("in", doctypes)}
	if frappe.get_meta(holder).has_field("module"):
		filters["module"] = ("!=", MODULE)
	return frappe.get_all(holder, filters=filters, pluck="name")


def _unlink(holder: str, field: str, doctypes: list[str]) -> None:
	names = [
		df.fieldname
		for df in frappe.get_meta(holder).get("fields", {"fieldtype": "Dynamic Link", "options": field})
	]
	table = frappe.qb.DocType(holder)
	query = frappe.qb.update(table).where(table[field].isin(doctypes))
	for column in (field, *names):
		query = query.set(table[column], None)
	query.run()


def _delete_bookkeeping(doctypes: list[str]) -> None:
	for rule, counter in _series(doctypes).items():
		if not _used_by_others(rule, doctypes):
			frappe.db.delete("Series", {"name": ("like", counter)})
	frappe.db.delete("Singles", {"doctype": ("in", doctypes)})
	frappe.db.delete("__UserSettings", {"doctype": ("in", doctypes)})
	frappe.db.delete("List View Settings", {"name": ("in", doctypes)})
	frappe.db.delete("Scheduled Job Type", {"method": ("like", "cims.%")})
	frappe.db.delete("Patch Log", {"patch": ("like", "%cims.%")})
	frappe.db.delete("DefaultValue", {"defkey": ("like", "cims_%")})
	frappe.db.delete("Block Module", {"module": MODULE})


def _series(doctypes: list[str]) -> dict[str, str]:
	"""Naming rules whose counters are ours -> what those counters are called, as a pattern."""
	rules = frappe.get_all(
		"DocType", {"name": ("in", doctypes), "autoname": ("like", "%.#%")}, pluck="autoname"
	)
	heads = [rule.partition(".#")[0] for rule in (CODES, *rules)]
	return {head if "." in head else f"{head}.": head.replace(".YYYY.", "____") for head in heads}


def _used_by_others(rule: str, doctypes: list[str]) -> bool:
	"""Whether another doctype counts with the same prefix: counters belong to prefixes, not to doctypes."""
	contains = ("like", f"%{rule}%")
	autonames = frappe.get_all(
		"DocType", {"autoname": contains, "name": ("not in", doctypes)}, pluck="autoname"
	)
	fields = {"fieldname": "naming_series", "options": contains, "parent": ("not in", doctypes)}
	options = frappe.get_all("DocField", fields, pluck="options")
	options += frappe.get_all(
		"Property Setter", {"field_name": "naming_series", "value": contains}, pluck="value"
	)
	rules = [line.strip() for text in (*autonames, *options) for line in text.splitlines()]
	return any(found.startswith(rule) for found in rules)
