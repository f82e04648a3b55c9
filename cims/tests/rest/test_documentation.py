"""Every example of docs/rest-api.md is run as it stands there, and its answer has the shape that is shown."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[3] / "docs/rest-api.md"
EXAMPLE = re.compile(
	r"```bash\n(?P<command>.*?)\n```\s*```(?P<kind>json|text)\n(?P<answer>.*?)\n```", re.DOTALL
)
RECEIVABLES = """Customer,Invoice Number,Invoice Date,Due Date,Amount,Settled Date,Disputed
{code},DOC-1,2025-01-15,2025-02-14,12500.00,2025-02-10,No
{code},DOC-2,2025-03-02,2025-04-01,8000.00,,No
"""
# Objects whose keys are data, not fields.
MAPS = ("contributions", "segments", "samples", "cells", "p", "repointed", "restored")
# Stands for fields that the document leaves out.
REST = "..."


def examples() -> list[re.Match]:
	return list(EXAMPLE.finditer(DOCUMENT.read_text(encoding="utf-8")))


def test_every_example_has_an_answer():
	assert len(examples()) == DOCUMENT.read_text(encoding="utf-8").count("```bash") > 10


@pytest.fixture(scope="module")
def environment(http, rated_customers, tmp_path_factory):
	"""The shell that the document describes: whoever reads it has these variables and this file."""
	import frappe

	one, other = rated_customers
	frappe.db.delete("Trust Evidence", {"source_name": "helpdesk"})
	frappe.db.commit()
	folder = tmp_path_factory.mktemp("examples")
	(folder / "receivables.csv").write_text(RECEIVABLES.format(code=one), encoding="utf-8")
	token = ":".join(http.make_keys(http.make_user("CIMS Manager")))
	return {
		"CIMS_URL": http.base_url,
		"CIMS_TOKEN": token,
		"CUSTOMER": one,
		"OTHER": other,
		"FOLDER": str(folder),
	}


@pytest.mark.parametrize(
	"example", examples(), ids=lambda example: re.search(r"/api/(\S+?)\"", example["command"])[1]
)
def test_example(example, environment, created):
	shell = subprocess.run(
		["bash", "-euc", example["command"]],
		cwd=environment["FOLDER"],
		env=os.environ | environment | {"no_proxy": "*"},
		capture_output=True,
		text=True,
		encoding="utf-8",
		timeout=120,
	)
	assert shell.returncode == 0, shell.stderr
	if example["kind"] == "text":
		assert shell.stdout.lstrip("\ufeff").split() == example["answer"].split()
		return
	answer = json.loads(shell.stdout)
	assert "exc_type" not in answer, answer
	if os.environ.get("CIMS_SHOW_ANSWERS"):
		print(json.dumps(answer, ensure_ascii=False))
	remember(answer, environment, created)
	same_shape(json.loads(example["answer"]), answer)


def remember(answer: dict, environment: dict, created: list) -> None:
	"""What the next examples go on with."""
	message = answer.get("message")
	if isinstance(message, list) and message and "created" in message[0]:
		environment["EVIDENCE"] = message[0]["name"]
	if isinstance(message, dict) and str(message.get("name")).startswith("IMP-"):
		environment["IMPORT"] = message["name"]
	if isinstance(message, dict) and str(message.get("merge")).startswith("MRG-"):
		environment["MERGE"] = message["merge"]
	document = answer.get("data")
	if isinstance(document, dict) and document["doctype"] == "CIMS Customer":
		created.append(document["name"])


def same_shape(shown, real, where: str = "answer") -> None:
	"""The real answer has the fields and types that the document shows; null fits everything."""
	if shown is None or real is None:
		return
	if isinstance(shown, dict):
		assert isinstance(real, dict), where
		if where.rsplit(".", 1)[-1] in MAPS:
			for key in real:
				same_shape(next(iter(shown.values()), None), real[key], f"{where}.{key}")
			return
		fields = set(shown) - {REST}
		assert fields <= set(real) if REST in shown else fields == set(real), (
			where,
			sorted(fields ^ set(real)),
		)
		for field in fields:
			same_shape(shown[field], real[field], f"{where}.{field}")
	elif isinstance(shown, list):
		assert isinstance(real, list), where
		for item in real if shown else ():
			same_shape(shown[0], item, f"{where}[]")
	elif isinstance(shown, int | float) and not isinstance(shown, bool):
		assert isinstance(real, int | float) and not isinstance(real, bool), (where, real)
	else:
		assert type(real) is type(shown), (where, real)
