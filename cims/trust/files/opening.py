"""Which kind of file it is, by its first bytes: CSV and XLSX are read, everything else is refused by its name."""

import re
import zipfile
from pathlib import Path

from cims.trust.files.cells import Cells
from cims.trust.files.csv_cells import CsvCells
from cims.trust.files.workbook_cells import WorkbookCells
from cims.trust.problems import Unreadable

# First bytes of formats that people export or rename by mistake.
MAGIC = (
	(b"%PDF", "a PDF document"),
	(b"\x89PNG", "a PNG picture"),
	(b"\xff\xd8\xff", "a JPEG picture"),
	(b"GIF8", "a GIF picture"),
	(b"PK\x05\x06", "an empty ZIP archive"),
	(b"PK\x03\x04", "a ZIP archive"),
	(b"\x1f\x8b", "a GZIP archive"),
	(b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
	(b"Rar!", "a RAR archive"),
	(b"PAR1", "a Parquet file"),
	(b"SQLite format 3", "an SQLite database"),
	(b"{\\rtf", "an RTF document"),
)
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table|svg)", re.IGNORECASE)


def open_cells(path, sheet: str | None = None) -> Cells:
	"""The cells of a CSV or XLSX file. sheet: of a workbook, else its first one. Raises Unreadable."""
	path = Path(path)
	try:
		with path.open("rb") as file:
			start = file.read(4096)
	except FileNotFoundError:
		raise Unreadable("not_found", path=str(path)) from None
	except OSError as error:
		raise Unreadable("not_readable", path=str(path), why=error.strerror) from None
	if not start:
		raise Unreadable("no_bytes")
	if start.startswith(OLD_EXCEL):
		raise Unreadable("excel_locked")
	if _is_workbook(path, start):
		if path.suffix.lower() not in (".xlsx", ".xlsm"):
			raise Unreadable("excel_named_otherwise")
		return WorkbookCells(path, sheet)
	for magic, what in MAGIC:
		if start.startswith(magic):
			raise Unreadable("other_format", what=what)
	if MARKUP.match(start):
		raise Unreadable("other_format", what="a web page or XML document")
	return CsvCells(path)


def _is_workbook(path: Path, start: bytes) -> bool:
	if not start.startswith(b"PK\x03\x04"):
		return False
	try:
		with zipfile.ZipFile(path) as archive:
			return "xl/workbook.xml" in archive.namelist()
	except zipfile.BadZipFile:
		return False
