"""Rating on the site: one customer after an event, from kept sums; everybody every night, from the evidence.

Both end in the engine's `conclude`, and a test holds their results together.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

import frappe
from frappe.utils import flt

from cims.ratings import (
	alerts,
	events,
	forecasts,
	marks,
	overrides,
	policies,
	queue,
	replay,
	rows,
	runs,
	snapshots,
	sources,
	sql,
	store,
	together,
)
from cims.ratings.calendar import site_calendar, today
from cims.ratings.events import Ledger, columns, dump, weighed
from cims.trust import kinds, rating
from cims.trust.calendar import month_ends, to_date, to_day
from cims.trust.grades import EVALUATIONS, UNRATED
from cims.trust.policy import Policy
from cims.trust.rating import YEAR, Past, Rating, Ratings, State

RATING, CUSTOMER = "Trust Rating", "CIMS Customer"
# How often one job rates a customer whose evidence keeps coming in.
ROUNDS = 5
# Where more of the customers than this share wait, everybody is rated: all workers share that.
ALL_OF_THEM = 0.2
# With a longer history than this, forecasts wait for the night: they need all of it, the rating doesn't.
FORECAST_AT_ONCE = 2000


def rate(customer: str) -> Rating | None:
	"""Rate one customer anew, from the kept sums and month ends where they serve, else from all of the evidence.

	Returns the rating, None for a customer without evidence. At most ten SQL statements, whatever the history.
	"""
	policy, day = policies.active(), today()
	kept = _locked(customer, day)
	if kept is None:
		return None
	past = _past(kept, day, policy) if kept.sums and not kept.replay_from else None
	if past is None:
		return _rate_from_evidence(customer, kept, day, policy)
	return _rate_from_sums(kept, past, day, policy)


def _locked(customer: str, day: int) -> frappe._dict | None:
	"""The customer's segment, kept sums and override, locked: first the customer, then the rating, as everywhere."""
	field = policies.segment_field()
	segment = f"COALESCE(c.`{field}`, '')" if field else "''"
	rows = frappe.db.sql(
		f"""SELECT c.name AS customer, {segment} AS segment, r.sums, r.policy, r.replay_from, r.score, r.rated,
			r.evidence_count, o.name AS override, o.grade AS override_grade
		FROM `tabCIMS Customer` c JOIN `tabTrust Rating` r ON r.name = c.name
		LEFT JOIN `tabTrust Override` o ON o.customer = c.name AND o.status = 'Approved' AND o.expires_on >= %(day)s
		WHERE c.name = %(customer)s ORDER BY o.decided_on DESC LIMIT 1 FOR UPDATE""",
		{"customer": customer, "day": to_date(day)},
		as_dict=True,
	)
	return rows[0] if rows else None


def _past(kept: frappe._dict, day: int, policy: Policy) -> tuple[Ledger, Past] | None:
	"""The kept sums with the evaluations before `day`; None where they don't serve any more."""
	ledger = Ledger.from_dict(json.loads(kept.sums))
	if ledger.policy != policy.version or ledger.tally.day > day:
		return None
	ends = month_ends(day, EVALUATIONS)
	found = snapshots.last_month_ends([kept.customer], ends)
	needed = np.array([[ledger.first is not None and end >= ledger.first for end in ends]])
	if (needed & (found.policy != policy.version)).any():
		return None
	caps = [policy.grades.index(cap) if cap in policy.grades else 0 for cap in found.cap[0]]
	return ledger, Past(np.array([ends]), found.score, found.low, found.rated, cap=np.array([caps]))


def _rate_from_sums(kept: frappe._dict, past: tuple[Ledger, Past], day: int, policy: Policy) -> Rating:
	ledger, evaluated = past
	customer, segment = kept.customer, kept.segment
	if ledger.opening is None or ledger.opening[0] != day:
		ledger.opening = (day, flt(kept.score) if kept.rated else None)
		ledger.marked = None
	ledger.tally.age_to(day, policy)
	recent = weighed(events.read([customer], until=day, faded=day - YEAR), policy)
	all_of_it = kept.evidence_count <= FORECAST_AT_ONCE and forecasts.model() is not None
	table = sources.of_objects(sources.receivables([customer], open_only=not all_of_it), site_calendar())
	state = state_of(ledger, table.pieces, day, policy)
	known = rating.figures(recent, 1, day)
	known = replace(known, total=np.array([ledger.count]))
	ratings = rating.conclude([customer], [segment], state, evaluated, known, day, policy)
	_mark_move(ledger, ratings, state, recent, segment, day, policy)
	found = rows.columns(
		ratings,
		[ledger.first],
		[ledger.to_dict()],
		_standing(kept),
		percentile=[_percentile(ratings, segment)],
		forecasts=forecasts.of_table(table.whole, table.keys, 1, day, policy) if all_of_it else None,
	)
	rows.write_one(found)
	return ratings[0]


def _standing(kept: frappe._dict) -> dict[str, overrides.Standing]:
	if not kept.override:
		return {}
	return {kept.customer: overrides.Standing(kept.override, kept.override_grade)}


def state_of(ledger: Ledger, pieces, day: int, policy: Policy) -> State:
	"""What the engine concludes from, for one customer: kept sums, aged to the day, and what is open."""
	who, when = np.zeros(1, dtype=np.int64), np.array([day])
	sums = ledger.tally.as_sums()
	open_now = rating.exposure(pieces, who, when, policy)
	return State(
		sums=sums,
		exposure=open_now,
		usual_amount=sums.usual_amount(policy.usual_amount),
		cap=rating.caps(when, ledger.last_hard_days(policy), open_now.oldest, policy),
	)


