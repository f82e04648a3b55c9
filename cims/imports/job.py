"""One import, in the background: read and planned, then written in one transaction, or not at all.

With "take the good rows" what is good is kept in steps of `ROWS_AT_ONCE`, and the rest comes back as a file. How far it
is stands in the cache while it runs, so that leaving the page, or coming back to it, changes nothing.
"""

import csv
import io
import json
from datetime import timedelta
from itertools import islice
from pathlib import Path
from time import monotonic

import frappe
from frappe import _
from frappe.core.doctype.file.utils import find_file_by_url
from frappe.model.document import Document
from frappe.utils import now, now_datetime
from frappe.utils.background_jobs import is_job_enqueued

from cims.imports import importer
from cims.imports.importer import (
	NEW,
	OUTCOMES,
	REJECTED,
	SAMPLES,
	UPDATED,
	Importer,
	Plan,
	Step,
	said_by,
	sentence,
)
from cims.ratings import sql
from cims.trust.cells import open_cells
from cims.trust.problems import Unreadable

DOCTYPE = "CIMS Import"
IMPORTERS = {
	"Receivables": "cims.receivables.importing.ReceivablesImport",
	"Customers": "cims.customers.importing.CustomersImport",
}
CHECK, IMPORT = "Checking", "Importing"
BUSY = (CHECK, IMPORT)
# Fields of the document that only the job writes, and what they hold before it ran.
NOTHING_YET = {
	"status": "Draft", "rows_total": 0, "rows_new": 0, "rows_updated": 0, "rows_duplicate": 0, "rows_rejected": 0,
	"customers_created": 0, "summary": None, "error": None, "rejects": None, "started_on": None, "finished_on": None,
}  # fmt: skip
ROWS_AT_ONCE = 200
SAVEPOINT = "cims_import"
# Files up to this size are checked while the person waits.
SMALL = 1_000_000
SECONDS_A_ROW = 0.2
PROGRESS_EVERY = 0.7
REMEMBERED = 24 * 3600
A_MOMENT = timedelta(seconds=15)


class NotWritten(Exception):
	"""The import ends without writing; the message says why, to the person who started it."""


def importer_of(doc) -> Importer:
	"""The importer of a CIMS Import, on its file. Raises ValidationError without one, PermissionError for another's."""
	return frappe.get_attr(IMPORTERS[doc.kind])(doc, str(path_of(doc)))


def path_of(doc) -> Path:
	"""Where the file of an import lies."""
	if not doc.file:
		frappe.throw(_("Attach the file to import first."))
	file = find_file_by_url(doc.file)
	if not file:
		frappe.throw(
			_("The file {0} isn't there, or isn't yours to read. Attach it again.").format(doc.file),
			frappe.PermissionError,
		)
	if file.is_remote_file:
		frappe.throw(_("Attach the file itself, not a link to it."))
	return Path(file.get_full_path())


def bring(path: Path, kind: str, mapping: dict | None = None, **options) -> Document:
	"""A new import of a file on this machine, with options by the names of the document's fields."""
	doc = frappe.new_doc(DOCTYPE)
	doc.update({"kind": kind, "mapping": frappe.as_json(mapping) if mapping else None, **options})
	doc.insert()
	doc.file = attach(doc.name, path.name, path.read_bytes()).file_url
	return doc.save()


def attach(name: str | None, filename: str, content: bytes | None) -> Document:
	"""Keep a file, private, with its import if that is there already. Returns the File document.

	Raises ValidationError for an empty one.
	"""
	if not content:
		frappe.throw(_("The file {0} is empty: it has 0 bytes. Export it again.").format(filename or ""))
	file = frappe.get_doc(
		{
			"doctype": "File",
			"file_name": filename,
			"attached_to_doctype": DOCTYPE if name else None,
			"attached_to_name": name,
			"attached_to_field": "file" if name else None,
			"is_private": 1,
			"content": content,
		}
	)
	return file.insert()


def columns(doc) -> dict:
	"""What the form shows of the file before it is planned (`importer.columns`), or {"error": sentence}."""
	try:
		return importer.columns(importer_of(doc))
	except Unreadable as error:
		return {"error": sentence(error.problem)}


