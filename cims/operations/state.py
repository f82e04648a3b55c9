"""Health of what CIMS keeps: ratings, curves, imports, the database, backups and drills."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import frappe
from frappe import _
from frappe.utils import get_first_day, getdate

from cims.imports import job as imports
from cims.operations import backups, drill_records, limits, server
from cims.operations.backups import BackupError
from cims.operations.figures import (
	DATA,
	FAILING,
	JOBS,
	OK,
	RATINGS,
	WARNING,
	Figure,
	age,
	ago,
	duration,
	size,
)
from cims.ratings import runs
from cims.ratings.curve_tables import CURVES

RATING, SEGMENTS = "Trust Rating", "Trust Segment Snapshot"
LARGEST = 10
# Customers whose wait is looked up one by one.
LOOKED_AT = 1000
# Nights after which the quartiles of a month that has ended are there.
NIGHTS = 2


def ratings_waiting() -> Iterator[Figure]:
	"""How many customers have evidence that isn't in their rating yet, and for how long the first of them waits."""
	number = frappe.db.count(RATING, {"dirty": (">", 0)})
	oldest = _oldest_waiting() if number else None
	lag = age(oldest) if oldest else 0.0
	level = limits.RATING_LAG.level(lag)
	yield Figure(
		"rating_lag",
		RATINGS,
		_("Customers to be rated"),
		level,
		_("{0} waiting, the first for {1}").format(f"{number:,}", duration(lag)) if number else _("none"),
		lag,
		"seconds",
		advice=_(
			"See whether workers and scheduler run; bench --site {0} cims-rerate rates them now."
		).format(frappe.local.site)
		if level != OK
		else "",
	)
	yield Figure("ratings_waiting", "", "", OK, "", number)


def _oldest_waiting():
	"""When the evidence came in that has waited longest: the first since its customer was rated last."""
	return frappe.db.sql(
		"""SELECT MIN(COALESCE((SELECT MIN(e.creation) FROM `tabTrust Evidence` e
			WHERE e.customer = r.name AND e.creation >= r.modified), r.modified))
		FROM (SELECT name, modified FROM `tabTrust Rating` WHERE dirty > 0 ORDER BY modified LIMIT %s) r""",
		LOOKED_AT,
	)[0][0]


def night() -> Figure:
	label = _("Last rating of everybody")
	last = frappe.get_all(
		runs.RUN,
		{"status": ("in", (runs.FINISHED, runs.FAILED))},
		["name", "status", "finished_on", "rated"],
		order_by="finished_on desc",
		limit=1,
	)
	link = "/app/trust-run"
	if not last:
		level = WARNING if frappe.db.count(RATING) else OK
		advice = _("It comes with the night; bench --site {0} cims-rerate --all does it now.").format(
			frappe.local.site
		)
		return Figure(
			"last_night",
			RATINGS,
			label,
			level,
			_("never"),
			None,
			"seconds",
			advice=advice if level != OK else "",
			link=link,
		)
	run = last[0]
	failed = run.status == runs.FAILED
	level = FAILING if failed else limits.NIGHT.level(age(run.finished_on))
	advice = {
		OK: "",
		WARNING: _(
			"The last night passed without it. See whether the scheduler and a worker of the queue long run."
		),
		FAILING: _(
			"The last night passed without it. See whether the scheduler and a worker of the queue long run."
		),
	}[level]
	if failed:
		advice = _(
			"Parts of {0} failed; its shards say why. Those customers keep their former rating."
		).format(run.name)
	shown = _("{0}, {1} customers").format(ago(run.finished_on), f"{run.rated:,}")
	return Figure(
		"last_night", RATINGS, label, level, shown, age(run.finished_on), "seconds", advice=advice, link=link
	)


def snapshot() -> Figure:
	"""The last month end for which quartiles are there; a night after each month end makes the next."""
	label = _("Last month end with quartiles")
	last = frappe.db.sql(f"SELECT MAX(day) FROM `tab{SEGMENTS}`")[0][0]
	due = get_first_day(getdate() - timedelta(days=NIGHTS)) - timedelta(days=1)
	link = "/app/trust-segment-snapshot"
	if last is None:
		level = WARNING if frappe.db.exists(RATING, {"rated": 1}) else OK
		shown, value = _("none"), None
	else:
		level = OK if last >= due else WARNING
		shown, value = frappe.format(last, "Date"), (getdate() - last).total_seconds()
	advice = _("Rating everybody makes them: bench --site {0} cims-rerate --all").format(frappe.local.site)
	return Figure(
		"last_snapshot",
		RATINGS,
		label,
		level,
		shown,
		value,
		"seconds",
		advice=advice if level != OK else "",
		link=link,
	)


def curves_behind() -> Figure:
	number = frappe.db.sql(f"SELECT COUNT(*) FROM `{CURVES}` WHERE changed = 1")[0][0]
	level = limits.CURVES_BEHIND.level(number)
	return Figure(
		"curves_behind",
		RATINGS,
		_("Curves not yet in the months"),
		level,
		f"{number:,}",
		number,
		advice=_("Lists and reports are slower until the scheduler has filed them; see whether it runs.")
		if level != OK
		else "",
	)


