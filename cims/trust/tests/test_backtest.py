"""Does the rating work? On public data, and the arithmetic of the answer."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cims.trust.backtest import (
	RATINGS_POLICY,
	BacktestError,
	auc,
	auc_interval,
	backtest,
	backtest_ratings,
	brier,
	calibration,
)
from cims.trust.calendar import NEVER
from cims.trust.files.ratings import read_ratings
from cims.trust.files.receivables import read
from cims.trust.forecast import Model, fit, predict
from cims.trust.policy import Policy
from cims.trust.sample.make import FILE
from cims.trust.tests.strategies import CALENDAR

POLICY = Policy().only("payment", "exposure", "trading")


def outcome(path, late_days: int) -> dict:
	table, problems = read(path)
	assert not len(problems)
	return backtest(table.receivables(CALENDAR), [""] * len(table.customers), POLICY, CALENDAR, late_days)


@pytest.mark.parametrize("late_days, least", [(1, 0.880), (15, 0.905)])
def test_the_forecast_on_the_ibm_receivables(data_file, late_days, least):
	found = outcome(data_file("ibm_accounts_receivable.csv"), late_days)
	assert found["n_test"] == 740 and found["auc"] >= least
	assert found["auc_low"] < found["auc"] < found["auc_high"]
	assert found["brier"] < found["baselines"]["base_rate"]["brier"]
	assert found["auc_score"] > 0.87


def test_the_forecast_on_the_bitcoin_ratings(data_file):
	table, _ = read_ratings(data_file("bitcoin_otc_ratings.csv"))
	found = backtest_ratings(table.target, table.rating, table.time, RATINGS_POLICY)
	assert found["auc"] >= 0.845 > found["baselines"]["late_ratio"]["auc"]
	assert found["brier"] < found["baselines"]["late_ratio"]["brier"]


@pytest.fixture(scope="module")
def receivables():
	return read(FILE)[0].receivables(CALENDAR)


def test_the_forecast_never_looks_ahead(receivables):
	"""What is settled or invoiced after the day of the forecast changes neither the model nor what it says."""
	day = int(np.quantile(receivables.invoiced, 0.7))
	later = receivables.settled > day
	hidden = replace(
		receivables,
		settled=np.where(later, NEVER, receivables.settled),
		days=np.where(later, NEVER, receivables.days),
	).where(receivables.invoiced <= day)
	asked = receivables.where((receivables.invoiced > day) & (receivables.invoiced <= day + 30))
	model, again = (fit(known, day, CALENDAR, POLICY) for known in (receivables, hidden))
	assert model == again
	as_of = np.full(len(asked), day)
	said, said_again = (predict(model, known, asked, as_of, POLICY) for known in (receivables, hidden))
	np.testing.assert_allclose(said.late, said_again.late, atol=1e-9)
	np.testing.assert_array_equal(said.delay, said_again.delay)


def test_forecasts_are_probabilities_in_order(receivables):
	day = int(np.quantile(receivables.invoiced, 0.7))
	model = fit(receivables, day, CALENDAR, POLICY, extra=(7,))
	assert Model.from_dict(json.loads(json.dumps(model.to_dict()))) == model and 7 in model.thresholds
	asked = receivables.where(receivables.invoiced <= day)
	said = predict(model, receivables, asked, np.full(len(asked), day), POLICY)
	assert ((said.late >= 0) & (said.late <= 1)).all() and (np.diff(said.late, axis=1) <= 1e-9).all()
	assert (np.diff(said.delay, axis=1) >= 0).all()


def test_the_backtest_is_the_same_every_time(receivables):
	names = [""] * (receivables.customer.max() + 1)
	assert backtest(receivables, names, POLICY, CALENDAR) == backtest(receivables, names, POLICY, CALENDAR)


def test_too_little_or_one_sided_data_say_what_is_missing(receivables):
	names = [""] * (receivables.customer.max() + 1)
	with pytest.raises(BacktestError, match="at least 10"):
		backtest(receivables.where(np.arange(5)), names, POLICY, CALENDAR)
	with pytest.raises(BacktestError, match="told apart"):
		backtest(receivables, names, POLICY, CALENDAR, 2000)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_the_right_order(cases):
	event, value = np.array([c[0] for c in cases]), np.array([float(c[1]) for c in cases])
	pairs = [(a > b) + (a == b) / 2 for a in value[event] for b in value[~event]]
	if pairs:
		assert auc(event, value) == pytest.approx(np.mean(pairs))
	else:
		assert np.isnan(auc(event, value))


def test_the_interval_of_the_auc_holds_the_auc():
	random = np.random.default_rng(2)
	event = random.random(600) < 0.3
	value = event + random.normal(0, 1.2, 600)
	low, high = auc_interval(event, value, random.integers(0, 60, 600), 1)
	assert low < auc(event, value) < high and high - low < 0.15


def test_brier_and_calibration():
	event, probability = np.array([True, False, True, False]), np.array([0.9, 0.2, 0.6, 0.1])
	assert brier(event, probability) == pytest.approx((0.01 + 0.04 + 0.16 + 0.01) / 4)
	bins = calibration(event, probability)
	assert sum(one["n"] for one in bins) == 4
