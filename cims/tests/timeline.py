"""Time for tests: what happens on a day, and what is worked out on it."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from unittest.mock import patch

import frappe
from frappe.utils import getdate


@contextmanager
def on(day: date | str):
	"""Inside of it the site's clock shows noon of the day."""
	moment = datetime.combine(getdate(day), datetime.min.time()) + timedelta(hours=12, microseconds=1)
	with patch("frappe.utils.data.now_datetime", return_value=moment):
		yield getdate(day)


@contextmanager
def counted_queries():
	"""A list that fills with the SQL statements that are run inside."""
	statements, run = [], frappe.db.sql

	def sql(query, *args, **kwargs):
		statements.append(str(query))
		return run(query, *args, **kwargs)

	frappe.db.sql = sql
	try:
		yield statements
	finally:
		frappe.db.sql = run
