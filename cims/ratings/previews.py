"""What a policy would change before it is published: grades from and to, the largest movers, the backtest of both."""

from collections.abc import Mapping, Sequence

import numpy as np

import frappe


from cims.ratings import backtests, events, policies, replay
from cims.ratings.calendar import today
from cims.ratings.guard import require_role
from cims.trust import rating
from cims.trust.grades import grade_names
from cims.trust.policy import NOT_RATED, Policy
from cims.trust.rating import History, Ratings

# What a request may take; more is previewed by a job.
IN_REQUEST = 5_000
MOST_CUSTOMERS = 50_000
MOST_TESTED = 20_000
MOVERS = 20
EVENT = "cims_policy_preview"


def preview(policy: Mapping | str, most: int = IN_REQUEST, user: str | None = None) -> dict:
	"""What publishing `policy` (a Trust Policy's fields, or the name of one) would change for the site's customers.

	most: with more customers than this, an even sample of so many; `n` says how many and `of` of how many. user: who is
	told of the progress. Returns {n, of, changed, from, to, matrix, up, down, backtest, usual_amount}: matrix[i][j] is the
	number of customers that go from grade from[i] to to[j]. Nothing is stored. Needs the role CIMS Manager.
	"""
	require_role(policies.PUBLISHERS)
	doc = _document(policy)
	new, _counts = policies.learn(policies.engine_policy(doc), doc.segment_by, usual_amount=bool(doc.learn_usual_amount))
	old = policies.active()
	names = frappe.get_all("Trust Rating", pluck="name", order_by="name", limit=0)
	sample = names[:: -(-len(names) // most)] if len(names) > most else names
	fields = policies.segment_field(), policies.SEGMENT_FIELDS.get(doc.segment_by)
	found = []
	for start in range(0, len(sample), replay.AT_ONCE):
		found += _both(sample[start : start + replay.AT_ONCE], (old, new), fields)
		if user:
			done = min(start + replay.AT_ONCE, len(sample))
			frappe.publish_realtime(EVENT, {"done": done, "total": len(sample)}, user=user)
	return {
		"n": len(found),
		"of": len(names),
		**_grades(found, old, new),
		**_movers(found),
		"usual_amount": new.usual_amount,
		"backtest": backtests.compare(old, new, sample, MOST_TESTED, fields[1]),
	}


def preview_later(policy: Mapping | str) -> str:
	"""The same of all customers, by a job. Returns the job's ID; progress and the result come as realtime events
	`cims_policy_preview`, and `result` has the result for an hour."""
	require_role(policies.PUBLISHERS)
	_document(policy)
	job = frappe.generate_hash(length=10)
	frappe.enqueue(
		"cims.ratings.previews.run_later",
		queue="long",
		job_id=f"cims-preview-{job}",
		policy=policy,
		job=job,
		user=frappe.session.user,
	)
	return job


def run_later(policy: Mapping | str, job: str, user: str) -> None:
	"""Job of `preview_later`."""
	found = preview(policy, most=MOST_CUSTOMERS, user=user)
	frappe.cache().set_value(_key(job, user), found, expires_in_sec=3600)
	frappe.publish_realtime(EVENT, {"job": job, "result": found}, user=user)


def result(job: str) -> dict | None:
	"""What a job of `preview_later` found, None until it has."""
	return frappe.cache().get_value(_key(job, frappe.session.user))


def _key(job: str, user: str) -> str:
	return f"cims_policy_preview:{user}:{job}"


def _document(policy: Mapping | str):
	if isinstance(policy, str):
		doc = frappe.get_doc(policies.POLICY, policy)
		doc.check_permission("read")
	else:
		doc = frappe.get_doc({**policy, "doctype": policies.POLICY})
	policies.engine_policy(doc)
	return doc


def _both(customers: Sequence[str], by: tuple[Policy, Policy], fields: tuple) -> list[tuple]:
	"""(customer, score and grade under the old policy, the same under the new one) for each customer."""
	book = replay.open_book(customers, by[0], fields[0])
	old = rating.rate(book.history, today(), by[0])
	segments = replay.segments_of(customers, fields[1])
	history = History(
		book.history.customers,
		[segments[name] for name in book.history.customers],
		events.columns(book.evidence, book.position, by[1]),
		book.history.pieces,
	)
	new = rating.rate(history, today(), by[1])
	return list(zip(book.history.customers, *_scores(old), *_scores(new), strict=True))


def _scores(found: Ratings) -> tuple[list[float], list[str]]:
	return found.assessment.score.tolist(), grade_names(found.grade, found.policy)


def _grades(found: list[tuple], old: Policy, new: Policy) -> dict:
	rows, columns = [*old.grades, NOT_RATED], [*new.grades, NOT_RATED]
	matrix = np.zeros((len(rows), len(columns)), dtype=int)
	for _customer, _score, before, _new_score, after in found:
		matrix[rows.index(before), columns.index(after)] += 1
	changed = sum(before != after for _customer, _score, before, _new_score, after in found)
	return {"from": rows, "to": columns, "matrix": matrix.tolist(), "changed": changed}


def _movers(found: list[tuple]) -> dict:
	moved = [row for row in found if NOT_RATED not in (row[2], row[4]) and abs(row[3] - row[1]) >= 0.05]
	ordered = sorted(moved, key=lambda row: (row[3] - row[1], row[0]))
	down = [row for row in ordered[:MOVERS] if row[3] < row[1]]
	up = [row for row in reversed(ordered[-MOVERS:]) if row[3] > row[1]]
	names = dict(
		frappe.get_all(
			"CIMS Customer",
			{"name": ("in", [row[0] for row in (*up, *down)])},
			["name", "customer_name"],
			as_list=True,
			limit=0,
		)
	)
	return {
		which: [
			{
				"customer": customer, "customer_name": names.get(customer), "old": round(score, 1), "old_grade": before,
				"new": round(new_score, 1), "new_grade": after,
			}
			for customer, score, before, new_score, after in rows
		]
		for which, rows in (("up", up), ("down", down))
	}  # fmt: skip
