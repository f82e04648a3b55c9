"""All pairs of customers that look alike, found by blocking: only those that share a key are compared.

Keys are telephone number, e-mail address, credit code, resident ID and the sound of the name; typing mistakes are looked
for among the neighbours in the order of the sounds, read from the front and from the back. The pairs wait in a table of
their own, so that a search that was stopped goes on where it was, and memory does not grow with the number of customers.
"""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

import frappe
from frappe import _
from frappe.utils import now
from frappe.utils.background_jobs import is_job_enqueued

from cims.duplicates import keys, likeness, names, queue
from cims.duplicates.twins import MOST
from cims.ratings import sql
from cims.ratings.guard import require_role

CUSTOMER, SEARCH = "CIMS Customer", "Duplicate Search"
WAITING = "__cims_duplicate_pair"
QUEUED, RUNNING, FINISHED, FAILED = "Queued", "Running", "Finished", "Failed"
JOB = "cims-find-duplicates"
LONG = 6 * 60 * 60
PAIRS_AT_ONCE = 2000
SOUNDS_AT_ONCE = 20_000
# How many names before and after a name are compared with it.
WINDOW = 5
FIGURES = (
	"name",
	"status",
	"step",
	"steps",
	"seconds",
	"pairs_compared",
	"pairs_found",
	"pairs_new",
	"error",
)
# Of the keys that too many share, so many are named.
NAMED = 20


def make_table() -> None:
	column = "varchar(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL"
	frappe.db.sql_ddl(
		f"CREATE TABLE IF NOT EXISTS `{WAITING}` (`one` {column}, `other` {column}, PRIMARY KEY (`one`, `other`)) ENGINE=InnoDB"
	)


def drop_table() -> None:
	frappe.db.sql_ddl(f"DROP TABLE IF EXISTS `{WAITING}`")


def start() -> str:
	"""Search through all customers in the background; a search that is on its way is joined. Returns its name."""
	require_role(queue.DECIDERS)
	name = unfinished()
	if name and is_job_enqueued(JOB):
		return name
	name = name or _new()
	frappe.enqueue(run, queue="long", timeout=LONG, job_id=JOB, enqueue_after_commit=True, name=name)
	return name


def unfinished() -> str | None:
	"""The search that has not come to its end: it goes on where it was."""
	return frappe.db.get_value(
		SEARCH, {"status": ("in", (QUEUED, RUNNING, FAILED))}, "name", order_by="creation desc"
	)


def _new() -> str:
	doc = frappe.get_doc({"doctype": SEARCH, "status": QUEUED, "step": 0, "steps": len(STEPS)})
	return doc.insert(ignore_permissions=True).name


def run(name: str | None = None, told: Callable[[int, str], None] | None = None) -> dict:
	"""Search, from where an unfinished search was left. told: is given each step's number and what it does, before it.

	Returns the figures of the search (`state`).
	"""
	name = name or unfinished() or _new()
	search = frappe.get_doc(SEARCH, name)
	search.db_set({"status": RUNNING, "error": None, "started_on": search.started_on or now()}, notify=True)
	sql.commit()
	before, begun = search.seconds or 0, monotonic()
	try:
		for at, (key, step) in enumerate(STEPS):
			if at < search.step:
				continue
			if told:
				told(at, _labels()[key])
			step(search)
			search.db_set({"step": at + 1, "seconds": round(before + monotonic() - begun, 1)}, notify=True)
			sql.commit()
	except Exception:
		frappe.db.rollback()
		search.reload()
		search.db_set({"status": FAILED, "error": frappe.get_traceback()}, notify=True)
		sql.commit()
		raise
	search.db_set({"status": FINISHED, "finished_on": now()}, notify=True)
	sql.commit()
	return state(name)


def _fill_keys(search) -> None:
	if keys.missing():
		for _done in keys.fill():
			pass


def _start_anew(search) -> None:
	frappe.db.delete(WAITING)


def _same(*columns: str):
	"""The step that pairs customers with the same value in one of the columns."""

	def step(search) -> None:
		for column in columns:
			_pair_up(search, column, f"tab{CUSTOMER}", "name", column)
		if len(columns) == 2:
			_pair_across(search, "phone_as_mobile", *columns)

	return step


def _same_sound(search) -> None:
	_pair_up(search, "name", keys.TABLE, "customer", "sound")


