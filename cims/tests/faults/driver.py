"""The site's processes, forked from one that has loaded everything: python -m cims.tests.faults.driver SITE

Commands as JSON on stdin, a line each; answers as JSON on stdout.

	{"call": "works.NAME.FUNCTION"}    runs it as a web request would, in a process of its own: {"result": ...} or {"error": ...}
	{"worker": {...}} {"request": {...}}    starts a queue worker until the queue is empty, or such a request: {"pid": ...}
	{"wait": PID, "seconds": N}     waits for one of these: {"code": ...}; a code below zero is the signal that killed it

Of a worker or request that is to be disturbed the statements that change something are written into a file, and before one
of them it stops, says so at a socket, and goes on when it is told to. The product knows nothing of this.
"""

import importlib
import json
import os
import re
import signal
import socket
import sys
import time
import traceback
from multiprocessing import Value

import pymysql

import frappe

SITE = sys.argv[1] if len(sys.argv) > 1 else ""
CHANGES = re.compile(
	r"\s*(INSERT|UPDATE|DELETE|REPLACE|LOAD|CREATE|DROP|ALTER|RENAME|TRUNCATE|COMMIT|START)\b", re.IGNORECASE
)


# --- what is watched ----------------------------------------------------------------------------------


def watch(jobs: str | None, log: str, stop_before: int | None, address: str) -> None:
	"""From here on, in this process and its forks: note each statement that changes something, in jobs whose method
	matches; before number `stop_before` of them wait at the socket."""
	count = Value("i", 0)
	run = pymysql.connections.Connection.query

	def query(self, sql, *arguments, **options):
		text = sql[:200].decode(errors="replace") if isinstance(sql, bytes | bytearray) else sql[:200]
		if CHANGES.match(text) and is_of(jobs):
			with count.get_lock():
				number = count.value
				count.value += 1
			with open(log, "a") as out:
				out.write(json.dumps(" ".join(text.split())) + "\n")
			if number == stop_before:
				pause(address, self.thread_id())
		return run(self, sql, *arguments, **options)

	pymysql.connections.Connection.query = query


def is_of(jobs: str | None) -> bool:
	running = getattr(frappe.local, "job", None)
	return not jobs or bool(running and re.search(jobs, running.method))


def pause(address: str, connection: int) -> None:
	with socket.socket(socket.AF_UNIX) as at:
		at.connect(address)
		at.sendall(json.dumps({"pid": os.getpid(), "connection": connection}).encode())
		at.recv(1)


# --- the processes ------------------------------------------------------------------------------------


def call(name: str):
	module, function = name.rsplit(".", 1)
	frappe.init(site=SITE)
	frappe.connect()
	frappe.set_user("Administrator")
	try:
		result = getattr(importlib.import_module(f"cims.tests.faults.{module}"), function)()
		frappe.db.commit()
		return result
	except Exception:
		frappe.db.rollback()
		raise
	finally:
		frappe.destroy()


def work_off_queue() -> None:
	from frappe.utils.background_jobs import start_worker

	start_worker(queue="short,default,long", quiet=True, burst=True)


def fork(work) -> int:
	"""Run it in a process of its own, in a group of its own. Returns its number."""
	pid = os.fork()
	if pid:
		return pid
	code = 1
	try:
		os.setpgid(0, 0)
		work()
		code = 0
	except BaseException:
		traceback.print_exc()
	finally:
		sys.stdout.flush()
		sys.stderr.flush()
		os._exit(code)


def answer_of(name: str) -> str:
	"""What a function gave back or raised, as the line that is answered."""
	reader, writer = os.pipe()

	def work():
		try:
			said = {"result": call(name)}
		except Exception:
			said = {"error": traceback.format_exc()}
		os.write(writer, json.dumps(said, default=str).encode())

	pid = fork(work)
	os.close(writer)
	with os.fdopen(reader) as pipe:
		said = pipe.read()
	os.waitpid(pid, 0)
	return said or json.dumps({"error": "it died"})


def disturbed(work, watched: dict | None) -> str:
	def run():
		if watched:
			watch(**watched)
		work()

	return json.dumps({"pid": fork(run)})


def wait(pid: int, seconds: float) -> str:
	deadline = time.monotonic() + seconds
	while time.monotonic() < deadline:
		done, status = os.waitpid(pid, os.WNOHANG)
		if done:
			return json.dumps({"code": os.waitstatus_to_exitcode(status)})
		time.sleep(0.02)
	return json.dumps({"code": None})


def handle(command: dict) -> str:
	match command:
		case {"call": name}:
			return answer_of(name)
		case {"worker": watched}:
			return disturbed(work_off_queue, watched)
		case {"request": name, "watched": watched}:
			return disturbed(lambda: call(name), watched)
		case {"wait": pid, "seconds": seconds}:
			return wait(pid, seconds)
	raise ValueError(command)


def main() -> None:
	answers = os.fdopen(os.dup(1), "w")
	os.dup2(2, 1)  # what the processes print is no answer
	frappe.init(site=SITE)
	importlib.import_module("frappe.utils.background_jobs")
	importlib.import_module("cims.tests.faults.works.all").in_small_steps()
	frappe.destroy()
	answers.write("{}\n")
	answers.flush()
	for line in sys.stdin:
		answers.write(handle(json.loads(line)) + "\n")
		answers.flush()


if __name__ == "__main__":
	main()
