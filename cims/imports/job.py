"""One import, in the background: its rows judged and written chunk by chunk, in one transaction for the whole file.

Where the user asks for it, what is good is kept batch by batch instead: each batch is committed together with how far the
import is, so that one that was interrupted goes on from there and no row comes twice. How far a running import is stands in
the cache, so that leaving the page, or coming back to it, changes nothing. One import of a kind runs at a time.
"""

import json
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path
from time import monotonic

from rq.job import JobStatus
from rq.utils import utcnow

import frappe
from frappe import _
from frappe.database import get_db
from frappe.model.document import Document
from frappe.translate import get_user_lang
from frappe.utils import now, now_datetime
from frappe.utils.background_jobs import get_job, is_job_enqueued

from cims.imports import files, importer, undo
from cims.imports.background import later
from cims.imports.importer import Importer, said_by, sentence
from cims.imports.outcome import OUTCOMES, REJECTED, Batch, Tally
from cims.imports.source import Source
from cims.ratings import sql
from cims.trust.problems import Unreadable

DOCTYPE = files.DOCTYPE
IMPORTERS = {
	"Receivables": "cims.receivables.import_receivables.ReceivablesImport",
	"Orders": "cims.receivables.import_orders.OrdersImport",
	"Customers": "cims.customers.importing.CustomersImport",
}
CHECK, IMPORT, UNDO = "Checking", "Importing", "Undoing"
QUEUED, STOPPED, IMPORTED, UNDONE = "Queued", "Stopped", "Imported", "Undone"
BUSY = (QUEUED, CHECK, IMPORT, UNDO)
COMPLETED = {IMPORT: IMPORTED, UNDO: UNDONE}
# What is in cannot be changed any more, only undone.
WRITTEN_STATUS = (STOPPED, IMPORTED, UNDONE)
# Fields of the document that only the job writes, and what they hold before it ran.
NOTHING_YET = {
	"status": "Draft", "rows_total": 0, "rows_new": 0, "rows_updated": 0, "rows_duplicate": 0, "rows_rejected": 0,
	"customers_created": 0, "summary": None, "error": None, "rejects": None, "started_on": None, "finished_on": None,
	"kept": None, "rows_done": 0, "task": None, "task_user": None, "follow_up_due": 0,
}  # fmt: skip
INTERNAL = ("summary", "kept", "task", "task_user", "rows_done", "follow_up_due")
SAVEPOINT = "cims_import"
SURVEYED_AT_ONCE = 5000
# Files up to this size are checked while the person waits.
SMALL = 1_000_000
SECONDS_A_ROW = 0.2
PROGRESS_EVERY = 0.7
REMEMBERED = 24 * 3600
# Batches that the database is asked about before the one in front of them is judged.
AHEAD = 2
# Seconds after which a thread that works things out lets the one go on that has an answer of the database, or is to send it
# the next 16 KB of rows. Python's own 5 ms would have the database wait most of the time.
SWITCH = 0.0005
# Workers say twice a minute that the job which they watch over lives.
SILENT = timedelta(seconds=90)
A_MOMENT = timedelta(seconds=15)


class Refused(Exception):
	"""A row was rejected, so nothing of the file is to be written."""


class NotWritten(Exception):
	"""The import ends without writing; the message says why, to the person who started it."""


def importer_of(doc) -> Importer:
	"""The importer of a CIMS Import, on its file. Raises ValidationError without one, PermissionError for another's."""
	return frappe.get_attr(IMPORTERS[doc.kind])(doc, str(files.path_of(doc)))


def bring(path: Path, kind: str, mapping: dict | None = None, **options) -> Document:
	"""A new import of a file on this machine, with options by the names of the document's fields."""
	doc = frappe.new_doc(DOCTYPE)
	doc.update({"kind": kind, "mapping": frappe.as_json(mapping) if mapping else None, **options})
	doc.insert()
	with path.open("rb") as file:
		doc.file = files.attach(doc.name, path.name, file, most=sys.maxsize).file_url
	return doc.save()


