"""Two customers made one, and parted again, with all that points at them."""

import frappe

from cims.duplicates import keys, links, merging, queue, undoing
from cims.ratings import rerate
from cims.tests import records
from cims.tests.faults.works import Part, Work, population

ORDERS_EACH, COMMENTS = 40, 30
SURVIVOR, RETIRED = population.code(0), population.code(1)
LOG = "SELECT survivor, retired, status, counts FROM `tabCustomer Merge`"
POINTERS = {
	"customers": "SELECT name, customer_name, legal_name, phone, email, city FROM `tabCIMS Customer`",
	"orders": "SELECT customer, name, customer_name, grand_total, outstanding_amount FROM `tabCIMS Order`",
	"payments": "SELECT customer, amount, unallocated_amount FROM `tabCIMS Payment`",
	"evidence": """SELECT customer, kind, occurred_on, value, weight, amount, source_name, source_event, reversal
		FROM `tabTrust Evidence`""",
	"comments": """SELECT reference_name, comment_type, content FROM `tabComment`
		WHERE reference_doctype = 'CIMS Customer'""",
	"contacts": "SELECT link_name, parent FROM `tabDynamic Link` WHERE link_doctype = 'CIMS Customer'",
	"files": "SELECT attached_to_name, file_name FROM `tabFile` WHERE attached_to_doctype = 'CIMS Customer'",
	"pairs": "SELECT customer, other, status FROM `tabDuplicate Candidate`",
	"search": "SELECT customer, manager, text FROM cims_search_text",
	"keys": f"SELECT customer, part, sound FROM `{keys.TABLE}`",
	"merges": LOG,
}
QUERIES = POINTERS | {
	"ratings": """SELECT customer, grade, score, evidence_count, open_amount, overdue_amount, dirty, replay_from
		FROM `tabTrust Rating`""",
}  # fmt: skip


def prepare() -> None:
	codes = population.customers(30)
	population.orders(codes[:10], ORDERS_EACH)
	frappe.db.set_value("CIMS Customer", RETIRED, "legal_name", "Harbour Works Incorporated Ltd")
	queue.propose(SURVIVOR, RETIRED, "The same")
	for at in range(COMMENTS):
		frappe.get_doc("CIMS Customer", RETIRED).add_comment("Comment", f"Called them, {at}")
	for code in (SURVIVOR, RETIRED):
		contact = frappe.new_doc("Contact")
		contact.update({"first_name": f"Office of {code}"})
		contact.append("links", {"link_doctype": "CIMS Customer", "link_name": code})
		contact.insert()
		order = records.order(code, 500, days_ago=20)
		records.payment(code, 200, (order.name, 200), days_ago=5)
	file = {
		"file_name": "terms.txt",
		"content": "30 days",
		"attached_to_doctype": "CIMS Customer",
		"attached_to_name": RETIRED,
	}
	frappe.get_doc({"doctype": "File", "is_private": 1, **file}).insert()
	rerate.nightly()


def prepare_merged() -> None:
	prepare()
	frappe.db.commit()
	merge()


def merge() -> None:
	merging.merge(SURVIVOR, RETIRED, ["legal_name"])


def undo() -> None:
	undoing.undo(frappe.get_last_doc("Customer Merge").name)


def merge_again() -> None:
	"""The user whose page has shown an error looks at the customer, and merges where it hasn't happened."""
	if frappe.db.exists("CIMS Customer", RETIRED):
		merge()
	rerate.sweep()


def undo_again() -> None:
	if not frappe.db.exists("CIMS Customer", RETIRED):
		undo()
	rerate.sweep()


MERGE = Work(
	name="merge",
	module="merging",
	queries=QUERIES,
	parts=(Part(tuple(POINTERS), at_once=True),),
	changes=20,
	request="merge",
	afterwards=("merge_again",),
)
UNDO = Work(
	name="undoing a merge",
	module="merging",
	prepare="prepare_merged",
	queries=QUERIES,
	parts=(Part(tuple(POINTERS), at_once=True),),
	changes=20,
	request="undo",
	afterwards=("undo_again",),
)
