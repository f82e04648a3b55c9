"""Files of ratings: source, target, rating, time."""

import numpy as np
import pytest

from cims.trust.calendar import to_date
from cims.trust.files.ratings import read_ratings
from cims.trust.problems import Unreadable


def write(path, *rows) -> str:
	path.write_text("\n".join((*rows, "")), encoding="utf-8")
	return str(path)


@pytest.mark.parametrize(
	"rows",
	[
		("source,target,rating,time", "a,b,5,1289241912", "c,b,-10,1289328312"),
		("a,b,5,1289241912.7", "c,b,-10,1289328312"),
		("Rater;Ratee;Score;Date", "a;b;5;2010-11-08", "c;b;-10;2010-11-09"),
		("评价人,被评价人,评分,时间", "a,b,5,2010/11/8", "c,b,-10,2010/11/9"),
	],
)
def test_what_is_understood(tmp_path, rows):
	table, problems = read_ratings(write(tmp_path / "ratings.csv", *rows))
	assert len(problems) == 0 and len(table) == 2
	assert table.targets == ["b"] and table.rating.tolist() == [5, -10]
	assert [to_date(when // 86_400).isoformat() for when in table.time] == ["2010-11-08", "2010-11-09"]


def test_the_public_file(data_file):
	table, problems = read_ratings(data_file("bitcoin_otc_ratings.csv"))
	assert (len(table), len(table.targets), len(problems)) == (35_592, 5_858, 0)
	assert np.abs(table.rating).max() == 10


def test_problems_of_a_row(tmp_path):
	rows = [
		"a,b,5,1289241912",
		"a,b,many,1289241912",
		"a,,5,1289241912",
		"a,b,5,then",
		"a,b,5,-3",
		"a,b,5,1289241912,x",
	]
	table, problems = read_ratings(write(tmp_path / "ratings.csv", "source,target,rating,time", *rows))
	assert [(one.row, one.code) for one in problems] == [
		(3, "rating_wrong"), (4, "empty"), (5, "time_wrong"), (6, "time_wrong"), (7, "too_many_cells")
	]  # fmt: skip
	assert len(table) == 1


def test_other_files_are_refused_with_what_is_missing(tmp_path):
	with pytest.raises(Unreadable, match="Columns are missing: rating"):
		read_ratings(write(tmp_path / "ratings.csv", "source,target,when,time", "a,b,5,3"))
	with pytest.raises(Unreadable, match="no rows"):
		read_ratings(write(tmp_path / "ratings.csv", "source,target,rating,time", ",,,"))
