"""Policies: what they refuse, and that they come back from JSON as they went."""

import json
from dataclasses import replace

import pytest

from cims.trust import kinds
from cims.trust.policy import (
	DEFAULT_BANDS,
	DEFAULT_DIMENSIONS,
	OVERDUE_90,
	Band,
	HardEvent,
	Policy,
	PolicyError,
)

TWO = (Band("A", 500, 1000, "#112233", "Good"), Band("B", 0, 500, "#445566", "Fair"))


def test_a_policy_comes_back_from_json():
	policy = Policy(
		version="POL-0007", usual_amount=1234.5, priors={("", "payment"): 0.8, ("VIP", "payment"): 0.9}
	)
	assert Policy.from_dict(json.loads(json.dumps(policy.to_dict()))) == policy


def test_a_policy_is_read_from_a_file(tmp_path):
	path = tmp_path / "policy.json"
	path.write_text(json.dumps({"dead_band": 5}), encoding="utf-8")
	assert Policy.from_file(str(path)) == Policy(dead_band=5)


@pytest.mark.parametrize(
	"bands, says",
	[
		((), "no grade bands"),
		((replace(TWO[0], floor=600), TWO[1]), "a gap between B (up to 500) and A (from 600)"),
		((replace(TWO[0], floor=400), TWO[1]), "an overlap between B (up to 500) and A (from 400)"),
		((replace(TWO[0], ceiling=900), TWO[1]), "from 0 to 1000"),
		((TWO[0], replace(TWO[1], floor=10)), "from 0 to 1000"),
		((TWO[0], replace(TWO[1], grade="A")), "stand once"),
		((TWO[0], replace(TWO[1], grade="NR")), "NR is kept"),
		((replace(TWO[0], floor=1000), replace(TWO[1], ceiling=1000)), "Grade A ends"),
	],
)
def test_bands_tile_the_whole_range(bands, says):
	with pytest.raises(PolicyError, match=says.replace("(", r"\(").replace(")", r"\)")):
		Policy(bands=bands, hard_events=())


@pytest.mark.parametrize(
	"change, says",
	[
		({"dead_band": -1}, "dead band"),
		({"dead_band": 500}, "dead band"),
		({"upgrade_confirmations": 0}, "at least 1 evaluation"),
		({"minimum_evidence": 0}, "minimum evidence"),
		({"credible_level": 1}, "credible level"),
		({"usual_amount": 0}, "usual amount"),
		({"hard_events": (HardEvent(OVERDUE_90, "Z", 0),)}, "no grade of this policy"),
		({"hard_events": (HardEvent("payment.magic", "C", 0),)}, "Unknown hard event"),
		({"hard_events": (HardEvent(OVERDUE_90, "C", -1),)}, "fewer than 0 days"),
		({"dimensions": ()}, "weight above 0"),
		({"dimensions": DEFAULT_DIMENSIONS * 2}, "more than once"),
		({"dimensions": (replace(DEFAULT_DIMENSIONS[0], name="luck"),)}, "Unknown dimension"),
		({"dimensions": (replace(DEFAULT_DIMENSIONS[0], weight=-1),)}, "below 0"),
		({"dimensions": (replace(DEFAULT_DIMENSIONS[0], half_life=1),)}, "half-life"),
		({"dimensions": (replace(DEFAULT_DIMENSIONS[0], prior_mean=1),)}, "prior mean"),
		({"dimensions": (replace(DEFAULT_DIMENSIONS[0], prior_strength=0),)}, "prior strength"),
	],
)
def test_contradictions_are_refused(change, says):
	with pytest.raises(PolicyError, match=says):
		Policy(**change)


def test_unknown_settings_are_named():
	with pytest.raises(PolicyError, match="colour_scheme"):
		Policy.from_dict({"colour_scheme": "dark"})


@pytest.mark.parametrize(
	"plain",
	[
		{"dead_band": "wide"},
		{"usual_amount": None},
		{"bands": 5},
		{"bands": [{"grade": "A"}]},
		{"dimensions": "payment"},
		{
			"dimensions": [
				{"name": "payment", "weight": "40", "half_life": 365, "prior_mean": 0.7, "prior_strength": 5}
			]
		},
		{"priors": [1]},
		{"priors": [{"segment": ""}]},
	],
)
def test_what_is_no_policy_is_refused(plain):
	with pytest.raises(PolicyError, match="can't be understood"):
		Policy.from_dict(plain)


def test_a_prior_is_the_segments_then_everybodys_then_the_policys():
	payment = DEFAULT_DIMENSIONS[0]
	policy = Policy(priors={("", "payment"): 0.5, ("VIP", "payment"): 0.9})
	assert policy.prior_mean("VIP", payment) == 0.9
	assert policy.prior_mean("other", payment) == 0.5
	assert Policy().prior_mean("VIP", payment) == payment.prior_mean


def test_a_policy_can_be_restricted_to_what_data_speak_of():
	assert [d.name for d in Policy().only("payment", "conduct").dimensions] == ["payment", "conduct"]


def test_the_defaults_are_the_documented_ones():
	assert [band.grade for band in DEFAULT_BANDS] == ["AAA", "AA", "A", "B", "C", "D"]
	assert {d.name: d.weight for d in DEFAULT_DIMENSIONS} == {
		"payment": 40, "exposure": 20, "trading": 15, "service": 15, "conduct": 10
	}  # fmt: skip
	assert set(kinds.DIMENSIONS) == {d.name for d in DEFAULT_DIMENSIONS}


def test_an_unknown_kind_is_refused_with_those_there_are():
	with pytest.raises(ValueError, match="Known kinds: "):
		kinds.kind_of("payment.bribe")
