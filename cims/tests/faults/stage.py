"""A site of the fault tests' own, with servers that can be killed: what a test does to it, and what it sees of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pymysql
import redis

import frappe

from cims.tests.faults.works import Work

SITE = "faults.cims.localhost"
NAME = "cims_faults"
MEGABYTES = 400
# Everything that is kept of customers.
OF_CUSTOMERS = (
	"tabCIMS Customer", "tabCIMS Order", "tabCIMS Order Item", "tabCIMS Payment", "tabCIMS Payment Allocation",
	"tabCIMS Import", "tabCIMS Import Change", "tabCustomer Merge", "tabDuplicate Candidate", "tabDuplicate Search",
	"tabTrust Evidence", "tabTrust Rating", "tabTrust Override", "tabTrust Run", "tabTrust Run Shard",
	"tabTrust Segment Snapshot", "__cims_curve", "__cims_curve_month", "__cims_customer_key", "__cims_duplicate_pair",
	"cims_search_text",
	"cims_search_posting", "cims_search_segment", "tabError Log",
)  # fmt: skip
PATIENCE = 60


class Lines:
	"""A process that is told what to do a line at a time, and answers each. It ends with what it reads, so with pytest."""

	def __init__(self, *command: str, log: Path, **options):
		with open(log, "ab") as out:
			self.process = subprocess.Popen(
				command,
				stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True, start_new_session=True, **options,
			)  # fmt: skip
		self.log = log

	def ask(self, line: str | None = None) -> str:
		if line is not None:
			self.process.stdin.write(line + "\n")
			self.process.stdin.flush()
		answer = self.process.stdout.readline()
		if not answer:
			raise RuntimeError(f"{self.process.args} ended:\n{self.log.read_text()[-3000:]}")
		return answer.strip()

	def end(self) -> None:
		self.process.stdin.close()
		with suppress(subprocess.TimeoutExpired):
			self.process.wait(10)
		self.process.kill()


class Database:
	"""The MariaDB of the stage. is_small: whether its disk can be filled."""

	def __init__(self, folder: Path):
		self.port, self.log = free_port(), folder / "mariadb.log"
		self.is_small = may_mount()
		script = [sys.executable, str(Path(__file__).with_name("volume.py")), str(folder), str(self.port)]
		if self.is_small:
			script = ["unshare", "--user", "--map-root-user", "--mount", *script, str(MEGABYTES)]
		self.control = Lines(*script, log=folder / "volume.log")
		self.expect_ok(self.control.ask())
		self.tell("start")

	def tell(self, command: str) -> None:
		self.expect_ok(self.control.ask(command))

	def fill(self) -> None:
		"""Leave nothing of its disk."""
		self.said_before = self.log.stat().st_size
		self.tell("fill")

	def has_lacked_space(self) -> bool:
		"""Whether it has complained of that since."""
		with open(self.log, "rb") as log:
			log.seek(self.said_before)
			return bool(re.search(rb"error 28|is full|Errcode: 28", log.read()))

	@staticmethod
	def expect_ok(answer: str) -> None:
		if answer != "ok":
			raise RuntimeError(answer)

	@contextmanager
	def connection(self):
		"""A connection of its own, past Frappe: it sees what is committed."""
		connection = pymysql.connect(
			host="127.0.0.1", port=self.port, user=NAME, database=NAME, charset="utf8mb4", autocommit=True
		)
		try:
			yield connection
		finally:
			connection.close()

	def rows(self, query: str) -> tuple[tuple, ...]:
		with self.connection() as connection, connection.cursor() as cursor:
			cursor.execute(query)
			return cursor.fetchall()

	def load_copy(self, source: dict) -> None:
		"""Take over the tables of another site's database."""
		at = ("--no-defaults", "--host=127.0.0.1", f"--port={self.port}")
		subprocess.run(
			["mariadb", *at, "-e", f"CREATE DATABASE {NAME} COLLATE utf8mb4_unicode_ci"], check=True
		)
		dump = subprocess.Popen(
			["mariadb-dump", "--no-defaults", "--single-transaction", f"--host={source['db_host']}",
			f"--port={source['db_port']}", f"--user={source['db_name']}", source["db_name"]],
			stdout=subprocess.PIPE, env=os.environ | {"MYSQL_PWD": source["db_password"]},
		)  # fmt: skip
		subprocess.run(["mariadb", *at, NAME], stdin=dump.stdout, check=True)
		if dump.wait():
			raise RuntimeError("the test site can't be dumped")
		self.forget_customers()

	def forget_customers(self) -> None:
		"""What other tests have left in the copy would be counted among what a work changes."""
		with self.connection() as connection, connection.cursor() as cursor:
			cursor.execute("SHOW TABLES")
			there = {table for (table,) in cursor.fetchall()}
			for table in there.intersection(OF_CUSTOMERS):
				cursor.execute(f"TRUNCATE TABLE `{table}`")