def _mark_move(
	ledger: Ledger, ratings: Ratings, state: State, recent, segment, day: int, policy: Policy
) -> None:
	"""Keep today as a point of the curve if the score has moved far enough since the day began, and only then."""
	before = ledger.opening[1]
	score = float(ratings.assessment.score[0])
	least = flt(frappe.get_cached_doc("CIMS Settings").event_move)
	moved = before is not None and ratings.grade[0] != UNRATED and abs(score - before) >= least > 0
	if moved:
		who, when = np.zeros(1, dtype=np.int64), np.array([day])

		def load(_asks):
			found = replay.rows_of(ratings.customers, day, day)
			return found, weighed(columns(found, {ratings.customers[0]: 0}), policy)

		marked = marks.of_days(
			recent, who, when, state, ratings.assessment, np.array([before]), [segment], policy, load
		)
		point = replay.points_of(
			ratings.assessment, who, when, ratings.grade, ratings.cap, policy, [dump(m) for m in marked]
		)
		snapshots.keep_many(ratings.customers, point)
		ledger.marked = day
	elif ledger.marked == day:
		snapshots.remove_event(ratings.customers[0], day)
		ledger.marked = None


def _percentile(ratings: Ratings, segment: str) -> float | None:
	if ratings.grade[0] == UNRATED:
		return None
	return together.percentile_of(ratings.customers[0], segment, float(ratings.assessment.score[0]))


def _rate_from_evidence(customer: str, kept: frappe._dict, day: int, policy: Policy) -> Rating | None:
	"""The same from scratch, with the whole curve: where sums or month ends are missing, or the past has changed."""
	book = replay.open_book([customer], policy, policies.segment_field())
	found = together.replay_of(book, day, policy, replay.CURVE, with_events=True)
	together.keep_curves(found, [customer], day, replay.CURVE, with_events=True)
	forecast = forecasts.of_table(book.whole, book.keys, 1, day, policy)
	percentile = [_percentile(found.ratings, kept.segment)]
	first, ledgers = found.ledgers.first_days(), found.ledgers.plain()
	rows.write_one(rows.columns(found.ratings, first, ledgers, _standing(kept), percentile, forecast))
	return found.ratings[0]


def rate_until_settled(customer: str) -> bool:
	"""Job: rate one customer, and again while events come in. Returns whether all of them are in the rating."""
	policies.active(), site_calendar(), today()
	for _round in range(ROUNDS):
		# A transaction reads what was there at its first look: that has to be the one that takes the lock.
		sql.commit()
		rate(customer)
		sql.commit()
		waits = frappe.db.get_value(RATING, customer, "dirty")
		if not waits:
			break
	alerts.tell([customer])
	# Whoever has the customer open sees the new rating at once.
	frappe.publish_realtime("cims_rated", {"customer": customer}, doctype=CUSTOMER, docname=customer)
	return not waits


def sweep() -> None:
	"""Scheduler, every five minutes: whoever has new evidence and was not rated yet, for want of a worker or because the
	event came in just as a job was ending; runs whose workers are gone, or that a new policy should have begun. Overrides end
	here too, so that none holds for long after its day."""
	overrides.expire()
	if frappe.db.count(RATING, {"dirty": (">", 0)}):
		queue.add_waiting()
	for run in runs.going():
		if runs.abandoned(run):
			queue.add_workers(run)
	if runs.owed():
		queue.add_everyone(curve=True, version=policies.active().version)


def rate_waiting() -> int:
	"""Job: rate whoever has new evidence and was not rated yet. Returns how many."""
	if policies.learn_first():
		sql.commit()
		forecasts.first_fit()
		return rate_everyone(curve=True)
	done = 0
	while customers := frappe.get_all(
		RATING, {"dirty": (">", 0)}, pluck="name", order_by="name", limit=replay.AT_ONCE
	):
		if len(customers) <= queue.MANY:
			rated = sum(map(rate_until_settled, customers))
		elif frappe.db.count(RATING, {"dirty": (">", 0)}) > frappe.db.count(RATING) * ALL_OF_THEM:
			rated = rate_everyone()
		else:
			forecasts.first_fit()
			rated = together.rate_changed(customers, together.peers_as_remembered())
			alerts.add()
		sql.commit()
		done += rated
		if not rated:
			# Others are at these customers; the sweep comes back to them.
			break
	return done


def rate_everyone(curve: bool = False, user: str | None = None) -> int:
	"""Job: rate every customer who has evidence, and compare them anew, or help with it where that is going on already.
	Returns how many were rated.

	curve: also work out every customer's whole curve, as a new policy needs it. user: who is told of the progress.
	"""
	run = runs.start(curve, user)
	sql.commit()
	queue.add_workers(run, besides=1)
	runs.work(run)
	return frappe.db.get_value(runs.RUN, run, "rated")


def bring_evidence(user: str | None = None) -> str:
	"""Job: bring everybody's evidence in line with their documents, or help with it where that is going on already; then rate
	whom that changed. Returns the name of the run, which tells how far it is (`runs.progress`)."""
	run = runs.start_evidence(user)
	sql.commit()
	queue.add_workers(run, besides=1)
	runs.work(run)
	return run


def nightly() -> None:
	"""Scheduler: what time alone changes. Open receivables grow older, evidence fades, months end, overrides expire; and
	whatever an event's own job missed is caught up."""
	overrides.expire()
	store.catch_up()
	learned = policies.learn_first()
	forecasts.first_fit()
	queue.add_everyone(curve=bool(learned), version=learned or "")
