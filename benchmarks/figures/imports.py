"""Importing customers into an empty site: the fast lane against a bare LOAD DATA of the same rows into the same table and
against Frappe's Data Import; the strict lane against Data Import. Leaves the site empty again, by the import's own undo."""

import csv
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import generate
import measure
from measure import Figure, per_second
from place import Place

import frappe
from frappe.core.doctype.data_import.data_import import start_import
from frappe.utils import nowdate

from cims.imports import job
from cims.trust.calendar import to_day

CUSTOMER = generate.CUSTOMER
# What the file brings, by the names of the fields; the rest of a row is the database's.
BROUGHT = (
	"code", "customer_name", "customer_type", "status", "account_manager", "legal_name", "credit_code", "resident_id", "gender",
	"birth_date", "country", "province", "city", "address_line", "phone", "mobile", "email",
)  # fmt: skip
# Rows of the slow ways, enough that what happens once hardly counts.
OF_DATA_IMPORT, OF_STRICT_LANE = 1500, 5000


def figures(place: Place) -> Iterator[Figure]:
	managers = generate._managers()
	# Frappe takes files of up to 25 MB unless it is told otherwise.
	frappe.db.set_single_value("System Settings", "max_file_size", 1000)
	frappe.clear_cache()
	with tempfile.TemporaryDirectory() as folder:
		path = Path(folder) / "customers.csv"
		write(path, rows(place.customers, managers))
		bare = place.customers / bare_load(rows(place.customers, managers))
		peer = OF_DATA_IMPORT / data_import(folder, managers)
		took, undone = ours(path, "Fast")
		rate = place.customers / took
		work = "import of customers, fast lane"
		yield _rate(
			work, rate, took, "Data Import", peer, rate / peer, "100 times faster", rate / peer >= 100
		)
		yield _rate(
			work, rate, took, "a bare LOAD DATA", bare, rate / bare, "a third of it", rate / bare >= 1 / 3
		)
		yield Figure("undoing that import", place.customers / undone, per_second(place.customers / undone))
		write(path, islice(rows(place.customers, managers), OF_STRICT_LANE))
		took, _undone = ours(path, "Strict")
		rate = min(OF_STRICT_LANE, place.customers) / took
		yield _rate(
			"import of customers, strict lane",
			rate,
			took,
			"Data Import",
			peer,
			rate / peer,
			"3 times faster",
			rate / peer >= 3,
		)


def _rate(
	work: str, rate: float, seconds: float, peer: str, against: float, ratio: float, goal: str, reached: bool
) -> Figure:
	return Figure(
		work, rate, per_second(rate), peer, against, per_second(against), ratio, goal, reached, seconds
	)


def rows(customers: int, managers: list[str]) -> Iterator[dict]:
	latest = to_day(frappe.utils.getdate(min(generate.LATEST, nowdate())))
	for start in range(0, customers, generate.BLOCK):
		block = generate.Block(start, min(generate.BLOCK, customers - start), customers, latest, managers)
		for row in block.customers():
			yield dict(zip(generate.CUSTOMER_FIELDS, row, strict=True))


def write(path: Path, found: Iterator[dict]) -> None:
	with open(path, "w", encoding="utf-8", newline="") as file:
		out = csv.writer(file)
		out.writerow(BROUGHT)
		out.writerows([row[field] for field in BROUGHT] for row in found)


def bare_load(found: Iterator[dict]) -> float:
	"""Seconds that the database alone takes for the same rows, with the same indexes."""
	frappe.db.sql_ddl(f"CREATE OR REPLACE TABLE `tabbare load` LIKE `tab{CUSTOMER}`")
	values = (list(row.values()) for row in found)
	try:
		return sum(
			generate.load_part("bare load", generate.CUSTOMER_FIELDS, part) for part in generate.parts(values)
		)
	finally:
		frappe.db.commit()
		frappe.db.sql_ddl("DROP TABLE `tabbare load`")


def data_import(folder: str, managers: list[str]) -> float:
	"""Seconds that Frappe's Data Import takes; what it made is deleted again."""
	path = Path(folder) / "data-import.csv"
	write(path, islice(rows(OF_DATA_IMPORT, managers), OF_DATA_IMPORT))
	file = frappe.get_doc(
		doctype="File", file_name=path.name, is_private=1, content=path.read_bytes()
	).insert()
	doc = frappe.get_doc(
		doctype="Data Import",
		reference_doctype=CUSTOMER,
		import_type="Insert New Records",
		import_file=file.file_url,
	).insert()
	frappe.db.commit()
	took = measure.seconds(lambda: start_import(doc.name))
	made = frappe.get_all(CUSTOMER, pluck="name", limit=0)
	if len(made) != OF_DATA_IMPORT:
		raise SystemExit(
			f"Data Import made {len(made)} of {OF_DATA_IMPORT} customers; see its log {doc.name}"
		)
	for name in made:
		frappe.delete_doc(CUSTOMER, name, delete_permanently=True)
	frappe.db.commit()
	return took


def ours(path: Path, lane: str) -> tuple[float, float]:
	"""Seconds of our import of a file, and of its undoing."""
	doc = job.bring(path, "Customers", lane=lane)
	frappe.db.commit()
	took = measure.seconds(lambda: job.run_now(doc, job.IMPORT))
	if doc.status != "Imported" or doc.rows_rejected or doc.rows_duplicate:
		raise SystemExit(
			f"{doc.name}: {doc.status}, {doc.rows_rejected:,} rejected, {doc.rows_duplicate:,} duplicate: {doc.error}"
		)
	undone = measure.seconds(lambda: job.run_now(doc, job.UNDO))
	if doc.status != "Undone" or frappe.db.count(CUSTOMER):
		raise SystemExit(f"{doc.name}: {doc.status} after undoing: {doc.error}")
	return took, undone
