"""Rating everybody, by one and by two workers of the queue, against what the database alone needs to read the evidence and to
write a rating; the curves on disk; one customer after one event; and a feed of events that the ratings keep up with."""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import measure
from generate import CUSTOMER, EVIDENCE, RATING
from measure import Figure, ms, per_second
from place import BENCH, Place

import frappe
from frappe.utils import getdate, nowdate
from frappe.utils.background_jobs import get_queue, get_workers

from cims.ratings import curve_tables, forecasts, policies, queue, rerate, snapshots, standings, store
from cims.trust import kinds
from cims.trust.evidence import Evidence

RUN = "Trust Run"
MOST_TIMES, TWO_WORKERS, ONE_CUSTOMER, EVENTS_A_SECOND, CURVE_BYTES, CURVE_SECONDS = (
	3,
	1.6,
	20,
	500,
	4096,
	0.005,
)
HISTORY = 1000
CURVE_FIELDS = ("day", "score", "low", "high", "grade", "cause", "rated", "marks")
CURVE_TABLES = (curve_tables.CURVES, curve_tables.MONTHS)
FEED, AT_ONCE = 5000, 50
# A worker of the framework's queue for whom so many days more have passed.
WORKER = """
import sys
from cims.ratings import calendar
today = calendar.today
calendar.today = lambda: today() + {days}
from frappe.utils.bench_helper import main
main()
"""


def figures(place: Place) -> Iterator[Figure]:
	yield _plain("learning policy and forecast from everybody", measure.seconds(learn))
	yield _plain(
		"rating all for the first time, with 36 months of their curves, two workers",
		run(2, curve=True, days=-2),
	)
	yield from _curves(place)
	bare = bare_scan() + bare_update()
	one, two = run(1, days=-1), run(2)
	yield Figure(
		"re-rate all on the next day, one worker", one, f"{one:,.1f} s", "a bare GROUP BY scan of the evidence and a bare update of the ratings",
		bare, f"{bare:,.1f} s", one / bare, f"at most {MOST_TIMES} times", one / bare <= MOST_TIMES,
	)  # fmt: skip
	yield Figure(
		"re-rate all on the next day, two workers", two, f"{two:,.1f} s", "one worker", one, f"{one:,.1f} s", one / two,
		f"{TWO_WORKERS} times faster", one / two >= TWO_WORKERS,
	)  # fmt: skip
	yield _one_customer()
	yield _feed(place)


def _plain(work: str, seconds: float) -> Figure:
	return Figure(work, seconds, f"{seconds:,.1f} s")


def learn() -> None:
	policies.learn_first()
	frappe.db.commit()
	forecasts.first_fit()
	frappe.db.commit()


def run(workers: int, curve: bool = False, days: int = 0) -> float:
	"""Seconds from asking for everybody's rating until the run has finished. days: by so many days later than today."""
	with _workers(workers, days):
		_until(lambda: len(get_workers()) == workers)
		_until(_is_idle)
		before = _last_run().name
		start = time.perf_counter()
		queue.add_everyone(curve=curve)
		frappe.db.commit()
		_until(lambda: _last_run().name != before and _last_run().status != "Running")
		took = time.perf_counter() - start
	last = _last_run()
	if last.status != "Finished":
		raise SystemExit(f"{RUN} {last.name} ended {last.status}")
	_until(lambda: not get_workers())
	return took


@contextmanager
def _workers(count: int, days: int):
	"""So many workers whose clock is so many days ahead: a re-rating of the same day would find that nothing has changed."""
	command = ["-c", WORKER.format(days=days), "frappe", "worker", "--queue", "short,default,long"]
	started = [measure.start(BENCH / "sites", {}, command) for _ in range(count)]
	try:
		yield
	finally:
		for worker in started:
			measure.stop(worker)


def _is_idle() -> bool:
	"""Whether the workers have done what other figures have left them to do."""
	return not any(get_queue(name).count for name in ("short", "default", "long")) and all(
		worker.get_state() == "idle" for worker in get_workers()
	)


def _last_run() -> frappe._dict:
	found = frappe.get_all(RUN, fields=["name", "status"], order_by="creation desc, name desc", limit=1)
	return found[0] if found else frappe._dict()


def bare_scan() -> float:
	return measure.seconds(
		lambda: frappe.db.sql(
			f"SELECT COUNT(*), SUM(s) FROM (SELECT customer, SUM(weight * value) AS s FROM `tab{EVIDENCE}` GROUP BY customer) sums"
		)
	)


