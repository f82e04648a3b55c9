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
from cims.trust.policy import NOT_RATED

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
	rows = frappe.db.sql(
		f"""SELECT id, customer, points FROM `{CURVES}` FORCE INDEX (changed)
		WHERE changed = 1 AND id BETWEEN %s AND %s ORDER BY id FOR UPDATE SKIP LOCKED""",
		(block << BITS, (block << BITS) + SIZE - 1),
	)
	if not rows:
		return 0
	numbers = [number for number, _customer, _packed in rows]
	gone = [number for number, customer, _packed in rows if customer.startswith(GONE)]
	new = month_format.join([month_format.nobody(), _of_curves([(row[0], row[2]) for row in rows])])
	_bring_in_line(block, numbers, new)
	if gone:
		frappe.db.sql(f"DELETE FROM `{CURVES}` WHERE id IN %s", (gone,))
	frappe.db.sql(f"UPDATE `{CURVES}` FORCE INDEX (PRIMARY) SET changed = 0 WHERE id IN %s", (numbers,))
	return len(numbers)


def _bring_in_line(block: int, numbers: Sequence[int], new: Standings) -> None:
	"""Make the months of a block hold these points of the customers with these numbers, and what they hold of the others."""
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


@dataclass(frozen=True)
class Now:
	"""Some customers as they stand now, overrides included, by number. grade: place in `words`, -1 without a rating."""

	number: np.ndarray
	grade: np.ndarray
	score: np.ndarray
	words: Sequence[str]


def now(condition: str) -> Now:
	"""The customers who have a curve and for whom a condition on `tabCIMS Customer` holds, as its lists show them."""
	words: dict[str, int] = {NOT_RATED: 0}
	numbers, grades, scores = [], [], []
	fields = ("COALESCE(NULLIF(trust_grade, ''), 'NR')", "COALESCE(trust_score, 0)")
	for number, grade, score in _in_runs("CIMS Customer", fields, condition):
		numbers.append(np.array(number, dtype=np.int64))
		grades.append(np.array([words.setdefault(word, len(words)) for word in grade], dtype=np.int16))
		scores.append(np.array(score, dtype=float))
	number, score = np.concatenate([[], *numbers]).astype(np.int64), np.concatenate([[], *scores])
	grade = np.concatenate([[], *grades]).astype(np.int16)
	# Without a rating there is no score, whatever grade somebody has set.
	return Now(number, np.where((grade > 0) & (score > 0), grade, -1), score, list(words))


def of_customers(condition: str) -> np.ndarray:
	"""The numbers of the customers who have a curve and for whom a condition on `tabCIMS Customer` holds."""
	parts = [np.array(number, dtype=np.int64) for (number,) in _in_runs("CIMS Customer", (), condition)]
	return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


@dataclass(frozen=True)
class Segments:
	"""The segment of everybody who has a rating. codes: by customer's number, place in `names`, -1 without a rating."""

	names: Sequence[str]
	codes: np.ndarray

	def of(self, numbers: np.ndarray) -> np.ndarray:
		return at(self.codes, numbers, -1)


def segments() -> Segments:
	names: dict[str, int] = {}
	parts = [
		(np.array(number, dtype=np.int64), [names.setdefault(name, len(names)) for name in segment])
		for number, segment in _in_runs("Trust Rating", ("COALESCE(segment, '')",))
	]
	codes = np.full(max((int(number.max()) for number, _codes in parts), default=-1) + 1, -1, dtype=np.int32)
	for number, of_them in parts:
		codes[number] = of_them
	return Segments(list(names), codes)


def at(values: np.ndarray, numbers: np.ndarray, otherwise) -> np.ndarray:
	"""The values of some numbers; `otherwise` beyond the end."""
	return np.append(values, np.array(otherwise, dtype=values.dtype))[np.minimum(numbers, len(values))]


def _in_runs(doctype: str, fields: Sequence[str], condition: str = "1 = 1") -> Iterator[list[list[str]]]:
	"""The numbers of those customers who have a row of the DocType, by its name, and some of its fields, as lists of texts.

	Some thousand rows come as one row of long texts, which takes far less than as many rows; each run is small enough for
	the database to gather it in memory.
	"""
	gathered = "".join(f", GROUP_CONCAT(f{at} SEPARATOR '\\n')" for at in range(len(fields)))
	named = "".join(f", {field} f{at}" for at, field in enumerate(fields))
	query = f"""SET STATEMENT group_concat_max_len = 16777216 FOR
		SELECT MAX(name), GROUP_CONCAT(id SEPARATOR '\\n'){gathered} FROM (
			SELECT `tab{doctype}`.name, k.id{named} FROM `tab{doctype}` JOIN `{CURVES}` k ON k.customer = `tab{doctype}`.name
			WHERE `tab{doctype}`.name > %s AND ({condition.replace("%", "%%")}) ORDER BY `tab{doctype}`.name LIMIT {SIZE}) run"""
	last = ""
	while True:
		last, *texts = frappe.db.sql(query, (last,))[0]
		if last is None:
			return
		yield [text.split("\n") for text in texts]
