"""Re-rating in the background, on the site's queue: one job for each customer, however many events there were."""

from collections.abc import Iterable

from rq.job import JobStatus

import frappe
from frappe.utils.background_jobs import generate_qname, get_job_status, get_queue, get_workers

# From so many customers, or jobs that wait, on one job for all is less work than a job for each: a worker starts some 30 jobs
# a second, and rates thousands of customers in one.
MANY = 20
# Seconds that rating everybody may take.
LONG = 6 * 60 * 60
FLAG = "cims_customers_to_rate"
JOBS = "cims_jobs_wanted"
WAITING = "cims-rate-waiting"


def add(customers: Iterable[str]) -> None:
	"""Rate these customers anew once the transaction has committed. Nothing happens if it is rolled back."""
	waiting = frappe.flags.get(FLAG)
	if waiting is None:
		waiting = frappe.flags[FLAG] = set()
		frappe.db.after_commit.add(_flush)
		frappe.db.after_rollback.add(_drop)
	waiting.update(customers)


def add_waiting() -> None:
	"""Rate everybody whose rating row is marked as changed, in one job, once the transaction has committed.

	One that runs already may have had its last look, so another one follows it.
	"""
	_follow("cims.ratings.rerate.rate_waiting", WAITING, enqueue_after_commit=True)


def add_once(method: str, job: str) -> None:
	"""Let one job do what waits, once the transaction has committed, however often it is asked for. Nothing happens if that is
	rolled back."""
	wanted = frappe.flags.get(JOBS)
	if wanted is None:
		wanted = frappe.flags[JOBS] = {}
		frappe.db.after_commit.add(_enqueue_wanted)
		frappe.db.after_rollback.add(_forget_wanted)
	wanted[job] = method


def _enqueue_wanted() -> None:
	for job, method in (frappe.flags.pop(JOBS, None) or {}).items():
		_follow(method, job)


def _forget_wanted() -> None:
	frappe.flags.pop(JOBS, None)


def _follow(method: str, job: str, **options) -> None:
	"""One job, and one more where it runs already: that may have had its last look."""
	follows = get_job_status(job) == JobStatus.STARTED
	frappe.enqueue(
		method,
		queue="long",
		timeout=LONG,
		job_id=f"{job}-next" if follows else job,
		deduplicate=True,
		**options,
	)


def add_everyone(curve: bool = False, user: str | None = None, version: str = "") -> None:
	"""Rate everybody, in one job, once the transaction has committed: see `rerate.rate_everyone`. version: of the policy,
	where a new one is the reason, so that its job is not taken for one that runs already."""
	frappe.enqueue(
		"cims.ratings.rerate.rate_everyone",
		queue="long",
		timeout=LONG,
		job_id=f"cims-rate-everyone-{version}",
		deduplicate=True,
		enqueue_after_commit=True,
		curve=curve,
		user=user,
	)


def add_evidence(user: str | None = None) -> None:
	"""Bring everybody's evidence in line with their documents, in one job, once the transaction has committed: see
	`rerate.bring_evidence`."""
	frappe.enqueue(
		"cims.ratings.rerate.bring_evidence",
		queue="long",
		timeout=LONG,
		job_id="cims-bring-evidence",
		deduplicate=True,
		enqueue_after_commit=True,
		user=user,
	)


def add_workers(run: str, besides: int = 0) -> None:
	"""Let every worker of the queue take part in a run (`runs.work`); besides: so many do already."""
	for _worker in range(max(_workers(), 1) - besides):
		frappe.enqueue("cims.ratings.runs.work", queue="long", timeout=LONG, run=run)


def _waiting() -> int:
	"""How many short jobs wait for a worker."""
	return get_queue("short").count


def _workers() -> int:
	"""How many workers serve the queue of long jobs, on whatever machine."""
	name = generate_qname("long")
	return sum(name in worker.queue_names() for worker in get_workers())


def _flush() -> None:
	customers = frappe.flags.pop(FLAG, None)
	if not customers:
		return
	if len(customers) > MANY or _waiting() > MANY:
		add_waiting()
		return
	for customer in sorted(customers):
		# A job that runs already looks for further events before it ends, and the sweep finds what it missed.
		frappe.enqueue(
			"cims.ratings.rerate.rate_until_settled",
			queue="short",
			job_id=f"cims-rate-{customer}",
			deduplicate=True,
			customer=customer,
		)


def _drop() -> None:
	frappe.flags.pop(FLAG, None)
