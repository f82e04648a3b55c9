"""Marks on the curve: on the days on which the score moved, which evidence moved it and by how many points.

A row's points are the difference that the score shows without it; what no row explains is the doing of what is open.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from frappe import _

from cims.ratings.wording import days, money
from cims.trust import kinds
from cims.trust.evidence import Events
from cims.trust.policy import Policy
from cims.trust.rating import State
from cims.trust.score import Assessment, assess
from cims.trust.sums import Sums, half_lives

MOST = 5
LEAST_POINTS = 1.0

OVERDUE, CLEARED, REVERSED = "exposure.overdue", "exposure.cleared", "reversed"
PROMPT_WITHIN = 0.5


def texts() -> dict[str, str]:
	"""The sentence of each mark, in the user's language, with places for its figures."""
	return {
		"payment.settled.late": _("A receivable of {amount} was paid {days} beyond terms."),
		"payment.settled.prompt": _("A receivable of {amount} was paid on time."),
		"payment.settled.early": _("A receivable of {amount} was paid {days} early."),
		"payment.written_off": _("A receivable of {amount} was written off."),
		"trading.fulfilled": _("An order of {amount} was fulfilled."),
		"trading.cancelled": _("The customer cancelled an order of {amount}."),
		"trading.returned": _("Goods worth {amount} were returned."),
		"service.complaint_against": _("A complaint against the customer was upheld."),
		"service.complaint_by": _("A complaint by the customer was upheld."),
		"service.agent_rating": _("An agent rated the customer at {value} of 100."),
		"service.feedback": _("The customer's feedback stood at {value} of 100."),
		"conduct.identity_verified": _("The customer's identity was verified."),
		"conduct.breach": _("A contract was breached."),
		"conduct.fraud": _("Fraud was established."),
		"conduct.claim_refused": _("An insurance claim was refused."),
		"conduct.assessment": _("Staff assessed the customer at {value} of 100."),
		REVERSED: _("Earlier evidence was taken back: {what}"),
		OVERDUE: _("More was overdue than the day before."),
		CLEARED: _("Less was overdue than the day before."),
	}


def text(mark: Mapping, currency: str | None = None) -> str:
	"""A mark as a sentence for the user. mark: as kept in a snapshot; currency: of its amounts."""
	sentences, figures = texts(), mark["figures"]
	written = {
		"amount": money(figures.get("amount") or 0, currency),
		"days": days(abs(figures.get("days") or 0)),
		"value": round(100 * (figures.get("value") or 0)),
	}
	code = mark["text_code"]
	if code.startswith(REVERSED):
		return sentences[REVERSED].format(what=sentences[code.removeprefix(f"{REVERSED}.")].format(**written))
	return sentences[code].format(**written)


# The rows of some of the asked days, as read (`replay.rows_of`), and the same in columns.
Load = Callable[[np.ndarray], tuple[Sequence[Sequence], Events]]


def of_days(
	events: Events,
	who: np.ndarray,
	day: np.ndarray,
	state: State,
	found: Assessment,
	before: np.ndarray,
	segments: Sequence[str],
	policy: Policy,
	load: Load,
) -> list[list[dict]]:
	"""The marks of each asked day, most points first.

	events: the evidence of those days and any other; who, day: the asks, each once; state, found: theirs at the end of the
	day; before: the score at the end of the day before. load: fetches the rows of the days on which one of them is worth a
	mark.
	"""
	asked = who, day, state, found, segments, policy
	_rows, ask, points = _points(events, *asked)
	explained = np.bincount(ask, points, minlength=len(who))
	marks: list[list[dict]] = [[] for _ask in who]
	worth = np.unique(ask[np.abs(points) >= LEAST_POINTS])
	if len(worth):
		rows, named = load(worth)
		for row, a, p in zip(*(part.tolist() for part in _points(named, *asked)), strict=True):
			if abs(p) >= LEAST_POINTS:
				marks[a].append(_mark(rows[row], p))
	for a, rest in enumerate((found.score - before - explained).tolist()):
		if abs(rest) >= LEAST_POINTS:
			code = OVERDUE if rest < 0 else CLEARED
			marks[a].append(
				{
					"kind": kinds.OVERDUE,
					"points": round(rest, 1),
					"doctype": None,
					"name": None,
					"text_code": code,
					"figures": {},
				}
			)
	return [sorted(of, key=lambda m: -abs(m["points"]))[:MOST] for of in marks]


def _points(
	events: Events, who, day, state: State, found: Assessment, segments, policy: Policy
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
	"""(row, ask, points) of every row that became known on an asked day: what the score would be without it, less."""
	order = np.lexsort((day, who))
	keys = who[order] * 2**32 + day[order]
	mine = events.customer * 2**32 + events.known
	place = np.minimum(np.searchsorted(keys, mine), len(keys) - 1)
	row = np.flatnonzero(keys[place] == mine)
	ask = order[place[row]]
	without = assess(
		_without(state, events, row, ask, day, policy),
		np.asarray(segments, dtype=object)[ask],
		policy,
		interval="none",
	)
	return row, ask, found.score[ask] - without.score


def _without(
	state: State, events: Events, row: np.ndarray, ask: np.ndarray, day: np.ndarray, policy: Policy
) -> Sums:
	"""The sums of each asked day as they would stand without one of its rows."""
	sums = state.sums.where(ask)
	lives = half_lives(policy)
	life = np.array([lives.get(kind.dimension, np.inf) for kind in kinds.KINDS])
	kind = events.kind[row]
	fade = np.exp2(-(day[ask] - events.fades_from[row]) / life[kind])
	weight, value, sign = events.weight[row], events.value[row], np.sign(events.weight[row])
	columns = {
		"r": weight * value,
		"s": weight * (1 - value),
		"amount": sign * events.amount[row],
		"count": sign,
	}
	tables = {field: getattr(sums, field).copy() for field in columns}
	for at, name in enumerate(sums.kinds):
		mine = kind == kinds.CODE[name]
		for field, column in columns.items():
			tables[field][mine, at] -= (column * fade)[mine]
	return replace(state.where(ask), sums=Sums(sums.kinds, **tables)).full()


def _mark(row: Sequence, points: float) -> dict:
	_customer, kind, _occurred, _fades, value, _weight, amount, late, reversal, doctype, name, evidence = row[
		:12
	]
	if kinds.BY_NAME[kind].manual:
		# No document shows it but the evidence itself.
		doctype, name = "Trust Evidence", evidence
	return {
		"kind": kind,
		"points": round(points, 1),
		"doctype": doctype,
		"name": name,
		"text_code": text_code(kind, late, reversal),
		"figures": {"amount": float(amount), "days": float(late), "value": float(value)},
	}


def text_code(kind: str, late: float, reversal: bool) -> str:
	"""The sentence for a row of evidence: see `texts`. late: days beyond terms."""
	if kind == kinds.SETTLED:
		kind = f"{kind}.{'late' if late > PROMPT_WITHIN else 'early' if late < -PROMPT_WITHIN else 'prompt'}"
	return f"{REVERSED}.{kind}" if reversal else kind
