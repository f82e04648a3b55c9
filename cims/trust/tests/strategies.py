"""What the property tests draw: receivables, evidence, policies, and ratings of them."""

from datetime import date, timedelta

import numpy as np
from hypothesis import strategies as st

from cims.trust import kinds, rating
from cims.trust.calendar import Calendar, to_day
from cims.trust.evidence import Events, Evidence, Receivable, columns_of, receivable_events
from cims.trust.policy import Policy

START = date(2022, 1, 3)
DAYS = 900
CALENDAR = Calendar()
POLICY = Policy(usual_amount=1000.0)

days = st.integers(0, DAYS)
amounts = st.floats(10, 50_000).map(lambda amount: round(amount, 2))
STORED = [kind for kind in kinds.KINDS if kind.name not in kinds.OF_THE_DAY]


def on(day: int) -> date:
	"""The day of a story, 0 being its first."""
	return START + timedelta(days=day)


@st.composite
def receivable(draw, customer="a", settled=None):
	"""A receivable of a story; settled: True, False or either."""
	invoiced = draw(days)
	due = invoiced + draw(st.integers(0, 90))
	paid = draw(st.booleans()) if settled is None else settled
	settled_on = on(max(invoiced, due + draw(st.integers(-40, 200)))) if paid else None
	disputed_from = on(due + draw(st.integers(-20, 20))) if draw(st.integers(0, 9)) == 0 else None
	if disputed_from is not None:
		disputed_from = max(disputed_from, on(invoiced))
	return Receivable(
		customer=customer,
		reference=str(draw(st.integers(0, 10**9))),
		invoiced_on=on(invoiced),
		due_on=on(due),
		amount=draw(amounts),
		settled_on=settled_on,
		disputed_from=disputed_from,
		disputed_to=disputed_from and disputed_from + timedelta(days=draw(st.integers(0, 60))),
	)


@st.composite
def evidence(draw, customer="a"):
	"""A row of evidence that is stored."""
	kind = draw(st.sampled_from(STORED))
	value = kind.value if kind.value is not None else draw(st.floats(0, 1))
	occurred = draw(days)
	return Evidence(
		customer, kind.name, on(occurred), value, draw(st.floats(0.1, 5)), draw(amounts), source_name=str(draw(days))
	)  # fmt: skip


customers = st.sampled_from(["a", "b", "c"])
stories = st.lists(customers.flatmap(lambda name: receivable(customer=name)), min_size=1, max_size=25)
extras = st.lists(customers.flatmap(lambda name: evidence(customer=name)), max_size=8)


def history(receivables, more=(), policy=POLICY, names=("a", "b", "c")) -> rating.History:
	"""What the engine knows of these receivables and further evidence."""
	position = {name: at for at, name in enumerate(names)}
	whole, pieces = columns_of(receivables, position, CALENDAR)
	events = Events.join([receivable_events(whole, policy), Events.of(more, position)])
	return rating.History(list(names), [""] * len(names), events, pieces)


def rate(receivables, as_of: int, more=(), policy=POLICY, names=("a", "b", "c")) -> rating.Ratings:
	"""Their ratings at the end of a day of the story."""
	return rating.rate(history(receivables, more, policy, names), to_day(on(as_of)), policy)


def same(one: rating.Ratings, other: rating.Ratings) -> None:
	"""Assert that two ratings agree to the last digit that is kept."""
	for a, b in zip(one, other, strict=True):
		assert a.grade == b.grade
		figures = ("score", "low", "high", "confidence")
		np.testing.assert_allclose(
			[getattr(a, name) for name in figures], [getattr(b, name) for name in figures], atol=1e-3
		)
		assert a.evidence_count == b.evidence_count
		assert a.exposure == b.exposure
