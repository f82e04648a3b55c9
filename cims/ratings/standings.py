"""Where everybody stood: the kept points the other way round, by month and for thousands of customers at once.

A curve answers for one customer; quartiles, movements and lists ask for all of them on a day, and reading a million curves
for that takes a minute. So each month keeps one row for each block of `month_format.SIZE` customers. These rows follow the
curves: a curve that is written is marked as changed, `refresh` brings the months in line, and until then readers take the
points of those few from their curves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

import frappe

from cims.ratings import curve_format, month_format, sql
from cims.ratings.curve_tables import CURVES, GONE, MONTHS
from cims.ratings.month_format import BITS, SIZE, Standings
from cims.trust.calendar import to_date, to_day

CURVES_AT_ONCE = 4096


# --- following the curves ---------------------------------------------------------------------------


def refresh() -> int:
	"""Bring the months in line with the curves that have changed. Returns how many those were.

	A block at a time, each kept by itself: bounded memory, and what is interrupted goes on with the next call.
	"""
	blocks = frappe.db.sql_list(f"SELECT DISTINCT id >> {BITS} FROM `{CURVES}` WHERE changed = 1 ORDER BY 1")
	done = 0
	for block in blocks:
		done += _refresh_block(int(block))
		sql.commit()
	return done


def _refresh_block(block: int) -> int:
	# Whoever is writing a curve keeps it for now: it stays marked, and its turn comes with the next call.
	curves = frappe.db.sql(
		f"""SELECT id, points FROM `{CURVES}` FORCE INDEX (changed)
		WHERE changed = 1 AND id BETWEEN %s AND %s ORDER BY id FOR UPDATE SKIP LOCKED""",
		(block << BITS, (block << BITS) + SIZE - 1),
	)
	if not curves:
		return 0
	numbers = [number for number, _packed in curves]
	new = month_format.join([month_format.nobody(), _of_curves(curves)])
	kept = {
		to_day(month): packed
		for month, packed in frappe.db.sql(
			f"SELECT month, points FROM `{MONTHS}` FORCE INDEX (block) WHERE block = %s FOR UPDATE", block
		)
	}
	firsts = _first_days(new.day)
	rows, gone = [], []
	for month in sorted({*kept, *np.unique(firsts).tolist()}):
		parts = [new.where(firsts == month)]
		if month in kept:
			before = month_format.unpack(kept[month], month, block)
			parts.append(before.where(~np.isin(before.number, numbers)))
		points = month_format.join(parts)
		packed = month_format.pack(points, month) if len(points) else None
		if packed is None:
			gone.append(to_date(month))
		elif packed != kept.get(month):
			rows.append((to_date(month), block, int((~points.event).sum()), packed))
	for part in sql.chunks(rows, 20):
		frappe.db.sql(f"REPLACE INTO `{MONTHS}` VALUES {', '.join(['%s'] * len(part))}", part)
	if gone:
		frappe.db.sql(f"DELETE FROM `{MONTHS}` WHERE block = %s AND month IN %s", (block, gone))
	frappe.db.sql(f"DELETE FROM `{CURVES}` WHERE id IN %s AND customer LIKE %s", (numbers, f"{GONE}%"))
	frappe.db.sql(f"UPDATE `{CURVES}` SET changed = 0 WHERE id IN %s", (numbers,))
	return len(numbers)


def _of_curves(curves: Sequence[tuple[int, bytes]]) -> Standings:
	"""The points of curves, given by customer's number."""
	points = curve_format.unpack(curves, figures_only=True)
	columns = {name: getattr(points, name) for name in month_format.COLUMNS if name != "number"}
	return Standings(number=points.who, **columns, words=points.words)


def _changed(since: int, until: int) -> tuple[np.ndarray, Standings]:
	"""Whose curves have changed since the months were brought in line, and their points within some days."""
	numbers, parts, last = [], [month_format.nobody()], -1
	while True:
		curves = frappe.db.sql(
			f"SELECT id, points FROM `{CURVES}` WHERE changed = 1 AND id > %s ORDER BY id LIMIT %s",
			(last, CURVES_AT_ONCE),
		)
		if not curves:
			return np.array(numbers, dtype=np.int64), month_format.join(parts)
		numbers += [number for number, _packed in curves]
		last = numbers[-1]
		points = _of_curves(curves)
		parts.append(points.where((points.day >= since) & (points.day <= until)))


def _first_days(days: np.ndarray) -> np.ndarray:
	"""The first day of the month of each day."""
	months = days.astype("datetime64[D]").astype("datetime64[M]")
	return months.astype("datetime64[D]").astype(np.int64)


# --- reading ----------------------------------------------------------------------------------------


def between(since: int, until: int, newest_first: bool = False) -> Iterator[Standings]:
	"""Everybody's points from one day to another, both included, a month at a time; each by day and customer."""
	changed, fresh = _changed(since, until)
	fresh_months = _first_days(fresh.day)
	kept = frappe.db.sql_list(
		f"SELECT DISTINCT month FROM `{MONTHS}` WHERE month BETWEEN %s AND %s",
		(to_date(_first_day(since)), to_date(until)),
	)
	months = sorted({*map(to_day, kept), *np.unique(fresh_months).tolist()}, reverse=newest_first)
	for month in months:
		rows = frappe.db.sql(
			f"SELECT block, points FROM `{MONTHS}` WHERE month = %s ORDER BY block", to_date(month)
		)
		parts = [month_format.unpack(packed, month, block) for block, packed in rows]
		if len(changed):
			parts = [part.where(~np.isin(part.number, changed)) for part in parts]
		points = month_format.join([*parts, fresh.where(fresh_months == month)])
		yield points.where((points.day >= since) & (points.day <= until))


