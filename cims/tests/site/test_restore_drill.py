"""Restore drills on the test site: real backups, real restores, and what can go wrong."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

import frappe
from frappe.utils import now_datetime
from frappe.utils.backups import BackupGenerator
from frappe.utils.password import set_encrypted_password

from cims.operations import alerts, backups, checks, drill, drill_records
from cims.operations.restored import FAILED, PASSED, WARNING, Restored
from cims.operations.scratch import Scratch
from cims.operations.server import Server, ServerError
from cims.ratings import rerate
from cims.tests import records
from cims.tests.read_only import rated_customer

DRILL = drill_records.DRILL
SECRET = ("User", "Administrator", "cims_test_secret")


@pytest.fixture(scope="module", autouse=True)
def clean():
	"""Nobody has drilled before, and afterwards nobody has."""
	_forget()
	yield
	frappe.db.rollback()
	_forget()


def _forget() -> None:
	for doctype in (DRILL, drill_records.CHECK, drill_records.LOSS):
		frappe.db.delete(doctype)
	frappe.db.delete("Notification Log", {"document_type": DRILL})
	frappe.db.delete("Email Queue", {"reference_doctype": DRILL})
	frappe.db.delete("Error Log", {"reference_doctype": DRILL})
	frappe.db.commit()


@pytest.fixture(scope="module")
def site(clean):
	"""Customers with ratings, a file, an encrypted value, and a backup of it all."""
	frappe.set_user("Administrator")
	made = frappe._dict(customers=[rated_customer() for _one in range(3)], before=set(_backup_files()))
	file = frappe.get_doc(doctype="File", file_name="drill.txt", is_private=1, content="kept").insert()
	set_encrypted_password(*SECRET[:2], "open sesame", SECRET[2])
	frappe.db.commit()
	_backup()
	yield made
	from cims.tests.rest.conftest import remove

	frappe.db.rollback()
	remove(made.customers)
	file.delete()
	frappe.db.delete("__Auth", {"doctype": SECRET[0], "name": SECRET[1], "fieldname": SECRET[2]})
	frappe.db.commit()
	for path in set(_backup_files()) - made.before:
		path.unlink()


def _backup_files() -> list[Path]:
	return list(Path(frappe.get_site_path("private", "backups")).glob("*"))


def _backup() -> None:
	conf = frappe.conf
	made = BackupGenerator(
		conf.db_name,
		conf.db_name,
		conf.db_password,
		db_host=conf.db_host,
		db_port=conf.db_port,
		db_type="mariadb",
	)
	made.get_backup(force=True)


def _run() -> frappe._dict:
	name = drill.run()
	frappe.db.commit()
	return frappe.get_doc(DRILL, name)


def _outcomes(done) -> dict[str, str]:
	return {row.check_name: row.outcome for row in done.checks}


def _left_over() -> list:
	"""Whatever there is of a scratch site."""
	admin = Server.connect()
	scratch = Scratch(admin)
	found = admin.sql(
		"SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", (scratch.database,)
	)
	found += admin.sql("SELECT User FROM mysql.user WHERE User = %s", (scratch.database,))
	found += admin.sql("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s", (scratch.database,))
	admin.close()
	return [*found, *([scratch.folder] if scratch.folder.exists() else [])]


def _alerts(name: str) -> list[str]:
	return frappe.get_all(
		"Notification Log", {"document_type": DRILL, "document_name": name}, pluck="for_user"
	)


# --- the whole of it --------------------------------------------------------------------------------


def test_a_drill(site):
	"""It passes, says what has happened since the backup, and leaves nothing but its record."""
	kept, changed, _gone = site.customers
	site.customers.append(records.customer().name)
	frappe.db.set_value("CIMS Customer", changed, "industry", "Steel")
	frappe.db.commit()
	done = _run()
	assert done.status == PASSED, done.error
	assert _outcomes(done) == {
		"Rows": PASSED,
		"Contents": PASSED,
		"Encrypted values": PASSED,
		"Ratings from evidence": PASSED,
		"Attached files": PASSED,
	}, [row.said for row in done.checks]
	lost = {row.of_doctype: (row.lost, row.changed, row.deleted, row.older) for row in done.losses}
	assert lost["CIMS Customer"] == (1, 1, 0, 0)
	assert done.rows_lost >= 1 and done.rows_restored > 1000
	assert 0 < done.restore_seconds < done.seconds
	assert not _left_over() and not _alerts(done.name)
	assert frappe.db.exists("CIMS Customer", kept)


def test_a_damaged_backup_fails_in_words_and_alerts(site):
	newest = backups.newest()
	stamp = (newest.taken_on + timedelta(seconds=1)).strftime(backups.STAMP)
	damaged = newest.database.with_name(stamp + newest.name[len(stamp) :])
	whole = newest.database.read_bytes()
	damaged.write_bytes(whole[: len(whole) // 4])
	try:
		done = _run()
	finally:
		damaged.unlink()
	assert done.status == FAILED and done.backup == damaged.name
	assert "unexpected end of file" in done.error
	assert _alerts(done.name)
	assert not _left_over()


def test_a_killed_drill_leaves_nothing(site):
	"""kill -9 while the dump is being restored: the scheduler's next look removes it all, and tells."""
	command = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", frappe.local.site]
	running = subprocess.Popen(
		[*command, "cims-restore-drill"],
		start_new_session=True,
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
	)
	deadline = time.monotonic() + 60
	while time.monotonic() < deadline and len(_left_over()) < 4:
		assert running.poll() is None, "the drill ended before it could be killed"
		time.sleep(0.1)
	os.killpg(running.pid, signal.SIGKILL)
	running.wait()
	frappe.db.rollback()
	(name,) = drill_records.running()
	assert _left_over()
	drill.tidy()
	done = frappe.get_doc(DRILL, name)
	assert done.status == FAILED and "interrupted" in done.error
	assert _alerts(name)
	assert not _left_over()


