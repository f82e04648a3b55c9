"""The pairs that look alike, kept for people to decide (Duplicate Candidate). The smaller code comes first in each."""

from collections.abc import Iterable, Sequence

import frappe
from frappe import _
from frappe.utils import now

from cims import permissions
from cims.duplicates import likeness, record
from cims.duplicates.likeness import Likeness
from cims.ratings import sql
from cims.ratings.guard import require_role

CUSTOMER, CANDIDATE = "CIMS Customer", "Duplicate Candidate"
OPEN, MERGED, NOT_THE_SAME = "Open", "Merged", "Not the Same"
BY_SEARCH, BY_SAVING, BY_PERSON = "Search", "Saving", "Person"
# Who may say that two are not the same, and who may say that they could be.
DECIDERS = (permissions.MANAGER, "System Manager")
PROPOSERS = (*DECIDERS, permissions.SALES, permissions.SERVICE)
FIELDS = (
	"name", "customer", "other", "customer_name", "other_name", "score", "why", "fingerprint", "status", "found_by",
)  # fmt: skip


def pair(one: str, other: str) -> tuple[str, str]:
	return (one, other) if one < other else (other, one)


def keep(found: Iterable[tuple[dict, dict, Likeness]], found_by: str) -> int:
	"""Keep pairs of customers (rows with `likeness.FIELDS`) that look alike. Returns how many are new.

	A pair that was said to be two stays so until what is compared changes; then it is open again.
	"""
	rows = []
	for one, other, like in found:
		if one["name"] > other["name"]:
			one, other = other, one
		rows.append(
			(
				sql.new_name(), one["name"], other["name"], one["customer_name"], other["customer_name"], like.score,
				likeness.dump(like.why), likeness.fingerprint(one, other), OPEN, found_by,
			)
		)  # fmt: skip
	return sum(_upsert(part) for part in sql.chunks(rows, sql.ROWS_AT_ONCE))


def _upsert(rows: Sequence[tuple]) -> int:
	"""Insert pairs, or bring those in line that are there: decided ones only where they are compared by other data now.

	A pair that is there is met by its name. Met by its two customers it would lock the place before it too, and two who
	keep neighbouring pairs at the same moment would wait for each other.
	"""
	there = _names(row[1:3] for row in rows)
	rows = sorted((there.get(row[1:3], row[0]), *row[1:]) for row in rows)
	stamp, user = now(), frappe.session.user
	head = ", ".join(f"`{field}`" for field in ("creation", "modified", "owner", "modified_by", *FIELDS))
	one = "(" + ", ".join(["%s"] * (len(FIELDS) + 4)) + ")"
	frappe.db.sql(
		f"""INSERT INTO `tab{CANDIDATE}` ({head}) VALUES {", ".join([one] * len(rows))}
		ON DUPLICATE KEY UPDATE
			`status` = IF(`fingerprint` = VALUES(`fingerprint`), `status`, VALUES(`status`)),
			`modified` = VALUES(`modified`), `score` = VALUES(`score`), `why` = VALUES(`why`),
			`customer_name` = VALUES(`customer_name`), `other_name` = VALUES(`other_name`),
			`fingerprint` = VALUES(`fingerprint`)""",
		[value for row in rows for value in (stamp, stamp, user, user, *row)],
	)
	# One counts a row that is new, two one that was there.
	return 2 * len(rows) - frappe.db._cursor.rowcount