def columns(doc) -> dict:
	"""What the form shows of the file before it is planned (`importer.columns`), or {"error": sentence}."""
	try:
		return importer.columns(importer_of(doc))
	except Unreadable as error:
		return {"error": sentence(error.problem)}


def enqueue(doc, what: str) -> None:
	"""Check, import or undo a saved import in the background; small files are checked at once.

	Raises ValidationError while it runs, or where it can't be done.
	"""
	asked = importer_of(doc)
	asked.check_permission()
	status = frappe.db.get_value(DOCTYPE, doc.name, "status", for_update=True)
	if status in BUSY and state(doc)["status"] in BUSY:
		frappe.throw(_("This import is running already. Wait until it has ended."))
	check_next(doc, status, what)
	size = Path(asked.path).stat().st_size
	begin(doc, what, status)
	_remember(doc.name, {"done": 0, "total": 0, "seconds": 0})
	timeout = int(max(1500, size / 50 * SECONDS_A_ROW))
	later(run, _job_id(doc.name), timeout, now=what == CHECK and size <= SMALL, name=doc.name)


def check_next(doc, status: str, what: str) -> None:
	"""Raises ValidationError unless an import of this status may be checked, imported or undone."""
	if what == UNDO:
		if status not in (IMPORTED, STOPPED):
			frappe.throw(_("Nothing of this import is written, so there is nothing to undo."))
		undo.check(doc)
	elif status in (IMPORTED, UNDONE) or (status == STOPPED and what == CHECK):
		frappe.throw(_("This file has been imported. Make a new import for another file."))


def run_now(doc, what: str) -> None:
	"""Check, import or undo a saved import here and now."""
	check_next(doc, doc.status, what)
	begin(doc, what, doc.status)
	sql.commit()
	run(doc.name)
	doc.reload()


def begin(doc, what: str, status: str) -> None:
	"""Note what is to be done, and for whom. What is kept of an interrupted import stays."""
	goes_on = what == UNDO or status == STOPPED
	task = {"status": what, "task": what, "task_user": frappe.session.user, "started_on": now()}
	doc.db_set(({} if goes_on else NOTHING_YET) | task, notify=True)


def outcome(doc) -> dict:
	"""What an import came to, for a program."""
	return {field: doc.get(field) for field in ("name", "kind", *NOTHING_YET) if field not in INTERNAL}


def run(name: str) -> None:
	"""The job: what the task of the import says is to be done, if no other import of its kind is being done."""
	doc = frappe.get_doc(DOCTYPE, name)
	# One that waited may have been started by somebody else's import.
	with as_user(doc.task_user):
		_take_turn(doc)


@contextmanager
def as_user(user: str):
	"""Inside of it the user is this one; in a job, whose language nobody has set, the language is this user's as well."""
	before, language = frappe.session.user, frappe.local.lang
	if user != before:
		frappe.set_user(user)
	if not getattr(frappe.local, "request", None):
		frappe.local.lang = get_user_lang(user)
	try:
		yield
	finally:
		if user != before:
			frappe.set_user(before)
		frappe.local.lang = language


def _take_turn(doc) -> None:
	if doc.task == CHECK:
		doc.db_set("started_on", now())
		_run(doc)
		return
	with turn(doc.kind) as mine:
		if not mine:
			doc.db_set("status", QUEUED, notify=True)
			sql.commit()
			return
		# What it takes counts from here; what it has waited for is not its own time.
		doc.db_set({"status": doc.task, "started_on": now()}, notify=True)
		sql.commit()
		_run(doc)
	start_next(doc.kind)


@contextmanager
def turn(kind: str):
	"""Whether it is our turn to write files of this kind. It is given back at the end, also by the end of the connection."""
	name = f"{kind}|{frappe.conf.db_name}"[:64]
	mine = frappe.db.sql("SELECT GET_LOCK(%s, 0)", name)[0][0] == 1
	try:
		yield mine
	finally:
		if mine:
			frappe.db.sql("DO RELEASE_LOCK(%s)", name)


