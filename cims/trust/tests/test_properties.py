"""What must hold whatever happens: the promises of docs/trust-model.md as properties."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv

from cims.trust import kinds, reasons
from cims.trust.calendar import NEVER, to_day
from cims.trust.evidence import Events
from cims.trust.policy import TOP, Dimension, Policy
from cims.trust.rating import learn, rate_parts
from cims.trust.score import assess
from cims.trust.sums import Sums, Tally, decayed_sums, replay, replay_days
from cims.trust.tests.strategies import (
	DAYS,
	POLICY,
	days,
	evidence,
	extras,
	history,
	on,
	rate,
	receivable,
	same,
	stories,
)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
# A rounding error is not a change of mind.
LEAST = 1e-3
as_ofs = st.integers(0, DAYS + 400)


@given(st.lists(evidence(), max_size=20), st.integers(0, 20), as_ofs, st.randoms())
def test_incremental_equals_replay(rows, taken_back, as_of, random):
	"""One event at a time, in any order, gives the sums of the whole history."""
	reversed_rows = [
		replace(
			row, reversal=True, occurred_on=row.occurred_on + timedelta(days=30), decays_from=row.occurred_on
		)
		for row in rows[:taken_back]
	]
	day = to_day(on(as_of))
	everything = [row for row in rows + reversed_rows if to_day(row.occurred_on) <= day]
	whole = replay(Events.of(everything, {"a": 0}), np.array([0]), np.array([day]), POLICY)

	tally = Tally(to_day(on(0)))
	by_day = sorted(everything, key=lambda row: row.occurred_on)
	for row in by_day:
		tally.age_to(to_day(row.occurred_on), POLICY)
		fades_from = to_day(row.decays_from or row.occurred_on)
		weight = -row.weight if row.reversal else row.weight
		tally.add(row.kind, fades_from, row.value, weight, row.amount, POLICY)
	tally.age_to(day, POLICY)
	assert_same_sums(whole, Tally.from_dict(tally.to_dict()).as_sums())

	late = Tally(day)
	random.shuffle(everything)
	for row in everything:
		fades_from = to_day(row.decays_from or row.occurred_on)
		late.add(
			row.kind, fades_from, row.value, -row.weight if row.reversal else row.weight, row.amount, POLICY
		)
	assert_same_sums(whole, late.as_sums())


@given(
	st.lists(st.tuples(st.integers(0, 3), evidence()), max_size=30), st.lists(as_ofs, min_size=1, max_size=9)
)
def test_the_same_days_for_all_equal_each_on_its_own(rows, asked):
	position = {str(at): at for at in range(4)}
	events = Events.of([replace(row, customer=str(who)) for who, row in rows], position)
	when = np.sort([to_day(on(day)) for day in asked])
	who, day = np.repeat(np.arange(4), len(when)), np.tile(when, 4)
	assert_same_sums(replay_days(events, 4, when, POLICY), replay(events, who, day, POLICY))


def assert_same_sums(one: Sums, other: Sums) -> None:
	assert one.kinds == other.kinds
	for name in ("r", "s", "amount", "count"):
		np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-7)


@given(stories, extras, as_ofs, st.randoms())
def test_order_of_arrival_does_not_matter(receivables, more, as_of, random):
	before = rate(receivables, as_of, more)
	random.shuffle(receivables)
	random.shuffle(more)
	same(before, rate(receivables, as_of, more))


@settings(max_examples=300)
@given(st.lists(receivable(), max_size=12), receivable(settled=True), st.integers(1, 300), as_ofs)
def test_paying_later_never_raises_the_score(others, one, delay, as_of):
	later = replace(one, settled_on=one.settled_on + timedelta(days=delay))
	before = rate([*others, one], as_of, names=("a",))[0]
	after = rate([*others, later], as_of, names=("a",))[0]
	assert after.score <= before.score + LEAST


@given(st.lists(receivable(), max_size=12), receivable(settled=False), st.integers(0, 300))
def test_paying_what_is_overdue_never_lowers_the_score(others, one, waited):
	as_of = (one.due_on - on(0)).days + waited
	paid = replace(one, settled_on=on(as_of))
	before = rate([*others, one], as_of, names=("a",))[0]
	after = rate([*others, paid], as_of, names=("a",))[0]
	if before.exposure["overdue_count"] > others_overdue(others, as_of):
		assert after.score >= before.score - LEAST


def others_overdue(others, as_of: int) -> int:
	return rate(others, as_of, names=("a",))[0].exposure["overdue_count"] if others else 0


@given(receivable(settled=False), st.integers(1, 200), st.integers(1, 100))
def test_an_open_receivable_only_gets_worse_with_age(one, waited, more):
	due = (one.due_on - on(0)).days
	dates = [due + waited, due + waited + more]
	then, later = (rate([one], day, names=("a",))[0] for day in dates)
	assert later.dimensions["exposure"] <= then.dimensions["exposure"] + LEAST
	assert later.exposure["oldest"] >= then.exposure["oldest"]


@given(stories, extras)
def test_evidence_far_in_the_past_fades_to_what_is_assumed(receivables, more):
	settled = [replace(one, settled_on=one.settled_on or one.due_on) for one in receivables]
	found = rate(settled, 365 * 80, more)
	nothing = rate([], 0)
	assert set(found.grades) == {"NR"}
	for one, other in zip(found, nothing, strict=True):
		assert one.score == pytest.approx(other.score, abs=0.5)
		assert one.confidence == pytest.approx(0, abs=1e-3)


@given(stories, extras, evidence(), st.integers(0, 200), as_ofs)
def test_a_reversal_cancels_what_it_takes_back(receivables, more, wrong, after, as_of):
	taken_back = replace(
		wrong,
		reversal=True,
		occurred_on=wrong.occurred_on + timedelta(days=after),
		decays_from=wrong.occurred_on,
	)
	if to_day(taken_back.occurred_on) > to_day(on(as_of)):
		as_of += 200 + DAYS
	without = rate(receivables, as_of, more)
	with_both = rate(receivables, as_of, [*more, wrong, taken_back])
	for one, other in zip(without, with_both, strict=True):
		assert one.score == pytest.approx(other.score, abs=LEAST)
		assert one.evidence_count == other.evidence_count
		# The month ends in between did know it: the grade and the change since then (W01) may differ.
		assert _lasting(one) == _lasting(other) or one.grade != other.grade


def _lasting(rating) -> list[str]:
	return [reason.code for reason in rating.watch if reason.code != "W01"]


@given(stories, extras, stories, extras, as_ofs)
def test_nothing_later_leaks_into_a_past_day(receivables, more, later, later_more, as_of):
	"""What happens after a day changes nothing of what is said of that day."""
	end = on(as_of)
	known = [
		replace(one, settled_on=None) if one.settled_on and one.settled_on > end else one
		for one in receivables
	]
	known = [one for one in known if one.invoiced_on <= end]
	known_more = [row for row in more if row.occurred_on <= end]
	shift = timedelta(days=DAYS + as_of)
	new = [
		replace(
			one, reference="later" + one.reference, invoiced_on=one.invoiced_on + shift + timedelta(days=1),
			due_on=one.due_on + shift + timedelta(days=1), settled_on=None, disputed_from=None, disputed_to=None,
		)
		for one in later
	]  # fmt: skip
	new_more = [replace(row, occurred_on=row.occurred_on + shift + timedelta(days=1)) for row in later_more]
	same(rate(known, as_of, known_more), rate([*receivables, *new], as_of, [*more, *new_more]))


@given(stories, extras, as_ofs)
def test_points_add_up(receivables, more, as_of):
	"""What is lost and what is gained, by evidence and by assumption, is all of 1,000."""
	for found in rate(receivables, as_of, more):
		parts = found.contributions.values()
		lost, gained = (sum(part[side] for part in parts) for side in ("lost", "gained"))
		assert gained == pytest.approx(found.score, abs=LEAST)
		assert lost + gained == pytest.approx(TOP, abs=LEAST)
		assert 0 <= found.low <= found.score <= found.high <= TOP


@given(stories, extras, as_ofs, st.sampled_from([str, lambda text: text]))
def test_every_rating_explains_itself(receivables, more, as_of, translate):
	for found in rate(receivables, as_of, more):
		assert len(found.costs) <= reasons.MOST_COSTS and len(found.earns) <= reasons.MOST_GAINS
		for reason in (*found.costs, *found.earns, *found.watch):
			sentence = reasons.text(reason, translate)
			assert sentence and "{" not in sentence
		assert all(one.points <= 0 for one in found.costs)
		assert all(one.points >= 0 for one in found.earns)


@given(stories, extras, as_ofs)
def test_parts_give_what_the_whole_gives(receivables, more, as_of):
	"""Customers may come in parts, each with its own history."""
	whole = history(receivables, more)
	day = to_day(on(as_of))
	parts = []
	for at, name in enumerate(whole.customers):
		events = whole.events.where(whole.events.customer == at)
		pieces = whole.pieces.where(whole.pieces.customer == at)
		alone = {"customer": np.zeros}
		parts.append(
			replace(
				whole,
				customers=[name],
				segments=[""],
				events=replace(events, customer=alone["customer"](len(events), dtype=int)),
				pieces=replace(pieces, customer=alone["customer"](len(pieces), dtype=int)),
			)
		)
	policy = learn(whole, day, POLICY)
	same(rate_parts([whole], day, policy), rate_parts(parts, day, POLICY, learning=True))


@pytest.mark.parametrize("events, level", [(20, 0.8), (60, 0.8), (60, 0.9), (200, 0.8)])
def test_intervals_cover(events, level):
	"""Customers drawn from what is assumed of them lie inside their interval about as often as it says."""
	random = np.random.default_rng(7)
	customers, mean, strength = 4000, 0.7, 5.0
	policy = Policy(dimensions=(Dimension(kinds.CONDUCT, 1, 36_500, mean, strength),), credible_level=level)
	truth = random.beta(strength * mean, strength * (1 - mean), customers)
	good = random.binomial(events, truth).astype(float)[:, np.newaxis]
	sums = Sums((kinds.ASSESSMENT,), good, events - good, good * 0, good * 0 + events)
	found = assess(sums, [""], policy)
	inside = (found.low <= TOP * truth) & (TOP * truth <= found.high)
	assert inside.mean() == pytest.approx(level, abs=0.025)


@given(
	st.lists(st.tuples(st.integers(0, 4), days, st.floats(-5, 5)), max_size=60),
	st.lists(st.tuples(st.integers(0, 5), days), max_size=40),
	st.sampled_from([7.0, 90.0, 365.0, np.inf]),
)
def test_decayed_sums_are_the_sums_written_out(rows, asks, life):
	customer, day, value = (
		(np.array(part) for part in zip(*rows, strict=True)) if rows else (np.zeros(0, int),) * 3
	)
	who, when = (np.array(part) for part in zip(*asks, strict=True)) if asks else (np.zeros(0, int),) * 2
	found = decayed_sums(customer, day, value.reshape(-1, 1).astype(float), np.array([life]), who, when)
	wanted = [
		sum(
			value[i] * 2.0 ** (-(asked - day[i]) / life)
			for i in range(len(rows))
			if customer[i] == one and day[i] <= asked
		)
		for one, asked in asks
	]
	np.testing.assert_allclose(found.ravel(), wanted, rtol=1e-9, atol=1e-9)


def test_the_ends_of_intervals_are_the_quantiles_to_the_last_digits():
	random = np.random.default_rng(3)
	mean, strength = random.uniform(0.02, 0.98, 2000), random.uniform(2, 400, 2000)
	sums = Sums(
		(kinds.ASSESSMENT,),
		(mean * strength)[:, None],
		((1 - mean) * strength)[:, None],
		*np.zeros((2, 2000, 1)),
	)
	policy = Policy(dimensions=(Dimension(kinds.CONDUCT, 1, 365, 0.5, 1),))
	found = assess(sums, [""], policy)
	a, b = mean * strength + 0.5, (1 - mean) * strength + 0.5
	np.testing.assert_allclose(found.low, TOP * betaincinv(a, b, 0.1), rtol=1e-12)
	np.testing.assert_allclose(found.high, TOP * betaincinv(a, b, 0.9), rtol=1e-12)


def test_never_is_later_than_any_day():
	assert to_day(on(0)) + 365 * 500 < NEVER
