"""The index of the search made anew by its command, after a part of it was lost. Whoever searches meanwhile is answered."""

from inspect import unwrap

import frappe

from cims.commands import rebuild_search
from cims.ratings import sql
from cims.search import find
from cims.tests.faults.works import Part, Work, population

SEGMENTS, EACH, RECENT = 3, 1000, 300
QUERIES = {
	"texts": "SELECT customer, manager, text FROM cims_search_text",
	"left over": """SELECT 'segments', COUNT(*) FROM cims_search_segment
		UNION ALL SELECT 'segments with lists', COUNT(DISTINCT segment) FROM cims_search_posting""",
}


def prepare() -> None:
	"""Of one segment the lists are lost, of some customers the texts."""
	for at in range(SEGMENTS):
		population.customers(EACH, first=at * EACH)
	population.customers(RECENT, first=SEGMENTS * EACH)
	lost = frappe.db.sql("SELECT MAX(segment) FROM cims_search_segment")[0][0]
	frappe.db.sql("DELETE FROM cims_search_posting WHERE segment = %s", lost)
	frappe.db.sql("DELETE FROM cims_search_text WHERE customer < %s", population.code(EACH // 2))


def rebuild() -> None:
	"""The command, with segments of a thousand, so that there are several."""
	customers = sql.customers
	sql.customers = lambda _size: customers(EACH)
	unwrap(rebuild_search.callback)()


def again() -> None:
	rebuild()


def look() -> dict:
	"""Of customers of every segment, whether they are found."""
	found = {}
	for at in range(7, SEGMENTS * EACH + RECENT, 61):
		hits, _more = find.customers(population.email(at), 20)
		found[population.code(at)] = [[population.code(at) in [hit.customer for hit in hits]]]
	return {"found": found}


WORK = Work(
	name="search rebuild",
	module="rebuilding",
	queries=QUERIES,
	look="look",
	parts=(Part(("texts",), at_once=False), Part(("found",), at_once=False)),
	changes=EACH // 2 + 25,
	request="rebuild",
)
