"""Measure one site that has nothing yet: fill it, work on it, keep the figures.

env/bin/python benchmarks/sites.py SITE --customers N [--beside SMALLEST-SITE] [--size full]
"""

import argparse
from datetime import date

import generate
import measure
import place
import record
from figures import adoption, backfill, duplicates, imports, lists, ratings, search

import frappe

from cims import erpnext

# Merging leaves ratings to do, so everybody is rated before.
WORK = (search, lists, ratings, duplicates)
# Of a site that has ERPNext; adoption leaves it without customers again.
ON_ERPNEXT = (adoption, backfill)
MOST_MEMORY = 600


def main() -> None:
	asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	asked.add_argument("site")
	asked.add_argument("--customers", type=int, required=True)
	asked.add_argument("--beside", help="the smallest site, measured before and still there")
	asked.add_argument("--size", default="full", help="only a full run is recorded")
	asked.add_argument(
		"--only", help="names of figures/, separated by commas; the others keep what was measured before"
	)
	given = asked.parse_args()
	with (
		measure.Memory(place.BENCH) as memory,
		place.opened(given.site, given.customers, given.beside) as here,
	):
		anew = not given.beside and not given.only and not erpnext.installed()
		for figure in work(here, given.only):
			print(
				f"{figure.work}: {figure.shown}  {figure.peer} {figure.peer_shown}  {figure.ratio or 0:.2f}  {figure.goal}  {figure.reached}",
				flush=True,
			)
			keep(given, figure, anew)
			anew = False
		for figure in memory_figures(memory):
			keep(given, figure, False)


def keep(given: argparse.Namespace, figure: measure.Figure, anew: bool) -> None:
	"""Each figure is kept as it is taken: a run that is broken off has measured what it has measured."""
	if given.size == "full":
		on = record.machine("frappe", "numpy", "pymysql") | {
			"MariaDB": frappe.db.sql("SELECT VERSION()")[0][0]
		}
		record.keep_figure(given.customers, figure.to_dict(), date.today().isoformat(), on, anew)


def work(here: place.Place, only: str | None):
	wanted = only.split(",") if only else None
	if not erpnext.installed():
		if not wanted or "imports" in wanted:
			yield from imports.figures(here)
		if not frappe.db.count(generate.CUSTOMER):
			yield filled(here)
	for module in ON_ERPNEXT if erpnext.installed() else WORK:
		if not wanted or module.__name__.split(".")[-1] in wanted:
			yield from module.figures(here)


def filled(here: place.Place) -> measure.Figure:
	seconds = measure.seconds(lambda: generate.generate(here.customers))
	return measure.Figure("filling the site with this population", seconds, f"{seconds:,.0f} s")


def memory_figures(memory: measure.Memory):
	beside = " beside ERPNext" if erpnext.installed() else ""
	for name, most in memory.most.items():
		yield measure.Figure(
			f"peak memory of a process{beside}: {name}",
			most,
			f"{most:,.0f} MB",
			goal=f"under {MOST_MEMORY} MB",
			reached=most < MOST_MEMORY,
		)


if __name__ == "__main__":
	main()
