"""An import of receivables: new customers with orders and payments."""

import frappe
from frappe.utils import add_to_date

from cims.imports import job
from cims.ratings import rerate
from cims.tests.faults.works import Part, Work
from cims.tests.faults.works.files import bring_receivables

DOCTYPE = job.DOCTYPE
ORDERS_TABLES = ("customers", "orders", "items", "payments", "allocations")
QUERIES = {
	"customers": """SELECT customer_name, status, country FROM `tabCIMS Customer`""",
	"orders": """SELECT c.customer_name, o.order_no, o.docstatus, o.status, o.order_date, o.due_date, o.grand_total,
			o.paid_amount, o.outstanding_amount, o.payment_status, o.settled_on, o.remarks
		FROM `tabCIMS Order` o LEFT JOIN `tabCIMS Customer` c ON c.name = o.customer""",
	"items": """SELECT COALESCE(o.customer_name, ''), o.order_no, i.item_name, i.qty, i.rate
		FROM `tabCIMS Order Item` i LEFT JOIN `tabCIMS Order` o ON o.name = i.parent""",
	"payments": """SELECT c.customer_name, p.reference_no, p.docstatus, p.status, p.payment_date, p.amount,
			p.unallocated_amount
		FROM `tabCIMS Payment` p LEFT JOIN `tabCIMS Customer` c ON c.name = p.customer""",
	"allocations": """SELECT COALESCE(p.customer_name, ''), p.reference_no, o.order_no, a.allocated_amount
		FROM `tabCIMS Payment Allocation` a LEFT JOIN `tabCIMS Payment` p ON p.name = a.parent
		LEFT JOIN `tabCIMS Order` o ON o.name = a.order""",
	"evidence": """SELECT c.customer_name, e.dimension, e.kind, e.occurred_on, e.decays_from, e.value, e.weight, e.amount,
			e.days, e.source_doctype, COALESCE(o.order_no, e.source_name), e.source_event, e.reversal
		FROM `tabTrust Evidence` e LEFT JOIN `tabCIMS Customer` c ON c.name = e.customer
		LEFT JOIN `tabCIMS Order` o ON o.name = e.source_name""",
	"ratings": """SELECT c.customer_name, r.grade, r.score, r.low, r.high, r.evidence_count, r.settled_count, r.open_amount,
			r.overdue_amount, r.dirty, r.replay_from, r.percentile, c.trust_grade, c.trust_score
		FROM `tabTrust Rating` r LEFT JOIN `tabCIMS Customer` c ON c.name = r.customer""",
	"curve": """SELECT c.customer_name, s.day, s.cause, s.score, s.grade, s.rated
		FROM `tabTrust Snapshot` s LEFT JOIN `tabCIMS Customer` c ON c.name = s.customer""",
}  # fmt: skip


def prepare() -> None:
	bring_receivables(customers=20, invoices_each=6)


def start() -> None:
	job.enqueue(the_import(), job.IMPORT)


def again() -> None:
	"""What the user does who looks after it two minutes later, and then the scheduler."""
	doc = the_import()
	doc.db_set("started_on", add_to_date(doc.started_on, minutes=-2), update_modified=False)
	status = job.state(doc)["status"]
	doc.reload()
	if status == "Failed":
		assert doc.error, "it doesn't say why it failed"
		job.enqueue(doc, job.IMPORT)
		return
	assert status == "Imported", f"it stays {status}"
	rerate.sweep()
	rerate.nightly()


def the_import():
	return frappe.get_last_doc(DOCTYPE)


WORK = Work(
	name="import",
	module="receivables",
	queries=QUERIES,
	parts=(Part(ORDERS_TABLES, at_once=True), Part(("evidence",), at_once=False)),
	jobs=r"cims\.imports\.job\.run",
)
