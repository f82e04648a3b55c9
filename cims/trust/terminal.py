"""Ratings on a terminal: aligned whatever the script of the names, coloured where colours are shown."""

import os
from collections.abc import Callable, Sequence

import click
from wcwidth import wcswidth

from cims.trust import output, words
from cims.trust.calendar import to_date
from cims.trust.file_rating import FileRating
from cims.trust.policy import NOT_RATED

BAR = 30
LONGEST_NAME = 28
RIGHT = "right"


def width(text: str) -> int:
	"""How many columns a text takes; wide signs take two."""
	return max(wcswidth(text), 0)


def fitted(text: str, columns: int, side: str = "left") -> str:
	"""The text in so many columns: cut with an ellipsis, or filled with spaces."""
	if width(text) > columns:
		while width(text) > columns - 1:
			text = text[:-1]
		text += "…"
	space = " " * (columns - width(text))
	return space + text if side == RIGHT else text + space


def grade_style(found: FileRating, grade: str, text: str) -> str:
	"""The text in the colour of its grade; the letters stay for those who see none."""
	if grade == NOT_RATED or not _colours():
		return click.style(text, dim=True)
	return click.style(text, fg=words.rgb(found.policy.band(grade).colour), bold=True)


def _colours() -> bool:
	return os.environ.get("COLORTERM") in ("truecolor", "24bit") or "256" in os.environ.get("TERM", "")


def show(
	found: FileRating, order: Sequence[int], top: int, head: Sequence[str], tail: Sequence[str], _
) -> None:
	"""Print the heading, how many customers have which grade, and the first `top` customers with their reasons."""
	for line in head:
		click.echo(line)
	click.echo()
	_show_grades(found, _)
	if top:
		click.echo()
		_show_customers(found, order[:top], _)
	for line in tail:
		click.echo(line)


def _show_grades(found: FileRating, _: Callable[[str], str]) -> None:
	counts = found.grade_counts()
	total, most = max(sum(counts.values()), 1), max(max(counts.values()), 1)
	names = {band.grade: _(band.word) for band in found.policy.bands} | {NOT_RATED: _(words.NOT_RATED)}
	wide = max(map(width, names.values()))
	for grade, count in counts.items():
		bar = "█" * round(BAR * count / most) or ("▏" if count else "")
		click.echo(
			f"  {grade_style(found, grade, fitted(grade, 4))} {fitted(names[grade], wide)} {count:>9,} {count / total:>7.1%}  "
			+ grade_style(found, grade, bar)
		)


def _show_customers(found: FileRating, order: Sequence[int], _: Callable[[str], str]) -> None:
	columns = {name: column[order] for name, column in found.columns.items()}
	heads = [
		_("Customer"),
		_("Grade"),
		_("Score"),
		_("Score interval"),
		_("90 days"),
		_("Open amount"),
		_("Overdue amount"),
		_("Days late"),
	]
	rows = []
	for at in range(len(order)):
		row = {name: output.plain_value(column[at]) for name, column in columns.items()}
		rows.append(_cells(row))
	widths = [max(width(head), *(width(row[at]) for row in rows)) for at, head in enumerate(heads)]
	widths[0] = min(widths[0], LONGEST_NAME)
	sides = ["left", "left"] + [RIGHT] * (len(heads) - 2)

	def line(cells):
		return [fitted(cell, w, side) for cell, w, side in zip(cells, widths, sides, strict=True)]

	click.echo(click.style("  ".join(line(heads)), bold=True))
	for at, row in zip(order, rows, strict=True):
		cells = line(row)
		cells[1] = grade_style(found, row[1], cells[1])
		click.echo("  ".join(cells).rstrip())
		_show_reasons(found, at, _)


def _cells(row: dict) -> list[str]:
	rated = row["score"] is not None
	return [
		words.one_line(row["customer"]),
		row["grade"],
		f"{row['score']:.0f}" if rated else "",
		f"{row['low']:.0f}–{row['high']:.0f}" if rated else "",
		"" if row["change_90d"] is None else words.signed(row["change_90d"]),
		words.money(row["open_amount"]),
		words.money(row["overdue_amount"]),
		"" if row["days_beyond_terms"] is None else words.signed(row["days_beyond_terms"]),
	]


def _show_reasons(found: FileRating, at: int, _: Callable[[str], str]) -> None:
	said = output.sentences(found, at, _)
	if found.columns["grade"][at] == NOT_RATED:
		return
	for warning in said["watch"]:
		click.echo(click.style(f"      !  {warning['code']}  {warning['text']}", fg="yellow"))
	for one in [*said["costs"][:2], *said["earns"][:1]]:
		click.echo(click.style(f"  {words.signed(one['points']):>5}  {one['code']}  {one['text']}", dim=True))


def day_text(day: int) -> str:
	return to_date(day).isoformat()
