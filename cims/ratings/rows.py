"""Ratings as they are stored: the columns of Trust Rating, and the copies that lists of customers show."""

from collections.abc import Mapping, Sequence

import numpy as np

import frappe
from frappe.utils import now

from cims.ratings import sql, wording
from cims.ratings.events import dump
from cims.ratings.overrides import Standing
from cims.trust.calendar import to_date
from cims.trust.grades import UNRATED
from cims.trust.rating import DIGITS, YEAR, Ratings

RATING = "Trust Rating"
# Points by kind of evidence are kept as they are shown.
SHOWN_DIGITS = 1
# Field of a customer -> the field of the rating, or of the columns, that it repeats for lists and their filters.
COPIED = {
	"trust_grade": "grade", "trust_score": "score", "trust_change": "change_90d", "trust_watch": "watch",
	"open_amount": "open_amount", "overdue_amount": "overdue_amount",
}  # fmt: skip

Column = list[str | None]


def columns(
	ratings: Ratings,
	first: Sequence[int | None],
	ledgers: Sequence[Mapping],
	standing: Mapping[str, Standing],
	percentile: Sequence[float | None] | None = None,
	forecasts: Sequence[dict | None] | None = None,
) -> dict[str, Column]:
	"""The fields of Trust Rating as text, one entry for each customer, in the order of their names.

	first: the day of each one's first evidence; ledgers: as plain data. standing: the overrides in force. percentile, forecasts: left out of the fields where they are not told.
	"""
	n, policy, unrated = len(ratings), ratings.policy, ratings.grade == UNRATED
	a, exposure, settled = ratings.assessment, ratings.exposure, ratings.settled
	overridden = [standing.get(name) for name in ratings.customers]
	computed = ratings.grades
	grades = [
		over.grade if over and over.grade in policy.grades else grade
		for over, grade in zip(overridden, computed, strict=True)
	]
	place = {band.grade: at for at, band in enumerate(policy.bands)}
	band = np.array([place.get(grade, len(place)) for grade in grades], dtype=np.int64)
	days = np.array([*(b.credit_days for b in policy.bands), 0])[band]
	factor = np.array([*(b.limit_factor for b in policy.bands), 0.0])[band]
	since = np.array([0 if day is None else day for day in first])
	said = [ratings.plain_reasons(at) for at in range(n)]
	found = {
		"name": list(ratings.customers),
		"as_of": [str(to_date(ratings.as_of))] * n,
		"score": _numbers(np.where(unrated, 0.0, a.score)),
		"low": _numbers(np.where(unrated, 0.0, a.low)),
		"high": _numbers(np.where(unrated, 0.0, a.high)),
		"confidence": _numbers(a.confidence),
		"grade": grades,
		"computed_grade": computed,
		"rated": _flags(~unrated),
		"watch": _flags(ratings.on_watch),
		"watch_reason": [" ".join(reason["code"] for reason in one["watch"]) for one in said],
		"segment": list(ratings.segments),
		"change_90d": _numbers(ratings.change_90d),
		"has_change_90d": _flags(~np.isnan(ratings.change_90d)),
		"change_1y": _numbers(ratings.change_1y),
		"has_change_1y": _flags(~np.isnan(ratings.change_1y)),
		"policy": [policy.version] * n,
		"override": [over.name if over else None for over in overridden],
		"evidence_count": _whole(ratings.figures.total),
		"first_evidence_on": [None if day is None else str(to_date(day)) for day in first],
		"days_beyond_terms": _numbers(np.where(settled["count"] > 0, settled["days"], 0.0)),
		"settled_count": _whole(settled["count"]),
		"usual_amount": _numbers(ratings.usual_amount, 2),
		"open_amount": _numbers(exposure.open_amount, 2),
		"overdue_amount": _numbers(exposure.overdue_amount, 2),
		"suggested_credit_days": _whole(days),
		"suggested_limit": _numbers(factor * _a_month(settled["amount"], ratings.as_of - since + 1), -1),
		"reasons": [dump(one) for one in said],
		"contributions": [dump(one) for one in ratings.contributions(SHOWN_DIGITS)],
		"sums": [dump(ledger) for ledger in ledgers],
		"dirty": ["0"] * n,
		"replay_from": [None] * n,
	}
	if percentile is not None:
		found["percentile"] = [str(value or 0.0) for value in percentile]
		found["compared"] = _flags([value is not None for value in percentile])
	if forecasts is not None:
		found["forecast"] = [dump(one) if one else "null" for one in forecasts]
	return found


def _numbers(values: np.ndarray, digits: int = DIGITS) -> list[str]:
	"""Numbers as text; 0 for what isn't known."""
	return list(map(repr, np.round(np.nan_to_num(values), digits).tolist()))


