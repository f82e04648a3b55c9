"""Pages of the desk that only sites with ERPNext have: reports on its documents, and a workspace that leads to them.

They are no files of the module, which every site would get; here is what they are, brought with ERPNext and taken away with it.
"""

import json
from pathlib import Path

import frappe
from frappe.modules.import_file import import_file_by_path

# In the order in which they need each other.
FILES = ("receivables_by_grade", "selling_by_grade", "trust_in_selling")


def bring() -> None:
	"""Make the pages, or bring them up to date."""
	for file in _files():
		import_file_by_path(str(file), force=True, ignore_version=True)


def take_away() -> None:
	"""Remove the pages, and what people saved of them."""
	for file in reversed(_files()):
		page = json.loads(file.read_text(encoding="utf-8"))
		if page["doctype"] == "Report":
			frappe.db.delete("Custom Role", {"report": page["name"]})
		# A standard report refuses to be deleted while it is asked; Frappe's own uninstalling doesn't ask either.
		frappe.delete_doc(
			page["doctype"],
			page["name"],
			ignore_missing=True,
			ignore_permissions=True,
			ignore_on_trash=True,
			force=True,
			delete_permanently=True,
		)


def _files() -> list[Path]:
	return [Path(__file__).with_name(f"{name}.json") for name in FILES]
