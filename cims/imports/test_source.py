"""Files read as a stream, without a site."""

import pytest

from cims.imports.source import Source
from cims.trust.problems import Unreadable


def chunks_of(tmp_path, content: str, size: int = 2):
	path = tmp_path / "file.csv"
	path.write_text(content, newline="")
	return list(Source(path).chunks(size))


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n", "\n,\n"])
def test_the_last_row_comes_whatever_ends_the_file(tmp_path, end):
	(chunk,) = chunks_of(tmp_path, f'A,B\n1,2\n3,"4"{end}')
	assert (chunk.numbers, chunk.rows) == ([2, 3], [["1", "2"], ["3", "4"]])


def test_blank_rows_are_passed_over_and_counted(tmp_path):
	first, second = chunks_of(tmp_path, "A,B\n1,2\n\n  , \n5\n6,7,8\n", 3)
	assert (first.numbers, second.numbers) == ([2], [5, 6])
	assert (second.rows, second.beyond) == ([["5", ""], ["6", "7"]], {1: "8"})


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_quotation_mark_that_is_never_closed(tmp_path, end):
	with pytest.raises(Unreadable) as refused:
		chunks_of(tmp_path, f'A,B\n1,2\n3,"4\n5,6{end}')
	assert (refused.value.problem.code, refused.value.problem.row) == ("quote_open", 3)
