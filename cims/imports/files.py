"""The file of an import: kept private with its document, copied as a stream however large it is."""

import hashlib
import io
import shutil
from pathlib import Path
from typing import BinaryIO

import frappe
from frappe import _
from frappe.core.api.file import get_max_file_size
from frappe.core.doctype.file.exceptions import MaxFileSizeReachedError
from frappe.core.doctype.file.file import File
from frappe.core.doctype.file.utils import find_file_by_url, generate_file_name
from frappe.model.document import Document
from frappe.utils import get_files_path

DOCTYPE = "CIMS Import"
COPIED_AT_ONCE = 1 << 20


class StreamedFile(File):
	"""A File whose content is on disk already. Frappe's own way takes all of it into memory."""

	def before_insert(self):
		self.set_folder_name()
		self.set_file_name()
		self.validate_attachment_limit()
		self.set_file_type()
		self.validate_file_extension()
		path = Path(self.get_full_path())
		with path.open("rb") as file:
			digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
			self.content_hash, self.file_size = digest.hexdigest(), file.tell()
		self.share(path)
		self.flags.new_file = True
		frappe.db.after_rollback.add(self.on_rollback)

	def share(self, path: Path):
		"""What is there already is kept once, as Frappe keeps it; whoever deletes a File counts on that."""
		same = {"content_hash": self.content_hash, "is_private": 1, "file_url": ("!=", self.file_url)}
		for other in frappe.get_all("File", same, pluck="file_url", limit=1):
			if Path(get_files_path(Path(other).name, is_private=True)).exists():
				path.unlink()
				self.file_url = other


def path_of(doc) -> Path:
	"""Where the file of an import lies."""
	if not doc.file:
		frappe.throw(_("Attach the file to import first."))
	file = find_file_by_url(doc.file)
	if not file:
		frappe.throw(
			_("The file {0} isn't there, or isn't yours to read. Attach it again.").format(doc.file),
			frappe.PermissionError,
		)
	if file.is_remote_file:
		frappe.throw(_("Attach the file itself, not a link to it."))
	return Path(file.get_full_path())


def attach(
	name: str | None, filename: str, content: bytes | BinaryIO | None, most: int | None = None
) -> Document:
	"""Keep a file, private, with its import if that is there already. Returns the File document.

	most: the most bytes that it may have; None: as many as the site takes from a browser. Raises ValidationError for an empty
	one.
	"""
	stream = io.BytesIO(content or b"") if not hasattr(content, "read") else content
	filename = Path(filename or "").name or "file.csv"
	path = Path(get_files_path(generate_file_name(filename, is_private=True), is_private=True))
	try:
		with path.open("xb") as file:
			shutil.copyfileobj(stream, file, COPIED_AT_ONCE)
			size = file.tell()
		if not size:
			frappe.throw(_("The file {0} is empty: it has 0 bytes. Export it again.").format(filename))
		_check_size(size, get_max_file_size() if most is None else most)
		return describe(path, name, "file")
	except BaseException:
		path.unlink(missing_ok=True)
		raise


def _check_size(size: int, most: int) -> None:
	if size > most:
		frappe.throw(
			_("File size exceeded the maximum allowed size of {0} MB").format(most / 1048576),
			MaxFileSizeReachedError,
		)


def describe(path: Path, name: str | None, field: str, ignore_permissions: bool = False) -> Document:
	"""The File document of a file that lies among the private ones, belonging to a field of an import."""
	file = StreamedFile(
		{
			"doctype": "File",
			"file_name": path.name,
			"file_url": f"/private/files/{path.name}",
			"attached_to_doctype": DOCTYPE if name else None,
			"attached_to_name": name,
			"attached_to_field": field if name else None,
			"is_private": 1,
		}
	)
	return file.insert(ignore_permissions=ignore_permissions)