def enqueue(doc, what: str) -> None:
	"""Check or import the file of a saved import in the background; small files are checked at once.

	Raises ValidationError while it runs or when it has been imported.
	"""
	asked = importer_of(doc)
	asked.check_permission()
	status = frappe.db.get_value(DOCTYPE, doc.name, "status", for_update=True)
	if status in BUSY and state(doc)["status"] in BUSY:
		frappe.throw(_("This import is running already. Wait until it has ended."))
	if status == "Imported":
		frappe.throw(_("This file has been imported. Make a new import for another file."))
	size = Path(asked.path).stat().st_size
	doc.db_set(NOTHING_YET | {"status": what, "started_on": now()}, notify=True)
	_remember(doc.name, {"done": 0, "total": 0, "seconds": 0})
	frappe.enqueue(
		run,
		queue="long",
		timeout=int(max(1500, size / 50 * SECONDS_A_ROW)),
		job_id=_job_id(doc.name),
		enqueue_after_commit=True,
		now=frappe.flags.in_test or (what == CHECK and size <= SMALL),
		name=doc.name,
	)


def run_now(doc, what: str) -> None:
	"""Check or import the file of a saved import here and now."""
	doc.db_set(NOTHING_YET | {"status": what, "started_on": now()})
	sql.commit()
	run(doc.name)
	doc.reload()


def outcome(doc) -> dict:
	"""What an import came to, for a program."""
	return {field: doc.get(field) for field in ("name", "kind", *NOTHING_YET) if field != "summary"}


def run(name: str) -> None:
	"""The job: what the status of the import says is to be done."""
	doc = frappe.get_doc(DOCTYPE, name)
	job = Job(doc)
	try:
		job.check() if doc.status == CHECK else job.write()
	except Unreadable as error:
		job.finish("Failed", sentence(error.problem))
	except (NotWritten, frappe.ValidationError, frappe.PermissionError) as error:
		frappe.clear_messages()
		job.finish("Failed", said_by(error))
	except Exception:
		frappe.db.rollback()
		log = frappe.log_error(
			_("Import {0} stopped").format(name), reference_doctype=DOCTYPE, reference_name=name
		)
		why = _(
			"The import stopped because of an error in the program. Show your administrator error log {0}."
		)
		job.finish("Failed", why.format(log.name if log else ""))
	finally:
		frappe.cache.delete_value(_key(name))
	frappe.publish_realtime(
		"cims_import_done", {"name": name}, doctype=DOCTYPE, docname=name, after_commit=True
	)


def state(doc) -> dict:
	"""How far an import is: {"status", "done", "total", "seconds"}. One whose job has died is marked as failed."""
	running = frappe.cache.get_value(_key(doc.name)) or {"done": 0, "total": 0, "seconds": 0}
	# A job is queued a moment after its import says that it runs.
	if doc.status in BUSY and now_datetime() - doc.started_on > A_MOMENT and not is_running(doc.name):
		doc.reload()
		if doc.status in BUSY:
			why = _("The import stopped before its end, because the server was restarted. Start it again.")
			Job(doc).finish("Failed", why)
	return {"status": doc.status, **running}


def is_running(name: str) -> bool:
	return is_job_enqueued(_job_id(name))


def _job_id(name: str) -> str:
	return f"cims-import-{name}"


def _key(name: str) -> str:
	return f"cims_import_progress|{name}"


def _remember(name: str, progress: dict) -> None:
	frappe.cache.set_value(_key(name), progress, expires_in_sec=REMEMBERED)