def is_free(kind: str) -> bool:
	return bool(frappe.db.sql("SELECT IS_FREE_LOCK(%s)", f"{kind}|{frappe.conf.db_name}"[:64])[0][0])


def start_next(kind: str | None = None) -> None:
	"""Start the import that has waited longest, of this kind or of each."""
	for one in [kind] if kind else IMPORTERS:
		waiting = frappe.get_all(
			DOCTYPE, {"status": QUEUED, "kind": one}, pluck="name", order_by="started_on", limit=1
		)
		if waiting and is_free(one):
			later(run, _job_id(waiting[0]), name=waiting[0])


def sweep() -> None:
	"""Scheduler, every five minutes: what a stopped worker left behind of imports."""
	start_next()
	for name in frappe.get_all(DOCTYPE, {"follow_up_due": 1}, pluck="name"):
		doc = frappe.get_doc(DOCTYPE, name)
		if not (doc.status in BUSY and is_running(doc)) and not is_job_enqueued(_follow_up_id(name)):
			enqueue_follow_up(name)


def enqueue_follow_up(name: str) -> None:
	later(run_follow_up, _follow_up_id(name), name=name)


def run_follow_up(name: str) -> None:
	"""Job: what follows from the rows of an import, which is due since they were committed."""
	kind = frappe.db.get_value(DOCTYPE, name, "kind")
	frappe.get_attr(frappe.get_attr(IMPORTERS[kind]).follow_up)(name)
	frappe.db.set_value(DOCTYPE, name, "follow_up_due", 0, update_modified=False)


def _follow_up_id(name: str) -> str:
	return f"cims-import-follow-up-{name}"


def _run(doc) -> None:
	job = Job(doc)
	try:
		{CHECK: job.check, IMPORT: job.write, UNDO: job.undo}[doc.task]()
	except Unreadable as error:
		job.take_back()
		job.fail(sentence(error.problem))
	except (NotWritten, frappe.ValidationError, frappe.PermissionError) as error:
		said = said_by(error)
		frappe.clear_messages()
		job.take_back()
		job.fail(said)
	except Exception:
		trace = frappe.get_traceback()
		job.take_back()
		log = frappe.log_error(
			_("Import {0} stopped").format(doc.name),
			trace,
			reference_doctype=DOCTYPE,
			reference_name=doc.name,
		)
		why = _(
			"The import stopped because of an error in the program. Show your administrator error log {0}."
		)
		job.fail(why.format(log.name if log else ""))
	finally:
		frappe.cache.delete_value(_key(doc.name))
	frappe.publish_realtime(
		"cims_import_done", {"name": doc.name}, doctype=DOCTYPE, docname=doc.name, after_commit=True
	)
	sql.commit()


def state(doc) -> dict:
	"""How far an import is: {"status", "done", "total", "seconds"}. One whose job has died is marked as such."""
	running = frappe.cache.get_value(_key(doc.name)) or {"done": 0, "total": 0, "seconds": 0}
	# A job is queued a moment after its import says that it runs.
	if doc.status in BUSY and now_datetime() - doc.started_on > A_MOMENT and not is_running(doc):
		doc.reload()
		if doc.status == QUEUED:
			start_next(doc.kind)
		elif doc.status in BUSY:
			Job(doc).fail(
				_("The import stopped before its end, because the server was restarted. Start it again.")
			)
	return {"status": doc.status, **running}


def is_running(doc) -> bool:
	"""Whether a job waits for this import or works on it. Redis Queue holds a job for started long after its worker was killed
	with all that watched over it; then nobody says any more that it lives."""
	found = get_job(_job_id(doc.name))
	status = found and found.get_status()
	if status != JobStatus.STARTED:
		return status == JobStatus.QUEUED
	seen = found.last_heartbeat or found.started_at
	if seen and utcnow() - seen < SILENT:
		return True
	# One that works without its watcher still holds its turn.
	return doc.status in (IMPORT, UNDO) and not is_free(doc.kind)


