"""Taking an import back: what it made goes, what it changed gets its former values, as long as nothing builds on either."""

import frappe
from frappe import _


def check(doc) -> None:
	"""Raises ValidationError, saying what it is, where something builds on what the import has written."""


def undo(doc, progress) -> None:
	raise frappe.ValidationError(_("later"))
