import frappe
from frappe import _
from frappe.model.document import Document

from cims.imports import files, job

# A change of any of these makes what was worked out about the file worthless.
DECIDING = (
	"kind", "file", "date_format", "mapping", "create_customers", "currency", "update_customers", "match_by",
	"take_good_rows", "by_batch", "lane",
)  # fmt: skip


class CIMSImport(Document):
	# begin: auto-generated types
	# end: auto-generated types

	def validate(self):
		self.check_not_busy()
		self.check_not_imported()
		self.check_file()
		self.check_batches()
		self.forget_plan()

	def on_trash(self):
		self.check_not_busy()
		frappe.db.delete("CIMS Import Change", {"import_id": self.name})

	def check_not_busy(self):
		before = self.get_doc_before_save() or self
		if before.status in job.BUSY and not self.is_new():
			frappe.throw(_("This import is running. Wait until it has ended, then change it."))

	def check_not_imported(self):
		before = self.get_doc_before_save()
		if before and before.status in job.WRITTEN_STATUS and self.is_changed():
			frappe.throw(_("This file has been imported. Make a new import for another file."))

	def check_file(self):
		"""Before Frappe attaches the file to this document, which would make it this user's to read."""
		if self.file and (self.is_new() or self.has_value_changed("file")):
			files.path_of(self)
		self.file_name = (self.file or "").rsplit("/", 1)[-1] or None

	def check_batches(self):
		if not self.take_good_rows:
			self.by_batch = 0

	def forget_plan(self):
		"""A new or changed import is a draft again, whatever came in for the fields that the job writes."""
		before = self.get_doc_before_save()
		if before and not self.is_changed():
			self.update({field: before.get(field) for field in job.NOTHING_YET})
		else:
			self.update(job.NOTHING_YET)

	def is_changed(self) -> bool:
		return any(self.has_value_changed(field) for field in DECIDING)