def _job_id(name: str) -> str:
	return f"cims-import-{name}"


def _key(name: str) -> str:
	return f"cims_import_progress|{name}"


def _remember(name: str, progress: dict) -> None:
	frappe.cache.set_value(_key(name), progress, expires_in_sec=REMEMBERED)


class Line:
	"""Work that stands in line for the import's connection to the database, done one by one by a thread that has it alone.

	After an error nothing more of it is done, and whoever waits for any of it gets that error.
	"""

	def __init__(self):
		self.pool = ThreadPoolExecutor(1)
		self.context = copy_context()
		self.error: BaseException | None = None
		self.messages: list = []

	def __enter__(self) -> "Line":
		# Its own list of messages.
		self.put(frappe.clear_messages)
		self.before = sys.getswitchinterval()
		sys.setswitchinterval(SWITCH)
		return self

	def __exit__(self, _type, error, _trace) -> None:
		if error:
			self.error = self.error or error
		self.pool.shutdown()
		sys.setswitchinterval(self.before)
		frappe.local.message_log.extend(self.messages)
		if self.error and not error:
			raise self.error

	def put(self, work: Callable, *arguments) -> Future:
		return self.pool.submit(self.context.run, self._do, work, *arguments)

	def _do(self, work: Callable, *arguments):
		if self.error:
			raise self.error
		try:
			return work(*arguments)
		except BaseException as error:
			self.error, self.messages = error, frappe.get_message_log()
			raise


