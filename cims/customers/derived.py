"""What is derived from customers and kept: brought in line after customers were written set-based.

Each part that keeps such data names its function in the hook `cims_customer_indexes`; single documents go through the
parts' own document events.
"""

from collections.abc import Sequence

import frappe


def refresh(names: Sequence[str]) -> None:
	"""Bring what is derived from these customers in line with them, in the caller's transaction. They may be gone."""
	if names:
		for path in frappe.get_hooks("cims_customer_indexes"):
			frappe.get_attr(path)(names)