# --- what can be wrong ------------------------------------------------------------------------------


def test_without_a_backup_it_says_how_to_make_one(monkeypatch, tmp_path):
	monkeypatch.setattr(backups, "_folder", lambda: tmp_path)
	done = _run()
	assert done.status == FAILED and f"bench --site {frappe.local.site} backup" in done.error
	assert _alerts(done.name)


def test_without_a_way_into_the_server_it_says_what_to_give(monkeypatch):
	monkeypatch.setitem(frappe.conf, "root_login", "nobody_at_all")
	monkeypatch.setitem(frappe.conf, "root_password", "wrong")
	with pytest.raises(ServerError, match="--db-root-password"):
		Server.connect()


def test_without_room_nothing_is_begun(monkeypatch):
	monkeypatch.setattr(drill.server, "free_space", lambda: 1000)
	with pytest.raises(frappe.ValidationError, match="GB are free"):
		drill._require_room()


def test_a_dump_that_was_cut_off_while_it_was_made_fails(site, monkeypatch):
	"""Whole as a file, and without its last line."""
	again = drill.dumps.Dump(program="x")
	monkeypatch.setattr(drill.dumps, "of_database", lambda *_database: again)
	cut_off = drill.Drill()
	cut_off.compare_with_dump(drill.dumps.Dump(program="x"), frappe._dict(database="", password=""))
	assert cut_off.findings[0].outcome == FAILED and "cut off" in cut_off.findings[0].said


def test_an_alert_goes_out_by_e_mail_too_and_does_without(monkeypatch):
	sent = []
	monkeypatch.setattr(frappe, "sendmail", lambda **mail: sent.append(mail))
	name = drill_records.start()
	users = alerts.send("It failed", "<Why>", DRILL, name)
	assert users and sent[0]["recipients"] and "&lt;Why&gt;" in sent[0]["message"]

	def no_account(**_mail):
		raise frappe.OutgoingEmailError

	monkeypatch.setattr(frappe, "sendmail", no_account)
	alerts.send("It failed", "Why", DRILL, name)
	assert len(_alerts(name)) == 2 * len(users)
	assert frappe.db.exists("Error Log", {"reference_name": name})


def test_one_at_a_time():
	with drill.lock(), pytest.raises(drill.Busy):
		drill.run()
	assert not drill_records.running()


def test_only_scratch_databases_are_dropped():
	admin = Server.connect()
	with pytest.raises(ValueError):
		admin.drop(frappe.conf.db_name)
	admin.close()


