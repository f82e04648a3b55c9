"""Duplicates over REST: look for twins, list and compare pairs, merge, keep apart, and undo."""

import frappe
from frappe import _

from cims.api import arguments
from cims.duplicates import comparing, finding, likeness, merging, queue, twins, undoing
from cims.ratings import sql
from cims.ratings.guard import require_role

MOST = 100
LISTED = (
	"name", "customer", "customer_name", "other", "other_name", "score", "status", "found_by", "merge", "decided_by",
	"decided_on", "note", "modified",
)  # fmt: skip


@frappe.whitelist(methods=["POST"])
def check(customer: dict | str = "", limit: int = 5) -> dict:
	"""The likely twins of a customer that isn't saved yet, or of a changed one; writes nothing.

	customer: fields of CIMS Customer as one would save them; with `name`, that customer itself is no twin. Returns
	{"twins": [{"customer", "score", "reasons": [{"code", "text", "against"}], ...}], "more", "not_yours": how many there are
	whom the user may not read}.
	"""
	arguments.required(customer=customer)
	arguments.between(limit, "limit", 1, MOST)
	arguments.may_read(arguments.CUSTOMER)
	values = arguments.parsed(customer, "customer") if isinstance(customer, str) else customer
	if not isinstance(values, dict):
		frappe.throw(_("{0} must be an object.").format("customer"))
	return twins.shown(twins.twins(twins.as_row(values, values.get("name"))), limit)


@frappe.whitelist(methods=["GET", "POST"])
def candidates(
	status: str = queue.OPEN, customer: str | None = None, start: int = 0, limit: int = 20
) -> dict:
	"""Pairs in the queue, most alike first: {"candidates": [...], "more": bool}. customer: only its pairs."""
	arguments.may_read(queue.CANDIDATE)
	arguments.between(limit, "limit", 1, MOST)
	arguments.between(start, "start", 0, 10_000_000)
	if status not in (queue.OPEN, queue.MERGED, queue.NOT_THE_SAME):
		frappe.throw(
			_("{0} isn't a status. Choose one of: {1}.").format(status, "Open, Merged, Not the Same")
		)
	either = [["customer", "=", customer], ["other", "=", customer]] if customer else None
	rows = frappe.get_list(
		queue.CANDIDATE,
		fields=list(LISTED),
		filters={"status": status},
		or_filters=either,
		order_by="score desc, name",
		start=start,
		limit=limit + 1,
	)
	return {"candidates": _with_reasons(rows[:limit]), "more": len(rows) > limit}


def _with_reasons(rows: list[dict]) -> list[dict]:
	"""The reasons in words, with the values that the user may see."""
	names = [row.name for row in rows]
	why = dict(
		frappe.get_all(queue.CANDIDATE, {"name": ("in", names)}, ["name", "why"], as_list=True, limit=0)
	)
	hidden = twins.hidden_fields()
	return [row | {"reasons": likeness.sentences(frappe.parse_json(why[row.name]), hidden)} for row in rows]


@frappe.whitelist(methods=["GET", "POST"])
def compare(customer: str = "", other: str = "") -> dict:
	"""Two customers side by side: see `comparing.compare`."""
	arguments.required(customer=customer, other=other)
	arguments.may_read(arguments.CUSTOMER)
	if customer == other:
		frappe.throw(_("{0} can't be merged with itself. Choose another customer.").format(customer))
	return comparing.compare(customer, other)


@frappe.whitelist(methods=["POST"])
def merge(survivor: str = "", retired: str = "", take: list[str] | str | None = None) -> dict:
	"""Merge `retired` into `survivor`, in one transaction. take: the fields whose values come from the one that goes, as a list
	or separated by commas; left out, those that are empty on the survivor.

	Returns {"merge": name of the log entry, "survivor", "retired", "repointed": {doctype: rows}}.
	"""
	arguments.required(survivor=survivor, retired=retired)
	_look_afresh()
	name = merging.merge(survivor, retired, _fields(take))
	counts = frappe.db.get_value(merging.MERGE, name, "counts")
	return {
		"merge": name,
		"survivor": survivor,
		"retired": retired,
		"repointed": frappe.parse_json(counts),
	}


def _look_afresh() -> None:
	"""Begin the transaction anew, before anything is written. What it reads is what there is when it first looks: that has to
	be after the locks are taken, for another merge may have ended while this one waited for them."""
	require_role(merging.MERGERS)
	sql.commit()


def _fields(take: list[str] | str | None) -> list[str] | None:
	if take is None or isinstance(take, list):
		return take
	if take.lstrip().startswith("["):
		return [str(field) for field in arguments.parsed(take, "take")]
	return [field.strip() for field in take.split(",") if field.strip()]


@frappe.whitelist(methods=["POST"])
def not_the_same(customer: str = "", other: str = "", note: str | None = None) -> dict:
	"""Remember that two customers are not one; they aren't proposed again until their data change."""
	return _decide(queue.not_the_same, customer, other, note)


@frappe.whitelist(methods=["POST"])
def propose(customer: str = "", other: str = "", note: str | None = None) -> dict:
	"""Put two customers into the queue, for someone who may merge to decide."""
	return _decide(queue.propose, customer, other, note)


def _decide(decide, customer: str, other: str, note: str | None) -> dict:
	arguments.required(customer=customer, other=other)
	arguments.may_read(queue.CANDIDATE)
	name = decide(customer, other, note)
	return {"candidate": name, "status": frappe.db.get_value(queue.CANDIDATE, name, "status")}


@frappe.whitelist(methods=["POST"])
def undo(merge: str = "") -> dict:
	"""Take a merge back. Returns {"customers", "restored": {doctype: rows}, "kept": what could not be as it was}."""
	arguments.required(merge=merge)
	_look_afresh()
	return undoing.undo(merge)


@frappe.whitelist(methods=["GET", "POST"])
def merged(merge: str = "") -> dict:
	"""What a merge did: {"changes": [{"label", "before", "after"}], "points": [{"label", "count"}], "status", "may_undo"}."""
	arguments.required(merge=merge)
	if not frappe.db.exists(merging.MERGE, merge):
		frappe.throw(_("There is no merge {0}.").format(merge), frappe.DoesNotExistError)
	frappe.has_permission(merging.MERGE, "read", doc=merge, throw=True)
	return undoing.told(merge)


@frappe.whitelist(methods=["POST"])
def find() -> dict:
	"""Look through all customers in the background; a search that is on its way is joined. Returns what `search` does."""
	return search(finding.start())


@frappe.whitelist(methods=["GET", "POST"])
def search(name: str | None = None) -> dict:
	"""How far a search through all customers is, the latest one unless named: {"name", "status", "step", "steps", "doing",
	"seconds", "pairs_compared", "pairs_found", "pairs_new", "passed_over"}. {"name": None} where there was none."""
	arguments.may_read(finding.SEARCH)
	return finding.state(name)
