"""A customer's own row, whole: kept as JSON when the customer goes, and put back value by value."""

import json
from collections.abc import Mapping, Sequence

import frappe
from frappe.model import no_value_fields, table_fields

from cims.cims.doctype.cims_customer.cims_customer import TRUST_FIGURES

CUSTOMER = "CIMS Customer"
# What the framework keeps of a document on its row: lists, as JSON or separated by commas.
LISTS = ("_user_tags", "_assign", "_liked_by", "_comments")
# Nobody chooses these: the code is the customer's identity, the rest is worked out.
NOT_CHOSEN = ("code", "sample_data", *TRUST_FIGURES)


def locked(names: Sequence[str]) -> dict[str, dict]:
	"""The whole rows of these customers as they are now, locked until the transaction ends, always in the same order."""
	found = frappe.db.sql(
		f"SELECT * FROM `tab{CUSTOMER}` WHERE name IN %(names)s ORDER BY name FOR UPDATE",
		{"names": sorted(names)},
		as_dict=True,
	)
	return {row.name: dict(row) for row in found}


def dump(value) -> str:
	return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def plain(row: Mapping) -> dict:
	"""A row as it comes back from JSON, for comparing with one that did."""
	return json.loads(dump(row))


def insert(doctype: str, rows: Sequence[Mapping]) -> None:
	"""Put rows back as they were. Columns that have been dropped since are left out."""
	columns = frappe.db.get_table_columns(doctype)
	for row in rows:
		there = [column for column in row if column in columns]
		frappe.db.sql(
			f"INSERT IGNORE INTO `tab{doctype}` ({', '.join(f'`{column}`' for column in there)}) VALUES %(values)s",
			{"values": [row[column] for column in there]},
		)


def write(name: str, values: Mapping) -> None:
	"""Set columns of a customer, without validation: they were valid when they stood there."""
	if values:
		setters = ", ".join(f"`{column}` = %({column})s" for column in values)
		frappe.db.sql(
			f"UPDATE `tab{CUSTOMER}` SET {setters} WHERE name = %(_name)s", {**values, "_name": name}
		)
		frappe.clear_document_cache(CUSTOMER, name)


def chosen_fields() -> list:
	"""The fields (DocFields) for which one chooses whose value stays, in the order of the form."""
	return [
		df
		for df in frappe.get_meta(CUSTOMER).fields
		if df.fieldtype not in (*no_value_fields, *table_fields)
		and df.fieldname not in NOT_CHOSEN
		and not df.read_only
		and not df.get("is_virtual")
	]


def united(mine: Mapping, theirs: Mapping) -> dict:
	"""Tags, assignments, likes and counted comments of two rows together; only what the second one adds to."""
	found = {}
	for column in LISTS:
		if not (theirs.get(column) and column in mine):
			continue
		if column == "_user_tags":
			tags = [tag for row in (mine, theirs) for tag in (row[column] or "").split(",") if tag]
			found[column] = "," + ",".join(dict.fromkeys(tags))
		else:
			items = [item for row in (mine, theirs) for item in json.loads(row[column] or "[]")]
			found[column] = json.dumps(list({json.dumps(item): item for item in items}.values()))
	return {column: value for column, value in found.items() if value != mine[column]}