class Redis:
	"""One Redis of the stage, with nothing on disk, as when it is killed before it saved."""

	def __init__(self, folder: Path):
		self.folder, self.port = folder, free_port()
		self.process: subprocess.Popen | None = None
		self.url = f"redis://127.0.0.1:{self.port}"
		self.client = redis.Redis(port=self.port)

	def start(self) -> None:
		self.process = subprocess.Popen(
			["setpriv", "--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--port", str(self.port),
			"--save", "", "--dir", str(self.folder)],
			stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, start_new_session=True,
		)  # fmt: skip
		wait_for_port(self.port)

	def kill(self) -> None:
		if self.process:
			self.process.kill()
			self.process.wait()
			self.process = None


class Running:
	"""A worker or request that stands before one of its statements. connection: its number in MariaDB."""

	def __init__(self, stage: "Stage", pid: int, horse: int, connection: int, at: socket.socket):
		self.stage, self.pid, self.horse, self.connection, self.at = stage, pid, horse, connection, at

	def kill(self) -> None:
		"""The worker at once with the process that does the job, so that nobody can note the death."""
		os.killpg(self.pid, signal.SIGKILL)
		if self.horse != self.pid:
			os.kill(self.horse, signal.SIGKILL)

	def go_on(self) -> None:
		with suppress(OSError):
			self.at.send(b"g")
		self.at.close()

	def wait(self, seconds: float = PATIENCE) -> int | None:
		"""Until the job has ended. Of a worker that hangs on, for want of Redis, no more is expected: it is killed."""
		deadline = time.monotonic() + seconds
		while is_alive(self.horse) and time.monotonic() < deadline:
			time.sleep(0.02)
		assert not is_alive(self.horse), "the job doesn't end"
		code = self.stage.tell({"wait": self.pid, "seconds": 1.5})["code"]
		if code is None:
			os.killpg(self.pid, signal.SIGKILL)
			code = self.stage.tell({"wait": self.pid, "seconds": 5})["code"]
		return code


