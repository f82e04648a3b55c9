"""Figures over all customers, remembered for a while where the database takes long to work them out.

The workspace alone asks for ten of them each time it is opened. On a site of some thousand customers every one is read
anew; with a million, what took long is read once in five minutes, for everybody who may see the same rows: the query is the
key, and the conditions of the reader's permissions are part of it.
"""

import hashlib
import pickle
import time
from datetime import datetime

import frappe
from frappe import _
from frappe.utils import format_time, now_datetime

# Seconds that a query may take and still be asked every time; seconds for which the answer of a slower one is kept.
SLOW = 0.3
KEPT_FOR = 300
PREFIX = "cims_figures:"


def rows(query, as_dict: bool = False) -> list:
	"""The rows of a query, from memory where it was slow. query: SQL without placeholders, or a query builder's."""
	sql, values = (query, {}) if isinstance(query, str) else query.walk()
	key = PREFIX + hashlib.sha256(pickle.dumps((sql, sorted(values.items()), as_dict))).hexdigest()
	if kept := frappe.cache.get_value(key, expires=True):
		read_at, found = kept
		_note(read_at)
		return found
	began, read_at = time.perf_counter(), now_datetime()
	found = frappe.db.sql(sql, values, as_dict=as_dict)
	if time.perf_counter() - began > SLOW:
		frappe.cache.set_value(key, (read_at, found), expires_in_sec=KEPT_FOR)
	return found


def _note(read_at: datetime) -> None:
	before = getattr(frappe.local, "cims_figures_of", None)
	frappe.local.cims_figures_of = min(before, read_at) if before else read_at


def notice() -> str | None:
	"""A sentence for the reader if this request showed anything from memory."""
	oldest = getattr(frappe.local, "cims_figures_of", None)
	return oldest and _("Figures of {0}; they are renewed every five minutes.").format(format_time(oldest))


def forget() -> None:
	"""Read everything anew from now on. A hook of `clear_cache`."""
	frappe.cache.delete_keys(PREFIX)
	frappe.local.cims_figures_of = None
