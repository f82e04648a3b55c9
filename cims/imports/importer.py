"""What every import has in common: fields that columns are mapped to, and a plan of what becomes of each row."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import frappe
from frappe import _
from frappe.model.naming import parse_naming_series
from frappe.query_builder import DocType
from frappe.utils import strip_html

from cims.trust.cells import Cells, open_cells
from cims.trust.problems import Problem, Unreadable, text
from cims.trust.reader import plain

NEW, UPDATED, DUPLICATE, REJECTED = "new", "updated", "duplicate", "rejected"
OUTCOMES = (NEW, UPDATED, DUPLICATE, REJECTED)
SAMPLES = 10


@dataclass(frozen=True)
class Field:
	"""A field that a column of the file can stand for. label and help: English, translated when shown.

	headers: what its column is called in files, as `reader.plain` writes it, best first. example: for the template.
	"""

	name: str
	label: str
	required: bool = False
	help: str = ""
	headers: tuple[str, ...] = ()
	example: str = ""


@dataclass
class Step:
	"""One row of the file and what becomes of it. row: its number in the file, the header being counted.

	cells: label -> text, what a person is shown of the row. note: why, or what of it, already translated.
	data: what the importer needs to write it.
	"""

	row: int
	outcome: str
	cells: Mapping[str, str]
	note: str = ""
	data: Any = None


@dataclass
class Plan:
	"""What would become of a file's rows, in their order. customers: those that would be made, as (code, name)."""

	steps: list[Step]
	customers: list[tuple[str, str]] = field(default_factory=list)

	def count(self) -> dict[str, int]:
		counted = Counter(step.outcome for step in self.steps)
		return {outcome: counted[outcome] for outcome in OUTCOMES}

	def of(self, *outcomes: str) -> Iterator[Step]:
		return (step for step in self.steps if step.outcome in outcomes)

	def samples(self) -> dict[str, list[dict]]:
		"""Outcome -> the first ten rows of it, as a person is shown them."""
		return {
			outcome: [
				{"row": step.row, "cells": dict(step.cells), "note": step.note}
				for step in islice(self.of(outcome), SAMPLES)
			]
			for outcome in OUTCOMES
		}


class Importer:
	"""One import of one file. The job calls, in this order: check_permission, plan, and unless it is a dry run prepare,
	write for every step that is to be written, and finish."""

	fields: tuple[Field, ...] = ()
	# What it writes; lists of these are told when it is done.
	doctypes: tuple[str, ...] = ()

	def __init__(self, doc, path: str):
		self.doc = doc
		self.path = path

	def check_permission(self) -> None:
		"""Raises PermissionError unless the user may write what this import writes."""
		raise NotImplementedError

	def plan(self, progress: Callable[[int, int], None]) -> Plan:
		"""What would become of each row. Reads only. Raises Unreadable for the file as a whole."""
		raise NotImplementedError

	def prepare(self, plan: Plan) -> None:
		"""Before the first row is written."""

	def write(self, step: Step) -> None:
		"""Write one row through its documents. Raises what these raise."""
		raise NotImplementedError

	def customers_made(self, plan: Plan) -> list[tuple[str, str]]:
		"""Of the customers that were to be made, those that were, as (code, name)."""
		return plan.customers

	def finish(self) -> None:
		"""After the rows have been written and committed."""

	def mapping(self, headers: Sequence[str]) -> dict[str, str]:
		"""Field -> header: as the person chose, else as guessed. Raises Unreadable for columns that are missing."""
		chosen = json.loads(self.doc.mapping or "{}")
		found = chosen or guess(self.fields, headers)
		for header in found.values():
			if header and header not in headers:
				raise Unreadable("map_header", header=header, found=", ".join(filter(None, headers)))
		found = {name: header for name, header in found.items() if header}
		labels = {f.name: _(f.label) for f in self.fields}
		for header, times in Counter(found.values()).items():
			if times > 1:
				names = ", ".join(labels[name] for name, other in found.items() if other == header)
				frappe.throw(
					_("The column {0} stands for several fields: {1}. Choose one column for each.").format(
						header, names
					)
				)
		missing = [labels[f.name] for f in self.fields if f.required and f.name not in found]
		if missing:
			frappe.throw(
				_("The file lacks columns for: {0}. It has: {1}. Choose the columns under Columns.").format(
					", ".join(missing), ", ".join(filter(None, headers))
				)
			)
		return found


