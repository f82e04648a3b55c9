"""Ratings of one party by another out of a CSV or XLSX file: source, target, rating, time.

Time is in seconds since 1970 or a date. The first row may name the columns or be data already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cims.trust.files.cells import BEYOND, Cells
from cims.trust.files.dates import WRONG, DateColumn, DateFormat, settle_order
from cims.trust.files.headers import plain
from cims.trust.files.opening import open_cells
from cims.trust.problems import Block, Problems, Unreadable

HEADERS = {
	"source": ("source", "from", "rater", "voter", "reviewer", "评价方", "评价人", "评分人"),
	"target": ("target", "to", "ratee", "rated", "customer", "party", "被评价方", "被评价人", "客户"),
	"rating": ("rating", "score", "value", "weight", "vote", "评分", "评价", "分数"),
	"time": ("time", "timestamp", "date", "day", "时间", "日期"),
}
FIELDS = tuple(HEADERS)
DAY = 86_400
# Ratings before 1970 or after 2100 are none.
LAST_SECOND = 4_133_980_800


@dataclass(frozen=True)
class RatingsTable:
	"""targets: names of the rated; target: positions among them; time: seconds since 1970; row: numbers in the file."""

	targets: Sequence[str]
	row: np.ndarray
	target: np.ndarray
	rating: np.ndarray
	time: np.ndarray

	def __len__(self) -> int:
		return len(self.row)

	@property
	def last_day(self) -> int:
		return int(self.time.max() // DAY)


def read_ratings(
	path, *, date_format: str | None = None, sheet: str | None = None
) -> tuple[RatingsTable, Problems]:
	"""The good rows of a file of ratings, and the problems of the others. Raises Unreadable."""
	cells = open_cells(path, sheet)
	positions = _find_columns(cells)
	headers = {field: cells.headers[at] for field, at in positions.items()}
	frame = cells.columns(positions)
	row = np.arange(len(frame)) + cells.header_row + 1
	columns = {field: frame[field].to_numpy(dtype=object) for field in FIELDS}
	blank = np.ones(len(row), dtype=bool)
	for column in columns.values():
		blank &= np.array([not text.strip() for text in column], dtype=bool)
	row, columns = row[~blank], {field: column[~blank] for field, column in columns.items()}
	if not len(row):
		raise Unreadable("no_rows")
	blocks = []

	def report(field: str | None, code: str, wrong: np.ndarray, values: np.ndarray) -> None:
		blocks.append(Block(row[wrong], headers.get(field), code, {"value": values[wrong]}))

	beyond = frame[BEYOND].to_numpy(dtype=object)[~blank]
	report(None, "too_many_cells", beyond != "", beyond)
	target, targets = pd.factorize(np.array([text.strip() for text in columns["target"]], dtype=object))
	report("target", "empty", columns["target"] == "", columns["target"])
	rating = pd.to_numeric(pd.Series(columns["rating"], dtype=object), errors="coerce").to_numpy(dtype=float)
	report("rating", "rating_wrong", ~np.isfinite(rating), columns["rating"])
	time = _times(headers["time"], columns["time"], date_format)
	report("time", "time_wrong", time == WRONG, columns["time"])
	problems = Problems(blocks)
	keep = ~np.isin(row, problems.rows)
	codes, target = np.unique(target[keep], return_inverse=True)
	return RatingsTable([targets[c] for c in codes], row[keep], target, rating[keep], time[keep]), problems


def _find_columns(cells: Cells) -> dict[str, int]:
	known = [plain(header) for header in cells.headers]
	found = {}
	for field, names in HEADERS.items():
		at = [position for position, header in enumerate(known) if header in names]
		if at:
			found[field] = at[0]
	if set(found) >= {"target", "rating", "time"}:
		return {"source": found["target"]} | found
	if not found and len(cells.headers) == len(FIELDS):
		# No header: the row that was taken for it is the first of the data.
		cells.header_row -= 1
		return dict(zip(FIELDS, range(len(FIELDS)), strict=True))
	missing = [field for field in FIELDS if field not in found]
	raise Unreadable(
		"columns_missing",
		missing=", ".join(missing),
		found=", ".join(cells.headers),
		example="source,target,rating,time",
	)


def _times(header: str, texts: np.ndarray, date_format: str | None) -> np.ndarray:
	seconds = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(dtype=float)
	inside = (seconds >= 0) & (seconds <= LAST_SECOND)
	if date_format is None and inside.mean() > 0.5:
		return np.where(inside, np.nan_to_num(seconds), WRONG).astype(np.int64)
	column = DateColumn(header, texts)
	if date_format is None:
		settle_order([column])
	days, _ = column.days(DateFormat(date_format) if date_format else None)
	return np.where(days == WRONG, WRONG, days * DAY)[column.codes]