class Job:
	"""A run over one import document."""

	def __init__(self, doc):
		self.doc = doc
		self.started = self.told = monotonic()
		self.importer: Importer | None = None
		self.plan = Plan([])

	def check(self) -> None:
		"""The dry run."""
		self.make_plan()
		self.finish("Checked")

	def make_plan(self) -> None:
		self.importer = importer_of(self.doc)
		self.importer.check_permission()
		self.plan = self.importer.plan(self.progress)
		self.show_rejected()

	def show_rejected(self) -> None:
		"""The rejected samples are shown as they stand in the file."""
		cells = open_cells(self.importer.path)
		steps = {step.row: step for step in islice(self.plan.of(REJECTED), SAMPLES)}
		for number, row in cells.rows(list(steps)):
			steps[number].cells = {
				header: text for header, text in zip(cells.headers, row, strict=False) if header
			}

	def write(self) -> None:
		self.make_plan()
		rejected = self.plan.count()[REJECTED]
		if rejected and not self.doc.take_good_rows:
			raise NotWritten(self.refusal(rejected))
		steps = list(self.plan.of(NEW, UPDATED))
		# The names are taken in a transaction of their own: a gap in the numbers hurts nobody, waiting for them does.
		self.importer.prepare(self.plan)
		sql.commit()
		frappe.db.savepoint(SAVEPOINT)
		with quiet():
			for at, step in enumerate(steps, 1):
				self.write_step(step)
				self.progress(at, len(steps))
				if self.doc.take_good_rows and at % ROWS_AT_ONCE == 0:
					sql.commit()
		self.plan.customers = self.importer.customers_made(self.plan)
		self.finish("Imported")
		for doctype in self.importer.doctypes:
			frappe.publish_realtime(
				"list_update", {"doctype": doctype, "user": frappe.session.user}, after_commit=True
			)
		# What is in is in, whatever its rating meets.
		sql.commit()
		self.importer.finish()

	def write_step(self, step: Step) -> None:
		# What is taken back where a row fails: that row, or all that was written so far.
		if self.doc.take_good_rows:
			frappe.db.savepoint(SAVEPOINT)
		try:
			self.importer.write(step)
		except (frappe.ValidationError, frappe.PermissionError, frappe.NameError) as error:
			frappe.db.rollback(save_point=SAVEPOINT)
			step.outcome, step.note = REJECTED, said_by(error)
			if not self.doc.take_good_rows:
				raise NotWritten(self.refusal(1)) from error
		finally:
			frappe.clear_messages()

	def refusal(self, rejected: int) -> str:
		if rejected == 1:
			step = next(self.plan.of(REJECTED))
			return _(
				"Nothing was written. Row {0}: {1} Correct the file, or take the good rows without this one."
			).format(step.row, " ".join(step.note.splitlines()))
		return _(
			"Nothing was written, because {0} rows have a problem. Correct the file, or take the good rows without them."
		).format(rejected)

	def finish(self, status: str, error: str | None = None) -> None:
		"""Write the outcome into the document, and the rejected rows into a file."""
		count = self.plan.count()
		self.doc.db_set(
			{
				"status": status,
				"error": error,
				"rows_total": len(self.plan.steps),
				**{f"rows_{outcome}": count[outcome] for outcome in OUTCOMES},
				"customers_created": len(self.plan.customers),
				"summary": json.dumps(
					{"samples": self.plan.samples(), "customers": self.plan.customers[:10]},
					ensure_ascii=False,
					default=str,
				),
				"rejects": self.rejects() if count[REJECTED] else None,
				"finished_on": now(),
			},
			notify=True,
		)

	def rejects(self) -> str:
		"""The rejected rows as they stand in the file, with the reason for each, as a CSV file. Returns its address."""
		reasons = {step.row: " ".join(step.note.splitlines()) for step in self.plan.of(REJECTED)}
		cells = open_cells(self.importer.path)
		out = io.StringIO(newline="")
		writer = csv.writer(out)
		width = len(cells.headers)
		writer.writerow([*cells.headers, _("Row"), _("Reason")])
		for number, row in cells.rows(sorted(reasons)):
			writer.writerow([*(row + [""] * width)[:width], number, reasons[number]])
		for old in frappe.get_all(
			"File",
			{
				"attached_to_doctype": DOCTYPE,
				"attached_to_name": self.doc.name,
				"attached_to_field": "rejects",
			},
		):
			frappe.delete_doc("File", old.name, ignore_permissions=True)
		file = frappe.get_doc(
			{
				"doctype": "File",
				"file_name": f"{Path(self.importer.path).stem[:60]}-rejected.csv",
				"attached_to_doctype": DOCTYPE,
				"attached_to_name": self.doc.name,
				"attached_to_field": "rejects",
				"is_private": 1,
				# With a mark that makes spreadsheet programs read it as UTF-8.
				"content": ("\ufeff" + out.getvalue()).encode(),
			}
		)
		return file.insert(ignore_permissions=True).file_url

	def progress(self, done: int, total: int) -> None:
		moment = monotonic()
		if moment - self.told < PROGRESS_EVERY and done < total:
			return
		self.told = moment
		known = {"done": done, "total": total, "seconds": round(moment - self.started, 1)}
		_remember(self.doc.name, known)
		frappe.publish_realtime(
			"cims_import_progress", {"name": self.doc.name, **known}, doctype=DOCTYPE, docname=self.doc.name
		)


class quiet:
	"""Inside of it nobody is notified of each document, as with Frappe's own imports."""

	def __enter__(self):
		self.before = {flag: frappe.flags.get(flag) for flag in ("in_import", "mute_emails")}
		frappe.flags.update(in_import=True, mute_emails=True)

	def __exit__(self, *_error):
		frappe.flags.update(self.before)
