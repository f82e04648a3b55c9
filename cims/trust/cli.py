"""The engine's command line: rate the customers of a file, and test on its history whether the rating works.

Results go to standard output, everything else to standard error. Wrong input ends with one clear line and exit code 2.
"""

import json
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click

from cims.trust import output, words
from cims.trust.calendar import to_date, to_day
from cims.trust.file_rating import (
	DIMENSIONS,
	ORDERS,
	FileRating,
	calendar_of,
	policy_of_file,
	rate_ratings,
	rate_receivables,
)
from cims.trust.files.ratings import read_ratings
from cims.trust.files.receivables import Table, read
from cims.trust.policy import NOT_RATED, PolicyError
from cims.trust.problems import Problems, Unreadable, text

PROBLEMS_SHOWN = 20
ON_TERMINAL, IN_REPORT, IN_JSON = 20, 50, 1000


class Refusal(click.ClickException):
	"""What stops a command: its message is shown as it is."""

	exit_code = 2

	def show(self, file=None) -> None:
		click.echo(self.message, err=True)


def main(arguments: list[str] | None = None) -> None:
	"""Run the command line; ends the process."""
	for stream in (sys.stdout, sys.stderr):
		# A terminal that can't show a sign shows a question mark instead of a traceback.
		stream.reconfigure(errors="replace")
	try:
		cli.main(arguments, prog_name="python -m cims.trust", standalone_mode=False)
	except click.UsageError as error:
		click.echo(
			f"{error.format_message()} See: {error.ctx.command_path if error.ctx else 'cims'} --help",
			err=True,
		)
		sys.exit(2)
	except click.ClickException as error:
		error.show()
		sys.exit(error.exit_code)
	except click.Abort:
		sys.exit(130)


class Day(click.ParamType):
	name = "YYYY-MM-DD"

	def convert(self, value, param, ctx) -> date:
		if isinstance(value, date):
			return value
		try:
			return date.fromisoformat(value)
		except ValueError:
			self.fail(f"{value} is no date; write it as YYYY-MM-DD.", param, ctx)


class Mapping(click.ParamType):
	name = "FIELD=HEADER,..."

	def convert(self, value, param, ctx) -> dict[str, str]:
		if isinstance(value, dict):
			return value
		parts = re.split(r",(?=\s*\w+\s*=)", value)
		found = {}
		for part in parts:
			field, equals, header = part.partition("=")
			if not equals or not header.strip():
				self.fail(f"{part} does not say which header; write field=HEADER.", param, ctx)
			found[field.strip()] = header.strip()
		return found


