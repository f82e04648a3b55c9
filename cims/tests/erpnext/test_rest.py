"""The examples of docs/rest-api.md that need ERPNext, run as they stand there, in their order."""

import json
import os
import re
import subprocess

import pytest

import frappe

from cims.tests.erpnext import records, selling
from cims.tests.rest.test_documentation import DOCUMENT, same_shape

EXAMPLE = re.compile(r"```sh\n(?P<command>curl .*?)\n```\s*```json\n(?P<answer>.*?)\n```", re.DOTALL)


def examples() -> list[re.Match]:
	return list(EXAMPLE.finditer(DOCUMENT.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def environment(http):
	frappe.set_user("Administrator")
	frappe.db.set_single_value("CIMS Settings", "default_currency", records.CURRENCY)
	frappe.clear_document_cache("CIMS Settings", "CIMS Settings")
	customer, _code = selling.rated("C", limit=30000, days=15)
	order = selling.order(customer)
	rule = selling.rule("Ask for Approval", "C")
	user = http.make_user("CIMS Manager", "Sales Master Manager", "Sales User", "Accounts User")
	frappe.db.commit()
	token = ":".join(http.make_keys(user))
	yield {
		"CIMS_URL": http.base_url,
		"CIMS_TOKEN": token,
		"ERP_CUSTOMER": customer,
		"COMPANY": records.COMPANY,
		"ORDER": order.name,
	}
	frappe.db.rollback()
	selling.remove([customer])
	frappe.db.delete("Trust Rule", {"name": rule.name})
	frappe.cache.delete_value("cims_trust_rules")
	frappe.db.commit()


def ask(command: str, environment: dict) -> dict:
	shell = subprocess.run(
		["bash", "-euc", command],
		env=os.environ | environment | {"no_proxy": "*"},
		capture_output=True,
		text=True,
		encoding="utf-8",
		timeout=120,
	)
	assert shell.returncode == 0, shell.stderr
	return json.loads(shell.stdout)


def test_the_examples_in_their_order(environment):
	assert len(examples()) == 6
	for example in examples():
		answer = ask(example["command"], environment)
		assert "exc_type" not in answer, answer
		shown = json.loads(example["answer"])
		if "selling.grades" in example["command"]:
			shown, answer = (one["message"].popitem()[1] for one in (shown, answer))
		same_shape(shown, answer)
		if "terms.apply" in example["command"]:
			environment["CHANGE"] = answer["message"]["applied"][0]


def test_who_may_not_is_told_so(environment, http):
	seller = http.client("Sales User")
	customer, order = environment["ERP_CUSTOMER"], environment["ORDER"]
	grades = seller.get("/api/method/cims.api.selling.grades", params={"customers": json.dumps([customer])})
	assert grades.json()["message"] == {}
	asked = {"customer": customer, "doctype": "Sales Order", "company": records.COMPANY, "name": order}
	assert seller.get("/api/method/cims.api.selling.see", params=asked).json()["message"]["standing"] is None
	decision = {"doctype": "Sales Order", "name": order, "decision": "Approved", "reason": "Because"}
	assert seller.post("/api/method/cims.api.selling.decide", data=decision).status_code == 403
	terms = {"customers": json.dumps([customer]), "company": records.COMPANY}
	assert seller.post("/api/method/cims.api.terms.apply", data=terms).status_code == 403
	assert (
		seller.post("/api/method/cims.api.terms.undo", data={"changes": '["TRM-00001"]'}).status_code == 403
	)
	assert http.guest.get("/api/method/cims.api.selling.grades").status_code == 403


def test_what_is_wrong_is_named(environment, http):
	manager = http.client("CIMS Manager", "Sales User")
	wrong = [
		("selling.grades", {"customers": "{}"}, 417),
		("selling.grades", {"customers": "[unclosed"}, 417),
		("selling.see", {"customer": "Nobody & Sons"}, 404),
		("selling.see", {"customer": environment["ERP_CUSTOMER"], "doctype": "Item"}, 417),
		("terms.suggest", {"customers": "[]"}, 417),
		("terms.suggest", {"customers": '["X"]', "company": "Nobody & Sons"}, 404),
	]
	for name, arguments, status in wrong:
		answer = manager.get(f"/api/method/cims.api.{name}", params=arguments)
		assert answer.status_code == status, (name, arguments, answer.text)


def test_a_rule_holds_over_rest_too(environment, http):
	seller = http.client("Sales User")
	customer = environment["ERP_CUSTOMER"]
	order = selling.order(customer)
	frappe.db.commit()
	submitted = seller.put(f"/api/resource/Sales Order/{order.name}", json={"docstatus": 1})
	assert submitted.status_code == 417
	assert "NotApproved" in submitted.text
	frappe.db.rollback()
	assert frappe.db.get_value("Sales Order", order.name, "docstatus") == 0
