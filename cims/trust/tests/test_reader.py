"""Files of receivables: what is understood, and what is refused with row, column and advice."""

import csv
import zipfile
from datetime import date, datetime

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cims.trust.calendar import NEVER, to_date, to_day
from cims.trust.files.headers import HEADERS, REQUIRED, find_columns, plain
from cims.trust.files.opening import open_cells
from cims.trust.files.receivables import Table, read
from cims.trust.problems import TEXTS, Problems, Unreadable, message, text
from cims.trust.tests.strategies import CALENDAR

HEADER = "customer,invoice,invoice_date,due_date,amount,settled_date,disputed"
GOOD = "Acme,1,2024-01-05,2024-02-04,1200.50,2024-02-10,No"
TODAY = date(2025, 1, 1)


@pytest.fixture
def file(tmp_path):
	"""A function: rows (or bytes) -> the path of a file with the usual header."""

	def make(
		*rows: str, header: str = HEADER, name: str = "file.csv", encoding: str = "utf-8", raw: bytes = b""
	) -> str:
		path = tmp_path / name
		path.write_bytes(raw or "\n".join((header, *rows, "")).encode(encoding))
		return str(path)

	return make


def good(path: str, **options) -> Table:
	"""The table of a file without problems."""
	table, problems = read(path, today=TODAY, **options)
	assert [text(problem) for problem in problems] == []
	return table


def problems_of(path: str, **options) -> list[tuple]:
	"""(row, column, code) of every problem of a file."""
	_, problems = read(path, today=TODAY, **options)
	return [(problem.row, problem.column, problem.code) for problem in problems]


def refusal(path: str, **options) -> tuple[str, str]:
	"""(code, sentence) of what makes a file unreadable."""
	with pytest.raises(Unreadable) as caught:
		read(path, today=TODAY, **options)
	return caught.value.problem.code, str(caught.value)


def day(text_: str) -> int:
	return to_day(date.fromisoformat(text_))


# What is understood.


def test_a_plain_file(file):
	table = good(file(GOOD, "Bär & Co,7,2024-01-06,2024-01-20,80,,yes"))
	assert table.customers == ["Acme", "Bär & Co"]
	assert table.invoice.tolist() == ["1", "7"] and table.row.tolist() == [2, 3]
	assert table.invoiced.tolist() == [day("2024-01-05"), day("2024-01-06")]
	assert table.settled.tolist() == [day("2024-02-10"), NEVER]
	assert table.amount.tolist() == [1200.5, 80] and table.disputed.tolist() == [False, True]
	assert to_date(table.last_day).isoformat() == "2024-02-10"
	assert len(table.receivables(CALENDAR)) == 2


def test_the_public_ibm_file(data_file):
	table = good(data_file("ibm_accounts_receivable.csv"))
	assert (len(table), len(table.customers)) == (2466, 100)
	assert table.disputed.mean() == pytest.approx(0.227, abs=0.001)
	assert (table.settled - table.due >= 1).mean() == pytest.approx(0.356, abs=0.001)


@pytest.mark.parametrize(
	"header",
	[
		"customerID;invoiceNumber;InvoiceDate;DueDate;InvoiceAmount;SettledDate;Disputed",
		"Customer Name;Invoice No.;Invoice Date;Due Date;Grand Total;Payment Date;Dispute",
		"客户名称;发票号码;开票日期;到期日;金额（元）;结清日期;是否争议",
		"客户;单据编号;单据日期;付款到期日;价税合计;收款日期;争议",
		"name_customer;invoice_id;posting_date;due_in_date;total_open_amount;clear_date;disputed",
	],
)
def test_headers_are_recognised(file, header):
	assert len(good(file(GOOD.replace(",", ";"), header=header))) == 1


def test_a_known_header_has_one_meaning():
	known = [name for names in HEADERS.values() for name in names]
	assert len(known) == len(set(known)) and all(plain(name) == name for name in known)
	assert set(REQUIRED) < set(HEADERS)


