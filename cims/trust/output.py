"""Ratings as plain data (JSON), as CSV, and a file's bad rows as a CSV that says why."""

import csv
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pandas as pd

from cims.trust import reasons, words
from cims.trust.calendar import to_date
from cims.trust.file_rating import FileRating, safe_names
from cims.trust.files.opening import open_cells
from cims.trust.problems import Problem, Problems, message, text

REJECTS = ".rejects.csv"


def plain_value(value):
	"""A number or text for JSON: NaN becomes None."""
	if isinstance(value, np.generic):
		value = value.item()
	return None if isinstance(value, float) and value != value else value


def plain_data(value):
	"""Nested data for JSON."""
	if isinstance(value, dict):
		return {name: plain_data(inner) for name, inner in value.items()}
	if isinstance(value, list | tuple):
		return [plain_data(inner) for inner in value]
	return plain_value(value)


def sentences(found: FileRating, at: int, translate: Callable[[str], str]) -> dict[str, list[dict]]:
	"""Why one customer's rating is what it is: watch, costs and earns, each with code, points and sentence."""
	rating = found.ratings[at]

	def said(reason: reasons.Reason) -> dict:
		return reason.to_dict() | {"text": reasons.text(reason, translate, words.number, words.money)}

	return {name: [said(reason) for reason in getattr(rating, name)] for name in ("watch", "costs", "earns")}


def rating_rows(found: FileRating, order: Sequence[int], explained: int, translate) -> list[dict]:
	"""One dict for each customer in this order; the first `explained` with their reasons."""
	columns = {}
	for name, column in found.columns.items():
		picked = column[order]
		if picked.dtype == float:
			picked = np.where(np.isnan(picked), None, picked.astype(object))
		columns[name] = picked.tolist()
	names = list(columns)
	rows = [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
	for row in rows:
		row["watch"] = row["watch"].split()
	for row, at in zip(rows[:explained], order, strict=False):
		row["reasons"] = plain_data(sentences(found, at, translate))
		row["dimensions"] = plain_data(dict(found.ratings[at].dimensions))
	return rows


def policy_data(found: FileRating) -> dict:
	"""The policy, so that the rating can be worked out again."""
	return found.policy.to_dict()


def as_of_text(found: FileRating) -> str:
	return to_date(found.as_of).isoformat()


def write_csv(found: FileRating, order: Sequence[int], path: str) -> None:
	"""All customers, one row each; UTF-8 with a byte order mark, which spreadsheet programs look for."""
	frame = pd.DataFrame(safe_names(found.columns)).iloc[np.asarray(order)]
	frame.to_csv(path, index=False, encoding="utf-8-sig", float_format="%.10g")


def write_rejects(
	path: str, problems: Problems, translate: Callable[[str], str], target: str | None = None
) -> Path:
	"""The rows that have a problem, as they stand in the file, with their number and every reason. Returns the path
	of the CSV: `target`, else the file's own name with REJECTS."""
	cells = open_cells(path)
	target = Path(target or f"{path}{REJECTS}")
	by_row = groupby(problems, key=lambda problem: problem.row)
	with target.open("w", encoding="utf-8-sig", newline="") as file:
		out = csv.writer(file)
		out.writerow(
			map(
				words.safe_cell,
				[*cells.headers, translate("Row in the file"), translate("Why it was left out")],
			)
		)
		for (number, row), (same, found) in zip(cells.rows(problems.rows), by_row, strict=True):
			assert number == same
			row = (row + [""] * len(cells.headers))[: max(len(cells.headers), len(row))]
			why = " ".join(reason(problem, translate) for problem in found)
			out.writerow([*map(words.safe_cell, row[: len(cells.headers)]), number, words.safe_cell(why)])
	return target


def reason(problem: Problem, translate: Callable[[str], str]) -> str:
	"""Which column and what is wrong with it; the row has a column of its own."""
	said = message(problem, translate)
	return f"{problem.column}: {said}" if problem.column else said


def first_problems(problems: Problems, count: int, translate: Callable[[str], str]) -> list[str]:
	"""The first problems of a file as sentences."""
	return [text(problem, translate) for problem, _ in zip(problems, range(count), strict=False)]