def _names(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
	"""Pair -> name, of the pairs that are in the queue."""
	found = frappe.db.sql(
		f"SELECT customer, other, name FROM `tab{CANDIDATE}` WHERE (customer, other) IN %s", [list(pairs)]
	)
	return {(customer, other): name for customer, other, name in found}


def rows_of(*customers: str) -> dict[str, frappe._dict]:
	"""What is compared of these customers."""
	fields = ", ".join(f"`{field}`" for field in likeness.FIELDS)
	found = frappe.db.sql(
		f"SELECT {fields} FROM `tab{CUSTOMER}` WHERE name IN %(names)s", {"names": customers}, as_dict=True
	)
	return {row.name: row for row in found}


def of_pair(one: str, other: str) -> str | None:
	"""The name of the entry of a pair, None without one."""
	customer, other = pair(one, other)
	return frappe.db.get_value(CANDIDATE, {"customer": customer, "other": other})


def propose(one: str, other: str, note: str | None = None) -> str:
	"""Put a pair into the queue because a person thinks that they are one. Returns the entry's name."""
	require_role(PROPOSERS)
	customers = [readable(name) for name in (one, other)]
	if one == other:
		frappe.throw(_("{0} can't be merged with itself. Choose another customer.").format(one))
	found = rows_of(*customers)
	keep([(found[one], found[other], likeness.compare(found[one], found[other]))], BY_PERSON)
	name = of_pair(one, other)
	values = {"status": OPEN, "found_by": BY_PERSON, "decided_by": None, "decided_on": None}
	frappe.db.set_value(CANDIDATE, name, values | ({"note": note} if note else {}))
	return name


def not_the_same(one: str, other: str, note: str | None = None) -> str:
	"""Remember that two are not one; they aren't proposed again until what is compared changes. Returns the entry's name."""
	require_role(DECIDERS)
	customers = [readable(name) for name in (one, other)]
	found = rows_of(*customers)
	keep([(found[one], found[other], likeness.compare(found[one], found[other]))], BY_PERSON)
	name = of_pair(one, other)
	decided = {"status": NOT_THE_SAME, "decided_by": frappe.session.user, "decided_on": now(), "note": note}
	frappe.db.set_value(CANDIDATE, name, decided)
	return name


def readable(name: str) -> str:
	"""The customer, whom the user may read, or the error that says why not."""
	from cims.duplicates.merging import gone

	if not frappe.db.exists(CUSTOMER, name):
		frappe.throw(gone(name), frappe.DoesNotExistError)
	frappe.has_permission(CUSTOMER, "read", doc=name, throw=True)
	return name


def take_out(retired: str, survivor: str) -> list[dict]:
	"""Take the pairs of a customer that goes out of the queue, but for the one that is merged now. Returns their rows."""
	mine = pair(retired, survivor)
	found = frappe.db.sql(
		f"""SELECT * FROM `tab{CANDIDATE}` WHERE customer = %(name)s AND status != %(merged)s
		UNION SELECT * FROM `tab{CANDIDATE}` WHERE other = %(name)s AND status != %(merged)s""",
		{"name": retired, "merged": MERGED},
		as_dict=True,
	)
	rest = [row for row in found if (row.customer, row.other) != mine]
	if rest:
		frappe.db.delete(CANDIDATE, {"name": ("in", [row.name for row in rest])})
	return rest


def merged(survivor: str, retired: str, merge: str) -> None:
	"""The pair has been merged; one that nobody had found is nothing to decide, and the log tells of it."""
	if name := of_pair(survivor, retired):
		decided = {"status": MERGED, "merge": merge, "decided_by": frappe.session.user, "decided_on": now()}
		frappe.db.set_value(CANDIDATE, name, decided)


def put_back(rows: Sequence[dict], survivor: str, retired: str) -> None:
	"""After a merge was undone: its pair is open again, and so are the others that had been taken out."""
	record.insert(CANDIDATE, rows)
	if name := of_pair(survivor, retired):
		again = {"status": OPEN, "merge": None, "decided_by": None, "decided_on": None}
		frappe.db.set_value(CANDIDATE, name, again)


def has_permission(doc, ptype: str | None = None, user: str | None = None) -> bool | None:
	"""Who may not read both customers may not see that they look alike; None leaves it to the roles."""
	if doc.status == MERGED:
		return None
	may = (
		frappe.has_permission(CUSTOMER, "read", doc=name, user=user)
		for name in (doc.customer, doc.other)
		if name
	)
	return None if all(may) else False
