"""Speed and memory of `rate` against a bare read of the same file by the same library.

Each measurement is a whole process, start to end. The two take turns, so that what else the machine does strikes both;
what counts is the median of the ratios of neighbours. Only a full run is recorded; other sizes print theirs.

	python benchmarks/engine.py [full|small|tiny] [--runs N]
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import record

HERE = Path(__file__).parent
ROOT = HERE.parent
# receivables, customers
SIZES = {"full": (1_000_000, 50_000), "small": (100_000, 5_000), "tiny": (10_000, 500)}
MOST_RATIO, MOST_MEMORY = 4.0, 1000  # times the bare read; MB
GOALS = f"`rate` in at most {MOST_RATIO:g} times the bare read, under {MOST_MEMORY:,} MB."
BARE = "import sys, pandas; pandas.read_csv(sys.argv[1])"
LIBRARIES = ("pandas", "numpy", "scipy")


def make_file(path: Path, receivables: int, customers: int) -> None:
	"""Three years of receivables of customers whose punctuality differs; the same every time."""
	import numpy as np
	import pandas as pd

	random = np.random.default_rng(1)
	customer = random.integers(0, customers, receivables)
	invoiced = np.sort(random.integers(0, 3 * 365, receivables))
	due = invoiced + random.choice([7, 15, 30, 30, 45, 60, 90], receivables)
	habit = random.normal(2, 10, customers)
	settled = np.maximum(due + np.rint(random.normal(habit[customer], 6)).astype(int), invoiced)
	start = np.datetime64("2022-01-01")

	def days(numbers):
		return (start + numbers.astype("timedelta64[D]")).astype(str).astype(object)

	paid = days(settled)
	paid[settled > 3 * 365 + 20] = ""
	pd.DataFrame(
		{
			"customer": [f"C-{number:06d}" for number in customer],
			"invoice": [f"INV-{number:08d}" for number in range(receivables)],
			"invoice_date": days(invoiced),
			"due_date": days(due),
			"amount": np.round(np.exp(random.normal(9, 1, receivables)), 2),
			"settled_date": paid,
			"disputed": np.where(random.random(receivables) < 0.03, "Yes", "No"),
		}
	).to_csv(path, index=False, float_format="%.2f")


def measure(command: list[str]) -> dict[str, float]:
	"""Seconds by the clock, seconds of the processor, and peak memory in MB of one process."""
	start = time.perf_counter()
	process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
	_, status, usage = os.wait4(process.pid, 0)
	process.returncode = os.waitstatus_to_exitcode(status)
	if process.returncode:
		raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
	# Linux counts in KB, macOS in bytes.
	unit = 1 if sys.platform == "darwin" else 1024
	return {
		"seconds": time.perf_counter() - start,
		"cpu": usage.ru_utime + usage.ru_stime,
		"memory": usage.ru_maxrss * unit / 1e6,
	}


def compare(path: Path, runs: int) -> dict:
	"""The figures of both, taking turns; the first round of each warms the caches and is not counted."""
	commands = {
		"bare": [sys.executable, "-c", BARE, str(path)],
		"rate": [sys.executable, "-m", "cims.trust", "rate", str(path)],
		"json": [sys.executable, "-m", "cims.trust", "rate", str(path), "--json"],
	}
	found = {name: [] for name in commands}
	for turn in range(runs + 1):
		for name, command in commands.items():
			figures = measure(command)
			if turn:
				found[name].append(figures)
	result = {
		name: {
			"seconds": statistics.median(one["seconds"] for one in rounds),
			"cpu": statistics.median(one["cpu"] for one in rounds),
			"memory": max(one["memory"] for one in rounds),
		}
		for name, rounds in found.items()
	}
	for name in ("rate", "json"):
		for figure in ("seconds", "cpu"):
			ratios = [
				one[figure] / bare[figure] for one, bare in zip(found[name], found["bare"], strict=True)
			]
			result[name][f"{figure}_ratio"] = statistics.median(ratios)
	return result


def table(result: dict) -> str:
	"""The results for people."""
	names = {"bare": "bare `pandas.read_csv`", "rate": "`rate`", "json": "`rate --json`"}
	lines = [
		"| process | seconds | times the bare read | processor seconds | times | peak memory |",
		"|---|---|---|---|---|---|",
	]
	for name, label in names.items():
		one = result["processes"][name]
		ratios = [f"{one[ratio]:.2f}" if ratio in one else "" for ratio in ("seconds_ratio", "cpu_ratio")]
		lines.append(
			f"| {label} | {one['seconds']:.2f} | {ratios[0]} | {one['cpu']:.2f} | {ratios[1]} | {one['memory']:,.0f} MB |"
		)
	return "\n".join(lines)


def main() -> int:
	parser = argparse.ArgumentParser(
		description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	parser.add_argument("size", nargs="?", choices=SIZES, default="full")
	parser.add_argument("--runs", type=int, default=5)
	arguments = parser.parse_args()
	receivables, customers = SIZES[arguments.size]
	with tempfile.TemporaryDirectory() as folder:
		path = Path(folder) / "receivables.csv"
		# In a process of its own: what a process has held before it starts another counts as the other's peak memory.
		make = multiprocessing.get_context("spawn").Process(
			target=make_file, args=(path, receivables, customers)
		)
		make.start()
		make.join()
		result = {
			"size": arguments.size,
			"receivables": receivables,
			"customers": customers,
			"megabytes": path.stat().st_size / 1e6,
			"runs": arguments.runs,
			"date": date.today().isoformat(),
			"machine": record.machine(*LIBRARIES),
			"processes": compare(path, arguments.runs),
		}
	print(table(result))
	rate = result["processes"]["rate"]
	if arguments.size != "full":
		# Start-up, the same for both, hides the work of a small file.
		print("Only the full size is held to the goals and recorded.")
		return 0
	record.keep("engine", result | {"table": table(result), "goals": GOALS})
	reached = rate["seconds_ratio"] <= MOST_RATIO and rate["memory"] < MOST_MEMORY
	print("Goals reached." if reached else f"Goals missed: {GOALS}")
	return 0 if reached else 1


if __name__ == "__main__":
	sys.exit(main())
