import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_days, formatdate, getdate, nowdate

from cims.ratings import policies
from cims.ratings.overrides import MOST_DAYS, REQUESTED

BY_DECISION = ("status", "approver", "decided_on", "decision_note")


class TrustOverride(Document):
	"""A grade that a person sets instead of the computed one: see `cims.ratings.overrides`."""

	# begin: auto-generated types
	# end: auto-generated types

	def before_insert(self):
		self.status = REQUESTED
		self.update(dict.fromkeys(BY_DECISION[1:]))
		# A request may name another owner; the author is who asks.
		self.owner = frappe.session.user

	def validate(self):
		if self.flags.deciding:
			return
		self.check_undecided()
		self.check_grade()
		self.check_expiry()
		self.note_computed_grade()

	def check_undecided(self):
		"""Once it was decided on, an override stays as it was asked for."""
		before = self.get_doc_before_save()
		if not before:
			return
		if before.status != REQUESTED:
			frappe.throw(
				_(
					"This override is {0} and can't be changed any more. Withdraw it and ask for a new one."
				).format(_(before.status)),
				frappe.PermissionError,
			)
		for field in (*BY_DECISION, "owner"):
			self.set(field, before.get(field))
		self.check_author(before)

	def check_author(self, before):
		"""Who approves must not approve what they wrote themselves; so only the author writes."""
		if frappe.session.user != before.owner:
			frappe.throw(
				_(
					"Only {0}, who asked for this override, can change it. Reject it, or withdraw it and ask anew."
				).format(before.owner),
				frappe.PermissionError,
			)

	def check_grade(self):
		grades = policies.active().grades
		if self.grade not in grades:
			frappe.throw(
				_("{0} is no grade of the policy in force. Choose one of: {1}.").format(
					self.grade, ", ".join(grades)
				)
			)

	def check_expiry(self):
		today, last = getdate(nowdate()), getdate(add_days(nowdate(), MOST_DAYS))
		if not self.expires_on:
			frappe.throw(_("Enter the day on which the override expires; it can't hold for ever."))
		if not today < getdate(self.expires_on) <= last:
			frappe.throw(
				_("An override has to expire after today and no later than {0}, not on {1}.").format(
					formatdate(last), formatdate(self.expires_on)
				)
			)

	def note_computed_grade(self):
		self.computed_grade = frappe.db.get_value("Trust Rating", self.customer, "computed_grade") or "NR"

	def db_set(self, *args, **kwargs):
		frappe.throw(
			_("An override is decided on by approving, rejecting or withdrawing it."), frappe.PermissionError
		)

	def before_rename(self, old, new, merge=False):
		frappe.throw(_("An override can't be renamed."), frappe.PermissionError)

	def on_trash(self):
		if self.status != REQUESTED and not frappe.flags.in_uninstall:
			frappe.throw(
				_("This override is {0}; it is kept as a record and can't be deleted.").format(
					_(self.status)
				),
				frappe.PermissionError,
			)
