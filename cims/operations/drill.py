"""The restore drill: the newest backup is restored into a scratch site, checked, and the scratch site removed.

What is compared with what: the restored database with the dump (are all of its rows there again, byte for byte), what was
restored with itself (hook `cims_restore_checks`), and the live site with the restored one (what has been lost since).
"""

from collections.abc import Callable
from contextlib import contextmanager
from time import monotonic

from filelock import FileLock, Timeout

import frappe
from frappe import _

from cims.operations import alerts, backups, drill_records, dump_check, dumps, losses, server
from cims.operations.backups import Backup
from cims.operations.restored import FAILED, PASSED, Finding
from cims.operations.scratch import Scratch
from cims.operations.server import Server
from cims.ratings import sql

METHOD = "cims.operations.drill.run"
JOB = "cims-restore-drill"
# Seconds that a drill may take as a job; 100,000 customers take a few minutes (docs/reliability.md).
LONG = 6 * 60 * 60
# Restored tables take as much room as they do now, and their indexes are built beside them.
ROOM = 1.3


class Busy(frappe.ValidationError):
	"""Another drill of this site is going on."""


def run(login: str | None = None, password: str | None = None) -> str:
	"""Restore the newest backup into a scratch site, check it, remove the scratch site. Returns the record's name.

	login, password: of the database's administrator, where its socket doesn't know us. A drill that fails raises an alert;
	nothing but a second drill at the same time is raised here.
	"""
	with lock():
		clear_interrupted(login, password)
		with site_language():
			return Drill().run(login, password)


def enqueue() -> None:
	"""Let a worker do it."""
	frappe.enqueue(METHOD, queue="long", timeout=LONG, job_id=JOB, deduplicate=True)


def scheduled() -> None:
	"""Scheduler, once a week."""
	if frappe.get_cached_doc("CIMS Settings").restore_drill != "Off":
		enqueue()


@contextmanager
def lock():
	"""One drill of a site at a time; the system gives the lock back when whoever holds it dies."""
	try:
		with FileLock(frappe.get_site_path("locks", "cims_restore_drill.lock"), timeout=0):
			yield
	except Timeout:
		raise Busy(_("A restore drill of this site is going on already. Wait until it has ended."))


def tidy() -> None:
	"""Scheduler: what a killed drill has left is removed within the hour, and somebody told."""
	if not drill_records.running():
		return
	try:
		with lock(), site_language():
			clear_interrupted()
	except Busy:
		pass


def clear_interrupted(login: str | None = None, password: str | None = None) -> None:
	"""Under the lock: end the records of drills that were killed, and remove what they have left."""
	for name in drill_records.running():
		why = _("The drill was interrupted before its end; what it had made is removed.")
		try:
			with connected(login, password) as admin:
				Scratch(admin).remove()
		except server.ServerError as error:
			why = _(
				"The drill was interrupted before its end, and what it had made is still there: {0}"
			).format(error)
		drill_records.finish(name, FAILED, error=why)
		_alert(name, why)
		sql.commit()


@contextmanager
def connected(login: str | None, password: str | None):
	admin = Server.connect(login, password)
	try:
		yield admin
	finally:
		admin.close()


@contextmanager
def site_language():
	"""A record is read by everybody: it is kept in the site's language."""
	before = frappe.local.lang
	frappe.local.lang = frappe.db.get_default("lang") or before
	try:
		yield
	finally:
		frappe.local.lang = before


def _alert(name: str, why: str) -> None:
	alerts.send(_("Restore drill failed: {0}").format(name), why, drill_records.DRILL, name)


class Drill:
	"""One drill, and what it has found so far."""

	def __init__(self):
		self.name = drill_records.start()
		self.began = monotonic()
		self.findings: list[Finding] = []
		self.figures: dict = {}
		sql.commit()

	def run(self, login: str | None, password: str | None) -> str:
		error = None
		try:
			self.restore_and_check(login, password)
		except Exception as failure:
			error = frappe.utils.strip_html(str(failure)) or type(failure).__name__
			if not isinstance(failure, frappe.ValidationError):
				frappe.log_error(title=_("Restore drill failed: {0}").format(self.name))
		self.finish(error)
		return self.name

	def restore_and_check(self, login: str | None, password: str | None) -> None:
		backup = backups.newest()
		self.figures |= {
			"backup": backup.name,
			"taken_on": backup.taken_on,
			"backup_size": backup.size,
			"encrypted": int(backup.encrypted),
		}
		with connected(login, password) as admin:
			_require_room()
			scratch = Scratch(admin)
			try:
				scratch.make(_config(backup))
				# Nothing is looked at for the next minutes: no old state of the site need be kept for us.
				sql.commit()
				self.go_through(backup, scratch)
			finally:
				scratch.remove()

	def go_through(self, backup: Backup, scratch: Scratch) -> None:
		database, *tars = self.in_clear(backup, scratch)
		dump = self.timed("restore_seconds", lambda: dump_check.restored(scratch, database))
		self.compare_with_dump(dump, scratch)
		for finding in scratch.run(
			"check", site=frappe.local.site, drill=self.name, tars=list(map(str, tars))
		):
			self.findings.append(Finding(**finding))
		self.compare_with_live(backup, scratch)

	def in_clear(self, backup: Backup, scratch: Scratch) -> list:
		"""The backup's files, the database first."""
		paths = [backup.database, *backup.tars]
		if not backup.encrypted:
			return [path.resolve() for path in paths]
		plain = [backups.decrypted(path, scratch.folder) for path in paths]
		self.found(_("Encrypted backup"), PASSED, _("The backup was decrypted with the site's key."))
		return plain

	def compare_with_dump(self, dump: dumps.Dump, scratch: Scratch) -> None:
		if not dump.complete:
			self.found(
				_("Dump"),
				FAILED,
				_("The dump ends before its last line: it was cut off while it was made. Make a new backup."),
			)
		again = dumps.of_database(scratch.database, scratch.database, scratch.password)
		self.figures["rows_restored"] = again.rows
		self.findings += dump_check.compared(dump, again)

	def compare_with_live(self, backup: Backup, scratch: Scratch) -> None:
		found = losses.since(scratch.server, scratch.database, backup.taken_on)
		self.figures["losses"] = found
		self.figures["rows_lost"] = losses.rows(found)

	# --- what is found

	def found(self, check: str, outcome: str, said: str) -> None:
		self.findings.append(Finding(check, outcome, said))

	def timed(self, figure: str, work: Callable):
		began = monotonic()
		done = work()
		self.figures[figure] = round(monotonic() - began, 1)
		return done

	def finish(self, error: str | None) -> None:
		failed = [finding for finding in self.findings if finding.outcome == FAILED]
		status = FAILED if error or failed else PASSED
		why = error or " ".join(finding.said for finding in failed)
		drill_records.finish(
			self.name,
			status,
			error=why or None,
			seconds=round(monotonic() - self.began, 1),
			findings=self.findings,
			**self.figures,
		)
		if status == FAILED:
			_alert(self.name, why)
		sql.commit()


def _config(backup: Backup) -> dict:
	"""The configuration that the site would be restored with: the one saved with the backup, else the site's own."""
	own = frappe.get_file_json(frappe.get_site_path("site_config.json"))
	return {key: value for key, value in own.items() if key == "encryption_key"} | (backup.config() or own)


def _require_room() -> None:
	free, needed = server.free_space(), server.size() * ROOM
	if free is not None and free < needed:
		raise frappe.ValidationError(
			_("The scratch site needs {0} GB on the database's disk, and {1} GB are free.").format(
				f"{needed / 1e9:.1f}", f"{free / 1e9:.1f}"
			)
		)
