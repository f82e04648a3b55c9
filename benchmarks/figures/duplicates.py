"""Finding every pair of customers that look alike, against one GROUP BY on one exact key of the same table; and merging."""

import statistics
from collections.abc import Iterator

import measure
from measure import Figure
from place import Place

import frappe

from cims.duplicates import finding, merging, undoing

TIMES = 20
MERGES = 50
EXACT = "SELECT mobile, COUNT(*) FROM `tabCIMS Customer` IGNORE INDEX (mobile) GROUP BY mobile HAVING COUNT(*) > 1"


def figures(place: Place) -> Iterator[Figure]:
	exact = statistics.median(measure.seconds(lambda: frappe.db.sql(EXACT)) for _ in range(3))
	found = {}
	took = measure.seconds(lambda: found.update(finding.run()))
	frappe.db.commit()
	yield Figure(
		"find all duplicate candidates", took, f"{took:,.1f} s ({found['pairs_found']:,} pairs)",
		"GROUP BY on one exact key", exact, f"{exact:,.2f} s", took / exact, f"at most {TIMES} times", took / exact <= TIMES,
	)  # fmt: skip
	yield from _merges()


def _merges() -> Iterator[Figure]:
	"""Pairs of the queue merged, each with the orders, payments and evidence that the population has, and taken back."""
	pairs = frappe.get_all(
		"Duplicate Candidate", {"status": "Open"}, ["customer", "other"], order_by="name", limit=MERGES * 3
	)
	used, done, took = set(), [], []
	for pair in pairs:
		if len(done) < MERGES and not used & {pair.customer, pair.other}:
			used |= {pair.customer, pair.other}
			took.append(
				measure.seconds(lambda pair=pair: done.append(merging.merge(pair.customer, pair.other)))
			)
			frappe.db.commit()
	undone = []
	for merge in done:
		undone.append(measure.seconds(lambda merge=merge: undoing.undo(merge)))
		frappe.db.commit()
	for work, times in (("merge of two customers, p95", took), ("undoing a merge, p95", undone)):
		yield Figure(work, measure.percentile(times), measure.ms(measure.percentile(times)))