def bare_update() -> float:
	"""One column of every rating, from a table made before."""
	frappe.db.sql_ddl("DROP TEMPORARY TABLE IF EXISTS bare_scores")
	frappe.db.sql_ddl(
		f"CREATE TEMPORARY TABLE bare_scores (name VARCHAR(140) PRIMARY KEY, score DOUBLE) SELECT name, score + 0.5 AS score FROM `tab{RATING}`"
	)
	took = measure.seconds(
		lambda: frappe.db.sql(
			f"UPDATE `tab{RATING}` r JOIN bare_scores b ON b.name = r.name SET r.score = b.score"
		)
	)
	frappe.db.commit()
	frappe.db.sql_ddl("DROP TEMPORARY TABLE bare_scores")
	return took


def _curves(place: Place) -> Iterator[Figure]:
	standings.refresh()
	frappe.db.commit()
	for table in CURVE_TABLES:
		frappe.db.sql_ddl(f"ANALYZE TABLE `{table}`")
	size = frappe.db.sql(
		"SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN %s",
		[CURVE_TABLES],
	)[0][0]
	each = float(size) / place.customers
	yield Figure(
		"36 months of curves with their indexes", float(size), f"{float(size) / 1e9:,.2f} GB ({each:,.0f} bytes a customer)",
		goal=f"under {CURVE_BYTES:,} bytes a customer", reached=each < CURVE_BYTES,
	)  # fmt: skip
	names = _some(100)
	took = measure.percentile(
		[measure.seconds(lambda name=name: snapshots.of([name], CURVE_FIELDS)) for name in names]
	)
	yield Figure(
		"one customer's curve, p95",
		took,
		ms(took),
		goal=f"under {ms(CURVE_SECONDS)}",
		reached=took < CURVE_SECONDS,
	)


def _some(count: int) -> list[str]:
	pick = random.Random(2)
	total = frappe.db.count(CUSTOMER)
	return [f"C-{pick.randint(1, total):06d}" for _ in range(count)]


def _event(customer: str, number: int | str, days_ago: int = 0) -> Evidence:
	kind = kinds.BY_NAME["service.feedback"]
	return Evidence(
		customer, kind.name, getdate(nowdate()) - timedelta(days=days_ago), 0.8, kind.weight, source_doctype=CUSTOMER, source_name=customer,
		source_event=f"benchmark:{number}",
	)  # fmt: skip


def _one_customer() -> Figure:
	"""After one more event, from what is kept; and where nothing is kept, from a whole history of a thousand events, one a day."""
	customer = _some(1)[0]
	store.record([_event(customer, at, days_ago=at) for at in range(HISTORY)], rate=False)
	rerate.update(customer)
	frappe.db.commit()
	kept, history = [], []
	for at in range(12):
		store.record([_event(customer, f"one:{at}")], rate=False)
		kept.append(measure.seconds(lambda: rerate.update(customer)))
		frappe.db.commit()
		frappe.db.set_value(RATING, customer, "sums", None, update_modified=False)
		history.append(measure.seconds(lambda: rerate.update(customer)))
		frappe.db.commit()
	mine, theirs = statistics.median(kept[2:]), statistics.median(history[2:])
	return Figure(
		f"one customer after one event, at {HISTORY:,} events", mine, ms(mine), "re-rate from history", theirs, ms(theirs),
		theirs / mine, f"{ONE_CUSTOMER} times faster", theirs / mine >= ONE_CUSTOMER,
	)  # fmt: skip


def _feed(place: Place) -> Figure:
	"""Events of other customers each, written a few at a time, until the last of them is rated by one worker."""
	names = _some(FEED)
	with measure.workers(BENCH, 1):
		_until(lambda: len(get_workers()) == 1)
		_until(_is_idle)
		start = time.perf_counter()
		for first in range(0, FEED, AT_ONCE):
			store.record(
				[_event(name, f"feed:{first + at}") for at, name in enumerate(names[first : first + AT_ONCE])]
			)
			frappe.db.commit()
		_until(lambda: not frappe.db.count(RATING, {"dirty": (">", 0)}))
		rate = FEED / (time.perf_counter() - start)
	return Figure(
		"events recorded and rated, one worker", rate, per_second(rate, "events"), goal=f"{EVENTS_A_SECOND} a second",
		reached=rate >= EVENTS_A_SECOND,
	)  # fmt: skip


def _until(true, pause: float = 0.2) -> None:
	while not true():
		time.sleep(pause)
		frappe.db.rollback()  # or it would look at what was there when it began to look
