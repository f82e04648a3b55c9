"""What CIMS adds to `bench --site SITE`."""

import json
import os
import sys
from datetime import datetime
from functools import wraps
from pathlib import Path

import click

import frappe
from frappe.commands import get_site, pass_context


def on_site(command):
	"""Run a command connected to the site that was named; the site's own failures end it with one line."""

	@pass_context
	@wraps(command)
	def connected(context, *args, **kwargs):
		frappe.init(site=get_site(context))
		frappe.connect()
		try:
			return command(*args, **kwargs)
		except frappe.ValidationError as error:
			frappe.db.rollback()
			click.secho(frappe.utils.strip_html(str(error)), fg="red", err=True)
			sys.exit(1)
		finally:
			frappe.destroy()

	return connected


@click.command("cims-sample-data")
@click.option(
	"--customers", default=500, show_default=True, type=click.IntRange(20, 20_000), help="How many customers."
)
@click.option(
	"--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the three years.  [default: today]"
)
@on_site
def sample_data(customers: int, as_of: datetime | None):
	"""Make sample customers, orders and payments, a log-in for each role, and rate them."""
	from cims.customers.sample import logins, records

	records.insert(customers, as_of.date() if as_of else None)
	frappe.db.commit()
	records.rate()
	frappe.db.commit()
	click.echo(", ".join(f"{count:,} × {doctype}" for doctype, count in records.count().items()))
	for user in records.noted().get("users", ()):
		click.echo(f"{user}  {logins.PASSWORD}")


@click.command("cims-remove-sample-data")
@on_site
def remove_sample_data():
	"""Remove the sample data and its log-ins; what people have added to it stays."""
	from cims.customers.sample import records

	removed = records.remove()
	frappe.db.commit()
	click.echo("removed: " + ", ".join(f"{count:,} × {doctype}" for doctype, count in removed.counts.items()))
	for customer, why in removed.kept.items():
		click.echo(f"kept: {customer}, because people have added to it: {', '.join(why)}")
	for user in removed.users_kept:
		click.echo(f"disabled, because records name it: {user}")


