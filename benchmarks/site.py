"""Measure one site that has nothing yet: fill it, work on it, keep the figures.

env/bin/python benchmarks/site.py SITE --customers N [--beside SMALLEST-SITE] [--size full]
"""

import argparse
from datetime import date

import generate
import measure
import place
import record
from figures import duplicates, imports, lists, ratings, search

import frappe

# Merging leaves ratings to do, so everybody is rated before.
WORK = (search, lists, ratings, duplicates)
MOST_MEMORY = 600


def main() -> None:
	asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
	asked.add_argument("site")
	asked.add_argument("--customers", type=int, required=True)
	asked.add_argument("--beside", help="the smallest site, measured before and still there")
	asked.add_argument("--size", default="full", help="only a full run is recorded")
	asked.add_argument("--only", help="names of figures/, separated by commas")
	given = asked.parse_args()
	with (
		measure.Memory(place.BENCH) as memory,
		place.opened(given.site, given.customers, given.beside) as here,
	):
		found = []
		for figure in work(here, given.only):
			print(
				f"{figure.work}: {figure.shown}  {figure.peer} {figure.peer_shown}  {figure.ratio or 0:.2f}  {figure.goal}  {figure.reached}",
				flush=True,
			)
			found.append(figure)
		rows = {doctype: frappe.db.count(doctype) for doctype in (generate.ORDER, generate.EVIDENCE)}
		database = frappe.db.sql("SELECT VERSION()")[0][0]
	found += memory_figures(memory)
	if given.size != "full" or given.only:
		return
	result = {
		"date": date.today().isoformat(),
		"machine": record.machine("frappe", "numpy", "pymysql") | {"MariaDB": database},
		"customers": given.customers,
		"orders": rows[generate.ORDER],
		"evidence": rows[generate.EVIDENCE],
		"figures": [figure.to_dict() for figure in found],
	}
	record.keep_size(result, anew=not given.beside)


def work(here: place.Place, only: str | None):
	wanted = only.split(",") if only else None
	if not wanted or "imports" in wanted:
		yield from imports.figures(here)
	if not frappe.db.count(generate.CUSTOMER):
		yield filled(here)
	for module in WORK:
		if not wanted or module.__name__.split(".")[-1] in wanted:
			yield from module.figures(here)


def filled(here: place.Place) -> measure.Figure:
	seconds = measure.seconds(lambda: generate.generate(here.customers))
	return measure.Figure("filling the site with this population", seconds, f"{seconds:,.0f} s")


def memory_figures(memory: measure.Memory):
	for name, most in memory.most.items():
		yield measure.Figure(
			f"peak memory of a process: {name}",
			most,
			f"{most:,.0f} MB",
			goal=f"under {MOST_MEMORY} MB",
			reached=most < MOST_MEMORY,
		)


if __name__ == "__main__":
	main()
