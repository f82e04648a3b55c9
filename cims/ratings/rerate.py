"""Rating on the site: one customer after an event, from kept sums; everybody every night, from the evidence.

Both end in the engine's `conclude`, and a test holds their results together.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

import frappe
from frappe.utils import flt, getdate

from cims.ratings import (
	forecasts,
	marks,
	overrides,
	policies,
	queue,
	replay,
	snapshots,
	sources,
	sql,
	store,
	wording,
)
from cims.ratings.calendar import site_calendar, today
from cims.ratings.events import FIELDS, Ledger, columns, dump, weighed
from cims.trust import kinds, rating
from cims.trust.calendar import month_ends, to_date, to_day
from cims.trust.evidence import columns_of
from cims.trust.grades import EVALUATIONS, UNRATED
from cims.trust.policy import NOT_RATED, Policy
from cims.trust.rating import YEAR, Past, Rating, Ratings, State

RATING, CUSTOMER = "Trust Rating", "CIMS Customer"
# How often one job rates a customer whose evidence keeps coming in.
ROUNDS = 5
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
	evidence = _recent_evidence(customer, day)
	recent = weighed(columns(evidence, {customer: 0}), policy)
	all_of_it = kept.evidence_count <= FORECAST_AT_ONCE and forecasts.model() is not None
	receivables = sources.receivables([customer], open_only=not all_of_it)
	whole, pieces = columns_of(receivables, {customer: 0}, site_calendar())
	state = state_of(ledger, pieces, day, policy)
	known = rating.figures(recent, 1, day)
	known = replace(known, total=np.array([ledger.count]))
	ratings = rating.conclude([customer], [segment], state, evaluated, known, day, policy)
	_mark_move(ledger, ratings, state, evidence, recent, segment, day, policy)
	forecast = forecasts.of_receivables(receivables, whole, [customer], day, policy) if all_of_it else {}
	percentile = _percentile(ratings, segment)
	overridden = overrides.Standing(kept.override, kept.override_grade) if kept.override else None
	rated = ratings[0]
	row = _row(
		replace(rated, percentile=percentile), _settled(ratings, 0), segment, ledger, overridden, policy
	)
	if all_of_it:
		row["forecast"] = dump(forecast.get(customer))
	_write([row], update_forecast=all_of_it)
	return rated


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


def _recent_evidence(customer: str, day: int) -> list[tuple]:
	"""The rows that the figures of 12 months and today's marks name."""
	fields = ", ".join(f"`{field}`" for field in (*FIELDS, "source_doctype", "source_name", "name"))
	since = {"customer": customer, "year_ago": to_date(day - YEAR), "today": to_date(day)}
	return frappe.db.sql(
		f"""SELECT {fields} FROM `tabTrust Evidence`
		WHERE customer = %(customer)s AND decays_from > %(year_ago)s AND occurred_on <= %(today)s
		UNION ALL SELECT {fields} FROM `tabTrust Evidence`
		WHERE customer = %(customer)s AND decays_from <= %(year_ago)s AND occurred_on = %(today)s""",
		since,
	)


def _mark_move(
	ledger: Ledger, ratings: Ratings, state: State, evidence, recent, segment, day: int, policy: Policy
) -> None:
	"""Keep today as a point of the curve if the score has moved far enough since the day began, and only then."""
	before = ledger.opening[1]
	score = float(ratings.assessment.score[0])
	least = flt(frappe.get_cached_doc("CIMS Settings").event_move)
	moved = before is not None and ratings.grade[0] != UNRATED and abs(score - before) >= least > 0
	if moved:
		point = _point(ratings, policy, day)
		who = np.zeros(1, dtype=np.int64)
		found = marks.of_days(
			evidence,
			recent,
			who,
			np.array([day]),
			state,
			ratings.assessment,
			np.array([before]),
			[segment],
			policy,
		)
		snapshots.write([replace(point, marks=dump(found[0]))], policy.version)
		ledger.marked = day
	elif ledger.marked == day:
		snapshots.remove_event(ratings.customers[0], day)
		ledger.marked = None


def _point(ratings: Ratings, policy: Policy, day: int) -> replay.Point:
	a = ratings.assessment
	return replay.Point(
		customer=ratings.customers[0],
		day=day,
		score=round(float(a.score[0]), 6),
		low=round(float(a.low[0]), 6),
		high=round(float(a.high[0]), 6),
		confidence=round(float(a.confidence[0]), 6),
		grade=ratings.grades[0],
		rated=True,
		cap=policy.grades[ratings.cap[0]] if ratings.cap[0] > 0 else "",
		event=True,
		contributions=replay.contributions_of(a, np.zeros(1, dtype=np.int64), policy)[0],
		marks=None,
	)