def _whole(values: np.ndarray) -> list[str]:
	return list(map(str, np.asarray(values).astype(int).tolist()))


def _flags(values) -> list[str]:
	return ["1" if value else "0" for value in np.asarray(values).tolist()]


def _a_month(settled: np.ndarray, known_for: np.ndarray) -> np.ndarray:
	"""What customers pay in a month, over the last 12 months or as long as they are known (days)."""
	months = np.clip(known_for, 30, YEAR) * 12 / YEAR
	return settled / months


def write_one(found: Mapping[str, Column]) -> None:
	"""Store the rating (`columns`) of one customer, whose rows are held by the caller, and what lists of customers show of
	it. One statement."""
	values = {f"r.`{field}`": column[0] for field, column in found.items() if field != "name"}
	values |= {f"c.`{field}`": found[of][0] for field, of in COPIED.items()}
	values |= {"r.modified": now(), "c.currency": wording.company_currency()}
	frappe.db.sql(
		f"""UPDATE `tabCIMS Customer` c JOIN `tabTrust Rating` r ON r.name = c.name
		SET {", ".join(f"{field} = %s" for field in values)}, r.told = COALESCE(r.told, %s) WHERE c.name = %s""",
		[*values.values(), found["grade"][0] + "!" * (found["watch"][0] == "1"), found["name"][0]],
	)


class Held:
	"""Ratings of many customers on their way into the database, whose rows are held until the transaction ends.

	names: those whose evidence has not changed since it was read; the others are left for their own job. While the stamp
	(`together.Asked`) is the same, so is everything that the rating rests on.
	"""

	def __init__(self, names: Sequence[str], found: Mapping[str, Column], stamps: Sequence[tuple[str, int]]):
		self.fields = [*(field for field in found if field != "name"), "modified"]
		self.table = sql.scratch(
			"__cims_rated", RATING, ["name", *self.fields], "was VARCHAR(40), was_dirty INT"
		)
		modified, dirty = zip(*stamps, strict=True)
		stamp = [now()] * len(stamps)
		sql.load(
			self.table, {**found, "modified": stamp, "was": modified, "was_dirty": list(map(str, dirty))}
		)
		self.span = (found["name"][0], found["name"][-1]) if isinstance(names, sql.Run) else None
		self.names = self._lock(names)

	def _lock(self, names: Sequence[str]) -> Sequence[str]:
		"""First the customers, then their ratings, as everywhere."""
		joined = f"""`{self.table}` t STRAIGHT_JOIN `tabCIMS Customer` c ON c.name = t.name
			STRAIGHT_JOIN `tabTrust Rating` r ON r.name = t.name"""
		same = "(r.modified <=> t.was AND r.dirty = t.was_dirty)"
		(count,) = frappe.db.sql(f"SELECT SUM({same}) FROM {joined} FOR UPDATE")[0]
		if count == len(names):
			return names
		names = frappe.db.sql_list(f"SELECT t.name FROM {joined} WHERE {same} ORDER BY t.name FOR UPDATE")
		frappe.db.sql(
			f"DELETE t FROM `{self.table}` t LEFT JOIN `tabTrust Rating` r ON r.name = t.name AND {same} WHERE r.name IS NULL"
		)
		return names

	def write(self) -> None:
		"""Store the ratings, and what lists of customers show of them. Two statements."""
		# The first rating is no news; later ones are told by comparing (`alerts`).
		told = "k.told = COALESCE(k.told, CONCAT(t.grade, IF(t.watch, '!', '')))"
		self._update("tabTrust Rating", [*(f"k.`{field}` = t.`{field}`" for field in self.fields), told])
		copies = [f"k.`{field}` = t.`{of}`" for field, of in COPIED.items()]
		self._update("tabCIMS Customer", [*copies, "k.currency = %(currency)s"])

	def _update(self, table: str, changes: Sequence[str]) -> None:
		values, changes = {"currency": wording.company_currency()}, ", ".join(changes)
		if self.span is None:
			frappe.db.sql(
				f"UPDATE `{self.table}` t STRAIGHT_JOIN `{table}` k ON k.name = t.name SET {changes}", values
			)
			return
		# Only the table that is read first is updated as it is read; else MariaDB puts all new values aside before.
		first, last = self.span
		frappe.db.sql(
			f"""UPDATE `{table}` k STRAIGHT_JOIN `{self.table}` t ON t.name = k.name SET {changes}
			WHERE k.name BETWEEN %(first)s AND %(last)s""",
			{**values, "first": first, "last": last},
		)