def _pair_up(search, key: str, table: str, name: str, column: str) -> None:
	"""Pair whoever shares a value of an indexed column, unless too many do. Two statements."""
	shared = frappe.db.sql(
		f"""SELECT `{column}`, COUNT(*) AS many FROM `{table}` WHERE `{column}` > ''
		GROUP BY `{column}` HAVING many > 1 ORDER BY NULL"""
	)
	few = [value for value, many in shared if many <= MOST]
	_note_passed_over(search, key, [(value, many) for value, many in shared if many > MOST])
	for part in sql.chunks(few, sql.ROWS_AT_ONCE):
		frappe.db.sql(
			f"""INSERT IGNORE INTO `{WAITING}` (one, other)
			SELECT a.`{name}`, b.`{name}` FROM `{table}` a
			JOIN `{table}` b ON b.`{column}` = a.`{column}` AND b.`{name}` > a.`{name}`
			WHERE a.`{column}` IN %(values)s""",
			{"values": part},
		)
		sql.commit()


def _pair_across(search, key: str, one: str, other: str) -> None:
	"""Pair whoever has as one number what another has as the other."""
	both = f"""FROM `tab{CUSTOMER}` a FORCE INDEX (`{one}`) JOIN `tab{CUSTOMER}` b FORCE INDEX (`{other}`)
		ON b.`{other}` = a.`{one}` AND b.name != a.name"""
	shared = frappe.db.sql(
		f"SELECT a.`{one}`, COUNT(*) {both} WHERE a.`{one}` > '' GROUP BY a.`{one}` ORDER BY NULL"
	)
	_note_passed_over(search, key, [(value, many) for value, many in shared if many > MOST])
	for part in sql.chunks([value for value, many in shared if many <= MOST], sql.ROWS_AT_ONCE):
		frappe.db.sql(
			f"""INSERT IGNORE INTO `{WAITING}` (one, other)
			SELECT LEAST(a.name, b.name), GREATEST(a.name, b.name) {both} WHERE a.`{one}` IN %(values)s""",
			{"values": part},
		)
		sql.commit()


def _note_passed_over(search, key: str, common: Sequence[tuple[str, int]]) -> None:
	"""A key that is shared by so many is none; the search says which these were."""
	if not common:
		return
	noted = frappe.parse_json(search.passed_over or "[]")
	most = sorted(common, key=lambda pair: -pair[1])[:NAMED]
	noted = [one for one in noted if one["key"] != key]
	noted.append(
		{
			"key": key,
			"values": len(common),
			"customers": sum(many for _value, many in common),
			"most": [list(pair) for pair in most],
		}
	)
	search.db_set("passed_over", frappe.as_json(noted, indent=None))


def _typing_mistakes(column: str):
	"""The step that pairs companies whose names, in the order of `column`, stand next to each other and differ by a letter."""

	def step(search) -> None:
		for sounds, customers in _windows(column):
			near = []
			for distance in range(1, WINDOW + 1):
				near += _near(sounds, customers, distance)
			_keep_waiting(near)
			sql.commit()

	return step


def _windows(column: str) -> Iterator[tuple[list[str], list[str]]]:
	"""The different sounds in their order, with one customer each, in pieces that overlap by the window."""
	last, sounds, customers = "", [], []
	while part := frappe.db.sql(
		f"""SELECT `{column}`, MIN(customer) FROM `{keys.TABLE}` WHERE `{column}` > %s AND `{column}` < '{names.PERSON}'
		GROUP BY `{column}` ORDER BY `{column}` LIMIT {SOUNDS_AT_ONCE}""",
		last,
	):
		last = part[-1][0]
		sounds = sounds[-WINDOW:] + [row[0] for row in part]
		customers = customers[-WINDOW:] + [row[1] for row in part]
		yield sounds, customers


def _near(sounds: list[str], customers: list[str], distance: int) -> list[tuple[str, str]]:
	"""Pairs of customers whose sounds stand so far apart and differ by a typing mistake."""
	ahead, behind = sounds[distance:], sounds[:-distance]
	if not behind:
		return []
	found = cpdist(behind, ahead, scorer=Levenshtein.distance, score_cutoff=2, dtype=np.uint8)
	return [
		queue.pair(customers[at], customers[at + distance])
		for at in np.flatnonzero(found <= 2).tolist()
		if found[at] <= likeness.edits(min(len(behind[at]), len(ahead[at])))
		and customers[at] != customers[at + distance]
	]


