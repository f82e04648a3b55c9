"""Why customers are rated as they are: worked out when somebody asks, from what is kept of each.

Reasons and contributions are long texts that change with every rating, as time alone changes them, and few are ever read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from frappe.utils import getdate

from cims.ratings import kept, policies
from cims.ratings.rows import SHOWN_DIGITS
from cims.trust.calendar import to_day


@dataclass(frozen=True)
class Explained:
	"""reasons: what costs and earns most and what to watch, each {code, points, figures}; contributions: kind of evidence, or
	dimension.prior -> points that it lost and earned."""

	reasons: Mapping[str, list[dict]] = field(default_factory=lambda: {"costs": [], "earns": [], "watch": []})
	contributions: Mapping[str, list[float]] = field(default_factory=dict)


UNKNOWN = Explained()


def of(customers: Sequence[str]) -> dict[str, Explained]:
	"""Each customer who has been rated -> why. A fixed number of statements for all of those rated on the same day."""
	groups: dict[tuple[str, int], list[tuple]] = {}
	for row in kept.rows_of(customers):
		if row.ledger and row.ledger.get("window") is not None and row.as_of:
			day = max(to_day(getdate(row.as_of)), row.ledger["day"])
			groups.setdefault((row.ledger["policy"], day), []).append(row)
	found = {}
	for (version, day), rows in groups.items():
		ratings = kept.Kept.of(rows).ratings(_policy(version), day)
		contributions = ratings.contributions(SHOWN_DIGITS)
		for at, row in enumerate(rows):
			found[row.name] = Explained(ratings.plain_reasons(at), contributions[at])
	return found


def of_one(customer: str) -> Explained:
	return of([customer]).get(customer, UNKNOWN)


def _policy(version: str):
	policy = policies.active()
	return policy if policy.version == version else policies.by_name(version)