class Job:
	"""A run over one import document."""

	def __init__(self, doc):
		self.doc = doc
		self.started = self.told = monotonic()
		self.importer: Importer | None = None
		self.tally: Tally | None = None
		self.writing = self.anchored = False
		self.done = self.total = 0
		self.last: tuple[Batch, Future] | None = None

	def check(self) -> None:
		"""The dry run."""
		self.go_through(writes=False)
		self.finish("Checked")

	def write(self) -> None:
		try:
			self.go_through(writes=True)
		except Refused:
			why = self.tally.first_reason
			self.take_back()
			self.close()
			# The rest is only judged, so that the person sees all that there is to correct.
			self.total = self.done = 0
			self.go_through(writes=False)
			raise NotWritten(self.refusal(why)) from None
		self.finish(IMPORTED)
		self.tell_lists()
		# What is in is in, whatever its rating meets.
		sql.commit()
		if self.importer.follow_up:
			enqueue_follow_up(self.doc.name)

	def undo(self) -> None:
		"""Take back what this import has written."""
		self.anchor()
		undo.undo(self.doc, self.progress)
		self.doc.db_set(
			{"status": UNDONE, "finished_on": now(), "error": None, "follow_up_due": 0}, notify=True
		)
		self.importer = importer_of(self.doc)
		self.tell_lists()
		sql.commit()

	def tell_lists(self) -> None:
		for doctype in self.importer.doctypes:
			frappe.publish_realtime(
				"list_update", {"doctype": doctype, "user": frappe.session.user}, after_commit=True
			)

	# --- the rows

	def go_through(self, writes: bool) -> None:
		self.importer = importer_of(self.doc)
		self.importer.check_permission()
		source = Source(self.importer.path)
		try:
			self.importer.open(source.headers, writes)
			for chunk in source.chunks(SURVEYED_AT_ONCE):
				self.importer.survey(chunk)
				self.total += len(chunk)
				self.progress(0, 0, self.total)
			if not self.total:
				raise Unreadable("no_rows")
			self.importer.ready()
			# Names are taken in a transaction of their own: a gap in the numbers hurts nobody, waiting for them does.
			sql.commit()
			self.tally = Tally(source.headers, *self.kept())
			self.writing = writes
			self.anchor()
			with quiet(), Line() as line, aside():
				self.go_on(source, line)
			self.importer.customers_made(self.tally)
		finally:
			source.close()

	def go_on(self, source: Source, line: Line) -> None:
		"""Chunk by chunk; what asks the database stands in line, the rest is worked out while the database is busy."""
		ahead: deque[tuple[Batch, Future]] = deque()
		for chunk in source.chunks(self.importer.rows_at_once, self.importer.together):
			batch = self.importer.read(chunk)
			if chunk.numbers[-1] <= self.doc.rows_done:
				line.put(self.pass_by, batch).result()
				continue
			ahead.append((batch, line.put(self.importer.match, batch)))
			if len(ahead) > AHEAD:
				self.advance(line, *ahead.popleft())
		for matched in ahead:
			self.advance(line, *matched)
		self.follow(line)
		if rest := self.importer.gather(True):
			line.put(rest)

	def advance(self, line: Line, batch: Batch, matched: Future) -> None:
		"""Judge and write a batch, while what belongs to the one before is worked out."""
		matched.result()
		self.importer.weigh(batch)
		if self.doc.by_batch:
			# What is kept is whole: nothing of the next batch before all that belongs to this one.
			self.follow(line)
		settled = line.put(self.settle, batch)
		self.follow(line)
		self.last = batch, settled

	def follow(self, line: Line) -> None:
		"""See to what belongs to the batch that was settled last."""
		if not self.last:
			return
		(batch, settled), self.last = self.last, None
		settled.result()
		if not self.writing:
			return
		self.importer.derive(batch)
		rest = self.importer.gather(bool(self.doc.by_batch))
		if self.doc.by_batch:
			line.put(self.commit, batch, rest)
		elif rest:
			line.put(rest)

	def pass_by(self, batch: Batch) -> None:
		self.importer.pass_by(batch)
		self.count(batch)

	def settle(self, batch: Batch) -> None:
		"""Judge a batch, write it if it is to be written, and count what became of its rows."""
		self.importer.judge(batch)
		refused = self.is_refused(batch)
		if self.writing and not refused:
			self.importer.write(batch)
			refused = self.is_refused(batch)
			# However many writes it takes, one file is one transaction.
			frappe.db.transaction_writes = 0
		self.tally.add(batch, self.importer.shown)
		self.count(batch)
		if refused:
			raise Refused

	def count(self, batch: Batch) -> None:
		self.done += len(batch.chunk)
		self.progress(self.done, self.total)

	def commit(self, batch: Batch, rest: Callable[[], None] | None) -> None:
		"""Keep what was written to the end of a batch, and what belongs to it, with how far that is."""
		if rest:
			rest()
		done = {
			"rows_done": batch.chunk.numbers[-1],
			"kept": json.dumps(self.tally.keep(), default=str),
			"follow_up_due": int(bool(self.importer.follow_up)),
		}
		frappe.db.set_value(DOCTYPE, self.doc.name, done, update_modified=False)
		sql.commit()
		self.anchor()

	def is_refused(self, batch: Batch) -> bool:
		"""Without "take the good rows" one rejected row means that nothing of the file is written."""
		return self.writing and REJECTED in batch.outcomes and not self.doc.take_good_rows

	def anchor(self) -> None:
		frappe.db.savepoint(SAVEPOINT)
		self.anchored = True

	def take_back(self) -> None:
		"""Take back what isn't committed; the server has done so where the connection was lost."""
		if not self.anchored:
			return
		try:
			frappe.db.rollback(save_point=SAVEPOINT)
		except Exception:
			frappe.db.close()
			frappe.db.connect()

	def refusal(self, why: str) -> str:
		"""why: what is wrong with the first rejected row."""
		rejected = self.tally.counts[REJECTED]
		if rejected > 1:
			return _(
				"Nothing was written, because {0} rows have a problem. Correct the file, or take the good rows without them."
			).format(rejected)
		return _("Nothing was written. {0} Correct the file, or take the good rows without this one.").format(
			why
		)

	# --- what it came to

	def kept(self) -> tuple[Path, dict | None]:
		"""Where the rejected rows go, and what an earlier run of this import has kept."""
		kept = json.loads(self.doc.kept or "null") if self.doc.rows_done else None
		if kept:
			return Path(frappe.get_site_path("private", "files", kept["path"])), kept
		name = f"{Path(self.importer.path).stem[:60]}-rejected-{frappe.generate_hash(length=8)}.csv"
		return Path(frappe.get_site_path("private", "files", name)), None

	def fail(self, error: str) -> None:
		"""The end of a run that wasn't completed. What is kept batch by batch stays, and can be gone on with; and what was
		committed to the last row before something broke is completed."""
		status, done, kept = frappe.db.get_value(DOCTYPE, self.doc.name, ["status", "rows_done", "kept"])
		if status == COMPLETED.get(self.doc.task):
			return
		if self.doc.task == UNDO:
			self.doc.db_set({"status": STOPPED if done else IMPORTED, "error": error}, notify=True)
			return
		if done:
			self.close()
			self.tally = Tally((), None, json.loads(kept))
		self.finish(STOPPED if done else "Failed", error)

	def finish(self, status: str, error: str | None = None) -> None:
		"""Write the outcome into the document, and the rejected rows into a file."""
		self.close()
		tally = self.tally or Tally((), None)
		self.doc.db_set(
			{
				"status": status,
				"error": error,
				"rows_total": tally.total,
				**{f"rows_{outcome}": tally.counts[outcome] for outcome in OUTCOMES},
				"customers_created": tally.customers_made,
				"summary": json.dumps(
					{"samples": tally.samples, "customers": tally.customers}, ensure_ascii=False, default=str
				),
				"rejects": self.rejects(tally) if status != STOPPED else None,
				"finished_on": now(),
				**({"follow_up_due": int(bool(self.importer.follow_up))} if status == IMPORTED else {}),
				**({} if status == STOPPED else {"rows_done": 0, "kept": None}),
			},
			notify=True,
		)

	def close(self) -> None:
		"""Let go of what was reserved and opened for the run."""
		if self.importer and self.tally:
			self.importer.close()
		if self.tally:
			self.tally.close()

	def rejects(self, tally: Tally) -> str | None:
		"""The address of the file with the rejected rows as they stand in the file, and the reason for each."""
		attached = {
			"attached_to_doctype": DOCTYPE,
			"attached_to_name": self.doc.name,
			"attached_to_field": "rejects",
		}
		for old in frappe.get_all("File", attached):
			frappe.delete_doc("File", old.name, ignore_permissions=True)
		if not (tally.path and tally.counts[REJECTED]):
			return None
		return files.describe(tally.path, self.doc.name, "rejects", ignore_permissions=True).file_url

	def progress(self, done: int, total: int, read: int = 0) -> None:
		"""read: rows that the first look at the file has passed."""
		moment = monotonic()
		if moment - self.told < PROGRESS_EVERY and (done < total or not total):
			return
		self.told = moment
		known = {"done": done, "total": total, "seconds": round(moment - self.started, 1), "read": read}
		_remember(self.doc.name, known)
		frappe.publish_realtime(
			"cims_import_progress", {"name": self.doc.name, **known}, doctype=DOCTYPE, docname=self.doc.name
		)


@contextmanager
def aside():
	"""What this asks the database nevertheless (a translation that has left the cache) goes over a connection of its own: the
	import's own is busy in another thread meanwhile."""
	mine, conf = frappe.local.db, frappe.conf
	frappe.local.db = get_db(conf.db_host, conf.db_name, conf.db_password, conf.db_port, conf.db_name)
	try:
		yield
	finally:
		frappe.local.db.close()
		frappe.local.db = mine


class quiet:
	"""Inside of it nobody is notified of each document, as with Frappe's own imports."""

	def __enter__(self):
		self.before = {flag: frappe.flags.get(flag) for flag in ("in_import", "mute_emails")}
		frappe.flags.update(in_import=True, mute_emails=True)

	def __exit__(self, *_error):
		frappe.flags.update(self.before)
