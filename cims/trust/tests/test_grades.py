"""Sticky grades: down at once, up only when it lasts, held by hard events."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from cims.trust import kinds
from cims.trust.evidence import Evidence, Receivable
from cims.trust.grades import UNRATED, grade_names, raw_grade, sticky_grade
from cims.trust.policy import NOT_RATED, Policy
from cims.trust.tests.strategies import POLICY, on, rate

BANDS = POLICY.bands
A = POLICY.grades.index("A")


def walk(lows, caps=None, rated=None, policy=POLICY) -> str:
	"""The grade after these low ends, one evaluation after the other."""
	lows = np.array([lows], dtype=float)
	rated = np.ones(lows.shape, bool) if rated is None else np.array([rated])
	caps = np.zeros(lows.shape, int) if caps is None else np.array([caps])
	return grade_names(sticky_grade(lows, rated, caps, policy), policy)[0]


def test_every_low_end_has_one_band():
	lows = np.arange(0, 1000.5, 0.5)
	for low, position in zip(lows, raw_grade(lows, POLICY), strict=True):
		band = BANDS[position]
		assert band.floor <= low and (low < band.ceiling or low == 1000)


def test_within_the_dead_band_nothing_moves():
	floor, ceiling = BANDS[A].floor, BANDS[A].ceiling
	assert walk([floor + 5, floor - POLICY.dead_band + 1]) == "A"
	assert walk([floor + 5] + [ceiling + POLICY.dead_band - 1] * 12) == "A"


def test_a_downgrade_is_immediate_beyond_the_dead_band():
	floor = BANDS[A].floor
	assert walk([floor + 5, floor - POLICY.dead_band - 1]) == "B"


def test_an_upgrade_takes_its_confirmations_in_a_row():
	policy = replace(POLICY, upgrade_confirmations=3)
	low, high = BANDS[A].floor + 5, BANDS[A].ceiling + POLICY.dead_band + 1
	assert walk([low, high, high], policy=policy) == "A"
	assert walk([low, high, high, high], policy=policy) == "AA"
	assert walk([low, high, high, low, high], policy=policy) == "A"


def test_an_upgrade_goes_no_higher_than_what_lasted():
	low, aa, aaa = BANDS[A].floor + 5, BANDS[A].ceiling + POLICY.dead_band + 1, 990
	assert walk([low, aaa, aa]) == "AA"


def test_the_first_grade_is_the_band_of_the_low_end():
	assert walk([BANDS[A].floor]) == "A"
	assert walk([BANDS[A].floor - 0.01]) == "B"


def test_no_grade_without_evidence_and_a_fresh_start_after_it():
	low = BANDS[A].floor + 5
	assert walk([low, low], rated=[True, False]) == NOT_RATED
	assert walk([100, low, low], rated=[True, False, True]) == "A"


def test_a_cap_holds_at_once_and_lets_go_slowly():
	high = 990
	d = POLICY.grades.index("D")
	assert walk([high, high], caps=[0, d]) == "D"
	assert walk([high, high, high], caps=[0, d, 0]) == "D"
	assert walk([high, high, high, high], caps=[0, d, 0, 0]) == "AAA"


def settled(count: int, days_late: int = -10, start: int = 0) -> list[Receivable]:
	return [
		Receivable("a", f"{start}-{at}", on(start + 20 * at), on(start + 20 * at + 30), 1000.0, on(start + 20 * at + 30 + days_late))
		for at in range(count)
	]  # fmt: skip


def test_nobody_is_rated_without_evidence():
	found = rate([], 10)
	assert found.grades == [NOT_RATED] * 3 and (found.grade == UNRATED).all()
	assert found[0].watch == () and found[0].change_90d is None and found[0].percentile is None


def test_ninety_days_overdue_caps_the_grade_until_it_is_paid():
	old = Receivable("a", "old", on(300), on(330), 100.0)
	policy = replace(POLICY, upgrade_confirmations=1)
	others = settled(30)
	before = rate([*others, old], 330 + 80, policy=policy)[0]
	after = rate([*others, old], 330 + 95, policy=policy)[0]
	worst = policy.grades.index("C")
	assert policy.grades.index(after.grade) >= worst > policy.grades.index(before.grade)
	assert {"W02", "W04"} <= {reason.code for reason in after.watch}
	paid = rate([*others, replace(old, settled_on=on(426))], 470, policy=policy)[0]
	assert policy.grades.index(paid.grade) < worst


@pytest.mark.parametrize("kind, grade", [(kinds.FRAUD, "D"), (kinds.WRITTEN_OFF, "D")])
def test_a_hard_event_downgrades_at_once_is_held_and_can_be_taken_back(kind, grade):
	event = Evidence("a", kind, on(650), 0.0, 0.001, source_name="x")
	others = settled(30)
	policy = replace(POLICY, upgrade_confirmations=1)
	hold = next(hard.hold_days for hard in policy.hard_events if hard.kind == kind)
	assert rate(others, 651, policy=policy)[0].grade != grade
	assert rate(others, 649, [event], policy)[0].grade != grade
	assert rate(others, 650, [event], policy)[0].grade == grade
	assert rate(others, 650 + min(hold, 300), [event], policy)[0].grade == grade
	taken_back = replace(
		event, reversal=True, occurred_on=event.occurred_on + timedelta(days=3), decays_from=event.occurred_on
	)
	assert rate(others, 660, [event, taken_back], policy)[0].grade != grade


def test_a_fall_is_watched():
	story = settled(15) + settled(10, days_late=85, start=300)
	found = rate(story, 470)[0]
	assert found.change_90d < -POLICY.watch_drop
	assert "W01" in {reason.code for reason in found.watch}


def test_percentiles_are_within_the_segment():
	story = [
		*settled(10),
		*(replace(one, customer="b", settled_on=one.due_on + timedelta(days=40)) for one in settled(10)),
		*(replace(one, customer="c", settled_on=one.due_on + timedelta(days=15)) for one in settled(10)),
	]
	found = rate(story, 260)
	assert [one.percentile for one in found] == [100, 0, 50]
	assert isinstance(Policy(), type(found.policy))
