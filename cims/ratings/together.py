"""Many customers rated at once, from all of their evidence: a few statements and array operations for thousands of them.

The database hands out what it has in columns (`packed`), the engine works on columns, and rows go back in bulk. Customers
are compared with their peers when all of them are rated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import frappe
from frappe.utils import flt

from cims.ratings import kept, overrides, packed, policies, replay, rows, snapshots, sql
from cims.ratings.calendar import today
from cims.trust import rating
from cims.trust.calendar import month_ends, to_day
from cims.trust.grades import EVALUATIONS
from cims.trust.policy import Policy
from cims.trust.rating import DIGITS

RATING = "Trust Rating"


def rate_many(customers: Sequence[str], months: int, with_events: bool, commit: bool = True) -> int:
	"""Rate customers from all of their evidence, `replay.AT_ONCE` at a time. Returns how many were rated.

	months: how far their kept curves are brought in line, 0 for not at all; with_events: with the days on which the score
	moved; commit: after each part. Customers whose evidence changes meanwhile are left for their own job. Bounded memory, and a fixed number of
	statements for each set of customers.
	"""
	done = 0
	for part in sql.chunks(customers, replay.AT_ONCE):
		done += rate_part(type(customers)(part), months, with_events)
		if commit:
			sql.commit()
	return done


def rate_part(customers: Sequence[str], months: int, with_events: bool) -> int:
	"""The same for so many customers as fit into memory; the caller commits."""
	policy, field, day = policies.active(), policies.segment_field(), today()
	asked = Asked.of(customers, field)
	if not asked.names:
		return 0
	first = month_ends(day, months + EVALUATIONS)[0]
	book = replay.open_book(asked.names, policy, field, since=first, segments=asked.segments)
	found = replay_of(book, day, policy, months, with_events)
	held = rows.Held(
		asked.names,
		rows.columns(
			found.ratings,
			found.ledgers.first_days(),
			found.ledgers.plain(),
			overrides.standing(asked.names, day),
		),
		asked.stamps,
	)
	if months or with_events:
		keep_curves(found, held.names, day, months, with_events)
	held.write()
	return len(held.names)


@dataclass(frozen=True)
class Asked:
	"""Those of some customers who have evidence, by name: their segments, and when they were rated last and how many events
	have come in since."""

	names: Sequence[str]
	segments: list[str]
	stamps: list[tuple[str, int]]

	@classmethod
	def of(cls, customers: Sequence[str], segment_field: str | None) -> "Asked":
		segment = f"COALESCE(c.`{segment_field}`, '')" if segment_field else "''"
		found = [
			row
			for condition, among in sql.among("r.name", customers)
			for row in frappe.db.sql(
				f"""SELECT r.name, {segment}, CAST(r.modified AS CHAR), r.dirty
				FROM `tabTrust Rating` r JOIN `tabCIMS Customer` c ON c.name = r.name WHERE {condition} ORDER BY r.name""",
				among,
			)
		]
		names, segments, modified, dirty = zip(*found, strict=True) if found else ((),) * 4
		return cls(type(customers)(names), list(segments), list(zip(modified, dirty, strict=True)))


def rate_range(first: str, last: str) -> int:
	"""Rate the customers from one name to another as a clock needs it, with so much of their curves as they lack. Returns how many
	were rated; the caller commits."""
	rated, left = kept.rate(sql.Run((first, last)))
	if not rated:
		left = sql.run_of(RATING, first, last)
	return rated + sum(
		rate_many(names, months, with_events=months == replay.CURVE, commit=False)
		for months, names in _behind(left).items()
	)


def rate_changed(customers: Sequence[str], peers: dict[str, np.ndarray]) -> int:
	"""Rate customers of whom something new is known, keep today as a point of their curves where the score has moved, and
	compare them with their `peers` (`scores_by_segment`). Returns how many were rated; the caller commits."""
	done = sum(rate_part(names, months, with_events=True) for months, names in _behind(customers).items())
	compare(customers, peers)
	return done


def _behind(customers: Sequence[str]) -> dict[int, Sequence[str]]:
	"""How many month ends of their curve customers lack -> who: none, a few that have passed since they were rated, or all."""
	policy, day = policies.active().version, today()
	ends = month_ends(day, replay.CURVE)
	found: dict[int, list[str]] = {}
	for condition, among in sql.among("name", customers):
		for name, as_of, version, replay_from in frappe.db.sql(
			f"SELECT name, as_of, policy, replay_from FROM `tabTrust Rating` WHERE {condition} ORDER BY name",
			among,
		):
			if as_of is None or replay_from or version != policy or to_day(as_of) < ends[-EVALUATIONS]:
				months = replay.CURVE
			else:
				months = EVALUATIONS if to_day(as_of) <= ends[-1] else 0
			found.setdefault(months, []).append(name)
	return {months: customers for months in found} if len(found) == 1 else found


def replay_of(book: replay.Book, day: int, policy: Policy, months: int, with_events: bool) -> replay.Replay:
	"""Replay the customers of a book as of today, with the days on which the score moved if wanted."""
	least = flt(frappe.get_cached_doc("CIMS Settings").event_move)
	return replay.run(book, day, policy, months, event_move=least if with_events and least > 0 else None)


def keep_curves(
	found: replay.Replay, customers: Sequence[str], day: int, months: int, with_events: bool
) -> None:
	"""Bring the kept curves of some of the replayed customers in line with the replay."""
	points, names = found.points, found.ratings.customers
	if len(customers) < len(names):
		keep = np.isin(np.array(names, dtype=object), np.array(customers, dtype=object))
		points = points.where(keep[points.who])
		points.who = (np.cumsum(keep) - 1)[points.who]
	since = month_ends(day, months)[0] if months else day
	snapshots.keep_many(customers, points, since, with_events)


def compare_everyone() -> None:
	"""The percentile of every rated customer within the segment; writes those that changed."""
	peers = scores_by_segment()
	for names in sql.runs_of(RATING, replay.AT_ONCE):
		compare(names, peers)
		sql.commit()


def scores_by_segment() -> dict[str, np.ndarray]:
	"""Segment -> the scores of its rated customers, ascending."""
	peers = _scores("TRUE")
	_remember(peers)
	return peers


def peers_as_remembered() -> dict[str, np.ndarray]:
	"""The same, of large segments the distribution that the last comparison of all found: enough for a few customers."""
	known = frappe.cache().get_value(PEERS, expires=True) or {}
	others = _scores("segment NOT IN %(known)s", known=list(known)) if known else scores_by_segment()
	return {**others, **known}


def _scores(condition: str, **values) -> dict[str, np.ndarray]:
	found = frappe.db.sql(
		f"""{packed.LONG_ANSWER} SELECT COALESCE(segment, ''), GROUP_CONCAT(score SEPARATOR ' ')
		FROM `tabTrust Rating` WHERE rated = 1 AND {condition} GROUP BY segment""",
		values,
	)
	return {segment: np.sort(np.fromstring(scores, sep=" ")) for segment, scores in found}


# Of larger segments than this the distribution of the scores is remembered, in steps of a tenth of a per cent.
LARGE = 5_000
PEERS = "cims_trust_peers"


def _remember(peers: dict[str, np.ndarray]) -> None:
	steps = np.linspace(0, 1, 1001)
	steps_of = {
		segment: np.quantile(scores, steps) for segment, scores in peers.items() if len(scores) > LARGE
	}
	frappe.cache().set_value(PEERS, steps_of, expires_in_sec=3 * 24 * 60 * 60)


def percentile_of(customer: str, segment: str, score: float) -> float | None:
	"""Per cent of the segment's other rated customers with a lower score, ties counting half; None where alone.

	Counted, but in large segments read off the distribution that the last comparison of all found.
	"""
	known = (frappe.cache().get_value(PEERS, expires=True) or {}).get(segment)
	if known is not None:
		return float(rating.percentiles_among(np.array([score]), known)[0].clip(0, 100))
	score = round(score, DIGITS)
	below, same, others = frappe.db.sql(
		"""SELECT SUM(score < %(low)s), SUM(score BETWEEN %(low)s AND %(high)s), COUNT(*) FROM `tabTrust Rating`
		WHERE segment = %(segment)s AND rated = 1 AND name != %(customer)s""",
		{"low": score - 5e-7, "high": score + 5e-7, "segment": segment, "customer": customer},
	)[0]
	return 100 * (float(below) + float(same) / 2) / others if others else None


# Percentiles are shown to a tenth: what would be shown the same is not written anew.
LEAST_MOVE = 0.05


def compare(names: Sequence[str], peers: dict[str, np.ndarray]) -> int:
	"""The percentiles of some customers within `scores_by_segment`. Returns how many customers there are."""
	stored = [
		line.split("\t")
		for condition, among in sql.among("name", names)
		for text in frappe.db.sql_list(
			f"""{packed.LONG_ANSWER} SELECT GROUP_CONCAT(name, '\t', COALESCE(segment, ''), '\t', rated, '\t', score, '\t',
				percentile, '\t', compared SEPARATOR '\n') FROM `tabTrust Rating` WHERE {condition}""",
			among,
		)
		if text
		for line in text.split("\n")
	]
	if not stored:
		return 0
	customers, segments, rated, score, percentile, compared = zip(*stored, strict=True)
	score, rated = np.array(score, dtype=float), np.array(rated) == "1"
	found = np.full(len(stored), np.nan)
	labels = np.array(segments, dtype=object)
	for segment in set(segments):
		here = np.flatnonzero(rated & (labels == segment))
		found[here] = rating.percentiles_among(score[here], peers.get(segment, np.zeros(0)))
	alone = np.isnan(found)
	found = np.round(np.nan_to_num(found), DIGITS)
	moved = np.abs(found - np.array(percentile, dtype=float)) >= LEAST_MOVE
	changed = np.flatnonzero(moved | ((np.array(compared) == "1") == alone))
	if not len(changed):
		return len(stored)
	fields = ("name", "score", "percentile", "compared")
	table = sql.scratch("__cims_compared", RATING, fields)
	sql.load(
		table,
		{
			"name": [customers[at] for at in changed.tolist()],
			"score": list(map(repr, score[changed].tolist())),
			"percentile": list(map(repr, found[changed].tolist())),
			"compared": ["0" if one else "1" for one in alone[changed].tolist()],
		},
	)
	sql.update(
		"tabTrust Rating",
		table,
		["k.percentile = t.percentile", "k.compared = t.compared"],
		(names[0], names[-1]) if isinstance(names, sql.Run) else None,
		# Who was rated meanwhile was compared then.
		where="k.score = t.score",
	)
	return len(stored)


def fill_segments(everything: bool = False) -> None:
	"""Work out the segments' quartiles for the month ends of the kept curve that have none, or for all of them."""
	ends = month_ends(today(), replay.CURVE)
	snapshots.write_segments(ends if everything else snapshots.missing_segment_days(ends))
	sql.commit()
