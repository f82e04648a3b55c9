"""What is derived from customers and kept: brought in line after customers were written set-based.

Each part that keeps such data names its function in the hook `cims_customer_indexes`; single documents go through the
parts' own document events.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import frappe

NOTED = "cims_customers_changed"


def refresh(names: Sequence[str]) -> None:
	"""Bring what is derived from these customers in line with them, in the caller's transaction. They may be gone."""
	if names:
		for path in frappe.get_hooks("cims_customer_indexes"):
			frappe.get_attr(path)(names)


@contextmanager
def later() -> Iterator[None]:
	"""Inside of it documents only note that they have changed; at its end all of them are brought in line at once, in the
	caller's transaction. Where it is left by an error nothing is: the caller takes everything back."""
	noted = frappe.flags[NOTED] = {}
	try:
		yield
	finally:
		frappe.flags.pop(NOTED)
	refresh(list(noted))


def is_noted(name: str) -> bool:
	"""Whether what is derived from this customer will be brought in line `later`; asked by document events."""
	noted = frappe.flags.get(NOTED)
	if noted is None:
		return False
	noted[name] = True
	return True
