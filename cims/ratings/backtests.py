"""The backtest on the site's own history: does the rating foresee who pays late?"""

from collections.abc import Sequence

import frappe
from frappe import _

from cims.ratings import policies, replay, sources
from cims.ratings.calendar import site_calendar
from cims.trust.backtest import BacktestError, backtest
from cims.trust.evidence import Receivables, columns_of
from cims.trust.policy import Policy

# Enough for narrow intervals, and little enough to hold in memory as documents.
MOST_RECEIVABLES = 1_000_000


def site_backtest(late_days: int = 1, most: int = MOST_RECEIVABLES) -> dict:
	"""The figures of `cims.trust.backtest.backtest` on this site's receivables under the policy in force.

	most: stop reading customers, evenly spread, at so many receivables; `receivables` and `of` say how many were used.
	Raises BacktestError where the history can't tell.
	"""
	names = frappe.get_all("CIMS Customer", pluck="name", order_by="name", limit=0)
	table, segments, used = read(names, most, policies.segment_field())
	found = backtest(table, segments, policies.active(), site_calendar(), late_days)
	return {**found, "receivables": len(table), "customers": used, "of_customers": len(names)}


def read(names: Sequence[str], most: int, segment_field: str | None) -> tuple[Receivables, list[str], int]:
	"""The receivables of customers, evenly spread over `names`, until there are `most`; their segments; how many they are."""
	step = max(-(-len(names) // replay.AT_ONCE), 1)
	parts, position, segments, count = [], {}, [], 0
	for start in range(step):
		part = names[start::step]
		if not part:
			break
		of = replay.segments_of(part, segment_field)
		position.update({name: len(position) + at for at, name in enumerate(part)})
		segments += [of.get(name, "") for name in part]
		whole, _pieces = columns_of(sources.receivables(part), position, site_calendar())
		parts.append(whole.where(whole.amount > 0))
		count += len(whole)
		if count >= most:
			break
	if not count:
		raise BacktestError(_("There are no receivables to test on. Enter or import some first."))
	return Receivables.join(parts), segments, len(position)


def compare(
	old: Policy, new: Policy, table: Receivables | None, segments: Sequence[str], late_days: int = 1
) -> dict:
	"""What the backtest says of two policies on the same receivables: {n, late_days, old, new}, or {error} where the
	history can't tell."""
	if table is None:
		return {"error": _("There are no receivables to test on. Enter or import some first.")}
	try:
		found = {
			name: backtest(table, segments, policy, site_calendar(), late_days)
			for name, policy in (("old", old), ("new", new))
		}
	except BacktestError as e:
		return {"error": str(e)}
	shown = (
		"n_test", "positives", "auc_score", "auc_score_low", "auc_score_high", "auc", "auc_low", "auc_high", "brier",
	)  # fmt: skip
	return {
		"n": len(table),
		"late_days": late_days,
		**{which: {k: of[k] for k in shown} for which, of in found.items()},
	}
