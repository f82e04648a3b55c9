"""How the sample customers trade: plain Python and one random generator, so that a seed makes one history."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

YEARS = 3
MONTHS = 12 * YEARS


@dataclass(frozen=True)
class Profile:
	"""How one kind of customer behaves.

	share: of all customers. late: mean days beyond terms, from months before the last day and the month of the year.
	spread: standard deviation of the same. The rest are shares of orders.
	"""

	name: str
	share: float
	late: Callable[[float, int], float]
	spread: float
	in_parts: float = 0.08
	disputed: float = 0.01
	returned: float = 0.02
	cancelled: float = 0.02


def _sliding(months_ago: float, _month: int) -> float:
	return max(0, 14 - months_ago) * 5


def _recovering(months_ago: float, _month: int) -> float:
	return max(-1, 60 - max(0, 18 - months_ago) * 5)


def _seasonal(_months_ago: float, month: int) -> float:
	return 28 if month in (1, 2, 3) else -1


PROFILES = (
	Profile("prompt", 0.24, lambda _ago, _month: -4, 3),
	Profile("early", 0.13, lambda _ago, _month: -20, 6, cancelled=0.01),
	Profile("tardy", 0.13, lambda _ago, _month: 19, 9, in_parts=0.15),
	Profile("chronic", 0.05, lambda _ago, _month: 58, 16, in_parts=0.35, returned=0.06, cancelled=0.06),
	Profile("sliding", 0.09, _sliding, 7, in_parts=0.2),
	Profile("recovering", 0.08, _recovering, 7, in_parts=0.15),
	Profile("seasonal", 0.07, _seasonal, 5),
	Profile("new", 0.06, lambda _ago, _month: 1, 6),
	Profile("disputed", 0.04, lambda _ago, _month: 4, 5, disputed=0.22, returned=0.08),
	Profile("defaulting", 0.05, lambda ago, _month: 32 if ago < 18 else 10, 9, in_parts=0.25, cancelled=0.05),
	Profile("dormant", 0.03, lambda _ago, _month: 3, 5),
	Profile("prospect", 0.03, lambda _ago, _month: 0, 0),
)
# When the year is busy: for a seasonal customer, and for the rest.
SEASON = {9: 3.0, 10: 3.2, 11: 2.6, 12: 1.6}
USUAL_SEASON = {1: 0.8, 2: 0.5, 9: 1.1, 10: 1.1, 11: 1.2, 12: 1.2}
DISPUTES = ("quality", "quantity", "price", "delivery")


@dataclass
class Order:
	"""One order, with all that became of it. parts: what was paid as (day, amount)."""

	order_date: date
	credit_days: int
	lines: list[tuple[int, int, float]]
	"""(item of the customer's catalogue, quantity, rate)"""
	discount: float
	delivery_date: date | None = None
	parts: list[tuple[date, float]] = field(default_factory=list)
	bounced: date | None = None
	returned: tuple[date, float] | None = None
	disputed_from: date | None = None
	disputed_to: date | None = None
	dispute: str = ""
	written_off_on: date | None = None
	cancelled_on: date | None = None
	draft: bool = False

	@property
	def total(self) -> float:
		return round(sum(qty * rate for _item, qty, rate in self.lines), 2)

	@property
	def amount(self) -> float:
		return round(self.total - self.discount, 2)

	@property
	def due_date(self) -> date:
		return (self.delivery_date or self.order_date) + timedelta(days=self.credit_days)


@dataclass(frozen=True)
class Trader:
	"""What makes one customer's trade its own. scale: usual amount of an order; pace: orders a month;
	first, last: the months before the last day between which it orders; stops_paying: from then on it pays nothing;
	monthly: it pays everything of a month on one day."""

	profile: Profile
	scale: float
	pace: float
	first: float
	last: float
	credit_days: int
	stops_paying: float
	monthly: int | None


def profiles(count: int, random: Random) -> list[Profile]:
	"""A profile for each of `count` customers, in the shares that they have, shuffled."""
	made = [p for p in PROFILES for _ in range(round(p.share * count))]
	made = (made + [PROFILES[0]] * count)[:count]
	random.shuffle(made)
	return made


def trader(profile: Profile, person: bool, random: Random) -> Trader:
	"""One customer's trade. Persons order less, and for less."""
	scale = min(random.lognormvariate(9.9, 0.9), 400_000) if not person else random.lognormvariate(7.4, 0.6)
	pace = min(random.lognormvariate(0.03, 0.6), 4.5) * (0.55 if person else 1)
	first = MONTHS - 0.5 if random.random() < 0.42 else random.uniform(1.5, MONTHS)
	last, stops_paying = 0.0, -1.0
	if profile.name == "new":
		first = random.uniform(0.7, 4)
		pace = max(pace, 1.2)
	elif profile.name == "dormant":
		first, last = random.uniform(22, MONTHS), random.uniform(13, 20)
	elif profile.name == "defaulting":
		first = random.uniform(16, MONTHS)
		stops_paying = random.uniform(3.5, 11)
		last = max(stops_paying - random.uniform(1.5, 3), 0)
	elif profile.name in ("sliding", "recovering"):
		first = random.uniform(24, MONTHS)
	return Trader(
		profile=profile,
		scale=scale,
		pace=pace,
		first=first,
		last=last,
		credit_days=random.choice((0, 0, 7, 15))
		if person
		else random.choice((15, 30, 30, 30, 45, 60, 60, 90)),
		stops_paying=stops_paying,
		monthly=random.choice((5, 10, 15, 20, 25)) if not person and random.random() < 0.15 else None,
	)


def orders(who: Trader, catalogue: list[float], last_day: date, random: Random) -> list[Order]:
	"""The customer's orders up to `last_day`, oldest first. catalogue: the prices of what it buys."""
	if who.profile.name == "prospect":
		return []
	made = [_order(who, day, catalogue, last_day, random) for day in sorted(_days(who, last_day, random))]
	for order in made:
		_what_became(order, who, last_day, random)
	return made


def _days(who: Trader, last_day: date, random: Random) -> Iterator[date]:
	season = SEASON if who.profile.name == "seasonal" else USUAL_SEASON
	base = 0.25 if who.profile.name == "seasonal" else 1.0
	day = last_day - timedelta(days=who.first * 30.44)
	end = last_day - timedelta(days=who.last * 30.44)
	# The first order is what makes a customer; it is always there.
	yield workday(day)
	while True:
		day += timedelta(days=random.expovariate(who.pace * season.get(day.month, base) / 30.44) + 0.5)
		if day > end or workday(day) > last_day:
			return
		yield workday(day)


def workday(day: date) -> date:
	"""The day, or the Monday after it."""
	return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _order(who: Trader, day: date, catalogue: list[float], last_day: date, random: Random) -> Order:
	target = who.scale * random.lognormvariate(0, 0.45)
	chosen = random.sample(range(len(catalogue)), min(random.choice((1, 1, 2, 2, 3)), len(catalogue)))
	lines = []
	for item in chosen:
		rate = round(catalogue[item] * random.uniform(0.93, 1.07), 2)
		lines.append((item, max(1, round(target / len(chosen) / rate)), rate))
	order = Order(day, who.credit_days, lines, 0.0)
	if random.random() < 0.1:
		order.discount = round(order.total * random.choice((0.02, 0.03, 0.05)), 2)
	return order


def _what_became(order: Order, who: Trader, last_day: date, random: Random) -> None:
	age = (last_day - order.order_date).days
	if age <= 3 and random.random() < 0.3:
		order.draft = True
		return
	if random.random() < who.profile.cancelled:
		cancelled = order.order_date + timedelta(days=random.randint(1, 6))
		if cancelled <= last_day:
			order.cancelled_on = cancelled
			return
	delivered = workday(order.order_date + timedelta(days=random.randint(1, 8)))
	order.delivery_date = delivered if delivered <= last_day else None
	if not order.delivery_date:
		return
	months_ago = (last_day - order.due_date).days / 30.44
	if random.random() < who.profile.returned:
		_returned(order, last_day, random)
	if months_ago < who.stops_paying:
		_never_paid(order, last_day, random)
		return
	paid_on = order.due_date + timedelta(
		days=round(random.gauss(who.profile.late(months_ago, order.due_date.month), who.profile.spread))
	)
	if random.random() < who.profile.disputed:
		paid_on = _disputed(order, last_day, random)
	_paid(order, who, max(paid_on, order.delivery_date), last_day, random)


def _returned(order: Order, last_day: date, random: Random) -> None:
	day = workday(order.delivery_date + timedelta(days=random.randint(3, 14)))
	if day <= last_day:
		share = random.choice((0.1, 0.2, 0.3, 0.5, 1))
		order.returned = (day, order.amount if share == 1 else round(order.amount * share, 2))


def _never_paid(order: Order, last_day: date, random: Random) -> None:
	if (last_day - order.due_date).days > 170 and random.random() < 0.5:
		order.written_off_on = workday(order.due_date + timedelta(days=random.randint(150, 165)))


def _disputed(order: Order, last_day: date, random: Random) -> date:
	"""Open a dispute around the due date; returns the day on which the order is paid once it is over."""
	start = max(order.due_date - timedelta(days=random.randint(0, 12)), order.delivery_date)
	end = start + timedelta(days=random.randint(14, 70))
	if start <= last_day:
		order.disputed_from, order.dispute = start, random.choice(DISPUTES)
		order.disputed_to = end if end <= last_day else None
	return end + timedelta(days=random.randint(1, 9))


def _paid(order: Order, who: Trader, day: date, last_day: date, random: Random) -> None:
	owed = order.amount
	if order.returned and order.returned[0] <= day:
		owed = round(owed - order.returned[1], 2)
	if owed <= 0:
		return
	if who.monthly:
		day = _statement_day(day, who.monthly)
	day = workday(day)
	parts = [(day, owed)]
	if random.random() < who.profile.in_parts and owed > 500:
		first = round(owed * random.choice((0.3, 0.4, 0.5, 0.6)), 2)
		parts = [(day, first), (workday(day + timedelta(days=random.randint(8, 35))), round(owed - first, 2))]
	order.parts = [(when, amount) for when, amount in parts if when <= last_day]
	if order.parts and random.random() < 0.012:
		order.bounced = max(order.parts[0][0] - timedelta(days=random.randint(3, 8)), order.delivery_date)


def _statement_day(day: date, of_month: int) -> date:
	"""The next day of the month on which this customer pays."""
	if day.day <= of_month:
		return day.replace(day=of_month)
	first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
	return first.replace(day=of_month)


def by_day(made: list[Order]) -> dict[date, list[tuple[int, float]]]:
	"""What was paid on each day, as (position of the order, amount): one payment may pay several orders."""
	found = defaultdict(list)
	for at, order in enumerate(made):
		for day, amount in order.parts:
			found[day].append((at, amount))
	return dict(sorted(found.items()))
