import frappe
from frappe import _
from frappe.contacts.address_and_contact import delete_contact_and_address, load_address_and_contact
from frappe.model.document import Document
from frappe.model.naming import make_autoname
from frappe.utils import escape_html, get_link_to_form, getdate, nowdate

from cims import indexes
from cims.customers import guards, identity, regions
from cims.customers.status import ARCHIVED

SERIES = "C-.######"
# Written by the rating alone, and by no form, import or request.
TRUST_FIGURES = (
	"trust_grade", "trust_score", "trust_change", "trust_watch", "open_amount", "overdue_amount", "currency",
)  # fmt: skip
PERSON_FIELDS = ("resident_id", "gender", "birth_date")
COMPANY_FIELDS = ("legal_name", "credit_code", "industry")


class CIMSCustomer(Document):
	# begin: auto-generated types
	# end: auto-generated types

	@property
	def age(self) -> int | None:
		return identity.age_on(self.birth_date, getdate(nowdate()))

	def onload(self):
		load_address_and_contact(self)

	def before_naming(self):
		self.code = (self.code or "").strip() or make_autoname(SERIES, self.doctype)

	def validate(self):
		self.keep_trust_figures()
		self.clear_other_type()
		self.check_identity()
		self.check_reach()
		self.check_place()
		self.check_same_identity()
		self.check_archived()

	def clear_cache(self):
		"""Of a customer that an import makes there is nothing in the cache yet."""
		if not self.flags.never_seen:
			super().clear_cache()

	def on_trash(self):
		guards.refuse_to_delete_with_history(self)
		guards.delete_rating(self.name)
		delete_contact_and_address(self.doctype, self.name)

	def keep_trust_figures(self):
		"""Whatever came in for them, the trust figures and the marks of sample and import stay what they were."""
		before = self.get_doc_before_save()
		for field in (*TRUST_FIGURES, "sample_data", "import_id"):
			default = "NR" if field == "trust_grade" else None
			self.set(field, before.get(field) if before else default)

	def clear_other_type(self):
		"""A company has no birth date, a person no credit code: neither is kept out of sight."""
		other = PERSON_FIELDS if self.customer_type == "Company" else COMPANY_FIELDS
		lost = [self.label(field) for field in other if self.get(field)]
		for field in other:
			self.set(field, None)
		if lost:
			frappe.msgprint(emptied(lost), indicator="orange", alert=True)

	def check_identity(self):
		if self.credit_code:
			self.take("credit_code", identity.credit_code)
		if self.resident_id:
			self.take("resident_id", identity.resident_id)
			self.agree_with_resident_id("birth_date", identity.birth_date_of(self.resident_id))
			self.agree_with_resident_id("gender", identity.gender_of(self.resident_id))
		if self.birth_date and getdate(self.birth_date) > getdate(nowdate()):
			frappe.throw(
				_("The birth date {0} is in the future. Correct it.").format(self.get_formatted("birth_date"))
			)

	def agree_with_resident_id(self, field: str, value):
		current = getdate(self.get(field)) if field == "birth_date" and self.get(field) else self.get(field)
		if current and current != value:
			frappe.throw(
				_("{0} is {1}, but resident ID {2} says {3}. Correct one of the two.").format(
					frappe.bold(self.label(field)),
					_(self.get_formatted(field)),
					self.resident_id,
					_(frappe.format(value, self.meta.get_field(field))),
				)
			)
		self.set(field, value)

	def check_reach(self):
		region = self.country_code()
		if self.phone:
			self.take("phone", identity.phone, region)
		if self.mobile:
			self.take("mobile", identity.phone, region, True)
		if self.email:
			self.take("email", identity.email)
		if self.website:
			self.take("website", identity.website)

	def check_place(self):
		try:
			self.province, self.city = regions.place(
				self.country, self.country_code(), self.province, self.city
			)
		except identity.BadValue as error:
			frappe.throw(str(error), title=_("Place Not Found"))

	def country_code(self) -> str | None:
		return frappe.db.get_value("Country", self.country, "code", cache=True) if self.country else None

	def take(self, field: str, read, *args):
		"""Keep a field in its one stored form, or say what is wrong with it."""
		try:
			self.set(field, read(self.get(field), *args))
		except identity.BadValue as error:
			frappe.throw(str(error), title=self.label(field))

	def label(self, field: str) -> str:
		return _(self.meta.get_label(field), context=self.doctype)

	def check_same_identity(self):
		"""One resident ID or credit code is one customer, unless the other record has been archived."""
		for field in ("resident_id", "credit_code"):
			value = self.get(field)
			if not value or not (self.is_new() or self.has_value_changed(field)):
				continue
			# An import asks this for many at once.
			if value in (self.flags.nobody_else_has or ()):
				continue
			other = frappe.db.get_value(
				self.doctype,
				{field: value, "name": ("!=", self.name), "status": ("!=", ARCHIVED)},
				["name", "customer_name"],
				as_dict=True,
			)
			if other:
				frappe.throw(
					_("{0} {1} is already that of {2}. Use that customer, or correct the number.").format(
						self.label(field),
						self.get(field),
						get_link_to_form(self.doctype, other.name, escape_html(other.customer_name)),
					),
					frappe.UniqueValidationError,
				)

	def check_archived(self):
		if self.status != ARCHIVED or self.is_new() or not self.has_value_changed("status"):
			return
		open_orders = frappe.db.count(
			"CIMS Order", {"customer": self.name, "docstatus": 1, "outstanding_amount": (">", 0)}
		)
		if open_orders:
			frappe.msgprint(
				_(
					"This customer is archived with {0} open orders; they stay in the books and in the rating."
				).format(open_orders),
				indicator="orange",
				alert=True,
			)


def emptied(labels: list[str]) -> str:
	return _("Emptied, because they don't belong to a customer of this type: {0}.").format(", ".join(labels))


def on_doctype_update():
	"""What the list filters by, in the order that it shows; whose customers a User Permission leaves; what it sorts by; what
	figures and merges ask for."""
	filters = (
		"status", "trust_grade", "trust_watch", "province", "city", "account_manager", "customer_group", "country",
	)  # fmt: skip
	sorts = ("creation", "trust_score", "trust_change", "overdue_amount")
	indexes.bring(
		"CIMS Customer",
		{f"{field}_modified": (field, "modified") for field in filters}
		| {field: (field,) for field in sorts},
		retired=("trust_score_modified", "overdue_amount_modified", "creation_index"),
	)
