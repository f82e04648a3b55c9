"""Rating everybody: a run in shards of customers, which any number of workers on any number of machines share.

A shard is claimed by its row in the database and is done together with what it writes, in one transaction. Whatever kills a
worker loses at most the shard in its hands, which another takes up once the claim has grown old; doing a shard twice gives
the same ratings. While a run is going, asking for another one joins it.
"""

import os
import socket
import time

import frappe
from frappe.utils import add_to_date, get_datetime, now, now_datetime, time_diff_in_seconds

from cims.ratings import alerts, backfill, policies, queue, replay, sql, together

RUN, SHARD, RATING = "Trust Run", "Trust Run Shard", "Trust Rating"
RUNNING, FINISHED, FAILED, STOPPED = "Running", "Finished", "Failed", "Stopped"
WAITING, DONE = "Waiting", "Done"
# A run of evidence has this stage alone; ratings follow it in a run of their own.
EVIDENCE = "0 Evidence"
# Stages follow each other: everybody is rated before anybody is compared.
RATE, COMPARE, CURVE, SEGMENTS = "1 Rate", "2 Compare", "3 Curve", "4 Segments"
# Seconds after which a claim is taken for that of a dead worker; a shard takes a few.
STALE = 300
MOST_ATTEMPTS = 3
# Seconds between two looks of a worker that waits for others.
PAUSE = 0.2
EVENT = "cims_rating_progress"
PROGRESS = ("run", "status", "stage", "done", "total", "percent", "started_on", "seconds_left")
PERCENT_OF_EVIDENCE = {EVIDENCE: (0, 100)}
PERCENT = {RATE: (0, 80), COMPARE: (80, 90), CURVE: (90, 98), SEGMENTS: (98, 100)}
PERCENT_WITH_CURVE = {RATE: (0, 25), COMPARE: (25, 30), CURVE: (30, 95), SEGMENTS: (95, 100)}


def start(curve: bool = False, user: str | None = None) -> str:
	"""Begin a run of all customers who have evidence, or join the one that is going. Returns its name; `work` does it.

	curve: also work out every customer's whole curve, as a new policy needs it. A run that is going under another policy, or
	without the curve where it is wanted, is stopped: this one does its work.
	"""
	policy = policies.active().version
	# Whoever starts a run at the same time waits here.
	frappe.db.get_value(policies.POLICY, policy, "name", for_update=True)
	for run in frappe.get_all(RUN, {"status": RUNNING, "evidence": 0}, ["name", "policy", "curve"]):
		if run.policy == policy and (run.curve or not curve):
			return run.name
		_finish(run.name, STOPPED)
	return _make(policy, curve, user)


def start_evidence(user: str | None = None) -> str:
	"""Begin a run that brings everybody's evidence in line with their documents, or join the one that is going. Returns its name;
	`work` does it, and has whom it changed rated when it ends."""
	policy = policies.active().version
	frappe.db.get_value(policies.POLICY, policy, "name", for_update=True)
	if going := frappe.db.get_value(RUN, {"status": RUNNING, "evidence": 1}):
		return going
	shards = [(EVIDENCE, *part) for part in _parts("CIMS Customer", backfill.CUSTOMERS_AT_ONCE)]
	return _write(policy, shards, user, evidence=1)


def _make(policy: str, curve: bool, user: str | None) -> str:
	parts = _parts(RATING, replay.AT_ONCE)
	shards = [
		*((RATE, *part) for part in parts),
		*((COMPARE, *part) for part in parts),
		*((CURVE, *part) for part in (parts if curve else ())),
		(SEGMENTS, "", "", 0),
	]
	return _write(policy, shards, user, curve=int(curve))


def _parts(doctype: str, size: int) -> list[tuple[str, str, int]]:
	"""The rows of a DocType, so many at a time, by name: first, last and how many."""
	return frappe.db.sql(
		f"""SELECT MIN(name), MAX(name), COUNT(*) FROM (
			SELECT name, (ROW_NUMBER() OVER (ORDER BY name) - 1) DIV %s AS part FROM `tab{doctype}`
		) numbered GROUP BY part ORDER BY part""",
		size,
	)


def _write(policy: str, shards: list[tuple], user: str | None, curve: int = 0, evidence: int = 0) -> str:
	name = frappe.model.naming.make_autoname("RUN-.#####")
	total = sum(count for stage, _first, _last, count in shards if stage == shards[0][0])
	fields = ("name", "status", "policy", "curve", "evidence", "asked_by", "customers", "started_on")
	status = RUNNING if shards else FINISHED
	sql.insert(RUN, fields, [(name, status, policy, curve, evidence, user, total, now())])
	sql.insert(
		SHARD,
		(
			"name",
			"parent",
			"parenttype",
			"parentfield",
			"idx",
			"status",
			"stage",
			"first",
			"last",
			"customers",
		),
		[
			(sql.new_name(), name, RUN, "shards", at, WAITING, *shard)
			for at, shard in enumerate(shards, start=1)
		],
	)
	return name