def _percentile(ratings: Ratings, segment: str) -> float | None:
	"""Per cent of the segment's other rated customers with a lower score, ties counting half; None where alone."""
	if ratings.grade[0] == UNRATED:
		return None
	score = round(float(ratings.assessment.score[0]), 6)
	below, same, others = frappe.db.sql(
		"""SELECT SUM(score < %(low)s), SUM(score BETWEEN %(low)s AND %(high)s), COUNT(*) FROM `tabTrust Rating`
		WHERE segment = %(segment)s AND rated = 1 AND name != %(customer)s""",
		{"low": score - 5e-7, "high": score + 5e-7, "segment": segment, "customer": ratings.customers[0]},
	)[0]
	return 100 * (float(below) + float(same) / 2) / others if others else None


def _settled(ratings: Ratings, at: int) -> tuple[int, float]:
	"""How many receivables a customer settled within 12 months, and their amount."""
	known = ratings.figures
	if kinds.SETTLED not in known.kinds:
		return 0, 0.0
	column = known.kinds.index(kinds.SETTLED)
	return int(known.count[at, column]), float(known.amount[at, column])


def _row(
	rated: Rating,
	settled: tuple[int, float],
	segment: str,
	ledger: Ledger,
	override: overrides.Standing | None,
	policy: Policy,
) -> dict:
	"""A rating as it is stored. settled: number and amount of what was settled within 12 months."""
	unrated = rated.grade == NOT_RATED
	grade = override.grade if override and override.grade in policy.grades else rated.grade
	band = None if grade == NOT_RATED else policy.band(grade)
	exposure = rated.exposure
	return {
		"name": rated.customer,
		"customer": rated.customer,
		"as_of": getdate(rated.as_of),
		"score": 0.0 if unrated else rated.score,
		"low": 0.0 if unrated else rated.low,
		"high": 0.0 if unrated else rated.high,
		"confidence": rated.confidence,
		"grade": grade,
		"computed_grade": rated.grade,
		"rated": int(not unrated),
		"watch": int(bool(rated.watch)),
		"watch_reason": " ".join(reason.code for reason in rated.watch),
		"segment": segment,
		"percentile": rated.percentile or 0.0,
		"compared": int(rated.percentile is not None),
		"change_90d": rated.change_90d or 0.0,
		"has_change_90d": int(rated.change_90d is not None),
		"change_1y": rated.change_1y or 0.0,
		"has_change_1y": int(rated.change_1y is not None),
		"policy": policy.version,
		"override": override.name if override else None,
		"evidence_count": rated.evidence_count,
		"first_evidence_on": None if ledger.first is None else to_date(ledger.first),
		"days_beyond_terms": rated.days_beyond_terms or 0.0,
		"settled_count": settled[0],
		"usual_amount": rated.usual_amount,
		"open_amount": exposure["open_amount"],
		"overdue_amount": exposure["overdue_amount"],
		"suggested_credit_days": band.credit_days if band else 0,
		"suggested_limit": round(band.limit_factor * _a_month(rated, settled[1], ledger), -1)
		if band
		else 0.0,
		"reasons": dump(
			{name: [r.to_dict() for r in getattr(rated, name)] for name in ("costs", "earns", "watch")}
		),
		"contributions": dump(rated.contributions),
		"sums": dump(ledger.to_dict()),
		"dirty": 0,
		"replay_from": None,
	}


def _a_month(rated: Rating, settled: float, ledger: Ledger) -> float:
	"""What the customer pays in a month, over the last 12 months or as long as they are known."""
	known = to_day(getdate(rated.as_of)) - (ledger.first or 0) + 1
	months = min(max(known, 30), YEAR) * 12 / YEAR
	return settled / months


def _rate_from_evidence(customer: str, kept: frappe._dict, day: int, policy: Policy) -> Rating | None:
	"""The same from scratch, with the whole curve: where sums or month ends are missing, or the past has changed."""
	book = replay.open_book([customer], policy, policies.segment_field())
	found = _replayed(book, day, policy, replay.CURVE, with_events=True)
	_keep_curves(found, [customer], day, policy, replay.CURVE, with_events=True)
	standing = {customer: overrides.Standing(kept.override, kept.override_grade)} if kept.override else {}
	percentile = _percentile(found.ratings, kept.segment)
	rows = _rows(book, found, standing, day, policy)
	rows[0].update(percentile=percentile or 0.0, compared=int(percentile is not None))
	_write(rows, update_forecast=True)
	return found.ratings[0]


