"""How figures are taken: in turns with their peer, as medians of ratios; percentiles of requests; peak memory of processes."""

import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]


@dataclass
class Figure:
	"""One row of the table. value and against in the same unit; ratio: how often better than the peer, or how often
	worse, as `goal` puts it; reached: None where nothing must be
	reached; seconds: what the work took, where value is something else."""

	work: str
	value: float
	shown: str
	peer: str = ""
	against: float | None = None
	peer_shown: str = ""
	ratio: float | None = None
	goal: str = ""
	reached: bool | None = None
	seconds: float | None = None

	def to_dict(self) -> dict:
		return asdict(self) | {"ratio_shown": "" if self.ratio is None else f"{self.ratio:,.2f}"}


def seconds(work: Callable[[], object]) -> float:
	start = time.perf_counter()
	work()
	return time.perf_counter() - start


def in_turns(
	one: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[float, float, float]:
	"""Median seconds of both, taking turns, and the median of the ratios of neighbours (one/other). The first round warms up."""
	pairs = [(seconds(one), seconds(other)) for _ in range(rounds + 1)][1:]
	return (
		statistics.median(pair[0] for pair in pairs),
		statistics.median(pair[1] for pair in pairs),
		statistics.median(mine / theirs for mine, theirs in pairs),
	)


def percentile(values: Iterable[float], share: float = 0.95) -> float:
	ranked = sorted(values)
	return ranked[min(int(share * len(ranked)), len(ranked) - 1)]


def ms(value: float) -> str:
	return f"{value * 1000:,.1f} ms"


def per_second(value: float, what: str = "rows") -> str:
	return f"{value:,.0f} {what}/s"


class Memory:
	"""The largest resident memory, in MB, that any Python process of this bench had, by what the process is for."""

	def __init__(self, bench: Path):
		self.bench, self.most, self.stopped = str(bench), {}, threading.Event()
		self.thread = threading.Thread(target=self._watch, daemon=True)

	def __enter__(self) -> "Memory":
		self.thread.start()
		return self

	def __exit__(self, *_error) -> None:
		self.stopped.set()
		self.thread.join()

	def _watch(self) -> None:
		while not self.stopped.wait(0.5):
			for process in psutil.process_iter(["pid", "cmdline"]):
				line = process.info["cmdline"] or ()
				if not line or "python" not in line[0] or self.bench not in " ".join(line):
					continue
				try:
					peak = _peak(process.info["pid"])
				except (OSError, StopIteration):
					continue
				name = next(
					(word for word in ("gunicorn", "worker") if word in " ".join(line)), "benchmark and jobs"
				)
				self.most[name] = max(self.most.get(name, 0), peak)


def _peak(pid: int) -> float:
	with open(f"/proc/{pid}/status") as status:
		return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def start(folder: Path, environment: dict, arguments: Sequence[str]) -> subprocess.Popen:
	# setpriv: gone with this process, even if that is killed.
	command = ["setpriv", "--pdeathsig", "TERM", sys.executable, *arguments]
	return subprocess.Popen(
		command,
		cwd=folder,
		env=os.environ | environment,
		start_new_session=True,
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
	)


def stop(process: subprocess.Popen) -> None:
	process.terminate()
	try:
		process.wait(10)
	except subprocess.TimeoutExpired:
		process.kill()


@contextmanager
def served(bench: Path, site: str):
	"""The site over HTTP on this machine: its address."""
	port = free_port()
	environment = {"SITE": site, "HOST": "127.0.0.1", "PORT": str(port)}
	web = start(bench, environment, ["-m", "gunicorn", "-c", str(ROOT / "scripts/gunicorn.conf.py")])
	try:
		for _ in range(300):
			try:
				socket.create_connection(("127.0.0.1", port), 1).close()
				break
			except OSError:
				time.sleep(0.2)
		yield f"http://127.0.0.1:{port}"
	finally:
		stop(web)


@contextmanager
def workers(bench: Path, count: int):
	"""So many workers of the framework's own queue."""
	helper = ["-m", "frappe.utils.bench_helper", "frappe", "worker", "--queue", "short,default,long"]
	started = [start(bench / "sites", {}, helper) for _ in range(count)]
	try:
		yield
	finally:
		for worker in started:
			stop(worker)