def work(run: str) -> None:
	"""Do shards of a run until none is left to claim. Any number of workers may do so at the same time."""
	worker = Worker(run)
	while worker.next():
		pass


class Worker:
	"""One worker at a run: claims the next shard, does it, and tells how far the run is."""

	def __init__(self, run: str):
		self.run = frappe._dict(
			frappe.db.get_value(RUN, run, ["name", "curve", "evidence", "asked_by"], as_dict=True)
		)
		self.peers: dict | None = None

	def next(self) -> bool:
		"""Do one shard; False where there is none to claim."""
		# A transaction reads what was there at its first look: that has to be the one that takes the claim.
		sql.commit()
		shard = claim(self.run.name)
		if shard is None:
			return self.wait()
		sql.commit()
		try:
			rated = self.do(shard)
			_done(shard, rated)
			if shard.stage == SEGMENTS:
				_finish(self.run.name, _outcome(self.run.name))
			sql.commit()
			if shard.stage == EVIDENCE:
				self.end_evidence()
		except Exception as error:
			if frappe.flags.in_test:
				raise
			frappe.db.rollback()
			out_of_order = sql.is_out_of_order(error)
			_failed(shard, counts=not out_of_order)
			sql.commit()
			if out_of_order:
				# Every shard would fail, and be given up. The sweep sends workers back to them.
				raise
			if shard.stage == EVIDENCE:
				self.end_evidence()
		self.tell()
		return True

	def wait(self) -> bool:
		"""While others have the last shards of a stage in hand: theirs may be left to take up, and the next stage follows."""
		busy = frappe.db.exists(SHARD, {"parent": self.run.name, "status": RUNNING})
		if not busy or frappe.db.get_value(RUN, self.run.name, "status") != RUNNING:
			return False
		time.sleep(PAUSE)
		return True

	def end_evidence(self) -> None:
		"""After the last shard of evidence, whoever did it: whom it changed is rated."""
		left = frappe.db.sql(
			"""SELECT r.name FROM `tabTrust Run` r WHERE r.name = %s AND r.status = 'Running' AND NOT EXISTS (
				SELECT * FROM `tabTrust Run Shard` s WHERE s.parent = r.name AND s.status IN ('Waiting', 'Running')
			) FOR UPDATE""",
			self.run.name,
		)
		if left:
			_finish(self.run.name, _outcome(self.run.name))
			queue.add_waiting()
		sql.commit()

	def do(self, shard: frappe._dict) -> int:
		"""The work of a shard, in the transaction of the caller. Returns how many customers it touched."""
		if shard.stage == EVIDENCE:
			return self.do_evidence(shard)
		if shard.stage == SEGMENTS:
			together.fill_segments(everything=bool(self.run.curve))
			return 0
		names = sql.Run(
			frappe.db.sql_list(
				"SELECT name FROM `tabTrust Rating` WHERE name BETWEEN %s AND %s ORDER BY name",
				(shard.first, shard.last),
			)
		)
		if shard.stage == COMPARE:
			if self.peers is None:
				self.peers = together.scores_by_segment()
			together.compare(names, self.peers)
			return len(names)
		if shard.stage == CURVE:
			return together.rate_part(names, replay.CURVE, with_events=True)
		return together.rate_shard(names, curve_follows=bool(self.run.curve))

	def do_evidence(self, shard: frappe._dict) -> int:
		names = sql.Run(
			frappe.db.sql_list(
				"SELECT name FROM `tabCIMS Customer` WHERE name BETWEEN %s AND %s ORDER BY name",
				(shard.first, shard.last),
			)
		)
		backfill.backfill(names)
		return len(names)

	def tell(self) -> None:
		"""Show whoever waits for the run how far it is."""
		frappe.publish_realtime(EVENT, progress(self.run.name), user=self.run.asked_by or "Administrator")


def claim(run: str, stale: int = STALE) -> frappe._dict | None:
	"""Take the next shard of a run that nobody has, or whose worker seems dead; None where there is none. The caller commits."""
	stage = frappe.db.sql(
		"""SELECT MIN(s.stage) FROM `tabTrust Run Shard` s JOIN `tabTrust Run` r ON r.name = s.parent
		WHERE s.parent = %s AND s.status IN ('Waiting', 'Running') AND r.status = 'Running'""",
		run,
	)[0][0]
	if stage is None:
		return None
	found = frappe.db.sql(
		"""SELECT name, stage, first, last, customers, attempts FROM `tabTrust Run Shard`
		WHERE parent = %(run)s AND stage = %(stage)s
			AND (status = 'Waiting' OR (status = 'Running' AND claimed_on < %(stale)s))
		ORDER BY idx LIMIT 1 FOR UPDATE SKIP LOCKED""",
		{"run": run, "stage": stage, "stale": add_to_date(now_datetime(), seconds=-stale)},
		as_dict=True,
	)
	if not found:
		return None
	_set(
		found[0],
		status=RUNNING,
		claimed_on=now(),
		worker=f"{socket.gethostname()}:{os.getpid()}",
		attempts=found[0].attempts + 1,
	)
	return found[0]


