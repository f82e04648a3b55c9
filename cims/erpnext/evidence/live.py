"""ERPNext's documents as they change: noted in the transaction that changes them, brought in line by a job after it.

A note is one new row, so that it waits for nobody and holds nobody up, however many sell to one customer at the same time. What
changes without telling anybody is found by the nightly `store.catch_up`.
"""

from collections import defaultdict

import frappe
from frappe.utils import getdate

from cims.erpnext import links
from cims.erpnext.evidence import dunning, issues, orders, receivables, returns
from cims.ratings import queue, sql, store

WAITING = "Changed Document"
FIELDS = ("name", "document_type", "document_name", "customer", "since", "attempts")
JOB = "cims-changed-documents"
AT_ONCE = 500
# From so many documents of one customer on, all of that customer's are compared in sets.
MANY = 50
MOST_ATTEMPTS = 3


def note(doctype: str, name: str, customer: str | None, since=None) -> None:
	"""Keep in mind that a document of one of ERPNext's customers changed. since: see `store.changed`."""
	if not customer:
		return
	sql.insert(WAITING, FIELDS, [(sql.new_name(), doctype, name, customer, since and getdate(since), 0)])
	queue.add_once("cims.erpnext.evidence.live.work", JOB)


# --- document events -------------------------------------------------------------------------------------


def ledger_changed(doc, method=None) -> None:
	"""A row of the ledger came, also where another is taken back by it: whatever moves what an invoice is owed ends here."""
	if doc.against_voucher_type == receivables.INVOICE and doc.party_type == "Customer":
		note(receivables.INVOICE, doc.against_voucher_no, doc.party, doc.posting_date)


def invoice_changed(doc, method=None) -> None:
	"""A submitted invoice changed beside the ledger, or goods came back with it."""
	if method == "on_update_after_submit" or doc.is_return:
		note(doc.doctype, doc.name, doc.customer, store.earliest_change(doc))


def payments_were_parted(doc, method=None) -> None:
	"""Unreconcile Payment: the ledger's rows were pointed elsewhere, and none came."""
	for row in doc.allocations:
		if row.reference_doctype == receivables.INVOICE:
			found = frappe.db.get_value(
				row.reference_doctype, row.reference_name, ["customer", "posting_date"]
			)
			note(row.reference_doctype, row.reference_name, *(found or (None,)))


def order_changed(doc, method=None) -> None:
	"""A Sales Order was closed, opened again, cancelled or deleted."""
	ended = method in ("on_cancel", "on_trash") or (doc.docstatus == 1 and doc.status == "Closed")
	if ended or frappe.db.exists(store.EVIDENCE, {"source_doctype": doc.doctype, "source_name": doc.name}):
		note(doc.doctype, doc.name, doc.customer)


def order_amended(doc, method=None) -> None:
	"""What a cancelled order said is taken back once it turns out to have been a correction."""
	if doc.amended_from:
		note(orders.ORDER, doc.amended_from, doc.customer)


def delivery_changed(doc, method=None) -> None:
	if doc.is_return:
		note(returns.DELIVERY, doc.name, doc.customer)


def issue_changed(doc, method=None) -> None:
	before = doc.get_doc_before_save()
	for customer in {doc.customer, before and before.customer}:
		note(issues.ISSUE, doc.name, customer)


def dunning_changed(doc, method=None) -> None:
	note(dunning.DUNNING, doc.name, doc.customer)


def company_renamed(doc, method=None, old: str = "", new: str = "", merge: bool = False) -> None:
	"""Evidence keeps the company by its name."""
	frappe.db.sql("UPDATE `tabTrust Evidence` SET company = %s WHERE company = %s", (new, old))


# --- the job ------------------------------------------------------------------------------------------------


def work() -> int:
	"""Job: bring the evidence of what was noted in line, as much of it as there is. Returns how many documents that were."""
	done = 0
	while notes := frappe.get_all(
		WAITING,
		{"attempts": ("<", MOST_ATTEMPTS)},
		list(FIELDS),
		order_by="creation, name",
		limit=AT_ONCE,
	):
		done += _bring_in_line(notes)
		# A transaction reads what was there at its first look: the next notes are later ones.
		sql.commit()
	return done


def sweep() -> None:
	"""Scheduler, every five minutes: notes that were left, for want of a worker or because of an error."""
	if frappe.db.exists(WAITING, {"attempts": ("<", MOST_ATTEMPTS)}):
		queue.add_once("cims.erpnext.evidence.live.work", JOB)


def nightly() -> None:
	"""Scheduler: what was tried in vain is forgotten; the nightly comparison has read those documents anew."""
	frappe.db.delete(WAITING, {"attempts": (">=", MOST_ATTEMPTS)})


def _bring_in_line(notes: list[frappe._dict]) -> int:
	codes = links.codes_of({row.customer for row in notes})
	of_customer = defaultdict(list)
	for row in notes:
		of_customer[row.customer].append(row)
	done = 0
	for customer, rows in of_customer.items():
		try:
			# Who isn't ours yet is read as a whole on the day of the adoption.
			if code := codes.get(customer):
				done += _documents(code, rows)
			frappe.db.delete(WAITING, {"name": ("in", [row.name for row in rows])})
			sql.commit()
		except Exception as error:
			if frappe.flags.in_test or sql.is_out_of_order(error):
				raise
			frappe.db.rollback()
			frappe.log_error(title=f"Evidence of {customer}")
			names = [row.name for row in rows]
			frappe.db.sql(
				f"UPDATE `tab{WAITING}` SET attempts = attempts + 1 WHERE name IN %(names)s", {"names": names}
			)
			sql.commit()
	return done


def _documents(code: str, rows: list[frappe._dict]) -> int:
	since: dict[tuple[str, str], object] = {}
	for row in rows:
		key = row.document_type, row.document_name
		days = [day for day in (row.since, since.get(key)) if day]
		since[key] = min(days, default=None)
	if len(since) > MANY:
		store.backfill([code], rate=False)
		queue.add([code])
	else:
		for (doctype, name), day in since.items():
			store.changed(doctype, name, code, since=day)
	return len(since)
