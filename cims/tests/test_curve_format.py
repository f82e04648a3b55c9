"""Curves and months packed into bytes and back: nothing is lost, and the same points give the same bytes."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cims.ratings import curve_format, month_format
from cims.ratings.curve_format import COLUMNS, FIGURES, HEAD, Points
from cims.ratings.month_format import SIZE, Standings

WORDS = ["", "AAA", "A", "NR", "POL-0001", "POL-0002", "信用良好", 'a"quote']
FACTORS = ["payment.settled", "payment.prior", "exposure.overdue", "我们的.prior"]
MARK = {
	"kind": "payment.settled",
	"points": -20.3,
	"doctype": None,
	"name": "SO-2026-00007",
	"figures": {"amount": 1.5},
}

marks = st.lists(
	st.fixed_dictionaries(
		{
			"kind": st.text(max_size=12),
			"points": st.floats(-1000, 1000),
			"name": st.none() | st.text(max_size=20),
		}
	),
	max_size=5,
).map(curve_format.dump)


@st.composite
def curves(draw, most: int = 12) -> Points:
	"""Points of up to five customers, some of them without any."""
	keys = draw(st.sets(st.tuples(st.integers(0, 4), st.integers(-20_000, 60_000)), max_size=most))
	who, day = np.array(sorted(keys), dtype=np.int64).reshape(-1, 2).T

	def column(values) -> np.ndarray:
		return np.array(draw(st.lists(values, min_size=len(who), max_size=len(who))))

	figure, word = st.integers(0, 10**9).map(lambda n: n / 10**6), st.integers(0, len(WORDS) - 1)
	share = st.lists(
		st.integers(-(2**15) + 1, 2**15 - 1) | st.just(0), min_size=len(FACTORS), max_size=len(FACTORS)
	)
	return Points(
		who,
		day,
		*(column(figure).astype(float) for _figure in FIGURES),
		*(column(word).astype(np.int64) for _code in curve_format.CODES),
		rated=column(st.booleans()).astype(bool),
		event=column(st.booleans()).astype(bool),
		words=WORDS,
		factors=FACTORS,
		lost=column(share).reshape(len(who), len(FACTORS)).astype(np.int16),
		gained=column(share).reshape(len(who), len(FACTORS)).astype(np.int16),
		marks=draw(st.dictionaries(st.integers(0, len(who) - 1), marks, max_size=4)) if len(who) else {},
	)


def plain(points: Points) -> list[tuple]:
	"""Points as they mean the same whatever the order of words and factors."""
	return [
		(
			*(getattr(points, name)[at].item() for name in COLUMNS if name not in curve_format.CODES),
			*(points.words[getattr(points, name)[at]] for name in curve_format.CODES),
			json.loads(points.contributions(at)),
			points.marks.get(at),
		)
		for at in range(len(points))
	]


@given(curves())
@settings(deadline=None)
def test_nothing_is_lost(points):
	packed = list(curve_format.pack(points))
	assert [who for who, _bytes in packed] == sorted(set(points.who.tolist()))
	found = curve_format.unpack(packed)
	assert plain(found) == plain(points)
	assert list(curve_format.pack(found)) == packed


@given(curves())
@settings(deadline=None)
def test_a_curve_is_the_same_bytes_whoever_it_is_packed_with(points):
	for who, packed in curve_format.pack(points):
		alone = points.where(points.who == who)
		assert list(curve_format.pack(alone)) == [(who, packed)]


@given(curves())
@settings(deadline=None)
def test_figures_only(points):
	packed = list(curve_format.pack(points))
	found = curve_format.unpack(packed, figures_only=True)
	assert [row[:-2] for row in plain(found)] == [row[:-2] for row in plain(points)]
	assert (found.marks, list(found.factors)) == ({}, [])


@given(curves(), curves())
@settings(deadline=None)
def test_joined(first, second):
	second = second.where(~np.isin(second.who * 2**32 + second.day, first.who * 2**32 + first.day))
	both = plain(first) + plain(second)
	assert plain(curve_format.join([first, second])) == sorted(both, key=lambda row: row[:2])


def one(**columns) -> Points:
	who = np.zeros(1, dtype=np.int64)
	figures = {name: np.array([500.0]) for name in FIGURES}
	codes = {name: who for name in curve_format.CODES}
	state = {name: np.array([True]) for name in ("rated", "event")}
	return Points(**{"who": who, "day": who, **figures, **codes, **state, "words": ["A"], **columns})


@pytest.mark.parametrize("figure", (-1.0, 4294.967296, np.nan, np.inf))
def test_figures_that_cannot_be(figure):
	with pytest.raises(ValueError, match="A figure of a curve"):
		list(curve_format.pack(one(score=np.array([figure]))))


@pytest.mark.parametrize("points", (3276.8, -3276.8, np.nan))
def test_contributions_that_cannot_be(points):
	with pytest.raises(ValueError, match="A contribution"):
		curve_format.tenths(np.array([points]))


def test_another_version():
	((who, packed),) = curve_format.pack(one())
	with pytest.raises(ValueError, match="version 9; this app knows version 1"):
		curve_format.unpack([(who, b"\x09" + packed[1:])])


def test_months_and_marks_take_few_bytes():
	"""36 month ends with eight factors, and a mark, as real curves have them."""
	n, rng = 36, np.random.default_rng(7)
	level = np.linspace(0, 400, n)[:, np.newaxis]
	points = Points(
		np.zeros(n, dtype=np.int64),
		20_000 + 30 * np.arange(n),
		*(rng.uniform(0, 1000, n) for _figure in FIGURES),
		*(np.full(n, code) for code in range(3)),
		rated=np.ones(n, dtype=bool),
		event=np.zeros(n, dtype=bool),
		words=["A", "", "POL-0001"],
		factors=[f"factor.{at}" for at in range(8)],
		lost=(level + rng.integers(0, 9, (n, 8))).astype(np.int16),
		gained=np.zeros((n, 8), dtype=np.int16),
		marks={5: curve_format.dump([MARK])},
	)
	((_who, packed),) = curve_format.pack(points)
	# 16 bytes a point are the four figures to the millionth, which don't pack.
	assert len(packed) < HEAD.size + 16 * n + 900


@st.composite
def months(draw) -> Standings:
	keys = draw(st.sets(st.tuples(st.integers(1, 31), st.integers(3 * SIZE, 4 * SIZE - 1)), max_size=20))
	day, number = np.array(sorted(keys), dtype=np.int64).reshape(-1, 2).T

	def column(values) -> np.ndarray:
		return np.array(draw(st.lists(values, min_size=len(day), max_size=len(day))))

	word = st.integers(0, len(WORDS) - 1)
	return Standings(
		number,
		20_000 + day - 1,
		column(st.integers(0, 10**9)).astype(float) / 10**6,
		column(word).astype(np.int64),
		column(word).astype(np.int64),
		column(st.booleans()).astype(bool),
		column(st.booleans()).astype(bool),
		WORDS,
	)


@given(months())
@settings(deadline=None)
def test_months(points):
	packed = month_format.pack(points, 20_000)
	found = month_format.unpack(packed, 20_000, 3)
	for name in month_format.COLUMNS:
		of = (
			(lambda p, n: [p.words[code] for code in getattr(p, n).tolist()])
			if name in month_format.CODES
			else getattr
		)
		assert list(of(found, name)) == list(of(points, name))
	assert month_format.pack(found, 20_000) == packed


def test_a_month_of_another_version():
	packed = month_format.pack(month_format.nobody(), 20_000)
	with pytest.raises(ValueError, match="version 2; this app knows version 1"):
		month_format.unpack(b"\x02" + packed[1:], 20_000, 0)