def _done(shard: frappe._dict, rated: int) -> None:
	_set(shard, status=DONE, rated=rated, error=None)


def _failed(shard: frappe._dict, counts: bool) -> None:
	"""Let somebody try again; after some attempts that count the run goes on without the shard."""
	frappe.log_error(title=f"Trust Run Shard {shard.first} – {shard.last}")
	attempts = shard.attempts + counts
	status = FAILED if attempts >= MOST_ATTEMPTS else WAITING
	_set(shard, status=status, attempts=attempts, error=frappe.get_traceback()[-1000:])


def _set(shard: frappe._dict, **values) -> None:
	row = frappe.qb.DocType(SHARD)
	query = frappe.qb.update(row).where(row.name == shard.name)
	for field, value in values.items():
		query = query.set(row[field], value)
	query.run()


def _outcome(run: str) -> str:
	return FAILED if frappe.db.exists(SHARD, {"parent": run, "status": FAILED}) else FINISHED


def _finish(run: str, status: str) -> None:
	rated = frappe.db.sql(
		"SELECT COALESCE(SUM(rated), 0) FROM `tabTrust Run Shard` WHERE parent = %s AND stage IN %s",
		(run, (RATE, EVIDENCE)),
	)[0][0]
	row = frappe.qb.DocType(RUN)
	frappe.qb.update(row).set(row.status, status).set(row.finished_on, now()).set(row.rated, rated).where(
		row.name == run
	).run()
	if status != STOPPED:
		alerts.add()


def progress(run: str | None = None) -> dict:
	"""How far a run is (None: the last one): {run, status, stage, done, total, percent, started_on, seconds_left}, all None
	where there was none. done, total: customers of the stage."""
	filters = {"name": run} if run else {}
	found = frappe.get_all(
		RUN,
		filters,
		["name", "status", "curve", "evidence", "customers", "started_on"],
		order_by="creation desc",
		limit=1,
	)
	if not found:
		return dict.fromkeys(PROGRESS)
	of = found[0]
	stages = frappe.db.sql(
		"""SELECT stage, SUM(IF(status IN ('Done', 'Failed'), customers, 0)), SUM(customers),
			SUM(status IN ('Waiting', 'Running')) FROM `tabTrust Run Shard` WHERE parent = %s GROUP BY stage ORDER BY stage""",
		of.name,
	)
	stage, done, total, _left = next(
		(row for row in stages if row[3]), stages[-1] if stages else (EVIDENCE, 0, 0, 0)
	)
	percents = PERCENT_OF_EVIDENCE if of.evidence else PERCENT_WITH_CURVE if of.curve else PERCENT
	low, high = percents[stage]
	percent = 100.0 if of.status != RUNNING else low + (high - low) * float(done) / max(float(total), 1)
	if of.status == FINISHED:
		done = total = of.customers
	passed = time_diff_in_seconds(now_datetime(), get_datetime(of.started_on))
	left = round(passed * (100 - percent) / percent, 1) if percent >= 1 else None
	told = of.name, of.status, stage, int(done), int(total), round(percent, 1), str(of.started_on), left
	return dict(zip(PROGRESS, told, strict=True))


def going() -> list[str]:
	"""The runs that aren't finished."""
	return frappe.get_all(RUN, {"status": RUNNING}, pluck="name")


def owed() -> bool:
	"""Whether everybody is still to be rated under the policy in force, as the job that should have begun with it was lost.
	The policy that comes with the app needs none: it is there before anybody is rated."""
	policy = policies.active().version
	if frappe.db.get_value(policies.POLICY, policy, "version") == 1:
		return False
	return not frappe.db.exists(RUN, {"policy": policy, "curve": 1})


def abandoned(run: str, stale: int = STALE) -> bool:
	"""Whether nobody has claimed a shard of a run for a while: its workers are gone."""
	last = frappe.db.sql(
		"""SELECT GREATEST(MAX(COALESCE(s.claimed_on, r.started_on)), MAX(r.started_on)) FROM `tabTrust Run Shard` s
		JOIN `tabTrust Run` r ON r.name = s.parent WHERE s.parent = %s""",
		run,
	)[0][0]
	return last is None or time_diff_in_seconds(now_datetime(), last) > stale
