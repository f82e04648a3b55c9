"""Everybody rated anew, for a new policy version."""

import frappe

from cims.imports import job
from cims.ratings import policies, rerate
from cims.tests.faults.works import Part, Work
from cims.tests.faults.works.files import bring_receivables

QUERIES = {
	"ratings": """SELECT customer, grade, computed_grade, score, low, high, confidence, change_90d, evidence_count, policy,
			sums, contributions, replay_from FROM `tabTrust Rating`""",
	"copies": """SELECT name, trust_grade, trust_score, trust_change FROM `tabCIMS Customer`""",
	"curve": """SELECT customer, day, cause, policy, score, low, high, grade, rated, contributions FROM `tabTrust Snapshot`""",
	"percentiles": """SELECT customer, percentile, compared, dirty FROM `tabTrust Rating`""",
	"segments": """SELECT segment, day, customers, q1, median, q3 FROM `tabTrust Segment Snapshot`""",
	"evidence": """SELECT customer, kind, occurred_on, value, weight, amount, source_name, source_event, reversal
		FROM `tabTrust Evidence`""",
}  # fmt: skip
PUBLISHED = "faults.published"


def prepare() -> None:
	job.run_now(bring_receivables(customers=60, invoices_each=6), job.IMPORT)
	rerate.nightly()
	frappe.db.commit()
	rerate.rate_everyone(curve=True)


def start() -> None:
	draft = policies.new_version(policies.active().version, title=PUBLISHED)
	draft.dimensions[0].weight = 70
	draft.half_life = 200
	draft.save()
	policies.publish(draft.name, "Payments matter more")


def again() -> str:
	"""The scheduler, five minutes later and at night."""
	rerate.sweep()
	rerate.nightly()
	return ""


WORK = Work(
	name="re-rating",
	module="rerating",
	queries=QUERIES,
	parts=(Part(("ratings", "copies", "curve"), at_once=False), Part(("evidence",), at_once=True)),
	jobs=r"cims\.ratings\.rerate\.rate_everyone",
)