def _replayed(book: replay.Book, day: int, policy: Policy, months: int, with_events: bool) -> replay.Replay:
	"""Replay the customers of a book as of today, with the days on which the score moved if wanted."""
	least = flt(frappe.get_cached_doc("CIMS Settings").event_move)
	return replay.run(book, day, policy, months, event_move=least if with_events and least > 0 else None)


def _keep_curves(
	found: replay.Replay, customers: Collection[str], day: int, policy: Policy, months: int, with_events: bool
) -> None:
	"""Bring the kept curves of some of the replayed customers in line with the replay."""
	points = [point for point in found.points if point.customer in customers]
	snapshots.bring_in_line(points, customers, month_ends(day, months)[0], policy.version, with_events)


def _rows(
	book: replay.Book, found: replay.Replay, standing: dict[str, overrides.Standing], day: int, policy: Policy
) -> list[dict]:
	history, ratings = book.history, found.ratings
	forecast = forecasts.of_receivables(book.receivables, book.whole, history.customers, day, policy)
	rows = []
	for at, customer in enumerate(history.customers):
		row = _row(
			ratings[at],
			_settled(ratings, at),
			history.segments[at],
			found.ledgers[at],
			standing.get(customer),
			policy,
		)
		# Compared with everybody once everybody is rated.
		del row["percentile"], row["compared"]
		row["forecast"] = dump(forecast.get(customer))
		rows.append(row)
	return rows


def rate_many(customers: Sequence[str], months: int, with_events: bool) -> int:
	"""Rate customers from all of their evidence, `replay.AT_ONCE` at a time. Returns how many were rated.

	months: how far their kept curves are brought in line; with_events: with the days on which the score moved. Customers
	whose evidence changes meanwhile are left for their own job. Bounded memory, and a fixed number of statements for each
	set of customers.
	"""
	policy, field, day = policies.active(), policies.segment_field(), today()
	done = 0
	for part in sql.chunks(customers, replay.AT_ONCE):
		before = _stamps(part)
		if not before:
			continue
		book = replay.open_book(list(before), policy, field)
		found = _replayed(book, day, policy, months, with_events)
		rows = _rows(book, found, overrides.standing(part, day), day, policy)
		now = _stamps(before, lock=True)
		unchanged = {name for name, stamp in now.items() if stamp == before[name]}
		_keep_curves(found, unchanged, day, policy, months, with_events)
		_write([row for row in rows if row["name"] in unchanged], update_forecast=True)
		done += len(unchanged)
		sql.commit()
	return done


def _stamps(customers: Collection[str], lock: bool = False) -> dict[str, tuple]:
	"""Customer -> when rated last and how many events have come in since, of those who have evidence; lock: so that it
	stays so until the transaction ends. While the stamp is the same, so is everything that the rating rests on."""
	rows = frappe.db.sql(
		"""SELECT c.name, r.modified, r.dirty FROM `tabCIMS Customer` c JOIN `tabTrust Rating` r ON r.name = c.name
		WHERE c.name IN %(customers)s ORDER BY c.name"""
		+ (" FOR UPDATE" if lock else ""),
		{"customers": sorted(customers)},
	)
	return {name: stamp for name, *stamp in rows}


def rate_until_settled(customer: str) -> None:
	"""Job: rate one customer, and again while events come in."""
	policies.active(), site_calendar(), today()
	for _round in range(ROUNDS):
		# A transaction reads what was there at its first look: that has to be the one that takes the lock.
		sql.commit()
		rate(customer)
		sql.commit()
		if not frappe.db.get_value(RATING, customer, "dirty"):
			break
	# Whoever has the customer open sees the new rating at once.
	frappe.publish_realtime("cims_rated", {"customer": customer}, doctype=CUSTOMER, docname=customer)


def sweep() -> None:
	"""Scheduler, every five minutes: whoever has new evidence and was not rated yet, for want of a worker or because the
	event came in just as a job was ending. Overrides end here too, so that none holds for long after its day."""
	overrides.expire()
	if frappe.db.count(RATING, {"dirty": (">", 0)}):
		queue.add_waiting()


