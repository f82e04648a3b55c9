"""The Chinese translations: nothing that people see is left in English, and every sentence keeps its places."""

import re
from string import Formatter

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.translate import get_messages_for_app, get_translations_from_csv, read_csv_file

from cims.trust import cli, kinds, problems, reasons, report, words
from cims.trust.policy import Policy

# Names of columns in queries, which the desk hands over as if they were labels.
IDENTIFIERS = {"id", "name"}


def places(text: str) -> list[tuple[str, str]]:
	return sorted((name, form) for _, name, form, _ in Formatter().parse(text) if name is not None)


def as_shown(source: str) -> str:
	"""Frappe reads the messages off the JavaScript as they are written there: `\\u2265` for ≥."""
	return re.sub(r"\\u([0-9a-fA-F]{4})", lambda sign: chr(int(sign[1], 16)), source)


class TestTranslations(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		cls.rows = read_csv_file(frappe.get_app_path("cims", "translations", "zh.csv"))
		cls.ours = get_translations_from_csv("zh", "cims")
		# With a context, or without; a doctype's labels are asked for with the doctype as their context.
		cls.known = {row[0] for row in cls.rows} | set(get_translations_from_csv("zh", "frappe"))

	def test_every_message_has_a_translation(self):
		sources = {as_shown(message[1]) for message in get_messages_for_app("cims") if message[1]}
		self.assertGreater(len(sources), 500)
		self.assertEqual(sorted(sources - self.known - IDENTIFIERS), [])

	def test_every_sentence_of_the_engine_has_a_translation(self):
		policy = Policy()
		sources = {
			*reasons.TEXTS.values(),
			*reasons.LIFTS.values(),
			*problems.TEXTS.values(),
			problems.WHERE,
			problems.WHERE_ROW,
			*cli.SHOWN.values(),
			*report.DESCRIPTIONS.values(),
			*words.DIMENSIONS.values(),
			words.NOT_RATED,
			*(kind.label for kind in kinds.KINDS),
			*(band.word for band in policy.bands),
		}
		self.assertEqual(sorted(sources - set(self.ours)), [])

	def test_translations_have_the_places_of_their_source(self):
		wrong = [row for row in self.rows if places(row[0]) != places(row[1])]
		self.assertEqual(wrong, [])

	def test_rows_are_in_order_and_say_something(self):
		keys = [(row[0], row[2] if len(row) > 2 else "") for row in self.rows]
		self.assertEqual(len(keys), len(set(keys)))
		# A row with a context precedes the one without: the engine's translator keeps the last of a source.
		self.assertEqual(keys, sorted(keys, key=lambda key: (key[0], not key[1], key[1])))
		self.assertEqual([row for row in self.rows if row[1].isascii()], [])
