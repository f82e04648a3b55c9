"""What is derived from customers and kept: brought in line after customers were written set-based.

Each part that keeps such data names its function in the hook `cims_customer_indexes`, and in `cims_new_customer_indexes`
the shorter way for customers of whom nothing is kept yet; single documents go through the parts' own document events.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import frappe

NOTED, AT_COMMIT = "cims_customers_changed", "cims_customers_at_commit"


def refresh(names: Sequence[str]) -> None:
	"""Bring what is derived from these customers in line with them, in the caller's transaction. They may be gone."""
	if names:
		for path in frappe.get_hooks("cims_customer_indexes"):
			frappe.get_attr(path)(names)


def refresh_at_commit(names: Sequence[str]) -> None:
	"""The same once for all that a transaction changes, as the last thing that it does, so that whatever changes many customers
	one by one pays for sets."""
	noted = frappe.flags.get(AT_COMMIT)
	if noted is None:
		noted = frappe.flags[AT_COMMIT] = {}
		frappe.db.before_commit.add(_refresh_noted)
		frappe.db.after_rollback.add(lambda: frappe.flags.pop(AT_COMMIT, None))
	noted.update(dict.fromkeys(names))


def _refresh_noted() -> None:
	refresh(list(frappe.flags.pop(AT_COMMIT, None) or ()))


class OfNew(ABC):
	"""What one part keeps of new customers: taken from their values in any number of portions, and written at once.

	Only `write` asks the database; the rest may go on while it is busy.
	"""

	@abstractmethod
	def take(self, columns: Mapping[str, Sequence]) -> None:
		"""More customers, by column: `name` and every field that a person may fill, as stored."""

	def get_ready(self) -> None:
		"""What can be done before writing."""

	@abstractmethod
	def write(self) -> None:
		"""Write what was taken, once, in the caller's transaction."""


class NewCustomers(OfNew):
	"""All that is derived from new customers. It must be written before the transaction ends that makes them."""

	def __init__(self):
		self.parts: list[OfNew] = [
			frappe.get_attr(path)() for path in frappe.get_hooks("cims_new_customer_indexes")
		]
		self.count = 0

	def take(self, columns: Mapping[str, Sequence]) -> None:
		if columns["name"]:
			self.count += len(columns["name"])
			for part in self.parts:
				part.take(columns)

	def get_ready(self) -> None:
		if self.count:
			for part in self.parts:
				part.get_ready()

	def write(self) -> None:
		if self.count:
			for part in self.parts:
				part.write()


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
