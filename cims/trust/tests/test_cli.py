"""The command line from end to end."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cims.trust import cli, words
from cims.trust.policy import Policy
from cims.trust.sample.make import CUSTOMERS, FILE, write
from cims.trust.tests.conftest import ROOT

SAMPLE = str(FILE)


def run(*arguments: str, cwd=ROOT) -> subprocess.CompletedProcess:
	"""The command line as its own process."""
	return subprocess.run(
		[sys.executable, "-m", "cims.trust", *arguments], capture_output=True, text=True, encoding="utf-8", cwd=cwd,
		env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
	)  # fmt: skip


@pytest.fixture
def command(capsys):
	"""A function: run the command line in this process -> (exit code, standard output, standard error)."""

	def call(*arguments: str) -> tuple[int, str, str]:
		code = 0
		try:
			cli.main(list(arguments))
		except SystemExit as stop:
			code = stop.code or 0
		captured = capsys.readouterr()
		return code, captured.out, captured.err

	return call


def test_rate_on_the_terminal():
	done = run("rate", SAMPLE, "--top", "5")
	assert done.returncode == 0, done.stderr
	assert (
		"1,488 receivables of 40 customers, rated as of 2025-06-30. That is the latest date in the file."
		in done.stdout
	)
	assert "Shown: 5 of 40 customers" in done.stdout and " P01  " in done.stdout
	assert "\x1b[" not in done.stdout  # no colours where nobody sees them
	head = next(line for line in done.stdout.splitlines() if line.startswith("Customer"))
	assert head.index("Grade") > 0


def test_rate_as_json_is_one_object_and_nothing_else():
	done = run("rate", SAMPLE, "--json")
	found = json.loads(done.stdout)
	assert done.stderr == "" and found["customers"] == 40 == len(found["ratings"])
	assert sum(found["grades"].values()) == 40 and found["as_of"] == "2025-06-30"
	assert Policy.from_dict(found["policy"]).usual_amount == found["policy"]["usual_amount"]
	for rating in found["ratings"]:
		if rating["grade"] == "NR":
			assert rating["score"] is None and rating["low"] is None
		else:
			assert 0 <= rating["low"] <= rating["score"] <= rating["high"] <= 1000
			assert all(reason["text"] for reason in rating["reasons"]["costs"])


def test_rate_writes_csv_and_html(command, tmp_path):
	table, page = tmp_path / "all.csv", tmp_path / "report.html"
	code, out, err = command("rate", SAMPLE, "--csv", str(table), "--html", str(page), "--top", "3")
	assert code == 0, err
	with table.open(encoding="utf-8-sig", newline="") as file:
		rows = list(csv.DictReader(file))
	assert len(rows) == 40 and {row["grade"] for row in rows} <= {"AAA", "AA", "A", "B", "C", "D", "NR"}
	assert str(page) in out and page.read_text(encoding="utf-8").count("<svg") == 3


def test_an_earlier_day_knows_nothing_of_later_ones(command, tmp_path):
	_, out, _ = command("rate", SAMPLE, "--as-of", "2024-03-31", "--json")
	with open(SAMPLE, encoding="utf-8", newline="") as file:
		rows = [row for row in csv.reader(file)]
	kept = [rows[0]]
	for row in rows[1:]:
		if row[2] <= "2024-03-31":
			kept.append([*row[:5], row[5] if row[5] <= "2024-03-31" else "", row[6]])
	cut = tmp_path / "cut.csv"
	with cut.open("w", encoding="utf-8", newline="") as file:
		csv.writer(file).writerows(kept)
	_, again, _ = command("rate", str(cut), "--as-of", "2024-03-31", "--json")
	assert json.loads(out)["ratings"] == json.loads(again)["ratings"]


def test_the_order_and_the_chosen(command):
	_, out, _ = command("rate", SAMPLE, "--json", "--by", "open", "--customer", "Casa Verde S.L.")
	ratings = json.loads(out)["ratings"]
	assert ratings[0]["customer"] == "Casa Verde S.L."
	opened = [rating["open_amount"] for rating in ratings[1:]]
	assert opened == sorted(opened, reverse=True)
	code, _, err = command("rate", SAMPLE, "--customer", "Nobody")
	assert code == 2 and "Nobody" in err


def test_a_policy_of_ones_own(command, tmp_path):
	policy = tmp_path / "policy.json"
	policy.write_text(
		json.dumps({"version": "mine", "usual_amount": 500, "minimum_evidence": 1e9}), encoding="utf-8"
	)
	_, out, _ = command("rate", SAMPLE, "--json", "--policy", str(policy))
	found = json.loads(out)
	assert (
		found["grades"]["NR"] == 40
		and found["policy"]["usual_amount"] == 500
		and found["policy"]["version"] == "mine"
	)
	for content, says in (
		("{", "not JSON"),
		("[]", "one JSON object"),
		('{"colour": 1}', "Unknown policy settings"),
	):
		policy.write_text(content, encoding="utf-8")
		code, _, err = command("rate", SAMPLE, "--policy", str(policy))
		assert code == 2 and says in err and err.count("\n") == 1
	assert command("rate", SAMPLE, "--policy", str(tmp_path / "none.json"))[0] == 2


def test_holidays_of_a_country(command):
	assert command("rate", SAMPLE, "--country", "CN", "--json")[0] == 0
	code, _, err = command("rate", SAMPLE, "--country", "Atlantis")
	assert code == 2 and "Atlantis" in err


@pytest.mark.parametrize(
	"arguments, says",
	[
		(["rate", "nowhere.csv"], "There is no file nowhere.csv"),
		(["rate", SAMPLE, "--as-of", "yesterday"], "YYYY-MM-DD"),
		(["rate", SAMPLE, "--as-of", "1999-01-01"], "the first invoice is of 2023-01-02"),
		(["rate", SAMPLE, "--map", "customer"], "field=HEADER"),
		(["rate", SAMPLE, "--map", "customer=Who"], "no header Who"),
		(["rate", SAMPLE, "--html", "/no/such/folder/x.html"], "/no/such/folder/x.html"),
		(["rate"], "FILE"),
		(["rat", SAMPLE], "rat"),
	],
)
def test_wrong_use_is_one_line_and_exit_code_2(command, arguments, says):
	code, out, err = command(*arguments)
	assert code == 2 and out == "" and says in err and "Traceback" not in err
	assert err.count("\n") == 1


HEADER = "customer,invoice,invoice_date,due_date,amount,settled_date,disputed"


@pytest.fixture
def bad_file(tmp_path):
	"""Thirty good rows and thirty bad ones."""
	path = tmp_path / "bad.csv"
	rows = [f"Acme,{at},2024-01-05,2024-02-04,1200.50,2024-02-10,No" for at in range(30)]
	rows += [f"=cmd|' /C calc'!A{at},x{at},2024-01-05,2024-02-04,-{at}.50,2024-02-10,No" for at in range(30)]
	path.write_text("\n".join((HEADER, *rows, "")), encoding="utf-8")
	return path


def test_by_default_nothing_is_rated_while_a_row_is_bad(command, bad_file):
	code, out, err = command("rate", str(bad_file), "--json")
	lines = err.splitlines()
	assert code == 2 and out == "" and len(lines) == 22
	assert lines[0].startswith("Row 32, amount: -0.50 is below zero")
	assert lines[20] == "… and 10 more." and "Rows with problems: 30 of 60. Nothing was rated." in lines[21]
	assert not Path(f"{bad_file}.rejects.csv").exists()


def test_good_rows_can_be_taken_and_the_others_come_back(command, bad_file):
	code, out, err = command("rate", str(bad_file), "--take-good-rows", "--json")
	assert code == 0 and json.loads(out)["rows"] == 30 and json.loads(out)["rejected"] == 30
	rejects = Path(f"{bad_file}.rejects.csv")
	assert str(rejects) in err and rejects.read_bytes().startswith(b"\xef\xbb\xbf")
	with rejects.open(encoding="utf-8-sig", newline="") as file:
		rows = list(csv.reader(file))
	assert rows[0][:7] == HEADER.split(",") and len(rows) == 31
	assert rows[1][0].startswith("'=cmd") and rows[1][4] == "-0.50" and rows[1][7] == "32"
	assert "amount: -0.50 is below zero" in rows[1][8]
	# What comes back can be corrected and read again: the two new columns are no obstacle.
	assert command("rate", str(rejects))[2].startswith("Row 2, amount")


def test_nothing_good_to_take(command, tmp_path):
	path = tmp_path / "bad.csv"
	path.write_text(f"{HEADER}\nAcme,1,soon,later,lots,,\n", encoding="utf-8")
	code, _, err = command("rate", str(path), "--take-good-rows")
	assert code == 2 and "nothing to rate" in err


def test_csv_for_spreadsheets_holds_no_formulas(command, tmp_path):
	path, table = tmp_path / "file.csv", tmp_path / "all.csv"
	path.write_text(f"{HEADER}\n=1+1,1,2024-01-05,2024-02-04,10,2024-02-01,\n", encoding="utf-8")
	assert command("rate", str(path), "--csv", str(table))[0] == 0
	assert "'=1+1" in table.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
	"text, safe",
	[
		("=1", "'=1"),
		("@x", "'@x"),
		("-5.00", "-5.00"),
		("-x", "'-x"),
		("＝1", "'＝1"),
		("", ""),
		("a=1", "a=1"),
	],
)
def test_cells_that_a_spreadsheet_would_run(text, safe):
	assert words.safe_cell(text) == safe


def test_backtest(command):
	code, out, _ = command("backtest", SAMPLE, "--json", "--late-days", "15")
	found = json.loads(out)
	wanted = {
		"n_test",
		"positives",
		"auc",
		"auc_low",
		"auc_high",
		"brier",
		"auc_score",
		"calibration",
		"baselines",
	}
	assert code == 0 and wanted <= set(found)
	assert found["n_test"] == pytest.approx(0.3 * 1488, rel=0.05) and 0.5 < found["auc"] <= 1
	_, shown, _ = command("backtest", SAMPLE)
	assert "Forecast" in shown and "paid 1 or more days late" in shown
	code, _, err = command("backtest", SAMPLE, "--late-days", "5000")
	assert code == 2 and err.count("\n") == 1


def test_ratings(command, tmp_path):
	path = tmp_path / "ratings.csv"
	rows = [
		f"{at % 7},{at % 5},{-8 if at % 5 == 0 and at % 3 else 6},{1289241912 + 86_400 * at}"
		for at in range(200)
	]
	path.write_text("source,target,rating,time\n" + "\n".join(rows), encoding="utf-8")
	code, out, _ = command("rate", str(path), "--ratings", "--json")
	ratings = json.loads(out)["ratings"]
	assert code == 0 and len(ratings) == 5 and ratings[0]["customer"] == "0"
	code, out, _ = command("backtest", str(path), "--ratings", "--json")
	assert code == 0 and json.loads(out)["n_test"] == 60
	assert command("rate", SAMPLE, "--ratings")[0] == 2


def test_chinese(command, monkeypatch, tmp_path):
	(tmp_path / "zh.csv").write_text('"Customer","客户"\n"Not rated","未评级"\n"Score"\n', encoding="utf-8")
	monkeypatch.setattr(words, "TRANSLATIONS", tmp_path)
	code, out, _ = command("rate", SAMPLE, "--lang", "zh")
	assert code == 0 and "客户" in out and "未评级" in out
	# What has no translation yet stays English; where there is no file at all, everything does.
	assert "Score" in out
	monkeypatch.setattr(words, "TRANSLATIONS", tmp_path / "none")
	assert command("rate", SAMPLE, "--lang", "zh")[1].startswith("receivables.csv: 1,488")


def test_the_sample_is_made_the_same_every_time(tmp_path):
	write(tmp_path / "again.csv")
	assert (tmp_path / "again.csv").read_bytes() == FILE.read_bytes()
	assert len(CUSTOMERS) == 40


def test_the_sample_shows_what_ratings_tell_apart(command):
	ratings = {
		rating["customer"]: rating for rating in json.loads(command("rate", SAMPLE, "--json")[1])["ratings"]
	}
	behaviour = {name: how.__name__ for name, how, _, _, _, first, _ in CUSTOMERS if first < 20}

	def mean(kind: str) -> float:
		scores = [
			ratings[name]["score"]
			for name, how in behaviour.items()
			if how == kind and ratings[name]["score"]
		]
		return sum(scores) / len(scores)

	assert mean("early") > mean("prompt") > mean("recovering") > mean("sluggish") > mean("stopped")
	assert len({rating["grade"] for rating in ratings.values()}) >= 5


def test_no_frappe_and_no_slow_library_is_loaded():
	"""The engine stands alone, and starts fast: what only some commands need is loaded by them."""
	code = "import sys, cims.trust.cli; print(sorted({'frappe', 'sklearn', 'openpyxl', 'jinja2', 'holidays', 'scipy.stats'} & set(sys.modules)))"
	done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
	assert done.stdout.strip() == "[]"
