"""Uninstalling CIMS leaves a site with ERPNext byte for byte as it was before CIMS came: every table and every row of it."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pymysql
import pytest

SITE, DATABASE, PASSWORD = "leaving.cims.localhost", "leaving_cims_localhost", "leaving"
BENCH = Path(os.environ.get("CIMS_BENCH", "."))
# Where Frappe keeps its own books of what happens on a site, whoever does it.
BOOKKEEPING = {
	"tabActivity Log": "log-ins",
	"tabDeleted Document": "what was deleted",
	"tabError Log": "errors",
	"tabInstalled Application": "which apps are there, written anew each time",
	"tabScheduled Job Log": "which jobs have run",
	"tabSessions": "who is logged in",
	"tabVersion": "what was changed",
}
STAMPS = (("Portal Settings", "modified"), ("Installed Applications", "modified"))


@pytest.fixture(scope="module")
def site():
	"""A site with ERPNext, a company and its documents, that CIMS has never been on."""
	sql(
		f"DROP DATABASE IF EXISTS {DATABASE}; DROP USER IF EXISTS {DATABASE}@'127.0.0.1'; "
		f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci; "
		f"CREATE USER {DATABASE}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; "
		f"GRANT ALL ON {DATABASE}.* TO {DATABASE}@'127.0.0.1'"
	)
	remove_folder()
	try:
		frappe_does(
			"new-site", SITE, "--no-setup-db", "--db-name", DATABASE, "--db-password", PASSWORD, "--admin-password", "admin",
		)  # fmt: skip
		frappe_does("--site", SITE, "install-app", "erpnext")
		step("keep_books")
		yield SITE
	finally:
		sql(f"DROP DATABASE IF EXISTS {DATABASE}; DROP USER IF EXISTS {DATABASE}@'127.0.0.1'")
		remove_folder()


def test_nothing_of_us_stays(site):
	before, tables = rows(), definitions()
	frappe_does("--site", site, "install-app", "cims")
	assert any(name.startswith("tabCIMS ") for name in definitions())
	step("use")
	frappe_does("--site", site, "uninstall-app", "cims", "--yes", "--no-backup", "--force")
	after = rows()
	assert definitions() == tables
	assert {name: said for name in before if (said := difference(before[name], after[name]))} == {}


def difference(before: Counter, after: Counter) -> list[str]:
	"""Some of the rows that came, and of those that went."""
	return [f"+ {row}" for row in list(after - before)[:5]] + [f"- {row}" for row in list(before - after)[:5]]


def rows() -> dict[str, Counter]:
	"""Table -> its rows, as the database writes them."""
	with connection() as database, database.cursor() as cursor:
		found = {}
		for name in table_names(cursor):
			if name not in BOOKKEEPING:
				cursor.execute(f"SELECT * FROM `{name}`")
				columns = [column[0] for column in cursor.description]
				whole = (dict(zip(columns, row, strict=True)) for row in cursor.fetchall())
				found[name] = Counter(repr(without_stamps(name, row)) for row in whole)
		return found


def without_stamps(table: str, row: dict) -> dict:
	"""A row without what Frappe writes anew whenever any app is installed: the list of apps, and the portal's menu as it was."""
	if table == "tabPortal Menu Item":
		return {**row, "modified": None, "modified_by": None}
	if table == "tabDefaultValue" and row["defkey"] == "installed_apps":
		return {"installed_apps": row["defvalue"]}
	if table == "tabSingles" and (row["doctype"], row["field"]) in STAMPS:
		return {**row, "value": None}
	return row


def definitions() -> dict[str, str]:
	"""Table or sequence -> how it is made."""
	with connection() as database, database.cursor() as cursor:
		found = {}
		for name in table_names(cursor):
			cursor.execute(f"SHOW CREATE TABLE `{name}`")
			found[name] = re.sub(r" AUTO_INCREMENT=\d+", "", cursor.fetchone()[1])
		return found


def table_names(cursor) -> list[str]:
	cursor.execute("SHOW TABLES")
	return sorted(row[0] for row in cursor.fetchall())


def connection():
	config = json.loads((BENCH / "sites/common_site_config.json").read_text())
	return pymysql.connect(
		host="127.0.0.1",
		port=config["db_port"],
		user=DATABASE,
		password=PASSWORD,
		database=DATABASE,
		charset="utf8mb4",
	)


def sql(statements: str) -> None:
	socket = f"--socket={BENCH / 'mariadb/mariadb.sock'}"
	subprocess.run(["mariadb", "--no-defaults", socket, "-e", statements], check=True)


def frappe_does(*arguments: str) -> None:
	run(sys.executable, "-m", "frappe.utils.bench_helper", "frappe", *arguments)


def step(name: str) -> None:
	run(sys.executable, "-m", "cims.tests.erpnext.leaving", name, SITE)


def run(*command: str) -> None:
	done = subprocess.run(command, cwd=BENCH / "sites", capture_output=True, text=True, timeout=1200)
	assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def remove_folder() -> None:
	subprocess.run(["rm", "-rf", str(BENCH / "sites" / SITE)], check=True)