def rate_waiting() -> int:
	"""Job: rate whoever has new evidence and was not rated yet. Returns how many."""
	if policies.learn_first():
		sql.commit()
		forecasts.first_fit()
		return rate_everyone(curve=True)
	customers = frappe.get_all(RATING, {"dirty": (">", 0)}, pluck="name", order_by="name", limit=0)
	if len(customers) <= queue.MANY:
		for customer in customers:
			rate_until_settled(customer)
		return len(customers)
	forecasts.first_fit()
	done = rate_many(customers, replay.CURVE, with_events=True)
	compare_everyone()
	fill_segments(everything=True)
	return done


def rate_everyone(curve: bool = False, user: str | None = None) -> int:
	"""Rate every customer who has evidence, and compare them anew. Returns how many.

	curve: also work out the whole kept curve, as a new policy needs it; otherwise the month ends that the next rating
	looks back on. user: who is told of the progress.
	"""
	rows = frappe.get_all(RATING, fields=["name", "replay_from"], order_by="name", limit=0)
	anew = [row.name for row in rows if curve or row.replay_from]
	others = [row.name for row in rows if not (curve or row.replay_from)]
	done = 0
	for customers, months in ((anew, replay.CURVE), (others, EVALUATIONS)):
		for part in sql.chunks(customers, replay.AT_ONCE):
			done += rate_many(part, months, with_events=months == replay.CURVE)
			progress(user, done, len(rows))
	compare_everyone()
	fill_segments(everything=curve)
	progress(user, len(rows), len(rows))
	return done


def progress(user: str | None, done: int, total: int) -> None:
	"""Tell the user who waits for it how far a long rating has come."""
	if user:
		frappe.publish_realtime("cims_rating_progress", {"done": done, "total": total}, user=user)


def compare_everyone() -> None:
	"""The percentile of every rated customer within the segment, by one read; writes those that changed."""
	rows = frappe.db.sql(
		"SELECT name, segment, score, percentile, compared FROM `tabTrust Rating` WHERE rated = 1 ORDER BY name"
	)
	if rows:
		names, segments, scores, before, compared = zip(*rows, strict=True)
		found = rating.percentiles(np.array(scores, dtype=float), np.ones(len(rows), dtype=bool), segments)
		alone = np.isnan(found)
		found = np.round(np.nan_to_num(found), 6)
		same = (np.abs(found - np.array(before, dtype=float)) < 1e-6) & (
			np.array(compared, dtype=bool) == ~alone
		)
		changed = [
			(names[at], names[at], float(found[at]), int(not alone[at]))
			for at in np.flatnonzero(~same).tolist()
		]
		fields = ("name", "customer", "percentile", "compared")
		sql.insert(RATING, fields, changed, update=("percentile", "compared"))
	frappe.db.sql(
		"UPDATE `tabTrust Rating` SET percentile = 0, compared = 0 WHERE rated = 0 AND compared = 1"
	)
	sql.commit()


def fill_segments(everything: bool = False) -> None:
	"""Work out the segments' quartiles for the month ends of the kept curve that have none, or for all of them."""
	ends = month_ends(today(), replay.CURVE)
	snapshots.write_segments(ends if everything else snapshots.missing_segment_days(ends))
	sql.commit()


def nightly() -> None:
	"""Scheduler: what time alone changes. Open receivables grow older, evidence fades, months end, overrides expire; and
	whatever an event's own job missed is caught up."""
	overrides.expire()
	store.catch_up()
	learned = policies.learn_first()
	forecasts.first_fit()
	queue.add_everyone(curve=bool(learned), version=learned or "")


def _write(rows: Sequence[dict], update_forecast: bool) -> None:
	"""Store ratings, and the copies that lists of customers show. Two statements for each 500 customers."""
	for part in sql.chunks(rows, 500):
		fields = list(part[0])
		update = [
			field
			for field in fields
			if field not in ("name", "customer") and (update_forecast or field != "forecast")
		]
		sql.insert(RATING, fields, ([row[field] for field in fields] for row in part), update=update)
		_copy([row["name"] for row in part])


def _copy(customers: Sequence[str]) -> None:
	frappe.db.sql(
		"""UPDATE `tabCIMS Customer` c JOIN `tabTrust Rating` r ON r.name = c.name
		SET c.trust_grade = r.grade, c.trust_score = r.score, c.trust_change = r.change_90d, c.trust_watch = r.watch,
			c.open_amount = r.open_amount, c.overdue_amount = r.overdue_amount, c.currency = %(currency)s
		WHERE c.name IN %(customers)s""",
		{"customers": list(customers), "currency": wording.company_currency()},
	)
