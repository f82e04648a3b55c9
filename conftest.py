"""How pytest gets a Frappe site, so that FrappeTestCase works here as it does under `bench run-tests`.

`make test` names a scratch site in CIMS_TEST_SITE and its bench in CIMS_BENCH. Without them, what needs
a site is skipped (and fails under CI=true), and the engine's own tests run wherever Python does.
"""

import json
import os
import unittest
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
SITE = os.environ.get("CIMS_TEST_SITE")
NEED_A_SITE = [
	ROOT / "cims" / folder
	for folder in ("cims", "tests/site", "tests/rest", "tests/browser", "tests/faults", "tests/erpnext")
]
WITH_ERPNEXT = ROOT / "cims" / "tests/erpnext"

# Hypothesis would put its examples into the current folder, which is the bench's sites/.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".hypothesis"))


def needs_a_site(path: Path) -> bool:
	return any(folder in path.parents for folder in NEED_A_SITE)


class ModuleWithoutSite(pytest.File):
	"""Stands in for a test module that could not even be imported without Frappe."""

	def collect(self):
		yield NotRun.from_parent(self, name="needs_a_site")


class NotRun(pytest.Item):
	def runtest(self):
		reason = "needs a site: run make test"
		if os.environ.get("CI"):
			pytest.fail(reason, pytrace=False)
		pytest.skip(reason)

	def reportinfo(self):
		return self.path, None, self.name


def pytest_pycollect_makemodule(module_path, parent):
	if needs_a_site(module_path) and not SITE:
		return ModuleWithoutSite.from_parent(parent, path=module_path)


def has_erpnext() -> bool:
	"""Whether the site has ERPNext. Asked once the session has begun."""
	if not SITE:
		return False
	from cims import erpnext

	return erpnext.installed()


def pytest_ignore_collect(collection_path):
	"""The tests of what CIMS does with ERPNext are left out where there is none; the header line says so."""
	if (collection_path == WITH_ERPNEXT or WITH_ERPNEXT in collection_path.parents) and not has_erpnext():
		return True


def pytest_report_header():
	if has_erpnext():
		return "ERPNext: on this site"
	return "ERPNext: not on this site, so cims/tests/erpnext is left out (with it: make test ERPNEXT=1)"


def pytest_sessionstart(session):
	"""What `bench run-tests --app cims` does first. Before collection: modules may ask Frappe as they load."""
	if not SITE:
		return
	import frappe

	os.chdir(Path(os.environ["CIMS_BENCH"]) / "sites")  # Frappe finds its logs and files from here
	frappe.init(site=SITE)
	if not frappe.conf.allow_tests:
		pytest.exit(f"{SITE} does not allow tests; bench --site {SITE} set-config allow_tests true", 2)
	frappe.connect()
	frappe.flags.in_test = True
	frappe.clear_cache()
	for hook in frappe.get_hooks("before_tests", app_name="cims"):
		frappe.get_attr(hook)()
	leave_out_records_of_others()
	frappe.db.commit()


def leave_out_records_of_others():
	"""Frappe makes test records of whatever a DocType links to. Those of other apps, which count as made here, are companies
	with books of their own, and their own tests' matter."""
	import frappe

	modules = frappe.get_all("Module Def", {"app_name": ("not in", ("frappe", "cims"))}, pluck="name")
	others = frappe.get_all("DocType", {"module": ("in", modules or [""])}, pluck="name")
	frappe.local.test_objects.update({name: [] for name in others})


def pytest_sessionfinish(session):
	if SITE:
		import frappe

		if frappe.db:
			frappe.db.rollback()
		frappe.destroy()


@pytest.fixture(scope="module", autouse=True)
def test_records(request):
	"""The records that Frappe's runner makes for a module: its test_dependencies, and its doctype's own."""
	if not (SITE and needs_a_site(request.path)):
		return
	from frappe.test_runner import make_test_records

	for doctype in getattr(request.module, "test_dependencies", ()):
		make_test_records(doctype, commit=True)
	definition = request.path.with_name(request.path.stem.removeprefix("test_") + ".json")
	if request.path.parents[1].name == "doctype" and definition.exists():
		make_test_records(json.loads(definition.read_text())["name"], commit=True)


@pytest.fixture(autouse=True)
def leaves_no_trace(request):
	"""A test that is a function leaves what a FrappeTestCase would leave: nothing that it did not commit."""
	yield
	is_case = request.cls and issubclass(request.cls, unittest.TestCase)
	if SITE and needs_a_site(request.path) and not is_case:
		import frappe

		frappe.db.rollback()
		frappe.set_user("Administrator")
