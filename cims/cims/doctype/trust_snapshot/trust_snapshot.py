import frappe
from frappe import _
from frappe.model.document import Document

from cims.ratings import curve_tables, snapshot_list, snapshots
from cims.ratings.guard import ReadOnlyDocument


class TrustSnapshot(ReadOnlyDocument):
	"""A point of a customer's curve, taken out of its packed curve: see `cims.ratings.snapshots`."""

	def load_from_db(self):
		row = snapshots.by_name(self.name)
		if not row:
			frappe.throw(_("{0} {1} not found").format(_(self.doctype), self.name), frappe.DoesNotExistError)
		super(Document, self).__init__(row)
		return self

	def delete(self, *args, **kwargs):
		self.on_trash()

	@staticmethod
	def get_list(args):
		return snapshot_list.get_list(args)

	@staticmethod
	def get_count(args):
		return snapshot_list.get_count(args)

	@staticmethod
	def get_stats(args):
		# Nobody tags or assigns what is a record of the past.
		return {}


def on_doctype_update():
	curve_tables.create()
