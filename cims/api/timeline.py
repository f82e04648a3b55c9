"""The timeline of a customer over REST."""

import frappe
from frappe import _

from cims.api import arguments
from cims.timeline import page as pages
from cims.timeline.branches import KINDS

MOST = 100


@frappe.whitelist(methods=["GET", "POST"])
def get(customer: str = "", before: str = "", kinds: list[str] | str = "", limit: int = 20) -> dict:
	"""What happened with a customer, newest first: {"entries": [...], "next"}, as `cims.timeline.page` has it.

	before: `next` of the page before. kinds: some of KINDS, in a list or separated by commas; all of them where empty.
	"""
	code = arguments.customer(customer)
	arguments.between(limit, "limit", 1, MOST)
	return pages.page(code, pages.Key.read(before) if before else None, _kinds(kinds), limit)


def _kinds(asked: list[str] | str) -> set[str]:
	listed = asked.split(",") if isinstance(asked, str) else asked
	found = {kind.strip() for kind in listed if kind.strip()}
	if unknown := sorted(found.difference(KINDS)):
		frappe.throw(_("There is no kind {0}; choose from {1}.").format(unknown[0], ", ".join(KINDS)))
	return found