def _first_day(day: int) -> int:
	return to_day(to_date(day).replace(day=1))


@dataclass(frozen=True)
class Standing:
	"""Where everybody stood on one day, by customer's number. grade: place in `words`, -1 without a rating."""

	grade: np.ndarray
	score: np.ndarray
	words: Sequence[str]


def on(day: int) -> Standing:
	"""Where everybody stood at the end of a day: by the last month end kept, and what moved between it and the day.

	Everyone known has a point of each month end, so nothing older needs to be looked at.
	"""
	end = last_month_end(day)
	parts = list(between(end, day)) if end is not None else []
	points = month_format.join([month_format.nobody(), *parts])
	size = int(points.number.max()) + 1 if len(points) else 0
	grade, score = np.full(size, -1, dtype=np.int16), np.zeros(size)
	# By day: the last of a customer's points stays.
	grade[points.number] = np.where(points.rated, points.grade, -1)
	score[points.number] = points.score
	return Standing(grade, score, points.words)


def last_month_end(day: int) -> int | None:
	"""The last month end on or before `day` that is kept; None if there is none."""
	ended = _first_day(day + 1)
	kept = frappe.db.sql(
		f"SELECT MAX(month) FROM `{MONTHS}` WHERE month < %s AND month_ends > 0", to_date(ended)
	)[0][0]
	best = _first_day(to_day(kept) + 31) - 1 if kept else None
	_numbers, fresh = _changed(to_day(date.min) if best is None else best, day)
	ends = fresh.day[~fresh.event]
	return int(ends.max()) if len(ends) else best


def today() -> Standing:
	"""Where everybody who has a curve stands now, by the ratings; with overrides."""
	found = list(
		_texts(
			f"""SELECT r.grade, GROUP_CONCAT(k.id, ',', r.score) FROM `tabTrust Rating` r
			JOIN `{CURVES}` k ON k.customer = r.name WHERE r.rated = 1 GROUP BY r.grade, k.id >> {BITS}"""
		)
	)
	words = list(dict.fromkeys(word for word, _text in found))
	parts = [
		(words.index(word), np.array(text.split(","), dtype=float).reshape(-1, 2)) for word, text in found
	]
	size = max((int(part[:, 0].max()) for _code, part in parts), default=-1) + 1
	grade, score = np.full(size, -1, dtype=np.int16), np.zeros(size)
	for code, part in parts:
		those = part[:, 0].astype(np.int64)
		grade[those], score[those] = code, part[:, 1]
	return Standing(grade, score, words)


@dataclass(frozen=True)
class Segments:
	"""The segment of everybody who has a rating. codes: by customer's number, place in `names`, -1 without a rating."""

	names: Sequence[str]
	codes: np.ndarray

	def of(self, numbers: np.ndarray) -> np.ndarray:
		return at(self.codes, numbers, -1)


def segments() -> Segments:
	found = list(
		_texts(
			f"""SELECT COALESCE(r.segment, ''), GROUP_CONCAT(k.id) FROM `tabTrust Rating` r
			JOIN `{CURVES}` k ON k.customer = r.name GROUP BY COALESCE(r.segment, ''), k.id >> {BITS}"""
		)
	)
	names = list(dict.fromkeys(segment for segment, _text in found))
	parts = [(names.index(segment), np.array(text.split(","), dtype=np.int64)) for segment, text in found]
	codes = np.full(max((int(part.max()) for _code, part in parts), default=-1) + 1, -1, dtype=np.int32)
	for code, part in parts:
		codes[part] = code
	return Segments(names, codes)


def of_customers(condition: str) -> np.ndarray:
	"""The numbers of the customers with a curve for whom a condition on `tabCIMS Customer` holds, in order."""
	found = _texts(
		f"""SELECT GROUP_CONCAT(k.id) FROM `tabCIMS Customer` JOIN `{CURVES}` k ON k.customer = `tabCIMS Customer`.name
		WHERE {condition} GROUP BY k.id >> {BITS}"""
	)
	parts = [np.array(text.split(","), dtype=np.int64) for (text,) in found]
	return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *parts]))


def at(values: np.ndarray, numbers: np.ndarray, otherwise) -> np.ndarray:
	"""The values of some numbers; `otherwise` beyond the end."""
	return np.append(values, np.array(otherwise, dtype=values.dtype))[np.minimum(numbers, len(values))]


def _texts(query: str) -> Iterator[tuple]:
	"""The rows of a query that ends in GROUP_CONCAT and groups by blocks of customers.

	A million customers come as some hundred texts, which takes a tenth of the time that as many rows take.
	"""
	yield from frappe.db.sql(f"SET STATEMENT group_concat_max_len = 16777216 FOR {query}")
