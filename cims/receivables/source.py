"""Where receivables come from: the one interface between the rating and the documents of a site.

A source reads one kind of document (our own orders, an ERP's invoices) and says in the engine's words what happened.
Sources are classes named by the hook `cims_receivable_sources`; the rating asks them all.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pypika.queries import QueryBuilder

import frappe

from cims.trust.evidence import Course, Evidence, Receivable


class ReceivableSource(Protocol):
	"""What a source answers. `customers` limits the answer to these, `names` to these documents; None means all.

	An answer takes a fixed number of database queries, whatever the number of customers.
	"""

	doctypes: tuple[str, ...]
	"""The doctypes whose documents it speaks for, as the evidence names them."""

	reference_field: str
	"""The field with the number under which people know such a document."""

	def receivables(
		self,
		customers: Collection[str] | None = None,
		names: Collection[str] | None = None,
		open_only: bool = False,
	) -> Iterator[Receivable]:
		"""Every receivable there is: open, settled or written off. open_only: what is still owed."""

	# A source may also have `undivided`, for rating many customers at once; without it they are asked for one by one:
	# def undivided(self, customers: Sequence[str], since: date | None = None, all_named: bool = False) -> Undivided
	# and `undivided_open`, the same of what is still owed, in which nothing needs a name:
	# def undivided_open(self, customers: Sequence[str]) -> Undivided

	# and `changed_since`, where its documents don't name our customers in a field `customer`: the customers whose documents
	# changed on this day or later, however they were changed:
	# def changed_since(self, day: date) -> set[str]

	def outstanding(self) -> QueryBuilder:
		"""A query of what is owed now, for reports that add up in SQL: one row for each open receivable, with customer,
		currency, invoiced_on, due_on, disputed_from, disputed_to and outstanding."""

	def trading_events(
		self, customers: Collection[str] | None = None, names: Collection[str] | None = None
	) -> Iterator[Evidence]:
		"""What happened besides paying: orders that the customer cancelled, goods that came back."""


# The columns of `Undivided` that a source reads for each receivable.
UNDIVIDED = (
	"invoiced", "due", "amount", "settled", "written_off", "disputed", "disputed_from", "disputed_to",
)  # fmt: skip


@dataclass(frozen=True)
class Undivided(Course):
	"""The receivables of some customers: those paid at once or not at all as columns, the others as objects.

	owner: place of each one's customer among those asked for. invoiced, due, settled, written_off, disputed_from,
	disputed_to: days since 1970-01-01, NaN for none. names: place of the customer -> the references of the open ones, or of
	all where they were asked for, in their order. companies: of the same, whose books each stands in; None where the site
	keeps only one.
	"""

	doctype: str
	owner: np.ndarray
	invoiced: np.ndarray
	due: np.ndarray
	names: Mapping[int, list[str]]
	others: list[Receivable]
	companies: Mapping[int, list[str]] | None = None
	binds: np.ndarray | None = None


def sources() -> list[ReceivableSource]:
	"""The site's sources, in the order of the installed apps. Who speaks for no documents on this site isn't asked."""
	found = (frappe.get_attr(path)() for path in frappe.get_hooks("cims_receivable_sources"))
	return [source for source in found if source.doctypes]