def stuck_imports() -> Figure:
	"""Imports that say they run, though no job does them."""
	busy = frappe.get_all(
		imports.DOCTYPE,
		{"status": ("in", imports.BUSY)},
		["name", "status", "started_on"],
		order_by="started_on",
	)
	waits = [age(one.started_on) for one in busy if one.started_on and not _goes_on(one)]
	level = limits.IMPORT_STUCK.level(max(waits, default=0.0))
	stuck = sum(limits.IMPORT_STUCK.level(wait) != OK for wait in waits)
	shown = _("{0} stuck, {1} running").format(stuck, len(busy) - stuck) if busy else _("none is running")
	return Figure(
		"imports_stuck",
		JOBS,
		_("Imports"),
		level,
		shown,
		stuck,
		advice=_("Open the import: it says whether it can go on or has to be started again.")
		if level != OK
		else "",
		link="/app/cims-import",
	)


def _goes_on(one) -> bool:
	"""One that waits for its turn is the job of another import, and going on as long as that one does."""
	if one.status == imports.QUEUED:
		return not imports.is_free(frappe.db.get_value(imports.DOCTYPE, one.name, "kind"))
	return imports.is_running(one.name)


def tables() -> Iterator[Figure]:
	"""The database's size, and its largest tables."""
	total = server.size()
	largest = frappe.db.sql(
		"""SELECT TABLE_NAME, DATA_LENGTH + INDEX_LENGTH, TABLE_ROWS FROM information_schema.TABLES
		WHERE TABLE_SCHEMA = DATABASE() ORDER BY 2 DESC LIMIT %s""",
		LARGEST,
	)
	yield Figure("database_size", DATA, _("Database size"), OK, size(total), total, "bytes")
	for name, in_bytes, rows in largest:
		shown = _("{0}, about {1} rows").format(size(in_bytes), f"{rows or 0:,}")
		yield Figure(
			"table_size",
			"tables",
			_(name.removeprefix("tab")),
			OK,
			shown,
			int(in_bytes or 0),
			"bytes",
			{"table": name},
		)
		yield Figure("table_rows", "", "", OK, "", rows or 0, labels={"table": name})


def disks() -> Iterator[Figure]:
	"""The disks of the sites and, where it is on this machine, of the database; one figure if they are the same."""
	folders = {
		"sites": Path(frappe.local.sites_path),
		"database": Path(frappe.db.sql("SELECT @@datadir")[0][0]),
	}
	seen = set()
	for name, folder in folders.items():
		try:
			device, usage = folder.stat().st_dev, shutil.disk_usage(folder)
		except OSError:
			continue
		if device in seen:
			continue
		seen.add(device)
		level = limits.DISK.level(1 - usage.free / usage.total)
		shown = _("{0} of {1} free").format(size(usage.free), size(usage.total))
		label = _("Disk of the sites") if name == "sites" else _("Disk of the database")
		advice = _("Make room: old backups and logs first, then a larger disk.") if level != OK else ""
		yield Figure("disk_free", DATA, label, level, shown, usage.free, "bytes", {"disk": name}, advice)


def backup() -> Iterator[Figure]:
	label = _("Newest backup")
	try:
		last = backups.newest()
	except BackupError as error:
		yield Figure("backup_age", DATA, label, FAILING, _("none"), None, "seconds", advice=str(error))
		return
	level = limits.BACKUP.level(age(last.taken_on))
	shown = _("{0}, {1} with files") if last.tars else _("{0}, {1}, the database alone")
	in_bytes = last.size + sum(path.stat().st_size for path in last.tars)
	advice = _("Make one: bench --site {0} backup --with-files; bench setup backups does so every six hours.")
	yield Figure(
		"backup_age",
		DATA,
		label,
		level,
		shown.format(ago(last.taken_on), size(in_bytes)),
		age(last.taken_on),
		"seconds",
		advice=advice.format(frappe.local.site) if level != OK else "",
		link="/app/backups",
	)
	yield Figure("backup_size", "", "", OK, "", in_bytes, "bytes")


def drill() -> Iterator[Figure]:
	label, link = _("Last restore drill"), "/app/restore-drill"
	last = drill_records.last()
	by_hand = _("Start one here, or with: bench --site {0} cims-restore-drill").format(frappe.local.site)
	if not last:
		yield Figure(
			"drill_age", DATA, label, WARNING, _("never"), None, "seconds", advice=by_hand, link=link
		)
		return
	weekly = frappe.get_cached_doc("CIMS Settings").restore_drill != "Off"
	passed = last.status == "Passed"
	wait = age(last.started_on)
	level = (limits.DRILL if weekly else limits.DRILL_BY_HAND).level(wait) if passed else FAILING
	shown = _("passed {0}, in {1}") if passed else _("failed {0}, after {1}")
	yield Figure(
		"drill_age",
		DATA,
		label,
		level,
		shown.format(ago(last.started_on), duration(last.seconds or 0)),
		wait,
		"seconds",
		advice=(by_hand if passed else last.error) if level != OK else "",
		link=f"/app/restore-drill/{last.name}",
	)
	yield Figure("drill_passed", "", "", OK, "", int(passed))
	yield Figure("drill_duration", "", "", OK, "", last.seconds or 0, "seconds")
	yield Figure("drill_rows_lost", "", "", OK, "", last.rows_lost or 0)
