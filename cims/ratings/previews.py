"""What a policy would change before it is published: grades from and to, the largest movers, the backtest of both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

import frappe

from cims.ratings import backtests, events, policies, replay
from cims.ratings.calendar import today
from cims.ratings.guard import require_role
from cims.trust import rating
from cims.trust.evidence import Events, Receivables
from cims.trust.grades import grade_names
from cims.trust.policy import NOT_RATED, Policy
from cims.trust.rating import History, Ratings

# What a request may take, and what a job may.
IN_REQUEST = 2_000
IN_JOB = 20_000
MOST_TESTED = 8_000
MOVERS = 20
EVENT = "cims_policy_preview"


@dataclass(frozen=True)
class Page:
	"""Some customers with what both policies read: evidence free of any policy, receivables, and segments of both."""

	history: History
	kept: Events
	whole: Receivables
	segments: Sequence[str]

	def under(self, policy: Policy, old: bool) -> History:
		"""The history as a policy weighs it."""
		return replace(
			self.history,
			events=events.weighed(self.kept, policy),
			segments=self.history.segments if old else self.segments,
		)


def preview(
	policy: Mapping | str, most: int = IN_REQUEST, told: Callable[[int, int], None] | None = None
) -> dict:
	"""What publishing `policy` (a Trust Policy's fields, or the name of one) would change for the site's customers.

	most: with more customers than this, an even sample of so many; `n` says how many and `of` of how many. told: called
	with how many customers have been read, and of how many. Returns {n, of, changed, from, to, matrix, up, down, backtest,
	usual_amount}: matrix[i][j] is the number of customers that go from grade from[i] to to[j]. Nothing is stored. Needs
	the role CIMS Manager.
	"""
	require_role(policies.PUBLISHERS)
	doc = _document(policy)
	old, new = policies.active(), policies.engine_policy(doc)
	names = frappe.get_all("Trust Rating", pluck="name", order_by="name", limit=0)
	sample = names[:: -(-len(names) // most)] if len(names) > most else names
	pages = []
	for start in range(0, len(sample), replay.AT_ONCE):
		part = sample[start : start + replay.AT_ONCE]
		pages.append(_page(part, old, policies.SEGMENT_FIELDS.get(doc.segment_by)))
		if told:
			told(start + len(part), len(sample))
	if doc.learn_usual_amount:
		new = policies.with_usual_amount(new)
	new, _counts = replay.learn_from((page.under(new, False) for page in pages), new, today())
	found = [row for page in pages for row in _both(page, old, new)]
	return {
		"n": len(found),
		"of": len(names),
		**_grades(found, old, new),
		**_movers(found),
		"usual_amount": new.usual_amount,
		"backtest": backtests.compare(old, new, *_tested(pages)),
	}


def preview_later(policy: Mapping | str) -> str:
	"""The same of all customers, by a job. Returns the job's ID; progress and the end come as realtime events
	`cims_policy_preview`, and `result` has the result for an hour. Needs the role CIMS Manager."""
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

	def told(done: int, total: int) -> None:
		frappe.publish_realtime(EVENT, {"job": job, "done": done, "total": total}, user=user)

	found = preview(policy, most=IN_JOB, told=told)
	frappe.cache().set_value(_key(job, user), found, expires_in_sec=3600)
	frappe.publish_realtime(EVENT, {"job": job, "finished": True}, user=user)


def result(job: str) -> dict | None:
	"""What a job of `preview_later` found, None until it has. Only for the user who asked."""
	return frappe.cache().get_value(_key(job, frappe.session.user), expires=True)


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


def _page(customers: Sequence[str], old: Policy, new_field: str | None) -> Page:
	book = replay.open_book(customers, old, policies.segment_field())
	segments = replay.segments_of(customers, new_field)
	return Page(book.history, book.kept, book.whole, [segments[name] for name in book.history.customers])


def _both(page: Page, old: Policy, new: Policy) -> list[tuple]:
	"""(customer, score and grade under the old policy, the same under the new one) for each customer."""
	before = rating.rate(page.under(old, True), today(), old)
	after = rating.rate(page.under(new, False), today(), new)
	return list(zip(page.history.customers, *_scores(before), *_scores(after), strict=True))


def _scores(found: Ratings) -> tuple[list[float], list[str]]:
	return found.assessment.score.tolist(), grade_names(found.grade, found.policy)


def _tested(pages: Sequence[Page]) -> tuple[Receivables | None, list[str]]:
	"""Receivables of whole customers until there are enough for a backtest, with the customers' segments."""
	parts, segments, count = [], [], 0
	for page in pages:
		for start in range(0, len(page.segments), 100):
			here = (
				(page.whole.customer >= start) & (page.whole.customer < start + 100) & (page.whole.amount > 0)
			)
			part = page.whole.where(here)
			parts.append(replace(part, customer=part.customer - start + len(segments)))
			segments += page.segments[start : start + 100]
			count += len(part)
			if count >= MOST_TESTED:
				return Receivables.join(parts), segments
	return (Receivables.join(parts) if count else None), segments


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
