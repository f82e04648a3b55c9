"""What is read out of a dump, in both forms in which programs write one."""

from cims.operations import dumps
from cims.operations.dump_check import compared
from cims.operations.restored import FAILED, PASSED, WARNING

HEAD = b"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB\n"
EMPTY = b"CREATE TABLE `tabNone` (\n"
END = b"-- Dump completed on 2026-11-24 16:48:02\n"
ROWS = [
	b"(1,'plain',NULL)",
	rb"(2,'a ),( b \' c',1.5)",
	rb"(3,'two '' quotes; \\',_binary '\0\n(')",
	b"(4,'',-3)",
]


def a_row_a_line(rows=ROWS) -> list[bytes]:
	return [
		HEAD,
		b"INSERT INTO `tabOne` VALUES\n",
		*(row + b",\n" for row in rows[:-1]),
		rows[-1] + b";\n",
		END,
	]


def all_on_one_line(rows=ROWS) -> list[bytes]:
	return [HEAD, b"INSERT INTO `tabOne` (`a`, `b`, `c`) VALUES " + b",".join(rows) + b";\n", END]


def outcomes(one: dumps.Dump, other: dumps.Dump) -> list[str]:
	return [finding.outcome for finding in compared(one, other)]


def test_both_forms_have_the_same_tally():
	one, other = dumps.read(a_row_a_line()), dumps.read(all_on_one_line())
	assert one.tables == other.tables
	assert one.rows == 4 and one.complete and one.program == HEAD[3:-1].decode()


def test_the_order_of_rows_is_nothing():
	assert outcomes(dumps.read(a_row_a_line()), dumps.read(a_row_a_line(ROWS[::-1]))) == [PASSED, PASSED]


def test_a_missing_row_is_named_with_its_table():
	(finding,) = compared(dumps.read(a_row_a_line()), dumps.read(a_row_a_line(ROWS[1:])))
	assert finding.outcome == FAILED and "tabOne (4 → 3)" in finding.said


def test_a_missing_table_is_named():
	(finding,) = compared(dumps.read(a_row_a_line()), dumps.read([HEAD, END]))
	assert finding.outcome == FAILED and "tabOne (4 → 0)" in finding.said


def test_an_empty_table_is_missed_as_well():
	(finding,) = compared(dumps.read([HEAD, EMPTY, END]), dumps.read([HEAD, END]))
	assert finding.outcome == FAILED and "tabNone" in finding.said
	assert outcomes(dumps.read([HEAD, EMPTY, END]), dumps.read([HEAD, EMPTY, END])) == [PASSED, PASSED]


def test_one_changed_byte_is_found():
	changed = [row.replace(b"plain", b"Plain") for row in ROWS]
	assert outcomes(dumps.read(a_row_a_line()), dumps.read(a_row_a_line(changed))) == [PASSED, FAILED]


def test_texts_of_different_programs_are_not_compared():
	other = dumps.read([b"-- MariaDB dump 10.19  Distrib 11.4.2-MariaDB\n", *a_row_a_line()[1:]])
	assert outcomes(dumps.read(a_row_a_line()), other) == [PASSED, WARNING]


def test_a_dump_that_was_cut_off():
	assert not dumps.read(a_row_a_line()[:-1]).complete