def test_encrypted_backups(monkeypatch, tmp_path):
	"""They are decrypted beside the backup, which stays as it is; with another key it says so."""
	plain = tmp_path / "20261124_120000-x-database-enc.sql.gz"
	plain.write_bytes(gzip.compress(b"-- Dump completed"))
	gpg = ["gpg", "--batch", "--pinentry-mode", "loopback", "--homedir", backups._keyring(tmp_path)]
	subprocess.run([*gpg, "--passphrase", "key", "-c", plain], check=True, capture_output=True)
	sealed = tmp_path / "sealed" / plain.name
	sealed.parent.mkdir()
	shutil.move(f"{plain}.gpg", sealed)
	before, folder = sealed.read_bytes(), tmp_path / "scratch"
	folder.mkdir()
	monkeypatch.setitem(frappe.conf, "backup_encryption_key", "key")
	assert backups.decrypted(sealed, folder).read_bytes() == plain.read_bytes()
	assert sealed.read_bytes() == before
	monkeypatch.setitem(frappe.conf, "backup_encryption_key", "another")
	with pytest.raises(backups.BackupError, match="can't be decrypted"):
		backups.decrypted(sealed, folder)
	monkeypatch.delitem(frappe.conf, "backup_encryption_key")
	with pytest.raises(backups.BackupError, match="backup_encryption_key is missing"):
		backups.decrypted(sealed, folder)


def test_the_newest_whole_backup_is_taken(monkeypatch, tmp_path):
	slug = frappe.local.site.replace(".", "_")
	for name in (
		f"20260101_000000-{slug}-database.sql.gz",
		f"20260103_000000-{slug}-partial-database.sql.gz",
		f"20260102_000000-{slug}-database-enc.sql.gz",
		f"20260102_000000-{slug}-files-enc.tar",
		f"20260104_000000-{slug}_other-database.sql.gz",
		f"notes-{slug}-database.sql.gz",
	):
		(tmp_path / name).touch()
	monkeypatch.setattr(backups, "_folder", lambda: tmp_path)
	found = backups.newest()
	assert found.name == f"20260102_000000-{slug}-database-enc.sql.gz" and found.encrypted
	assert [path.name for path in found.tars] == [f"20260102_000000-{slug}-files-enc.tar"]


# --- the checks, on this site as if it had been restored ---------------------------------------------


@pytest.fixture
def restored():
	return Restored(frappe.local.site, "DRILL-TEST")


def test_a_rating_that_its_evidence_doesn_t_say_is_found(restored):
	customers = [rated_customer() for _one in range(2)]
	assert checks.ratings(restored).outcome == PASSED
	frappe.db.set_value("Trust Rating", customers[0], "score", 999, update_modified=False)
	found = checks.ratings(restored)
	assert found.outcome == FAILED and customers[0] in found.said and customers[1] not in found.said


def test_evidence_that_was_altered_is_found(restored):
	customer = rated_customer()
	frappe.db.sql("UPDATE `tabTrust Evidence` SET value = 1 - value WHERE customer = %s", customer)
	assert customer in checks.ratings(restored).said


def test_a_value_that_the_key_doesn_t_open_is_found(restored, monkeypatch):
	monkeypatch.setattr(checks, "NAMED", checks.SECRETS)
	set_encrypted_password(*SECRET[:2], "open sesame", SECRET[2])
	assert checks.secrets(restored).outcome == PASSED
	monkeypatch.setitem(frappe.conf, "encryption_key", "c2l4dGVlbiBieXRlcyBvZiBub3RoaW5nIGF0IGFsbCE=")
	found = checks.secrets(restored)
	assert found.outcome == FAILED and SECRET[2] in found.said and "sesame" not in found.said
	monkeypatch.delitem(frappe.conf, "encryption_key")
	assert "encryption_key" in checks.secrets(restored).said


def test_files_that_no_backup_holds_are_told(restored):
	frappe.get_doc(doctype="File", file_name="lone.txt", is_private=1, content="lone").insert()
	found = checks.files(restored)
	assert found.outcome == WARNING and "--with-files" in found.said


# --- the record -------------------------------------------------------------------------------------


def test_the_record_is_nobody_s_to_write():
	name = drill_records.start()
	doc = frappe.get_doc(DRILL, name)
	for act in (doc.save, doc.delete, frappe.copy_doc(doc).insert):
		frappe.db.savepoint("refused")
		with pytest.raises(frappe.PermissionError):
			act()
		frappe.db.rollback(save_point="refused")


def test_the_schedule_can_be_switched_off(monkeypatch):
	asked = []
	monkeypatch.setattr(drill, "enqueue", lambda: asked.append(now_datetime()))
	settings = frappe.get_doc("CIMS Settings")
	for value in ("Weekly", "Off"):
		settings.restore_drill = value
		monkeypatch.setattr(frappe, "get_cached_doc", lambda *_of: settings)
		drill.scheduled()
	assert len(asked) == 1