def test_other_headers_can_be_mapped(file):
	header = "Who,No,Day,Until,How much,Done,customer"
	mapping = {
		"customer": "Who", "invoice": "No", "invoice_date": "Day", "due_date": "until", "amount": "How much",
		"settled_date": "Done",
	}  # fmt: skip
	assert good(file(GOOD, header=header), mapping=mapping).customers == ["Acme"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(file, encoding):
	path = file(
		"上海晨光贸易有限公司,发-1,2024-01-05,2024-02-04,1200.50,,否",
		header="客户,发票号,开票日期,到期日,金额,结清日期,争议",
		encoding=encoding,
	)
	assert good(path).customers == ["上海晨光贸易有限公司"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(file, delimiter):
	assert len(good(file(GOOD.replace(",", delimiter), header=HEADER.replace(",", delimiter)))) == 1


def test_quotes_blank_rows_and_a_late_header(file):
	rows = ["", ",,,,,,", '"Acme, Inc.","1","2024-01-05","2024-02-04","1,200.50","2024-02-10","No"', "", GOOD]
	table = good(file(*rows, header="\n" + HEADER))
	assert table.customers == ["Acme, Inc.", "Acme"] and table.row.tolist() == [5, 7]


def test_a_delimiter_hint_of_a_spreadsheet(file):
	assert len(good(file(HEADER.replace(",", ";"), GOOD.replace(",", ";"), header="sep=;"))) == 1


@pytest.mark.parametrize(
	"dates",
	[
		("2024-01-05", "2024-02-04"),
		("2024/1/5", "2024/02/04"),
		("2024.1.5", "2024.2.4"),
		("20240105", "20240204"),
		("2024年1月5日", "2024年02月04日"),
		("2024-01-05 13:45:10", "2024-02-04T00:00:00Z"),
		("5.1.2024", "04.02.2024"),
		("5-Jan-2024", "4 February 2024"),
		("Jan 5, 2024", "Feb 4, 2024"),
		("45296", "45326"),
		("２０２４-０１-０５", "2024-02-04"),
	],
)
def test_forms_of_dates(file, dates):
	table = good(file(f'Acme,1,"{dates[0]}","{dates[1]}",1200.50,,No'))
	assert (table.invoiced[0], table.due[0]) == (day("2024-01-05"), day("2024-02-04"))


@pytest.mark.parametrize(
	"sure, unsure, found",
	[("13/01/2024", "05/02/2024", "2024-02-05"), ("01/13/2024", "05/02/2024", "2024-05-02")],
)
def test_one_clear_date_decides_the_order_for_the_whole_file(file, sure, unsure, found):
	table = good(file(f"Acme,1,{sure},{unsure},1200.50,,No"))
	assert table.invoiced[0] == day("2024-01-13") and table.due[0] == day(found)


@pytest.mark.parametrize(
	"form, text_",
	[
		("D/M/YYYY", "05/01/2024"), ("m/d/yyyy", "01/05/2024"), ("DD.MM.YY", "05.01.24"), ("D MMM YYYY", "5 Jan 2024"),
		("%d|%m|%Y", "05|01|2024"), ("YYYYMMDD", "20240105"), ("M/D/Y", "1/5/2024"),
	],
)  # fmt: skip
def test_a_date_format_can_be_given(file, form, text_):
	table = good(file(f"Acme,1,{text_},{text_},1200.50,,No"), date_format=form)
	assert table.invoiced[0] == day("2024-01-05")


@pytest.mark.parametrize(
	"text_, amount",
	[
		("1200.50", 1200.5), ('"1,200.50"', 1200.5), ("1200", 1200), ("¥1200.50", 1200.5), ("￥１，２００．５０", 1200.5),
		("CNY 1200.50", 1200.5), ("1200.50元", 1200.5), ("1200.50 RMB", 1200.5), ('"$1,200.50"', 1200.5), ("€ 1200.50", 1200.5),
		("1 200.50", 1200.5), ("1'200.50", 1200.5), ('"12,34,567.50"', 1234567.5), ("1.2E+3", 1200), ("+5.25", 5.25),
		('"1.200,50"', 1200.5), ('"1200,5"', 1200.5), ('"1.234.567"', 1234567), ('"1,234,567"', 1234567),
	],
)  # fmt: skip
def test_forms_of_amounts(file, text_, amount):
	assert good(file(GOOD.replace("1200.50", text_))).amount[0] == pytest.approx(amount)


def test_a_decimal_comma_is_found_in_the_whole_column(file):
	rows = [
		f'Acme,{at},2024-01-05,2024-02-04,"{text_}",,No'
		for at, text_ in enumerate(("1.234", "99,5", "1.234,56"))
	]
	assert good(file(*rows)).amount.tolist() == [1234, 99.5, 1234.56]


@pytest.mark.parametrize("word", ["", "-", "NULL", "n/a", "open", "未付", "未结清", "0000-00-00"])
def test_words_for_what_is_still_open(file, word):
	assert good(file(GOOD.replace("2024-02-10", word))).settled[0] == NEVER


@pytest.mark.parametrize(
	"word, disputed",
	[("Yes", True), ("是", True), ("TRUE", True), ("1", True), ("no", False), ("", False), ("否", False)],
)
def test_words_for_disputes(file, word, disputed):
	assert good(file(GOOD.replace("No", word))).disputed[0] == disputed


def test_disputed_may_be_missing(file):
	assert not good(file(GOOD.rpartition(",")[0], header=HEADER.rpartition(",")[0])).disputed[0]


def workbook(path, *rows, title="Receivables"):
	book = openpyxl.Workbook()
	book.active.title = title
	for row in rows:
		book.active.append(row)
	book.save(path)
	return str(path)


def test_a_workbook(tmp_path):
	rows = [HEADER.split(","), ["Acme", 1001, datetime(2024, 1, 5), date(2024, 2, 4), 1200.5, None, True]]
	rows.append(["Acme", "1002", "2024-01-06", "2024-02-05", "¥80", datetime(2024, 2, 5), "No"])
	path = workbook(tmp_path / "file.xlsx", *rows)
	table = good(path, sheet="Receivables")
	assert table.invoice.tolist() == ["1001", "1002"] and table.amount.tolist() == [1200.5, 80]
	assert table.settled.tolist() == [NEVER, day("2024-02-05")] and table.disputed.tolist() == [True, False]
	code, sentence = refusal(path, sheet="Other")
	assert code == "no_sheet" and "Receivables" in sentence


def test_customers_are_the_same_whatever_the_spaces_around_them(file):
	assert good(file(GOOD, GOOD.replace("Acme,1", " Acme ,2"))).customers == ["Acme"]


# What is refused as a whole.


@pytest.mark.parametrize(
	"raw, code, says",
	[
		(b"%PDF-1.7\n...", "other_format", "PDF"),
		(b"\x89PNG\r\n\x1a\n....", "other_format", "PNG"),
		(b"\xff\xd8\xff\xe0....", "other_format", "JPEG"),
		(b"\x1f\x8b\x08....", "other_format", "GZIP"),
		(b"<!DOCTYPE html><table>", "other_format", "web page"),
		(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "excel_locked", ".xls"),
		(b"customer,invoice\nA\0B,1\n", "binary", "Row 2"),
		(b"\n \n,,\n", "no_header", "no row"),
		(HEADER.encode(), "no_rows", "no rows"),
		((HEADER + "\n\n,,,,,,\n").encode(), "no_rows", "no rows"),
		((HEADER + "\n" + GOOD + '\n"Acme,2,2024-01-05\n').encode(), "quote_open", "row 3"),
	],
)
def test_what_is_no_csv(file, raw, code, says):
	found, sentence = refusal(file(raw=raw))
	assert found == code and says in sentence


def test_an_empty_file(tmp_path):
	(tmp_path / "empty.csv").touch()
	assert refusal(str(tmp_path / "empty.csv"))[0] == "no_bytes"


def test_no_file_at_all(tmp_path):
	assert refusal(str(tmp_path / "none.csv"))[0] == "not_found"
	assert refusal(str(tmp_path))[0] == "not_readable"


def test_archives_and_workbooks_by_other_names(tmp_path):
	archive = tmp_path / "zip.csv"
	with zipfile.ZipFile(archive, "w") as out:
		out.writestr("file.csv", HEADER)
	assert refusal(str(archive))[0] == "other_format"
	workbook(tmp_path / "book.xlsx", ["a"])
	renamed = (tmp_path / "book.xlsx").rename(tmp_path / "book.csv")
	assert refusal(str(renamed))[0] == "excel_named_otherwise"
	broken = tmp_path / "broken.xlsx"
	with zipfile.ZipFile(broken, "w") as out:
		out.writestr("xl/workbook.xml", "<workbook")
	assert refusal(str(broken))[0] == "excel_broken"
	(tmp_path / "text.xlsx").write_text("no workbook", encoding="utf-8")
	assert refusal(str(tmp_path / "text.xlsx"))[0] in ("columns_missing", "excel_broken")


def test_an_empty_workbook(tmp_path):
	assert refusal(workbook(tmp_path / "file.xlsx"))[0] == "no_header"
	assert refusal(workbook(tmp_path / "file.xlsx", HEADER.split(",")))[0] == "no_rows"


def test_mixed_encodings_name_the_row(file):
	lines = [f"客户{at},{at},2024-01-05,2024-02-04,10,,No".encode() for at in range(4)]
	lines[2] = "上海晨光贸易,9,2024-01-05,2024-02-04,10,,No".encode("gb18030")
	code, sentence = refusal(file(raw=b"\n".join([HEADER.encode(), *lines])))
	assert code == "encoding_mixed" and "Row 4 is GB18030" in sentence
	lines = [line.decode("utf-8", "ignore").encode("gb18030") for line in lines]
	lines[1] = "北京华远机电".encode() + b",1,2024-01-05,2024-02-04,10,,No"
	code, sentence = refusal(file(raw=b"\n".join([HEADER.encode(), *lines])))
	assert code == "encoding_mixed" and "Row 3 is UTF-8" in sentence


@pytest.mark.parametrize("name", ["Müller", "Café des Amis", "Søren Ærø", "Zürich Hüte Größe"])
def test_old_western_encodings_are_not_taken_for_chinese(file, name):
	code, sentence = refusal(file(GOOD.replace("Acme", name), encoding="latin-1"))
	assert code == "encoding_unknown" and "Row 2" in sentence


def test_missing_columns_name_the_headers_and_the_way_out(file):
	code, sentence = refusal(
		file(GOOD, header=HEADER.replace("due_date", "until").replace("amount", "how much"))
	)
	assert code == "columns_missing"
	assert "due_date, amount" in sentence and "until, how much" in sentence
	assert "--map due_date=HEADER,amount=HEADER" in sentence


@pytest.mark.parametrize(
	"mapping, code", [({"customer": "nobody"}, "map_header"), ({"client": "customer"}, "map_field")]
)
def test_a_wrong_mapping_is_refused(file, mapping, code):
	assert refusal(file(GOOD), mapping=mapping)[0] == code


def test_two_columns_of_one_name_are_refused():
	with pytest.raises(Unreadable, match="stands twice"):
		find_columns(["customer", "Customer", *REQUIRED[1:]], {})


def test_dates_that_can_be_read_in_two_ways_are_refused(file):
	code, sentence = refusal(file("Acme,1,01/02/2024,03/04/2024,1200.50,,No"))
	assert code == "date_order" and "D/M/YYYY or M/D/YYYY" in sentence
	rows = ["Acme,1,01/13/2024,03/04/2024,1200.50,,No", "Acme,2,13/01/2024,03/04/2024,1200.50,,No"]
	assert refusal(file(*rows))[0] == "date_order_mixed"
	assert refusal(file("Acme,1,13/02/24,15/04/24,1200.50,,No"))[0] == "date_two_digits"
	assert refusal(file(GOOD), date_format="first the day")[0] == "date_format"
	assert refusal(file(GOOD), date_format="%Y")[0] == "date_format"


def test_amounts_that_can_be_read_in_two_ways_are_refused(file):
	rows = ["Acme,1,2024-01-05,2024-02-04,1.250,,No", "Acme,2,2024-01-05,2024-02-04,3.500,,No"]
	code, _ = refusal(file(*rows))
	assert code == "decimal_unclear"
	assert good(file(*rows), decimal=",").amount.tolist() == [1250, 3500]
	assert good(file(*rows), decimal=".").amount.tolist() == [1.25, 3.5]


# What is wrong with one row.

FILLER = [f"Filler,{at},2024-01-05,2024-02-04,1200.50,2024-02-10,No" for at in range(5)]


@pytest.mark.parametrize(
	"old, new, column, code",
	[
		("Acme", "", "customer", "empty"),
		("Acme", "  ", "customer", "empty"),
		(",1,", ",,", "invoice", "empty"),
		("2024-01-05", "", "invoice_date", "empty"),
		("2024-02-04", "", "due_date", "empty"),
		("1200.50", "", "amount", "empty"),
		("2024-01-05", "2024-02-30", "invoice_date", "date_wrong"),
		("2024-01-05", "05/01/2024", "invoice_date", "date_wrong"),
		("2024-01-05", "soon", "invoice_date", "date_wrong"),
		("2024-02-04", "2024-13-04", "due_date", "date_wrong"),
		("2024-02-10", "tomorrow", "settled_date", "date_wrong"),
		("2024-02-04", "3024-02-04", "due_date", "date_far"),
		("2024-02-04", "1924-02-04", "due_date", "date_far"),
		("2024-02-10", "2025-01-02", "settled_date", "date_future"),
		("2024-02-10", "2024-01-04", "settled_date", "settled_early"),
		("2024-02-04", "2024-01-04", "due_date", "due_early"),
		("1200.50", "lots", "amount", "amount_wrong"),
		("1200.50", "12 00", "amount", "amount_wrong"),
		("1200.50", '"12,50"', "amount", "amount_wrong"),
		("1200.50", "nan", "amount", "amount_wrong"),
		("1200.50", "inf", "amount", "amount_wrong"),
		("1200.50", "1.2万", "amount", "amount_wrong"),
		("1200.50", "0", "amount", "amount_zero"),
		("1200.50", "-1200.50", "amount", "amount_negative"),
		("1200.50", "(1200.50)", "amount", "amount_negative"),
		("1200.50", "1200.50-", "amount", "amount_negative"),
		("1200.50", "−¥1200.50", "amount", "amount_negative"),
		("No", "perhaps", "disputed", "disputed_wrong"),
		("No", "No,and more", None, "too_many_cells"),
	],
)
def test_problems_of_a_row(file, old, new, column, code):
	path = file(*FILLER, GOOD.replace(old, new))
	assert problems_of(path) == [(7, column, code)]
	table, problems = read(path, today=TODAY)
	assert len(table) == 5 and table.customers == ["Filler"]
	(problem,) = problems
	assert text(problem).startswith("Row 7") and "{" not in text(problem)
	assert problem.to_dict()["code"] == code


def test_a_row_may_have_several_problems(file):
	path = file(*FILLER, "Acme,1,2024-01-05,soon,-5,2023-01-01,No")
	assert {code for _, _, code in problems_of(path)} == {"date_wrong", "amount_negative", "settled_early"}


def test_duplicates_name_the_first(file):
	path = file(GOOD, "Other,1,2024-01-05,2024-02-04,5,,No", GOOD, GOOD)
	_, problems = read(path, today=TODAY)
	assert [(one.row, one.code, one.figures["first"]) for one in problems] == [
		(4, "duplicate", 2),
		(5, "duplicate", 2),
	]
	assert "row 2" in text(next(iter(problems)))


def test_several_currencies_in_one_column(file):
	rows = [
		GOOD.replace("Acme,1,", f"Acme,{at},").replace("1200.50", f"{sign}1200.50")
		for at, sign in enumerate("¥¥¥$¥")
	]
	assert problems_of(file(*rows)) == [(5, "amount", "amount_currency")]


def test_rows_are_counted_as_a_spreadsheet_counts_them(file):
	rows = [
		GOOD.replace("Acme", '"Acme\nInc."'),
		"",
		GOOD.replace("Acme,1", "Acme,2").replace("1200.50", "x"),
	]
	assert problems_of(file(*rows)) == [(4, "amount", "amount_wrong")]


def test_a_row_that_breaks_off(file):
	assert problems_of(file(*FILLER, "Acme,1,2024-01-05")) == [
		(7, "due_date", "empty"),
		(7, "amount", "empty"),
	]


def test_problems_keep_their_order_and_their_number():
	assert len(Problems()) == 0 and list(Problems()) == [] and Problems().rows.tolist() == []


@pytest.mark.parametrize("rows", [3, 300])
def test_every_problem_of_a_bad_file_is_found(file, rows):
	path = file(*(GOOD.replace("Acme,1", f"Acme,{at}").replace("1200.50", "x") for at in range(rows)))
	table, problems = read(path, today=TODAY)
	assert len(table) == 0 and len(problems) == rows
	assert problems.rows.tolist() == list(range(2, rows + 2))


def test_every_problem_has_a_sentence():
	class Anything(dict):
		def __missing__(self, name):
			return "x"

	for template in TEXTS.values():
		assert template.format_map(Anything())
		assert template.endswith(".") or template.endswith("}") or "{" in template


cell = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8) | st.sampled_from(
	["2024-01-05", "1,5", "1.5", "-3", "Yes", "=1+1", '"', ";", "01/02/2024", "¥5", "（5）", "2024年1月5日"]
)


@given(st.lists(st.lists(cell, min_size=7, max_size=8), min_size=1, max_size=6))
def test_nothing_that_a_cell_holds_makes_the_reader_fall_over(tmp_path_factory, rows):
	"""Whatever the cells: a table, problems with sentences, or a refusal."""
	path = tmp_path_factory.mktemp("any") / "file.csv"
	with path.open("w", encoding="utf-8", newline="") as out:
		csv.writer(out).writerows([HEADER.split(","), *rows])
	try:
		table, problems = read(str(path), today=TODAY)
	except Unreadable as error:
		assert str(error)
		return
	said = [text(problem) for problem in problems]
	assert len(table) + len(problems.rows) <= len(rows) and all(said)
	assert np.isfinite(table.amount).all() and (table.amount > 0).all()
	assert (table.due >= table.invoiced).all() and (table.settled >= table.invoiced).all()


def test_cells_tell_where_rows_are(file):
	cells = open_cells(file(*FILLER))
	assert cells.headers == HEADER.split(",") and cells.header_row == 1
	assert [number for number, _ in cells.rows(np.array([3, 5]))] == [3, 5]
	assert message(Unreadable("no_bytes").problem).startswith("The file is empty")
