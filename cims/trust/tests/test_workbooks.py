"""Texts of workbooks, kept outside of memory."""

import io

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.reader.strings import read_string_table
from openpyxl.xml.constants import SHEET_MAIN_NS

from cims.trust.files.workbook_cells import WorkbookCells
from cims.trust.files.workbooks import SharedStrings

ITEMS = st.one_of(
	st.sampled_from(["<si><t/></si>", "<si><t>深圳 ,&amp; _x005F_x</t></si>", '<si><t xml:space="preserve"> a\n</t></si>']),
	st.just("<si><r><t>Two</t></r><r><rPr><b/></rPr><t> parts</t></r></si>"),
	st.just('<si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si>'),
)  # fmt: skip


@given(st.lists(ITEMS))
def test_they_are_those_that_openpyxl_reads(items):
	table = f'<sst xmlns="{SHEET_MAIN_NS}">{"".join(items)}</sst>'.encode()
	strings = SharedStrings(io.BytesIO(table))
	assert [strings[at] for at in range(len(strings))] == read_string_table(io.BytesIO(table))
	with pytest.raises(IndexError):
		strings[len(items)]


def test_a_workbook_of_texts_and_numbers(tmp_path):
	book = openpyxl.Workbook()
	rich = CellRichText("深圳", TextBlock(InlineFont(b=True), "有限公司"))
	for row in (["Code", "Name"], ["A", rich], [2, "Lakeside"], ["A", None]):
		book.active.append(row)
	book.save(tmp_path / "file.xlsx")
	cells = WorkbookCells(tmp_path / "file.xlsx", None)
	assert cells.headers == ["Code", "Name"]
	for _time in range(2):
		assert [*cells.records()][1:] == [["A", "深圳有限公司"], ["2", "Lakeside"], ["A"]]