class Stage:
	def __init__(self, folder: Path):
		self.folder = folder
		self.database = Database(folder)
		self.cache, self.queue = Redis(folder), Redis(folder)
		self.saved: set[str] = set()
		self.listener = socket.socket(socket.AF_UNIX)
		self.listener.bind(str(folder / "paused"))
		self.listener.listen()
		self.listener.settimeout(PATIENCE)
		self.site = Path(os.environ["CIMS_BENCH"]) / "sites" / SITE
		self.processes: Lines | None = None

	def open(self) -> None:
		self.database.load_copy(frappe.conf)
		self.database.tell("logs_elsewhere")
		self.database.tell("save empty")
		self.start_redis()
		shutil.rmtree(self.site, ignore_errors=True)
		for part in ("private/files", "public/files", "logs", "locks"):
			(self.site / part).mkdir(parents=True)
		kept = {key: frappe.conf[key] for key in ("encryption_key",) if frappe.conf.get(key)}
		(self.site / "site_config.json").write_text(
			json.dumps({"db_name": NAME, "db_password": NAME, "db_type": "mariadb", **kept})
		)
		self.processes = Lines(
			sys.executable, "-m", "cims.tests.faults.driver", SITE,
			log=self.folder / "processes.log", cwd=self.site.parent, env=self.environment(),
		)  # fmt: skip
		self.processes.ask()

	def environment(self) -> dict:
		"""As at work: under CI Frappe's jobs would take themselves for tests, and commit nothing."""
		kept = {key: value for key, value in os.environ.items() if key not in ("CI", "CIMS_TEST_SITE")}
		return kept | {
			"FRAPPE_DB_HOST": "127.0.0.1",
			"FRAPPE_DB_PORT": str(self.database.port),
			"FRAPPE_REDIS_CACHE": self.cache.url,
			"FRAPPE_REDIS_QUEUE": self.queue.url,
		}

	def close(self) -> None:
		if self.processes:
			self.processes.end()
		self.kill_redis()
		self.database.control.end()
		self.listener.close()
		shutil.rmtree(self.site, ignore_errors=True)

	# --- the state it is in ---

	def put(self, work: Work) -> None:
		"""The database and Redis as a work wants them before it starts: prepared once, then taken back to."""
		self.kill_redis()
		self.start_redis()
		name = work.name.replace(" ", "-")
		if name in self.saved:
			self.database.tell(f"restore {name}")
			return
		self.database.tell("restore empty")
		self.call(work.function(work.prepare))
		self.work_off()
		self.database.tell(f"save {name}")
		self.saved.add(name)

	def start_redis(self) -> None:
		self.cache.start()
		self.queue.start()

	def kill_redis(self) -> None:
		self.cache.kill()
		self.queue.kill()

	def later(self) -> None:
		"""A quarter of an hour on: what a dead worker had begun is nobody's any more, and the next worker sees that."""
		client = self.queue.client
		for key in client.scan_iter("rq:wip:*"):
			client.zadd(key, {job: 1 for job in client.zrange(key, 0, -1)})
		for key in client.scan_iter("rq:worker:*"):
			client.delete(key)
		client.delete("rq:workers", *client.scan_iter("rq:clean_registries:*"))

	# --- its processes ---

	def tell(self, command: dict) -> dict:
		return json.loads(self.processes.ask(json.dumps(command)))

	def call(self, name: str):
		"""What a function of the works gives back, run as a request of its own."""
		said = self.tell({"call": name})
		if "error" in said:
			raise AssertionError(f"{name}: {said['error']}")
		return said["result"]

	def work_off(self, watched: dict | None = None) -> None:
		"""A worker does whatever is in the queue."""
		self.expect_end(self.tell({"worker": watched})["pid"])

	def expect_end(self, pid: int) -> None:
		code = self.tell({"wait": pid, "seconds": PATIENCE})["code"]
		assert code == 0, f"the worker ended with {code}"

	def whole(self, work: Work) -> list[str]:
		"""The work without a fault. Returns the statements with which it changed something."""
		log = self.folder / f"{work.name}.log"
		self.start(work, self.watching(log, work.jobs))
		return [json.loads(line) for line in log.read_text().splitlines()]

	def begin(self, work: Work, number: int) -> Running:
		"""The work up to its change number `number`, where it stands still."""
		log = self.folder / "disturbed.log"
		log.unlink(missing_ok=True)
		pid = self.tell(self.as_started(work, self.watching(log, work.jobs, number)))["pid"]
		at, _peer = self.listener.accept()
		paused = json.loads(at.recv(1000))
		return Running(self, pid, paused["pid"], paused["connection"], at)

	def start(self, work: Work, watched: dict) -> None:
		pid = self.tell(self.as_started(work, watched))["pid"]
		self.expect_end(pid)

	def as_started(self, work: Work, watched: dict) -> dict:
		"""The command that starts it: a request, or the worker that finds its job in the queue."""
		if work.request:
			return {"request": work.function(work.request), "watched": watched}
		self.call(work.function(work.start))
		return {"worker": watched}

	def finish(self, work: Work) -> None:
		"""As often as the work's user and the scheduler look after it, and a worker does what that has queued."""
		for name in work.afterwards:
			self.call(work.function(name))
			self.work_off()

	def watching(self, log: Path, jobs: str | None, stop_before: int | None = None) -> dict:
		return {
			"jobs": jobs,
			"log": str(log),
			"stop_before": stop_before,
			"address": str(self.folder / "paused"),
		}


def is_alive(pid: int) -> bool:
	with suppress(OSError):
		# A zombie does nothing any more.
		return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
	return False


def may_mount() -> bool:
	command = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
	return shutil.which("unshare") is not None and not subprocess.run(command, capture_output=True).returncode


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def wait_for_port(port: int) -> None:
	deadline = time.monotonic() + 30
	while time.monotonic() < deadline:
		try:
			return socket.create_connection(("127.0.0.1", port), 1).close()
		except OSError:
			time.sleep(0.02)
	raise RuntimeError(f"nobody answers at port {port}")
