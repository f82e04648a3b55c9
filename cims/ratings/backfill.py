"""The evidence of many customers brought in line with their documents: after an import, and to catch up.

What the documents say goes into a table of this connection, where the database compares it with what is kept. New rows are
put in from there; customers of whom something kept is no longer said are compared row by row (`store.bring_in_line`).
"""

from collections.abc import Sequence

import frappe
from frappe.utils import getdate, now

from cims.ratings import sources, sql, store
from cims.ratings.calendar import site_calendar
from cims.ratings.events import DECIMALS
from cims.trust import kinds

EVIDENCE = store.EVIDENCE
SAID = "__cims_said"
CUSTOMERS_AT_ONCE = 4000
# Numbers closer than this are the same.
SAME = 1e-6
KEY = "e.source_doctype = s.source_doctype AND e.source_name = s.source_name AND e.source_event = s.source_event"


def backfill(customers: Sequence[str]) -> int:
	"""Bring the evidence of these customers in line with their documents, and mark them to be rated. Returns how many rows
	it took. The caller commits."""
	_say(customers)
	differing = sorted(_differing(customers))
	written = store.bring_in_line(differing) if differing else 0
	first = _first_new(differing)
	if first:
		store.hold(first, replay=True)
		written += _add_new(list(first))
	return written


def _say(customers: Sequence[str]) -> None:
	"""Put what the documents say into the table of this connection."""
	said = sources.evidence_columns(customers, site_calendar())
	dimension = {kind.name: kind.dimension for kind in kinds.KINDS}
	fields = ["name", "dimension", *sources.EVIDENCE]
	sql.scratch(
		SAID, EVIDENCE, fields, "INDEX said (source_doctype, source_name, source_event), INDEX (customer)"
	)
	sql.load(
		SAID,
		{
			"name": [sql.new_name() for _row in said["kind"]],
			"dimension": [dimension[kind] for kind in said["kind"]],
			**{
				field: said[field]
				for field in ("customer", "kind", "source_doctype", "source_name", "source_event", "company")
			},
			"occurred_on": list(map(str, said["occurred_on"])),
			"decays_from": [
				str(fades or on) for fades, on in zip(said["decays_from"], said["occurred_on"], strict=True)
			],
			**{
				field: [repr(round(value or 0.0, DECIMALS)) for value in said[field]]
				for field in ("value", "weight", "amount", "days")
			},
		},
	)


def _differing(customers: Sequence[str]) -> set[str]:
	"""The customers of whom something is kept that the documents don't say, or say otherwise."""
	doctypes = [name for source in sources.sources() for name in source.doctypes]
	same = " AND ".join(
		f"ABS(e.{field} - s.{field}) < {SAME}" for field in ("value", "weight", "amount", "days")
	)
	same += " AND COALESCE(e.company, '') = s.company"
	same += " AND e.customer = s.customer AND e.kind = s.kind AND e.occurred_on = s.occurred_on AND e.decays_from = s.decays_from"
	found = set()
	for condition, among in sql.among("e.customer", customers):
		found.update(
			frappe.db.sql_list(
				f"""SELECT DISTINCT e.customer FROM `tabTrust Evidence` e LEFT JOIN `{SAID}` s ON {KEY}
				WHERE {condition} AND e.source_doctype IN %(doctypes)s AND NOT COALESCE({same}, FALSE)""",
				{**among, "doctypes": doctypes},
			)
		)
	# A document that was another customer's: both are compared.
	moved = frappe.db.sql(
		f"SELECT e.customer, s.customer FROM `{SAID}` s JOIN `tabTrust Evidence` e ON {KEY} WHERE e.customer != s.customer"
	)
	return found.union(*moved)


def _first_new(differing: Sequence[str]) -> dict[str, object]:
	"""Customer -> the first day of what is said and not kept, of those who don't differ otherwise."""
	if differing:
		frappe.db.sql(f"DELETE FROM `{SAID}` WHERE customer IN %(differing)s", {"differing": differing})
	return {
		customer: getdate(first)
		for customer, first in frappe.db.sql(
			f"""SELECT s.customer, MIN(s.occurred_on) FROM `{SAID}` s LEFT JOIN `tabTrust Evidence` e ON {KEY}
			WHERE e.name IS NULL GROUP BY s.customer"""
		)
	}


def _add_new(customers: Sequence[str]) -> int:
	"""Put in what is said and not kept, the customers' rows being held. Returns how many rows."""
	fields = ", ".join(f"`{field}`" for field in ("name", "dimension", *sources.EVIDENCE))
	frappe.db.sql(
		f"""INSERT INTO `tabTrust Evidence` (creation, modified, owner, modified_by, recorded_by, {fields})
		SELECT %(now)s, %(now)s, %(user)s, %(user)s, %(user)s, {fields} FROM `{SAID}` ORDER BY customer, occurred_on, name
		ON DUPLICATE KEY UPDATE `tabTrust Evidence`.`name` = `tabTrust Evidence`.`name`""",
		{"now": now(), "user": frappe.session.user},
	)
	return frappe.db._cursor.rowcount
