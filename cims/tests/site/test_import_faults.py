"""Imports that are cut short for real: their process killed, their connection dropped, the disk full.

They run in processes of their own, which commit; each test takes back what they have written, by the import's own undo.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.imports import files, job

CUSTOMER = "CIMS Customer"
ROWS = 900
RUN = """
import sys, time
import frappe
frappe.init(site=sys.argv[1])
frappe.connect()
frappe.set_user("Administrator")
from cims.customers import importing
from cims.imports import files, job
importing.FAST_AT_ONCE = 200
real, calls = job.Job.settle, []

def settle(self, batch):
	calls.append(1)
	if len(calls) == 3:
		{fault}
	real(self, batch)

job.Job.settle = settle
doc = frappe.get_doc("CIMS Import", sys.argv[2])
job.run_now(doc, sys.argv[3])
frappe.db.commit()
print(doc.status, doc.error)
"""
NOTHING, WAIT = "pass", 'print("waiting", flush=True); time.sleep(600)'
DROPPED = 'frappe.db.sql("KILL CONNECTION_ID()")'
# Writing the file of rejected rows fails.
DISK_FULL = 'import errno; raise OSError(errno.ENOSPC, "No space left on device")'


class TestFaults(FrappeTestCase):
	def setUp(self):
		self.imports = []
		self.addCleanup(self.remove)

	def remove(self):
		frappe.db.rollback()
		frappe.set_user("Administrator")
		for name in self.imports:
			doc = frappe.get_doc("CIMS Import", name)
			if doc.status in ("Imported", "Stopped"):
				job.run_now(doc, job.UNDO)
				self.assertEqual(doc.status, "Undone", doc.error)
			doc.db_set("status", "Failed")
			frappe.delete_doc("CIMS Import", name)
		frappe.db.commit()

	def bring(self, **options):
		frappe.set_user("Administrator")
		lines = "".join(f"{f'KF-{at}' if at % 3 else ''},Fault {at}\n" for at in range(ROWS))
		doc = frappe.get_doc({"doctype": "CIMS Import", "kind": "Customers", **options}).insert()
		doc.file = files.attach(doc.name, "file.csv", f"Code,Customer Name\n{lines}".encode()).file_url
		doc.save()
		self.imports.append(doc.name)
		frappe.db.commit()
		return doc

	def start(self, doc, what: str, fault: str) -> subprocess.Popen:
		site, sites = frappe.local.site, Path(frappe.local.sites_path).resolve()
		command = [sys.executable, "-c", RUN.format(fault=fault), site, doc.name, what]
		return subprocess.Popen(command, cwd=sites, stdout=subprocess.PIPE, text=True, env=os.environ)

	def run_on(self, doc, what: str = job.IMPORT, fault: str = NOTHING) -> str:
		said, _nothing = self.start(doc, what, fault).communicate(timeout=120)
		frappe.db.rollback()
		doc.reload()
		return said

	def written(self, doc) -> int:
		return frappe.db.count(CUSTOMER, {"import_id": doc.name})

	def killed(self, **options):
		"""An import whose process was killed when two of its batches were through."""
		doc = self.bring(**options)
		process = self.start(doc, job.IMPORT, WAIT)
		for line in process.stdout:
			if line.strip() == "waiting":
				break
		process.send_signal(signal.SIGKILL)
		process.communicate()
		frappe.db.rollback()
		return doc.reload()

	def test_a_killed_import_goes_on_without_doubling_a_row(self):
		doc = self.killed(take_good_rows=1, by_batch=1)
		self.assertEqual((doc.status, self.written(doc)), ("Importing", 400))
		# The page sees that nobody works on it any more.
		doc.started_on = frappe.utils.add_to_date(None, minutes=-1)
		self.assertEqual(job.state(doc)["status"], "Stopped")
		frappe.db.commit()
		self.run_on(doc)
		self.assertEqual((doc.status, doc.rows_new, self.written(doc)), ("Imported", ROWS, ROWS), doc.error)

	def test_of_a_killed_import_in_one_transaction_nothing_is_there(self):
		doc = self.killed()
		self.assertEqual(self.written(doc), 0)
		self.assertEqual(frappe.db.count(CUSTOMER, {"customer_name": ("like", "Fault %")}), 0)
		doc.db_set("status", "Failed")
		frappe.db.commit()
		self.run_on(doc)
		self.assertEqual((doc.status, self.written(doc)), ("Imported", ROWS), doc.error)

	def test_a_dropped_connection(self):
		for options, left in (({}, 0), ({"take_good_rows": 1, "by_batch": 1}, 400)):
			with self.subTest(**options):
				doc = self.bring(**options)
				self.run_on(doc, fault=DROPPED)
				self.assertEqual(
					(doc.status, self.written(doc)), ("Stopped" if left else "Failed", left), doc.error
				)
				self.run_on(doc)
				self.assertEqual((doc.status, self.written(doc)), ("Imported", ROWS), doc.error)
				self.run_on(doc, job.UNDO)
				self.assertEqual((doc.status, self.written(doc)), ("Undone", 0), doc.error)

	def test_a_full_disk(self):
		doc = self.bring(take_good_rows=1, by_batch=1)
		self.run_on(doc, fault=DISK_FULL)
		self.assertEqual((doc.status, self.written(doc)), ("Stopped", 400), doc.error)
		self.run_on(doc)
		self.assertEqual((doc.status, self.written(doc)), ("Imported", ROWS), doc.error)
