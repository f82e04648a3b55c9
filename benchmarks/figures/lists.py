"""A page of the customers' list as the desk asks for it, with each of its filters, against the same on the smallest site."""

import json
from collections.abc import Iterator

import measure
from measure import Figure, ms, percentile
from place import Place

import frappe
from frappe.model import no_value_fields

from cims import lists

CUSTOMER = "CIMS Customer"
REQUESTS = 60
MOST = 1.5


def figures(place: Place) -> Iterator[Figure]:
	for name, filters in cases().items():
		yield _figure(place, f"list of customers, {name}, p95", request(filters))


def request(filters: list, order_by: str = "`tabCIMS Customer`.`modified` desc") -> dict:
	meta = frappe.get_meta(CUSTOMER)
	shown = [df.fieldname for df in meta.fields if df.in_list_view and df.fieldtype not in no_value_fields]
	fields = ["name", "customer_name", "modified", "trust_grade", *shown]
	return {
		"doctype": CUSTOMER,
		"fields": json.dumps([f"`tab{CUSTOMER}`.`{field}`" for field in dict.fromkeys(fields)]),
		"filters": json.dumps(filters),
		"order_by": order_by,
		"start": 0,
		"page_length": 20,
		"view": "List",
		"with_comment_count": 0,
	}


def cases() -> dict[str, list]:
	"""Name -> filters: none, and each standard filter with a value that occurs."""
	found = {"unfiltered": []}
	for df in frappe.get_meta(CUSTOMER).fields:
		if not df.in_standard_filter:
			continue
		value = frappe.db.get_value(
			CUSTOMER, {df.fieldname: ("is", "set")}, df.fieldname, order_by="creation desc"
		)
		if value is None:
			continue
		like = df.fieldtype == "Data" and df.fieldname not in lists.WHOLE[CUSTOMER]
		found[f"by {df.label.lower()}"] = [
			[CUSTOMER, df.fieldname, "like" if like else "=", f"{value[:4]}%" if like else value]
		]
	return found


def _figure(place: Place, work: str, asked: dict) -> Figure:
	def times(session) -> list[float]:
		return [
			measure.seconds(lambda: session.call("frappe.desk.reportview.get", **asked)) for _ in range(5)
		]

	times(place.http)
	if place.beside is None:
		here = percentile([one for _ in range(REQUESTS // 5) for one in times(place.http)])
		return Figure(work, here, ms(here))
	times(place.beside)
	mine, theirs = [], []
	for _ in range(REQUESTS // 5):
		mine += times(place.http)
		theirs += times(place.beside)
	here, there = percentile(mine), percentile(theirs)
	return Figure(
		work,
		here,
		ms(here),
		"the smallest site",
		there,
		ms(there),
		here / there,
		f"at most {MOST} times",
		here / there <= MOST,
	)