@click.command("cims-backtest")
@click.option(
	"--late-days",
	default=1,
	show_default=True,
	type=click.IntRange(1, 365),
	help="Late means so many days or more.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@on_site
def backtest(late_days: int, as_json: bool):
	"""Does the rating foresee who pays late? Tested on this site's own receivables."""
	from cims.ratings.backtests import site_backtest
	from cims.trust.backtest import BacktestError

	try:
		found = site_backtest(late_days)
	except BacktestError as error:
		click.secho(str(error), fg="red", err=True)
		sys.exit(1)
	click.echo(json.dumps(found) if as_json else _backtest_report(found))


def _backtest_report(found: dict) -> str:
	late, days = found["baselines"]["late_ratio"], found["baselines"]["days_beyond_terms"]
	lines = [
		f"{found['receivables']:,} receivables of {found['customers']:,} customers; tested on the last {found['n_test']:,},"
		f" {found['positives']:,} of which were paid {found['late_days']} or more days late.",
		f"forecast           AUC {found['auc']:.3f}  ({found['auc_low']:.3f} to {found['auc_high']:.3f})  Brier {found['brier']:.4f}",
		f"score              AUC {found['auc_score']:.3f}  ({found['auc_score_low']:.3f} to {found['auc_score_high']:.3f})",
		f"late ratio         AUC {late['auc']:.3f}  Brier {late['brier']:.4f}",
		f"days beyond terms  AUC {days['auc']:.3f}",
		"calibration (forecast: happened, of how many):",
		*(f"  {row['forecast']:.3f}: {row['observed']:.3f}  {row['n']:,}" for row in found["calibration"]),
	]
	if found["fallback"]:
		lines.append(
			"Too few settled receivables for a model: the customers' late ratios, shrunk to that of all, stand in."
		)
	return "\n".join(lines)


@click.command("cims-rerate")
@click.option("--customer", help="Rate this customer only.")
@click.option("--all", "everyone", is_flag=True, help="Rate everybody, and work out their whole curves anew.")
@on_site
def rerate(customer: str | None, everyone: bool):
	"""Rate customers now: one, all, or (without an option) those whose evidence has changed."""
	from cims.ratings import rerate as ratings

	if customer:
		_rerate_one(customer, ratings.rate)
	else:
		count = ratings.rate_everyone(curve=True) if everyone else ratings.rate_waiting()
		click.echo(f"{count:,} customers rated")
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction


def _rerate_one(customer: str, rate) -> None:
	rated = rate(customer)
	if rated is None:
		raise frappe.ValidationError(f"There is no evidence of a customer with the code {customer}.")
	score = "" if rated.grade == "NR" else f" {rated.score:.1f} ({rated.low:.1f} to {rated.high:.1f})"
	click.echo(f"{customer}: {rated.grade}{score}")


@click.command("cims-backfill")
@click.option("--customer", help="This customer only.")
@on_site
def backfill(customer: str | None):
	"""Bring the evidence in line with the documents there are, and rate whom that changes. Interrupted, the next one goes on
	where this one was."""
	from cims.ratings import rerate as ratings
	from cims.ratings import store

	if customer:
		written = store.backfill([customer], rate=False)
		frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
		said = f"{written:,} rows of evidence written"
	else:
		said = _bring_evidence()
	rated = ratings.rate_waiting()
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
	click.echo(f"{said}, {rated:,} customers rated")


def _bring_evidence() -> str:
	from cims.ratings import runs

	run = runs.start_evidence()
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- other workers may help
	worker = runs.Worker(run)
	while worker.next():
		told = runs.progress(run)
		click.echo(f"{told['percent']:.0f} %: {told['done']:,} of {told['total']:,} customers", err=True)
	told = runs.progress(run)
	return f"evidence of {told['done']:,} customers brought in line with their documents ({run}: {told['status']})"


@click.command("cims-import")
@click.argument("file")
@click.option(
	"--kind",
	type=click.Choice(["Receivables", "Orders", "Customers"]),
	default="Receivables",
	show_default=True,
)
@click.option("--map", "mapping", help="FIELD=HEADER,... for columns whose headers aren't recognised.")
@click.option("--date-format", help="Such as DD/MM/YYYY, where the dates themselves don't tell.")
@click.option("--currency", help="Of the amounts.  [default: the site's]")
@click.option(
	"--known-customers-only", is_flag=True, help="Reject the rows of customers that aren't there yet."
)
@click.option(
	"--take-good-rows", is_flag=True, help="Import them, and write the others to a file, with the reasons."
)
@click.option(
	"--by-batch", is_flag=True, help="With --take-good-rows: keep what is written, and go on after a fault."
)
@click.option(
	"--match-by",
	type=click.Choice(["Code", "Unified Social Credit Code", "Resident ID", "Phone", "Mobile"]),
	default="Code",
	show_default=True,
	help="What customers are found by.",
)
@click.option("--lane", type=click.Choice(["Fast", "Strict"]), default="Fast", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@on_site
def import_file(file: str, kind: str, mapping: str | None, as_json: bool, dry_run: bool, **options):
	"""Import receivables, orders or customers from a CSV or XLSX FILE, as the form CIMS Import does."""
	from cims.imports import job

	frappe.set_user("Administrator")
	columns = dict(pair.split("=", 1) for pair in mapping.split(",")) if mapping else None
	create_customers = not options.pop("known_customers_only")
	doc = job.bring(_path(file), kind, mapping=columns, create_customers=create_customers, **options)
	job.run_now(doc, job.CHECK if dry_run else job.IMPORT)
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
	click.echo(json.dumps(job.outcome(doc), default=str) if as_json else _import_report(doc))
	if doc.status in ("Failed", "Stopped", "Queued"):
		sys.exit(1)


@click.command("cims-import-resume")
@click.argument("name")
@on_site
def resume_import(name: str):
	"""Go on with the import NAME, which kept its rows batch by batch and was interrupted."""
	from cims.imports import job

	_run_import(name, job.IMPORT)


@click.command("cims-import-undo")
@click.argument("name")
@on_site
def undo_import(name: str):
	"""Take back what the import NAME has written, as long as nothing builds on it."""
	from cims.imports import job

	_run_import(name, job.UNDO)


def _run_import(name: str, what: str) -> None:
	from cims.imports import job

	frappe.set_user("Administrator")
	doc = frappe.get_doc(job.DOCTYPE, name)
	job.run_now(doc, what)
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
	click.echo(_import_report(doc))


def _path(file: str) -> Path:
	"""A path as whoever called bench meant it: bench itself goes on from the folder of the sites."""
	found = Path(os.environ.get("PWD", ".")) / file
	if not found.is_file():
		raise frappe.ValidationError(f"There is no file {found}.")
	return found


def _import_report(doc) -> str:
	said = [
		f"{doc.name} {doc.status}: {doc.rows_total:,} rows; {doc.rows_new:,} new, {doc.rows_updated:,} updated,"
		f" {doc.rows_duplicate:,} duplicate, {doc.rows_rejected:,} rejected; {doc.customers_created:,} new customers"
	]
	if doc.error:
		said.append(doc.error)
	if doc.rejects:
		said.append(f"rejected rows: {frappe.get_site_path(doc.rejects.lstrip('/'))}")
	return "\n".join(said)


@click.command("cims-rebuild-search")
@on_site
def rebuild_search():
	"""Make the index for searching customers anew; searching goes on meanwhile."""
	from cims.search import index, tables

	tables.create()
	with click.progressbar(length=frappe.db.count("CIMS Customer"), label="customers", show_pos=True) as bar:
		done = index.rebuild(lambda done, _total: bar.update(done - bar.pos))
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
	click.echo(f"{done:,} customers can be found")


@click.command("cims-find-duplicates")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@on_site
def find_duplicates(as_json: bool):
	"""Look through all customers for pairs that look alike, and put them into the queue; goes on where it was stopped."""
	from cims.duplicates import finding

	def told(step: int, doing: str):
		click.echo(f"{step + 1}/{len(finding.STEPS)} {doing}")

	frappe.set_user("Administrator")
	found = finding.run(told=None if as_json else told)
	frappe.db.commit()  # nosemgrep: frappe-manual-commit -- a command is its own transaction
	click.echo(json.dumps(found) if as_json else _duplicates_report(found))


def _duplicates_report(found: dict) -> str:
	lines = [
		f"{found['pairs_compared']:,} pairs compared, {found['pairs_found']:,} look alike, {found['pairs_new']:,} of them are new;"
		f" {found['seconds']:,.1f} s"
	]
	for one in found["passed_over"]:
		lines.append(
			f"passed over, because too many share them: {one['values']:,} × {one['key']} of {one['customers']:,} customers,"
			f" such as {one['most'][0][0]} ({one['most'][0][1]:,})"
		)
	return "\n".join(lines)


commands = [
	sample_data,
	remove_sample_data,
	backtest,
	rerate,
	backfill,
	import_file,
	rebuild_search,
	find_duplicates,
	resume_import,
	undo_import,
]
