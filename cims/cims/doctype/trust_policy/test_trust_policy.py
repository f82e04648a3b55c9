import frappe
from frappe import client
from frappe.tests.utils import FrappeTestCase

from cims.permissions import ROLES
from cims.ratings import policies
from cims.tests import records
from cims.trust.policy import Policy


class TestTrustPolicy(FrappeTestCase):
	def draft(self, **values):
		doc = policies.new_version(policies.active().version)
		doc.update(values)
		return doc.save()

	def refused(self, error, act, *args, **kwargs):
		frappe.db.savepoint("refused")
		with self.assertRaises(error):
			act(*args, **kwargs)
		frappe.db.rollback(save_point="refused")

	def test_the_first_policy_is_the_engine_s_default(self):
		frappe.db.delete("Trust Policy")
		policies.forget_active()
		doc = policies.install_default()
		self.assertEqual((doc.status, doc.version), ("Published", 1))
		plain, default = policies.active().to_dict(), Policy().to_dict()
		self.assertEqual(plain.pop("version"), doc.name)
		default.pop("version")
		self.assertEqual(plain, default)
		self.assertEqual(policies.install_default().name, doc.name)

	def test_a_draft_is_checked_by_the_engine(self):
		doc = self.draft()
		doc.bands[2].floor += 1
		self.refused(frappe.ValidationError, doc.save)
		doc.reload()
		doc.dead_band = 500
		self.refused(frappe.ValidationError, doc.save)
		doc.reload()
		doc.dimensions[0].half_life = 1
		with self.assertRaisesRegex(
			frappe.ValidationError, "half-life of payment must be between 7 and 36,500"
		):
			doc.save()

	def test_bands_may_be_typed_in_any_order(self):
		doc = self.draft()
		doc.bands.reverse()
		doc.save()
		self.assertEqual(
			[band.grade for band in frappe.get_doc("Trust Policy", doc.name).bands],
			["AAA", "AA", "A", "B", "C", "D"],
		)

	def test_what_publishing_fills_can_t_be_typed_in(self):
		fields = {"status": "Published", "version": 99, "published_by": "Administrator", "reason": "Because"}
		doc = frappe.get_doc(
			{"doctype": "Trust Policy", "segment_by": "None", **policies.fields_of(Policy()), **fields}
		).insert()
		self.assertEqual((doc.status, doc.version, doc.published_by, doc.reason), ("Draft", None, None, None))
		doc.update(fields)
		doc.append("priors", {"segment": "", "dimension": "payment", "mean": 0.1})
		doc.save()
		doc.reload()
		self.assertEqual((doc.status, doc.version, doc.reason, doc.priors), ("Draft", 0, None, []))
		self.assertEqual(
			policies.active().version, frappe.db.get_value("Trust Policy", {"status": "Published"})
		)

	def test_publishing_makes_the_next_version_and_retires_the_one_before(self):
		before = frappe.get_doc("Trust Policy", policies.active().version)
		doc = self.draft(title="Stricter")
		doc.dimensions[0].weight = 55
		doc.save()
		policies.publish(doc.name, "Payments matter more")
		doc.reload()
		self.assertEqual(
			(doc.status, doc.version, doc.reason), ("Published", before.version + 1, "Payments matter more")
		)
		self.assertEqual((doc.based_on, doc.published_by), (before.name, frappe.session.user))
		self.assertTrue(doc.published_on)
		before.reload()
		self.assertEqual(before.status, "Retired")
		self.assertTrue(before.retired_on)
		active = policies.active()
		self.assertEqual((active.version, active.dimensions[0].weight), (doc.name, 55))
		self.refused(frappe.ValidationError, policies.publish, doc.name, "Again")

	def test_publishing_needs_a_reason_and_the_right_role(self):
		doc = self.draft()
		self.refused(frappe.ValidationError, policies.publish, doc.name, "  ")
		for role in ROLES:
			with self.set_user(records.user(role)):
				if role == "CIMS Manager":
					frappe.db.savepoint("publish")
					policies.publish(doc.name, "Because")
					frappe.db.rollback(save_point="publish")
					policies.forget_active()
				else:
					self.refused(frappe.PermissionError, policies.publish, doc.name, "Because")

	def test_a_published_version_stays_as_it_is(self):
		name = policies.active().version
		doc = frappe.get_doc("Trust Policy", name)
		for field, value in (("dead_band", 3), ("title", "Another"), ("status", "Draft")):
			doc.reload()
			doc.set(field, value)
			self.refused(frappe.PermissionError, doc.save, ignore_permissions=True)
		doc.reload()
		self.refused(frappe.PermissionError, doc.db_set, "dead_band", 3)
		self.refused(frappe.PermissionError, client.set_value, "Trust Policy", name, "dead_band", 3)
		self.refused(frappe.PermissionError, client.delete, "Trust Policy", name)
		self.refused(frappe.PermissionError, frappe.delete_doc, "Trust Policy", name, force=True)
		self.refused(frappe.PermissionError, frappe.rename_doc, "Trust Policy", name, "POL-X", force=True)
		draft = self.draft()
		draft.delete()
		self.assertFalse(frappe.db.exists("Trust Policy", draft.name))

	def test_who_may_write_drafts(self):
		for role in ROLES:
			with self.set_user(records.user(role)):
				self.assertTrue(frappe.has_permission("Trust Policy", "read"))
				self.assertEqual(frappe.has_permission("Trust Policy", "write"), role == "CIMS Manager", role)
