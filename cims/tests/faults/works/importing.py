"""A file of customers: most are new, some are there and change, some can't be taken."""

from pathlib import Path
from tempfile import TemporaryDirectory

import frappe
from frappe.utils import add_to_date

from cims.duplicates import keys
from cims.imports import job
from cims.tests.faults.works import Part, Work, population

THERE, NEW, WRONG_EVERY = 400, 1600, 50
ROWS = THERE // 2 + NEW
# Each good row changes three things: the customer, what is searched, and its keys if it is new, else what it was.
THINGS = 3
QUERIES = {
	"customers": "SELECT name, customer_name, status, city, email, import_id FROM `tabCIMS Customer`",
	"changes": "SELECT reference_name, import_id, reference_doctype, former FROM `tabCIMS Import Change`",
	"search": "SELECT customer, manager, text FROM cims_search_text",
	"keys": f"SELECT customer, part, sound FROM `{keys.TABLE}`",
}


def prepare() -> None:
	bring()


def prepare_by_batch() -> None:
	bring(wrong=True, take_good_rows=1, by_batch=1)


def bring(wrong: bool = False, **options) -> None:
	population.customers(THERE)
	lines = ["Code,Customer Name,Email,Province,City"]
	for at in range(THERE // 2, THERE + NEW):
		email = "nobody" if wrong and at % WRONG_EVERY == 0 else population.email(at + 100_000)
		lines.append(
			f"{population.code(at)},{population.name(at)},{email},广东省,{population.CITIES[at % 3]}"
		)
	with TemporaryDirectory() as folder:
		path = Path(folder) / "customers.csv"
		path.write_text("\n".join(lines) + "\n")
		job.bring(path, "Customers", **options)


def start() -> None:
	job.enqueue(the_import(), job.IMPORT)


def again() -> None:
	"""What the user does who looks after it two minutes later."""
	doc = the_import()
	doc.db_set("started_on", add_to_date(doc.started_on, minutes=-2), update_modified=False)
	status = job.state(doc)["status"]
	doc.reload()
	if status in ("Failed", "Stopped"):
		assert doc.error, "it doesn't say why it failed"
		job.enqueue(doc, job.IMPORT)
	else:
		assert status in ("Queued", "Imported"), f"it stays {status}"


def look() -> dict:
	"""What the import says of itself, and the file of rejected rows."""
	doc = the_import()
	counts = [doc.get(field) for field in job.NOTHING_YET if field.startswith(("rows_", "customers_"))]
	rejects = frappe.get_last_doc("File", {"file_url": doc.rejects}).get_content() if doc.rejects else None
	return {"import": {doc.name: [[doc.status, doc.error, counts]]}, "rejects": {doc.name: [[rejects]]}}


def the_import():
	return frappe.get_last_doc(job.DOCTYPE)


WORK = Work(
	name="import",
	module="importing",
	queries=QUERIES,
	look="look",
	afterwards=("again", "again"),
	parts=(Part(tuple(QUERIES), at_once=True),),
	changes=THINGS * ROWS,
	jobs=r"cims\.imports\.job\.run",
)
BY_BATCH = Work(
	name="import by batch",
	module="importing",
	prepare="prepare_by_batch",
	queries=QUERIES,
	look="look",
	afterwards=("again", "again"),
	parts=(Part(tuple(QUERIES), at_once=False),),
	changes=THINGS * (ROWS - ROWS // WRONG_EVERY),
	jobs=r"cims\.imports\.job\.run",
)
