"""The site's health over HTTP: who may ask, in which form, and that it answers while Redis is down."""

import os
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

import frappe

from cims.operations.figures import LEVELS
from cims.tests import conftest

METHOD = "/api/method/cims.api.health."
READERS = ("System Manager", "CIMS Manager", "CIMS Monitor")
OTHERS = ("CIMS Sales", "CIMS Service", "CIMS Viewer", "CIMS Auditor")
GROUPS = ["data", "jobs", "ratings", "services", "tables"]


def test_a_load_balancer_needs_no_key_and_learns_nothing(http):
	answer = http.guest.get(METHOD + "ok")
	assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("role", READERS)
def test_who_may_see_it(who, role):
	status = who(role).get(METHOD + "status").json()["message"]
	assert sorted({figure["group"] for figure in status["figures"]}) == GROUPS
	assert status["level"] == max((figure["level"] for figure in status["figures"]), key=LEVELS.index)
	assert all(figure["advice"] for figure in status["figures"] if figure["level"] != "OK")


@pytest.mark.parametrize("function", ["status", "metrics"])
def test_nobody_else_may(http, who, function):
	for session in (http.guest, *map(who, OTHERS)):
		assert session.get(METHOD + function).status_code == 403


def test_a_monitor_sees_nothing_else(who):
	assert who("CIMS Monitor").get("/api/resource/CIMS Customer").status_code == 403
	assert who("CIMS Monitor").post(METHOD + "start_drill").status_code == 403


def test_in_chinese(who):
	status = who("CIMS Monitor").get(METHOD + "status", headers={"Accept-Language": "zh"}).json()["message"]
	assert "数据库" in {figure["label"] for figure in status["figures"]}


def test_metrics_as_prometheus_asks_for_them(who):
	answer = who("CIMS Monitor").get(METHOD + "metrics", headers={"Accept": "text/plain;version=0.0.4"})
	assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
	found = {family.name: family for family in text_string_to_metric_families(answer.text)}
	assert {sample.labels["queue"] for sample in found["cims_workers"].samples} >= {
		"short",
		"default",
		"long",
	}
	assert found["cims_database_size_bytes"].samples[0].value > 1_000_000
	assert found["cims_restore_drills"].type == "counter"
	assert all(sample.value in (0, 1, 2) for sample in found["cims_health"].samples)
	assert all(family.documentation for family in found.values())


def test_metrics_in_openmetrics(who):
	answer = who("CIMS Monitor").get(
		METHOD + "metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
	)
	assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
	assert answer.text.endswith("# EOF\n")


def test_a_worker_does_the_drill(who, monkeypatch):
	"""Started by a System Manager alone; the record is there as soon as the worker begins."""
	assert who("CIMS Manager").post(METHOD + "start_drill").status_code == 403
	before = set(frappe.get_all("Restore Drill", pluck="name"))
	assert who("System Manager").post(METHOD + "start_drill").json()["message"] == {"queued": True}
	deadline = time.monotonic() + 60
	while time.monotonic() < deadline:
		frappe.db.rollback()
		made = set(frappe.get_all("Restore Drill", {"status": ("!=", "Running")}, pluck="name")) - before
		if made:
			break
		time.sleep(0.5)
	(name,) = made
	for doctype, field in (
		("Restore Drill", "name"),
		("Restore Drill Check", "parent"),
		("Restore Drill Loss", "parent"),
		("Notification Log", "document_name"),
		("Email Queue", "reference_name"),
		("Error Log", "reference_name"),
	):
		frappe.db.delete(doctype, {field: name})
	frappe.db.commit()


def test_it_answers_while_redis_is_down(http, who):
	"""A server of its own, for which neither Redis is there."""
	token = who("CIMS Monitor").headers["Authorization"]
	bench, port = Path(os.environ["CIMS_BENCH"]), conftest.free_port()
	nowhere = f"redis://127.0.0.1:{conftest.free_port()}"
	environment = os.environ | {
		"SITE": os.environ["CIMS_TEST_SITE"],
		"HOST": "127.0.0.1",
		"PORT": str(port),
		"FRAPPE_REDIS_CACHE": nowhere,
		"FRAPPE_REDIS_QUEUE": nowhere,
	}
	web = conftest.start(
		bench, environment, "-m", "gunicorn", "-c", str(conftest.ROOT / "scripts/gunicorn.conf.py")
	)
	try:
		conftest.wait_until_open(port, web)
		session = conftest.Http(f"http://127.0.0.1:{port}").session()
		assert session.get(METHOD + "ok").text == "ok\n"
		session.headers["Authorization"] = token
		status = session.get(METHOD + "status").json()["message"]
	finally:
		conftest.stop(web)
	level = {figure["key"]: figure["level"] for figure in status["figures"]}
	assert status["level"] == level["redis_up"] == level["workers"] == "Failing"
	assert level["database_answer"] in LEVELS and level["database_size"] == "OK"