def file_options(command):
	"""The options by which a file is read."""
	options = (
		click.option("--map", "mapping", type=Mapping(), help="Which header stands for which column."),
		click.option("--date-format", metavar="FORMAT", help="Such as D/M/YYYY, for dates that can be read in two ways."),
		click.option("--decimal", type=click.Choice([".", ","]), help="The decimal sign, for amounts that can be read in two."),
		click.option("--sheet", metavar="NAME", help="The sheet of a workbook; else its first one."),
		click.option("--policy", "policy_file", type=click.Path(), metavar="FILE", help="A trust policy as JSON."),
		click.option("--country", metavar="CODE", help="Whose public holidays move due dates, such as CN."),
		click.option("--take-good-rows", is_flag=True, help=f"Go on without the bad rows; they come back as FILE{output.REJECTS}."),
		click.option("--ratings", "of_ratings", is_flag=True, help="The file holds ratings: source, target, rating, time."),
		click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language."),
		click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output."),
	)  # fmt: skip
	for option in reversed(options):
		command = option(command)
	return click.argument("file", type=click.Path())(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
	"""How far can a customer be trusted? Ratings out of a file of receivables (CSV or XLSX).

	Columns: customer, invoice, invoice_date, due_date, amount, settled_date (empty while open), disputed (optional).
	Common headers are recognised in English and Chinese.
	"""


@cli.command()
@file_options
@click.option("--as-of", type=Day(), help="The day to rate on; else the latest date that the file knows.")
@click.option(
	"--html", type=click.Path(), metavar="FILE", help="Write a report with the curves, one file in itself."
)
@click.option("--csv", "csv_file", type=click.Path(), metavar="FILE", help="Write all customers as CSV.")
@click.option("--top", type=click.IntRange(0), help="How many customers are shown with their reasons.")
@click.option("--by", type=click.Choice(ORDERS), default="worst", show_default=True, help="Which come first.")
@click.option(
	"--customer", "chosen", multiple=True, metavar="NAME", help="Show this one first; may be repeated."
)
def rate(file, as_of, html, csv_file, top, by, chosen, lang, as_json, of_ratings, **reading) -> None:
	"""Rate every customer of FILE."""
	_ = words.translator(lang)
	if of_ratings:
		found, problems, rows = _rate_ratings(file, as_of, reading, _)
	else:
		found, problems, rows = _rate_receivables(file, as_of, reading, _)
	order = _order(found, by, chosen, _)
	facts = {
		"file": Path(file).name,
		"as_of_given": as_of is not None,
		"rows": rows,
		"rejected": len(problems.rows),
	}
	if html:
		from cims.trust.report import write_report

		_write(
			html, lambda: write_report(found, order, IN_REPORT if top is None else top, by, facts, html, lang)
		)
	if csv_file:
		_write(csv_file, lambda: output.write_csv(found, order, csv_file))
	if as_json:
		_print_json(_rate_data(found, order, IN_JSON if top is None else top, by, facts, _))
	else:
		from cims.trust import terminal

		shown = min(ON_TERMINAL if top is None else top, len(order))
		terminal.show(
			found, order, shown, _heading(found, facts, of_ratings, _), _closing(found, shown, by, _), _
		)
	for path, what in ((html, _("The report is in {0}.")), (csv_file, _("All ratings are in {0}."))):
		if path:
			click.echo(what.format(path), err=as_json)


@cli.command("backtest")
@file_options
@click.option(
	"--late-days",
	type=click.IntRange(0),
	default=1,
	show_default=True,
	help="Paid so many days late or more.",
)
def backtest_command(file, late_days, lang, as_json, of_ratings, **reading) -> None:
	"""See whether forecast and score would have foreseen what then happened in FILE.

	The last 30 % of the receivables by invoice date are the test: each is forecast from what was known before it.
	"""
	from cims.trust.backtest import RATINGS_POLICY, BacktestError, backtest, backtest_ratings

	_ = words.translator(lang)
	try:
		if of_ratings:
			table = _read_ratings(file, reading, _)[0]
			found = backtest_ratings(table.target, table.rating, table.time, RATINGS_POLICY)
		else:
			table = _read_receivables(file, None, reading, _)[0]
			policy, _learning = policy_of_file(_policy_data(reading["policy_file"], _), table)
			calendar = _calendar(reading["country"], table, _)
			receivables = table.receivables(calendar)
			found = backtest(receivables, [""] * len(table.customers), policy, calendar, late_days)
	except PolicyError as error:
		raise Refusal(_(error.template).format(**error.figures)) from None
	except BacktestError as error:
		raise Refusal(str(error)) from None
	if as_json:
		_print_json(output.plain_data({"file": Path(file).name, "rows": len(table), **found}))
	else:
		_show_backtest(found, Path(file).name, late_days, of_ratings, _)


def _read_receivables(file: str, as_of: date | None, reading: dict, _) -> tuple[Table, Problems]:
	def read_it():
		today = max(date.today(), as_of or date.min)
		return read(
			file,
			mapping=reading["mapping"],
			date_format=reading["date_format"],
			decimal=reading["decimal"],
			sheet=reading["sheet"],
			today=today,
		)

	return _good_rows(file, read_it, reading["take_good_rows"], _)


def _read_ratings(file: str, reading: dict, _):
	def read_it():
		return read_ratings(file, date_format=reading["date_format"], sheet=reading["sheet"])

	return _good_rows(file, read_it, reading["take_good_rows"], _)


def _good_rows(file: str, read_it: Callable, take_good_rows: bool, _):
	"""What `read_it` gives, if nothing is wrong or the good rows are wanted; the bad ones are written beside the file."""
	try:
		table, problems = read_it()
	except Unreadable as error:
		raise Refusal(text(error.problem, _)) from None
	if not len(problems):
		return table, problems
	if not take_good_rows:
		lines = output.first_problems(problems, PROBLEMS_SHOWN, _)
		if len(problems) > len(lines):
			lines.append(_("… and {0} more.").format(f"{len(problems) - len(lines):,}"))
		lines.append(
			_(
				"Rows with problems: {0} of {1}. Nothing was rated. Correct them, or leave them out with {2}."
			).format(f"{len(problems.rows):,}", f"{len(table) + len(problems.rows):,}", "--take-good-rows")
		)
		raise Refusal("\n".join(lines))
	if not len(table):
		raise Refusal(_("Every row has a problem, so there is nothing to rate."))
	try:
		rejects = output.write_rejects(file, problems, _)
	except OSError as error:
		raise Refusal(
			_("The file {0} can't be written: {1}.").format(error.filename, error.strerror)
		) from None
	click.echo(
		_("Rows left out: {0}. They are in {1}, each with the reason.").format(
			f"{len(problems.rows):,}", rejects
		),
		err=True,
	)
	return table, problems


def _rate_receivables(file, as_of, reading, _) -> tuple[FileRating, Problems, int]:
	table, problems = _read_receivables(file, as_of, reading, _)
	day = to_day(as_of) if as_of else table.last_day
	rows = len(table)
	if table.invoiced.max() > day:
		known = table.invoiced <= day
		if not known.any():
			raise Refusal(
				_("Nothing was invoiced by {0}; the first invoice is of {1}.").format(
					as_of, to_date(table.invoiced.min())
				)
			)
		table = table.where(known)
	try:
		policy, learning = policy_of_file(_policy_data(reading["policy_file"], _), table)
	except PolicyError as error:
		raise Refusal(_(error.template).format(**error.figures)) from None
	return (
		rate_receivables(table, _calendar(reading["country"], table, _), day, policy, learning),
		problems,
		rows,
	)


def _rate_ratings(file, as_of, reading, _) -> tuple[FileRating, Problems, int]:
	table, problems = _read_ratings(file, reading, _)
	return rate_ratings(table, to_day(as_of) if as_of else table.last_day), problems, len(table)


def _policy_data(path: str | None, _) -> dict | None:
	if path is None:
		return None
	try:
		with open(path, encoding="utf-8-sig") as file:
			data = json.load(file)
	except OSError as error:
		raise Refusal(_("The file {0} can't be opened: {1}.").format(path, error.strerror)) from None
	except ValueError as error:
		raise Refusal(_("The policy {0} is not JSON: {1}.").format(path, error)) from None
	if not isinstance(data, dict):
		raise Refusal(_("The policy {0} must be one JSON object.").format(path))
	return data


def _calendar(country: str | None, table: Table, _):
	try:
		return calendar_of(country, table.years)
	except ValueError as error:
		raise Refusal(str(error)) from None


def _order(found: FileRating, by: str, chosen: tuple[str, ...], _) -> list[int]:
	order = found.order(by).tolist()
	names = list(found.ratings.customers)
	for name in chosen:
		if name not in names:
			raise Refusal(_("There is no customer {0} in the file.").format(name))
	first = [names.index(name) for name in dict.fromkeys(chosen)]
	return first + [at for at in order if at not in set(first)]


def _write(path: str, write: Callable[[], None]) -> None:
	try:
		write()
	except OSError as error:
		raise Refusal(f"{path}: {error.strerror}.") from None


def _print_json(data: dict) -> None:
	click.echo(json.dumps(data, ensure_ascii=False, allow_nan=False))


def _rate_data(found: FileRating, order, explained: int, by: str, facts: dict, _) -> dict:
	explained = min(explained, len(order))
	return {
		"file": facts["file"],
		"as_of": output.as_of_text(found),
		"as_of_from": "option" if facts["as_of_given"] else "latest date in the file",
		"rows": facts["rows"],
		"rejected": facts["rejected"],
		"customers": len(found.ratings),
		"grades": found.grade_counts(),
		"policy": output.policy_data(found),
		"order": by,
		"explained": explained,
		"ratings": output.rating_rows(found, order, explained, _),
	}


def _heading(found: FileRating, facts: dict, of_ratings: bool, _) -> list[str]:
	what = (
		_("{0}: {1} ratings of {2} parties, rated as of {3}.")
		if of_ratings
		else _("{0}: {1} receivables of {2} customers, rated as of {3}.")
	)
	total = sum(d.weight for d in found.policy.dimensions)
	parts = [f"{_(words.DIMENSIONS[d.name])} {d.weight / total:.0%}" for d in found.policy.dimensions]
	first = what.format(
		facts["file"], f"{facts['rows']:,}", f"{len(found.ratings):,}", output.as_of_text(found)
	)
	if not facts["as_of_given"]:
		first += " " + _("That is the latest date in the file.")
	lines = [first, _("Weights: {0}.").format(" · ".join(parts))]
	if not of_ratings:
		lines[1] += " " + _("Usual amount: {0}.").format(words.money(found.policy.usual_amount))
	return lines


SHOWN = {
	"worst": "Shown: {0} of {1} customers, the lowest scores first.",
	"best": "Shown: {0} of {1} customers, the highest scores first.",
	"falling": "Shown: {0} of {1} customers, the largest falls within 90 days first.",
	"open": "Shown: {0} of {1} customers, the largest open amounts first.",
	"overdue": "Shown: {0} of {1} customers, the largest overdue amounts first.",
	"name": "Shown: {0} of {1} customers by name.",
}


def _closing(found: FileRating, shown: int, by: str, _) -> list[str]:
	lines = [""]
	if shown < len(found.ratings):
		lines.append(
			_(SHOWN[by]).format(f"{shown:,}", f"{len(found.ratings):,}")
			+ " "
			+ _("All of them: {0}.").format("--csv FILE")
		)
	if unrated := found.grade_counts()[NOT_RATED]:
		lines.append(_("Customers without enough evidence for a grade: {0}.").format(f"{unrated:,}"))
	return lines if len(lines) > 1 else []


def _show_backtest(found: dict, name: str, late_days: int, of_ratings: bool, _) -> None:
	def figure(value) -> str:
		value = output.plain_value(value)
		return "–" if value is None else f"{value:.3f}"

	event = (
		_("the next rating is negative") if of_ratings else _("paid {0} or more days late").format(late_days)
	)
	click.echo(
		_("{0}: {1} test cases, {2} with the event: {3}.").format(
			name, f"{found['n_test']:,}", f"{found['positives']:,}", event
		)
	)
	rows = [
		(_("Forecast"), found["auc"], found["auc_low"], found["auc_high"], found["brier"]),
		(_("Score"), found["auc_score"], found["auc_score_low"], found["auc_score_high"], None),
	]
	labels = {
		"late_ratio": _("Baseline: share of events so far"),
		"shrunk_ratio": _("Baseline: share so far, shrunk"),
		"days_beyond_terms": _("Baseline: days beyond terms"),
		"base_rate": _("Baseline: base rate"),
	}
	for key, figures in found["baselines"].items():
		rows.append((labels.get(key, key), figures["auc"], None, None, figures.get("brier")))
	from cims.trust.terminal import RIGHT, fitted, width

	wide = max(width(row[0]) for row in rows)
	click.echo(
		click.style(
			f"\n{fitted('', wide)}    AUC  {fitted(_('95 % interval'), 15, RIGHT)}   Brier", bold=True
		)
	)
	for label, auc, low, high, brier in rows:
		between = "" if low is None else f"{figure(low)}–{figure(high)}"
		brier = "" if brier is None else figure(brier)
		click.echo(f"{fitted(label, wide)}  {figure(auc)}  {between:>15}  {brier:>6}".rstrip())
	click.echo(click.style("\n" + _("Forecast and what then happened, by tenths of the cases"), bold=True))
	for bin_ in found["calibration"]:
		bar = "█" * round(40 * bin_["observed"])
		click.echo(f"  {bin_['n']:>7,}  {bin_['forecast']:>6.1%}  {bin_['observed']:>6.1%}  {bar}")
	if found["fallback"]:
		click.echo(
			_("The history is short, so the forecast is the share of late payments, shrunk to the average.")
		)