def _keep_waiting(pairs: Sequence[tuple[str, str]]) -> None:
	for part in sql.chunks(sorted(set(pairs)), sql.ROWS_AT_ONCE):
		frappe.db.sql(
			f"INSERT IGNORE INTO `{WAITING}` (one, other) VALUES {', '.join(['(%s, %s)'] * len(part))}",
			[name for pair in part for name in pair],
		)


def _compare_waiting(search) -> None:
	"""Compare the pairs that wait, and keep those that look alike; what has been compared waits no longer."""
	fields = ", ".join(f"{side}.`{field}`" for side in ("a", "b") for field in likeness.FIELDS)
	width = len(likeness.FIELDS)
	while waiting := frappe.db.sql(
		f"""SELECT {fields} FROM (SELECT one, other FROM `{WAITING}` ORDER BY one, other LIMIT {PAIRS_AT_ONCE}) w
		LEFT JOIN `tab{CUSTOMER}` a ON a.name = w.one LEFT JOIN `tab{CUSTOMER}` b ON b.name = w.other"""
	):
		alike = []
		for row in waiting:
			one = dict(zip(likeness.FIELDS, row[:width], strict=True))
			other = dict(zip(likeness.FIELDS, row[width:], strict=True))
			if not (one["name"] and other["name"] and likeness.possible(one, other)):
				continue
			if (like := likeness.compare(one, other)).likely:
				alike.append((one, other, like))
		new = queue.keep(alike, queue.BY_SEARCH)
		frappe.db.sql(f"DELETE FROM `{WAITING}` ORDER BY one, other LIMIT {PAIRS_AT_ONCE}")
		search.db_set(
			{
				"pairs_compared": (search.pairs_compared or 0) + len(waiting),
				"pairs_found": (search.pairs_found or 0) + len(alike),
				"pairs_new": (search.pairs_new or 0) + new,
			}
		)
		sql.commit()


def _drop_outdated(search) -> None:
	"""Pairs that an earlier search found, that nobody has decided on, and that don't look alike any more."""
	frappe.db.sql(
		f"DELETE FROM `tab{queue.CANDIDATE}` WHERE status = %s AND found_by != %s AND modified < %s",
		(queue.OPEN, queue.BY_PERSON, search.started_on),
	)


STEPS = (
	("keys", _fill_keys),
	("empty", _start_anew),
	("credit_code", _same("credit_code")),
	("resident_id", _same("resident_id")),
	("phone", _same("mobile", "phone")),
	("email", _same("email")),
	("name", _same_sound),
	("spelling", _typing_mistakes("sound")),
	("spelling_back", _typing_mistakes("echo")),
	("compare", _compare_waiting),
	("outdated", _drop_outdated),
)


def _labels() -> dict[str, str]:
	"""What each step does, in the user's language."""
	return {
		"keys": _("Working out the keys of names"),
		"empty": _("Making room"),
		"credit_code": _("Looking for the same credit codes"),
		"resident_id": _("Looking for the same resident IDs"),
		"phone": _("Looking for the same telephone numbers"),
		"email": _("Looking for the same e-mail addresses"),
		"name": _("Looking for names that are or sound the same"),
		"spelling": _("Looking for typing mistakes"),
		"spelling_back": _("Looking for typing mistakes near the beginning"),
		"compare": _("Comparing the pairs found"),
		"outdated": _("Dropping pairs that are alike no longer"),
	}


def state(name: str | None = None) -> dict:
	"""How far a search is, for a person or a program; the latest one unless named."""
	name = name or frappe.db.get_value(SEARCH, {}, "name", order_by="creation desc")
	if not name:
		return {"name": None}
	if not frappe.db.exists(SEARCH, name):
		frappe.throw(_("There is no search {0}.").format(name), frappe.DoesNotExistError)
	search = frappe.get_doc(SEARCH, name)
	busy = search.status in (QUEUED, RUNNING)
	doing = _labels()[STEPS[min(search.step, len(STEPS) - 1)][0]] if busy else None
	return {
		**{field: search.get(field) for field in FIGURES},
		"stopped": busy and not is_job_enqueued(JOB),
		"doing": doing,
		"passed_over": frappe.parse_json(search.passed_over or "[]"),
	}
