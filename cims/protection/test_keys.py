import frappe
from frappe.tests.utils import FrappeTestCase

from cims.protection import keys


class TestKeys(FrappeTestCase):
	def setUp(self):
		before = frappe.conf.get(keys.SETTING)
		self.addCleanup(keys._keep, before)
		keys._keep([])

	def test_a_site_gets_one_key_and_keeps_it(self):
		keys.ensure()
		first = keys.current()
		keys.ensure()
		self.assertEqual(keys.ring(), (first,))
		stored = frappe.get_file_json(frappe.get_site_path("site_config.json"))
		self.assertEqual([row["id"] for row in stored[keys.SETTING]], [first.id])

	def test_each_purpose_has_its_own_key(self):
		keys.ensure()
		fields, chains = (keys.current().derive(purpose) for purpose in ("fields", "chains"))
		self.assertNotEqual(fields, chains)
		self.assertEqual(fields, keys.current().derive("fields"))
		self.assertEqual(len(keys.current().derive("fields", 16)), 16)

	def test_older_keys_stay_until_they_are_forgotten(self):
		keys.ensure()
		old = keys.current()
		new = keys.add()
		self.assertEqual(keys.ring(), (new, old))
		self.assertEqual(keys.by_id(old.id), old)
		self.assertRaises(frappe.ValidationError, keys.forget, new.id)
		keys.forget(old.id)
		self.assertRaises(keys.MissingKey, keys.by_id, old.id)

	def test_a_lost_key_is_named_and_not_replaced(self):
		with self.assertRaisesRegex(keys.MissingKey, keys.SETTING):
			keys.current()
		self.assertEqual(keys.ring(), ())
