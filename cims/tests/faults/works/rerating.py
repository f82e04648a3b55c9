"""Everybody rated anew, in shards, for a new version of the policy."""

import frappe

from cims.ratings import policies, rerate, runs, snapshots, together
from cims.tests.faults.works import Part, Work, population

CUSTOMERS, ORDERS_EACH = 200, 6
QUERIES = {
	"ratings": """SELECT customer, grade, computed_grade, score, low, high, confidence, change_90d, evidence_count, policy,
			sums FROM `tabTrust Rating`""",
	"copies": "SELECT name, trust_grade, trust_score, trust_change FROM `tabCIMS Customer`",
	"percentiles": "SELECT customer, percentile, compared, dirty, replay_from FROM `tabTrust Rating`",
	"segments": "SELECT segment, day, customers, q1, median, q3 FROM `tabTrust Segment Snapshot`",
	"evidence": """SELECT customer, kind, occurred_on, value, weight, amount, source_name, source_event, reversal
		FROM `tabTrust Evidence`""",
}  # fmt: skip


def prepare() -> None:
	"""Everybody rated, and nobody's curve worked out: the new policy has all of them to make."""
	codes = population.customers(CUSTOMERS)
	population.orders(codes, ORDERS_EACH)
	policies.learn_first()
	frappe.db.commit()
	together.rate_many(codes, months=0, with_events=False)


def start() -> None:
	draft = policies.new_version(policies.active().version, title="Payments matter more")
	draft.dimensions[0].update({"weight": 70, "half_life": 200})
	draft.save()
	policies.publish(draft.name, "Payments matter more")


def again() -> None:
	"""The scheduler, ten minutes later."""
	frappe.db.sql(
		f"""UPDATE `tab{runs.SHARD}` s JOIN `tab{runs.RUN}` r ON r.name = s.parent
		SET s.claimed_on = s.claimed_on - INTERVAL 10 MINUTE, r.started_on = r.started_on - INTERVAL 10 MINUTE"""
	)
	rerate.sweep()


def look() -> dict:
	"""Everybody's curve, as it is shown."""
	names = frappe.get_all("CIMS Customer", pluck="name", order_by="name", limit=0)
	rows = snapshots.rows(snapshots.read(names), names)
	curves: dict[str, list] = {name: [] for name in names}
	for row in rows:
		curves[row.customer].append([value for field, value in sorted(row.items()) if field != "customer"])
	return {"curves": curves}


WORK = Work(
	name="re-rating",
	module="rerating",
	queries=QUERIES,
	look="look",
	afterwards=("again", "again"),
	grows="INSERT INTO `__cims_curve`",
	parts=(Part(("ratings", "copies"), at_once=False), Part(("evidence",), at_once=True)),
	changes=2 * CUSTOMERS,
	jobs=r"cims\.ratings\.(rerate\.rate_everyone|runs\.work)",
)
