"""From receivables to evidence: business days, disputes, part payments, weights."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cims.trust import kinds, paydex
from cims.trust.calendar import Calendar, month_ends, to_date, to_day
from cims.trust.evidence import Evidence, Receivable, amount_weight, columns_of, evidence_of
from cims.trust.tests.strategies import CALENDAR, POLICY, on, rate, receivable

SATURDAY = date(2024, 3, 2)


def one(**facts) -> Receivable:
	"""A receivable of 1,000 invoiced on 1 January 2024 and due on Friday 1 March."""
	return Receivable(**{"customer": "a", "reference": "1", "invoiced_on": date(2024, 1, 1), "due_on": date(2024, 3, 1), "amount": 1000.0, **facts})  # fmt: skip


def days_of(row: Receivable, calendar: Calendar = CALENDAR) -> float:
	whole, _ = columns_of([row], {"a": 0}, calendar)
	return float(whole.days[0])


@pytest.mark.parametrize(
	"days, points",
	[
		(-40, 100), (-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40), (90, 30), (120, 20), (180, 0),
		(999, 0),
		# D&B's own chart in between.
		(-18, 89), (-8, 84), (26, 55), (33, 49), (48, 44),
	],
)  # fmt: skip
def test_days_beyond_terms_become_paydex_points(days, points):
	assert 100 * paydex.value(days) == pytest.approx(points, abs=0.51)


@given(st.floats(-100, 400), st.floats(0, 50))
def test_later_is_never_worth_more(days, more):
	assert paydex.value(days + more) <= paydex.value(days)
	assert paydex.severity(days + more) >= paydex.severity(days)


def test_a_due_date_on_a_weekend_binds_on_monday():
	assert days_of(one(due_on=SATURDAY, settled_on=SATURDAY + timedelta(days=2))) == 0
	assert days_of(one(due_on=SATURDAY, settled_on=SATURDAY + timedelta(days=3))) == 1
	assert days_of(one(due_on=SATURDAY, settled_on=SATURDAY - timedelta(days=1))) == -1


def test_public_holidays_roll_due_dates_too():
	calendar = Calendar.of_country("CN", range(2024, 2026))
	national_day = date(2024, 10, 1)
	assert days_of(one(due_on=national_day, settled_on=date(2024, 10, 8)), calendar) <= 0
	assert days_of(one(due_on=national_day, settled_on=date(2024, 10, 8))) == 7


def test_an_unknown_country_is_refused():
	with pytest.raises(ValueError, match="XX"):
		Calendar.of_country("XX", [2024])


def test_without_a_weekend_no_due_date_rolls():
	assert days_of(one(due_on=SATURDAY, settled_on=SATURDAY + timedelta(days=2)), Calendar("1111111")) == 2
	assert days_of(one(due_on=SATURDAY, settled_on=SATURDAY + timedelta(days=2)), Calendar("0000000")) == 2


def test_a_dispute_stops_the_clock():
	late = one(settled_on=date(2024, 4, 10))
	assert days_of(late) == 40
	for start, end, left in (
		(date(2024, 3, 5), date(2024, 3, 25), 20),
		(date(2024, 1, 5), date(2024, 1, 25), 20),
		(date(2024, 3, 1), date(2024, 5, 1), 0),
	):
		assert days_of(one(settled_on=late.settled_on, disputed_from=start, disputed_to=end)) == left


def test_a_dispute_never_makes_a_late_payment_early():
	assert (
		days_of(
			one(settled_on=date(2024, 3, 11), disputed_from=date(2024, 1, 2), disputed_to=date(2024, 2, 28))
		)
		== 0
	)


def test_an_open_dispute_stops_the_age_of_what_is_open():
	row = one(disputed_from=date(2024, 3, 11), invoiced_on=on(0), due_on=date(2024, 3, 1))
	as_of = (date(2024, 8, 1) - on(0)).days
	assert rate([row], as_of)[0].exposure["oldest"] == 10


def test_part_payments_are_weighed_by_amount():
	row = one(payments=((date(2024, 3, 1), 500.0), (date(2024, 3, 31), 500.0)), settled_on=date(2024, 3, 31))
	assert days_of(row) == pytest.approx(15)


def test_part_payments_lower_what_is_open():
	row = one(invoiced_on=on(0), due_on=on(30), payments=((on(40), 600.0),))
	before, after = (rate([row], day)[0].exposure for day in (39, 41))
	assert (before["open_amount"], after["open_amount"]) == (1000, 400)
	assert after["overdue_count"] == 1


@given(st.lists(receivable(), min_size=1, max_size=10))
def test_pieces_add_up_to_the_receivables(rows):
	whole, pieces = columns_of(rows, {"a": 0}, CALENDAR)
	assert pieces.amount.sum() == pytest.approx(whole.amount.sum())


@given(st.lists(receivable(), min_size=1, max_size=10))
def test_rows_and_columns_are_the_same_evidence(rows):
	found = evidence_of(rows, POLICY, CALENDAR)
	settled = [row for row in rows if row.settled_on]
	assert sum(row.kind == kinds.SETTLED for row in found) == len(settled)
	assert sum(row.kind == kinds.FULFILLED for row in found) == len(rows)
	assert {row.source_name for row in found} == {row.reference for row in rows}


@given(st.floats(0.01, 1e12), st.floats(1, 10))
def test_large_amounts_weigh_more_but_not_without_limit(amount, times):
	small, large = amount_weight(amount, POLICY), amount_weight(amount * times, POLICY)
	assert 0 < small <= large <= POLICY.amount_cap
	assert amount_weight(POLICY.usual_amount, POLICY) == 1


@pytest.mark.parametrize("facts", [{"value": 1.2}, {"value": -0.1}, {"weight": 0}, {"kind": "payment.bribe"}])
def test_evidence_out_of_range_is_refused(facts):
	with pytest.raises(ValueError):
		Evidence(
			**{
				"customer": "a",
				"kind": kinds.ASSESSMENT,
				"occurred_on": on(1),
				"value": 0.5,
				"weight": 1.0,
				**facts,
			}
		)


def test_month_ends_are_strictly_before():
	ends = [to_date(day).isoformat() for day in month_ends(to_day(date(2024, 3, 31)), 3)]
	assert ends == ["2023-12-31", "2024-01-31", "2024-02-29"]
	assert np.diff(month_ends(to_day(date(2024, 4, 1)), 24)).min() >= 28
