import frappe
from frappe import _
from frappe.model.document import Document

from cims.ratings.policies import DRAFT, engine_policy

# What only publishing fills.
BY_PUBLISHING = ("status", "version", "published_on", "published_by", "retired_on", "reason")


class TrustPolicy(Document):
	"""A version of the trust policy. Drafts are edited; what has rated anyone is not: see `cims.ratings.policies`."""

	# begin: auto-generated types
	# end: auto-generated types

	def before_insert(self):
		self.status = DRAFT
		self.update(dict.fromkeys(BY_PUBLISHING[1:]))
		self.priors = []

	def validate(self):
		self.check_draft()
		self.order_bands()
		engine_policy(self)

	def check_draft(self):
		"""A published or retired version stays as it is, whoever saves it."""
		before = self.get_doc_before_save()
		if self.flags.publishing or not before:
			return
		if before.status != DRAFT:
			frappe.throw(
				_(
					"{0} has been published and can't be changed any more. Make a new version of it and change that."
				).format(frappe.bold(self.name)),
				frappe.PermissionError,
			)
		for field in BY_PUBLISHING:
			self.set(field, before.get(field))
		self.priors = before.priors

	def order_bands(self):
		"""Best grade first, whatever the order they were typed in."""
		self.bands.sort(key=lambda band: -(band.ceiling or 0))
		for at, band in enumerate(self.bands, start=1):
			band.idx = at

	def db_set(self, *args, **kwargs):
		if self.status != DRAFT:
			self.refuse()
		super().db_set(*args, **kwargs)

	def on_trash(self):
		if self.status != DRAFT and not frappe.flags.in_uninstall:
			self.refuse()

	def before_rename(self, old, new, merge=False):
		self.refuse()

	def refuse(self):
		frappe.throw(
			_("{0} can't be deleted, renamed or changed: only drafts can.").format(frappe.bold(self.name)),
			frappe.PermissionError,
		)
