"""Health of what the site runs on: database, Redis, workers, scheduler, queues."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from time import monotonic

from redis import Redis
from redis.exceptions import AuthenticationError
from rq.job import Job
from rq.registry import FailedJobRegistry

import frappe
from frappe import _
from frappe.utils import add_to_date, now_datetime
from frappe.utils.background_jobs import get_queue, get_queue_list, get_redis_conn, get_workers
from frappe.utils.scheduler import is_scheduler_inactive

from cims.operations import limits
from cims.operations.figures import DAY, FAILING, JOBS, OK, SERVICES, Figure, ago, duration

# Failed jobs that are looked at; beyond that the number is a lower bound.
LOOKED_AT = 500
# Seconds that Redis may take to answer.
PATIENCE = 2


def database() -> Figure:
	began = monotonic()
	frappe.db.sql("SELECT 1")
	seconds = monotonic() - began
	level = limits.ANSWER.level(seconds)
	return Figure(
		"database_answer",
		SERVICES,
		_("Database"),
		level,
		_("answers in {0} ms").format(f"{seconds * 1000:,.1f}"),
		seconds,
		"seconds",
		advice=_("The database is slow to answer. Look at its load and at SHOW FULL PROCESSLIST.")
		if level != OK
		else "",
	)


def redis_cache() -> Figure:
	return _redis("cache", _("Redis for the cache"))


def redis_queue() -> Figure:
	return _redis("queue", _("Redis for jobs"))


def _redis(which: str, label: str) -> Figure:
	try:
		_ping(which)
	except Exception as error:
		return Figure(
			"redis_up",
			SERVICES,
			label,
			FAILING,
			_("can't be reached: {0}").format(error),
			0,
			labels={"redis": which},
			advice=_("Start it again: it is redis_{0} in the Procfile, or a service of the machine.").format(
				which
			),
		)
	return Figure("redis_up", SERVICES, label, OK, _("answers"), 1, labels={"redis": which})


def _ping(which: str) -> None:
	"""Raises ConnectionError at once where Redis is down; Frappe's own connection asks again for seconds, each time."""
	try:
		Redis.from_url(
			frappe.conf[f"redis_{which}"], socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE
		).ping()
	except AuthenticationError:
		# It is there, and knows Frappe's password.
		return


def workers() -> Iterator[Figure]:
	"""Of each queue, how many workers serve it. Redis forgets those that have died within seven minutes."""
	_ping("queue")
	serving = [worker.queue_names() for worker in get_workers()]
	for queue in get_queue_list():
		name = get_queue(queue).name
		number = sum(name in queues for queues in serving)
		yield Figure(
			"workers",
			SERVICES,
			_("Workers of the queue {0}").format(queue),
			OK if number else FAILING,
			_("{0} alive").format(number),
			number,
			labels={"queue": queue},
			advice=""
			if number
			else _("Nobody does these jobs. Start a worker: bench worker --queue {0}").format(queue),
		)


def queues() -> Iterator[Figure]:
	"""Of each queue, how many jobs wait, and for how long the first of them has."""
	_ping("queue")
	for name in get_queue_list():
		queue = get_queue(name)
		waiting, first = queue.count, next(iter(queue.get_jobs(0, 1)), None)
		lag = 0.0
		if first and first.enqueued_at:
			lag = max((_utc_now() - first.enqueued_at.replace(tzinfo=timezone.utc)).total_seconds(), 0.0)
		level = limits.QUEUE_LAG.get(name, limits.QUEUE_LAG["long"]).level(lag)
		yield Figure(
			"queue_lag",
			JOBS,
			_("Queue {0}").format(name),
			level,
			_("{0} waiting, the first for {1}").format(f"{waiting:,}", duration(lag))
			if waiting
			else _("empty"),
			lag,
			"seconds",
			{"queue": name},
			_("Start more workers for this queue, or look at what its worker is doing under RQ Job.")
			if level != OK
			else "",
			"/app/rq-job",
		)
		yield Figure("queue_waiting", "", "", OK, "", waiting, labels={"queue": name})


def _utc_now() -> datetime:
	return datetime.now(timezone.utc)


def scheduler() -> Figure:
	label = _("Scheduler")
	if is_scheduler_inactive(verbose=False):
		return Figure(
			"scheduler_tick",
			SERVICES,
			label,
			FAILING,
			_("off"),
			None,
			"seconds",
			advice=_(
				"Nothing happens by itself on this site: switch it on with bench --site {0} enable-scheduler"
			).format(frappe.local.site),
		)
	last = frappe.db.sql("SELECT MAX(last_execution) FROM `tabScheduled Job Type` WHERE stopped = 0")[0][0]
	lag = (now_datetime() - last).total_seconds() if last else None
	level = limits.TICK.level(lag) if last else FAILING
	return Figure(
		"scheduler_tick",
		SERVICES,
		label,
		level,
		_("last active {0}").format(ago(last)) if last else _("has never been active"),
		lag,
		"seconds",
		advice=_("Start the process bench schedule, and a worker for what it asks for.")
		if level != OK
		else "",
		link="/app/scheduled-job-log",
	)


def failed_jobs() -> Figure:
	"""Jobs of this site that failed within a day: as Redis keeps them, and those of the scheduler."""
	_ping("queue")
	since = _utc_now() - timedelta(days=1)
	number = 0
	for name in get_queue_list():
		failed = FailedJobRegistry(queue=get_queue(name))
		# Kept in the order in which they failed.
		jobs = Job.fetch_many(failed.get_job_ids(-LOOKED_AT, -1), connection=get_redis_conn())
		number += sum(_failed_since(job, since) for job in jobs if job)
	level = limits.FAILED_JOBS.level(number)
	return Figure(
		"failed_jobs",
		JOBS,
		_("Failed jobs in 24 hours"),
		level,
		f"{number:,}",
		number,
		advice=_("See what they say under RQ Job, with the status failed.") if level != OK else "",
		link="/app/rq-job?status=failed",
	)


def _failed_since(job: Job, since: datetime) -> bool:
	ended = job.ended_at.replace(tzinfo=timezone.utc) if job.ended_at else None
	return bool(ended and ended >= since and job.kwargs.get("site") == frappe.local.site)


def failed_scheduled_jobs() -> Figure:
	number = _within_a_day("Scheduled Job Log", status="Failed")
	level = limits.FAILED_JOBS.level(number)
	return Figure(
		"failed_scheduled_jobs",
		JOBS,
		_("Failed scheduled jobs in 24 hours"),
		level,
		f"{number:,}",
		number,
		advice=_("The job's log says why, under Scheduled Job Log.") if level != OK else "",
		link="/app/scheduled-job-log?status=Failed",
	)


def errors() -> Figure:
	number = _within_a_day("Error Log")
	level = limits.ERRORS.level(number)
	return Figure(
		"errors_logged",
		JOBS,
		_("Errors logged in 24 hours"),
		level,
		f"{number:,}",
		number,
		advice=_("Look through the newest ones under Error Log.") if level != OK else "",
		link="/app/error-log",
	)


def _within_a_day(doctype: str, **filters) -> int:
	return frappe.db.count(doctype, {**filters, "creation": (">", add_to_date(now_datetime(), seconds=-DAY))})
