"""A process in a restored site: `python -m cims.operations.restored ANSWER`, with what is asked as JSON on its input.

Checks of what was restored are the functions of the hook `cims_restore_checks`: f(restored) -> Finding, or a list of them,
called in the order of the hooks while connected to the restored site. The session can't write: a check only looks.
"""

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import frappe
from frappe import _

PASSED, WARNING, FAILED = "Passed", "Warning", "Failed"


@dataclass(frozen=True)
class Finding:
	"""What a check has found. check: its name in words. said: a sentence, with figures."""

	check: str
	outcome: str
	said: str


@dataclass(frozen=True)
class Restored:
	"""What a check is told. site: the one whose backup was restored. drill: the record's name, another one each time.
	tars: paths of the backup's files, public and private, in the clear; none where only the database was saved."""

	site: str
	drill: str
	tars: list[str] = field(default_factory=list)


def restore(source: str) -> dict:
	"""Read a dump into the empty database of this site, by Frappe's own way of restoring."""
	from frappe.database import bootstrap_database

	try:
		bootstrap_database(frappe.conf.db_name, verbose=False, source_sql=source)
	except frappe.CommandFailedError as error:
		raise RuntimeError(_last_line(error.err))
	return {}


def check(**told) -> list[dict]:
	"""Call every check. One that fails itself is a finding like any other."""
	frappe.connect()
	frappe.db.sql("SET SESSION TRANSACTION READ ONLY")
	restored = Restored(**told)
	found = []
	for path in frappe.get_hooks("cims_restore_checks"):
		frappe.db.rollback()
		try:
			findings = frappe.get_attr(path)(restored)
		except Exception as error:
			said = _("The check itself failed: {0}").format(_last_line(str(error)) or type(error).__name__)
			findings = Finding(path.rpartition(".")[2], FAILED, said)
		found += findings if isinstance(findings, list) else [findings]
	frappe.cache.delete_keys("")
	return [asdict(finding) for finding in found]


def _last_line(text: str) -> str:
	lines = [line for line in frappe.utils.strip_html(text or "").strip().splitlines() if line.strip()]
	return lines[-1] if lines else ""


def main() -> None:
	request = json.load(sys.stdin)
	frappe.init(site=request["site"], sites_path=request["sites"])
	frappe.local.lang = request["language"]
	try:
		found = {"answer": {"restore": restore, "check": check}[request["do"]](**request["asked"])}
	except Exception as error:
		found = {"error": _last_line(str(error)) or type(error).__name__}
	finally:
		frappe.destroy()
	path = Path(sys.argv[1])
	path.touch(mode=0o600)
	path.write_text(json.dumps(found))


if __name__ == "__main__":
	main()
