import frappe
from frappe import _
from frappe.model.document import Document

from cims import erpnext
from cims.erpnext.acting import rules
from cims.ratings import policies
from cims.trust.policy import NOT_RATED


class TrustRule(Document):
	"""What is done at ERPNext's documents for customers of a grade: see `cims.erpnext.acting.rules`."""

	# begin: auto-generated types
	# end: auto-generated types

	def validate(self):
		self.check_grade()
		self.check_company()
		self.check_documents()
		self.check_decider()
		self.check_exposure()

	def check_grade(self):
		grades = [*policies.active().grades, NOT_RATED]
		if self.grade and self.grade not in grades:
			frappe.throw(
				_("{0} is no grade of the policy in force. Choose one of: {1}.").format(
					self.grade, ", ".join(grades)
				)
			)

	def check_company(self):
		if self.company and not (erpnext.installed() and frappe.db.exists("Company", self.company)):
			frappe.throw(_("There is no company {0}. Choose one, or leave it empty.").format(self.company))

	def check_documents(self):
		if not any(self.get(field) for field in rules.STAGES.values()):
			frappe.throw(_("Choose at least one kind of document at which the rule holds."))

	def check_decider(self):
		if self.action in (rules.ASK, rules.STOP) and not self.decider:
			frappe.throw(_("Choose the role that may approve or override."))

	def check_exposure(self):
		if not self.exposure_limit:
			return
		if self.exposure_limit == rules.AMOUNT and not self.exposure_amount:
			frappe.throw(_("Enter the amount above which the rule holds."))
		if self.grade == NOT_RATED and self.exposure_limit == rules.SUGGESTED:
			frappe.throw(_("No limit is suggested for customers who aren't rated. Choose another limit."))
		if not any(self.get(field) for field in rules.COUNTS):
			frappe.throw(_("Choose at least one exposure that counts."))

	def on_update(self):
		rules.forget()

	def on_trash(self):
		if not frappe.flags.in_uninstall and frappe.db.exists("Trust Decision", {"rule": self.name}):
			frappe.throw(
				_("Decisions rest on this rule, so it is kept. Disable it instead."), frappe.LinkExistsError
			)
		rules.forget()

	def before_rename(self, old, new, merge=False):
		frappe.throw(_("A rule can't be renamed."), frappe.PermissionError)
