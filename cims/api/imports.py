"""Importing files of customers and receivables (documents of CIMS Import)."""

import csv
import io

import frappe
from frappe import _

from cims.api import arguments
from cims.imports import files, job
from cims.trust.words import safe_cell

DOCTYPE = job.DOCTYPE


@frappe.whitelist(methods=["POST"])
def create(
	kind: str = "",
	file_url: str | None = None,
	mapping: dict | str | None = None,
	date_format: str | None = None,
	currency: str | None = None,
	create_customers: bool = True,
	update_customers: bool = True,
	take_good_rows: bool = False,
	by_batch: bool = False,
	match_by: str = "Code",
	lane: str = "Fast",
) -> dict:
	"""A new import of a file, checked: sent along as the part "file" of the form, or uploaded before (`file_url`).

	kind: Receivables, Orders or Customers. mapping: field -> header of its column, where the headers aren't recognised.
	match_by: what customers are found by, as the form has it. by_batch: keep what is written batch by batch, so that an
	interrupted import goes on where it stopped. lane: Fast or Strict.
	Returns what `get` does; status Checking while a large file is worked through.
	"""
	arguments.required(kind=kind)
	if kind not in job.IMPORTERS:
		frappe.throw(
			_("{0} isn't a kind of import. Choose one of: {1}.").format(kind, ", ".join(job.IMPORTERS))
		)
	uploaded = frappe.request.files.get("file") if getattr(frappe.local, "request", None) else None
	if not uploaded:
		arguments.required(file_url=file_url)
	doc = frappe.new_doc(DOCTYPE)
	doc.update(
		{
			"kind": kind,
			"file": file_url,
			"mapping": _mapping(mapping),
			"date_format": date_format,
			"currency": currency,
			"create_customers": create_customers,
			"update_customers": update_customers,
			"take_good_rows": take_good_rows,
			"by_batch": by_batch,
			"match_by": match_by,
			"lane": lane,
		}
	)
	doc.insert()
	if uploaded:
		doc.file = files.attach(doc.name, uploaded.filename, uploaded.stream).file_url
		doc.save()
	job.enqueue(doc, job.CHECK)
	return _shown(doc.name)


@frappe.whitelist(methods=["GET", "POST"])
def columns(name: str = "") -> dict:
	"""The columns of an import's file with samples, the fields there are, and what is taken for what (`importer.columns`).

	{"error": sentence} for a file that can't be read.
	"""
	return job.columns(_import(name, "read"))


@frappe.whitelist(methods=["POST"])
def check(name: str = "") -> dict:
	"""Work out what importing the file would do, writing nothing. Returns what `get` does; large files take a while."""
	job.enqueue(_import(name, "write"), job.CHECK)
	return _shown(name)


@frappe.whitelist(methods=["POST"])
def take_file():
	"""What the form's upload calls, through Frappe's `upload_file`: keeps the file that came, private. Returns the File.

	Raises ValidationError for an empty file, which Frappe itself would answer with an error of the program.
	"""
	# Frappe has looked for the form's document, which isn't there before it is saved.
	frappe.clear_messages()
	frappe.has_permission(DOCTYPE, "create", throw=True)
	name = frappe.form_dict.docname
	return files.attach(
		name if name and frappe.db.exists(DOCTYPE, name) else None,
		frappe.local.uploaded_filename,
		frappe.local.uploaded_file,
	)


@frappe.whitelist(methods=["POST"])
def start(name: str = "") -> dict:
	"""Import a checked file in the background, or go on with one that was interrupted. Returns what `get` does."""
	job.enqueue(_import(name, "write"), job.IMPORT)
	return _shown(name)


@frappe.whitelist(methods=["POST"])
def undo(name: str = "") -> dict:
	"""Take back in the background what an import has written, as long as nothing builds on it. Returns what `get` does.

	Raises ValidationError, saying what builds on it, otherwise.
	"""
	job.enqueue(_import(name, "write"), job.UNDO)
	return _shown(name)


@frappe.whitelist(methods=["GET", "POST"])
def get(name: str = "") -> dict:
	"""An import: its fields, {"done", "total", "seconds"} while it runs, and up to ten samples of each outcome."""
	_import(name, "read")
	return _shown(name)


@frappe.whitelist(methods=["GET"])
def template(kind: str = "") -> None:
	"""A CSV file with the columns that an import of this kind knows, and one row as an example."""
	arguments.required(kind=kind)
	if kind not in job.IMPORTERS:
		frappe.throw(
			_("{0} isn't a kind of import. Choose one of: {1}.").format(kind, ", ".join(job.IMPORTERS))
		)
	arguments.may_read(DOCTYPE)
	fields = frappe.get_attr(job.IMPORTERS[kind])(frappe.new_doc(DOCTYPE), "").fields
	out = io.StringIO(newline="")
	csv.writer(out).writerows(
		[[safe_cell(_(f.label)) for f in fields], [safe_cell(f.example) for f in fields]]
	)
	frappe.response.update(
		type="download",
		filename=f"{_(kind)}.csv",
		# With a mark that makes spreadsheet programs read it as UTF-8.
		filecontent=("\ufeff" + out.getvalue()).encode(),
		content_type="text/csv",
	)


def _mapping(mapping: dict | str | None) -> str | None:
	if not mapping:
		return None
	found = arguments.parsed(mapping, "mapping") if isinstance(mapping, str) else mapping
	if not isinstance(found, dict):
		frappe.throw(_("{0} must be an object.").format("mapping"))
	return frappe.as_json(found)


def _import(name: str, right: str):
	arguments.required(name=name)
	frappe.has_permission(DOCTYPE, right, throw=True)
	if not frappe.db.exists(DOCTYPE, name):
		frappe.throw(_("There is no import {0}.").format(name), frappe.DoesNotExistError)
	doc = frappe.get_doc(DOCTYPE, name)
	doc.check_permission(right)
	return doc


def _shown(name: str) -> dict:
	doc = frappe.get_doc(DOCTYPE, name)
	progress = job.state(doc)
	found = job.outcome(doc) | {"progress": progress if doc.status in job.BUSY else None}
	summary = frappe.parse_json(doc.summary or "{}")
	return found | {"samples": summary.get("samples", {}), "new_customers": summary.get("customers", [])}