def guess(fields: Sequence[Field], headers: Sequence[str]) -> dict[str, str]:
	"""Field -> the header that is called like it; fields without one are left out."""
	known = {}
	for header in headers:
		known.setdefault(plain(header), header)
	found = {}
	for f in fields:
		for name in names_of(f):
			if name in known and known[name] not in found.values():
				found[f.name] = known[name]
				break
	return found


def names_of(f: Field) -> list[str]:
	"""What the column of a field may be called: its name, its label in English, Chinese and the user's language, more."""
	labels = (f.name, f.label, _(f.label, "zh"), _(f.label))
	return list(dict.fromkeys([*map(plain, labels), *f.headers]))


def sentence(problem: Problem) -> str:
	"""What is wrong with the file as a whole, in the user's language."""
	return text(problem, _)


def in_cell(column: str | None, why: str) -> str:
	"""What is wrong with a row, after the column that it is about. Where the row is known, its number isn't repeated."""
	return _("{0}: {1}").format(column, why) if column else why


def said_by(error: Exception) -> str:
	"""What an error of the documents says to the person who imports."""
	said = strip_html(str(error)).strip()
	if said and not isinstance(error, frappe.MandatoryError):
		return said
	# Some only name fields, or nothing; what they say in words they leave as messages.
	messages = [strip_html(message.get("message") or "").strip() for message in frappe.get_message_log()]
	return " ".join(filter(None, messages)) or said or _("You aren't allowed to do this.")


def columns(importer: Importer) -> dict:
	"""What the form shows of a file before it is planned. Raises Unreadable.

	{"columns": [{"header", "samples"}], "fields": [{"name", "label", "required", "help"}], "mapping": {field: header}}
	"""
	cells = open_cells(importer.path)
	shown = _first_rows(cells, 3)
	return {
		"columns": [
			{"header": header, "samples": [row[at] for row in shown if at < len(row)]}
			for at, header in enumerate(cells.headers)
			if header
		],
		"fields": [
			{"name": f.name, "label": _(f.label), "required": f.required, "help": _(f.help) if f.help else ""}
			for f in importer.fields
		],
		"mapping": json.loads(importer.doc.mapping or "{}") or guess(importer.fields, cells.headers),
	}


def _first_rows(cells: Cells, count: int) -> list[list[str]]:
	wanted = range(cells.header_row + 1, cells.header_row + 1 + count)
	return [row for _number, row in islice(cells.rows(wanted), count)]


def insert(doc, name: str | None = None):
	"""Insert a document under a reserved name, whose links the plan has looked up, with their titles.

	No open page is told of it: the job tells them once, of all.
	"""
	doc.flags.update(notify_update=False, ignore_links=True)
	return doc.insert(set_name=name)


def reserve(doctype: str, series: str | None, count: int) -> list[str]:
	"""`count` names of a naming series, taken at once, so that nobody waits for the counter while the rows are written.

	Empty where the site names these documents in another way: then each document is named when it is inserted.
	"""
	if not count or not series or "#" not in series or _has_naming_rule(doctype):
		return []
	taken = {}

	def take(prefix: str, digits: int) -> str:
		taken.update(first=_advance(prefix, count), prefix=prefix, digits=digits)
		return ""

	parse_naming_series(series, doctype, number_generator=take)
	first, prefix, digits = taken["first"], taken["prefix"], taken["digits"]
	return [f"{prefix}{number:0{digits}d}" for number in range(first, first + count)]


def _has_naming_rule(doctype: str) -> bool:
	return bool(frappe.db.exists("Document Naming Rule", {"document_type": doctype, "disabled": 0}))


def _advance(prefix: str, count: int) -> int:
	"""Move the counter of a series by `count`. Returns the first number of these."""
	series = DocType("Series")
	current = frappe.qb.from_(series).select(series.current).where(series.name == prefix).for_update().run()
	if current:
		frappe.qb.update(series).set(series.current, series.current + count).where(
			series.name == prefix
		).run()
	else:
		frappe.qb.into(series).columns(series.name, series.current).insert(prefix, count).run()
	return (current[0][0] or 0) + 1 if current else 1
