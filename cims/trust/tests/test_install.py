"""The engine from a wheel, with nothing of the checkout or of Frappe around it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version

import pytest

from cims.trust.tests.conftest import ROOT


def newest_setuptools() -> bool:
	"""Whether this environment can build the package without fetching anything."""
	try:
		return int(version("setuptools").split(".")[0]) >= 77 and importlib.util.find_spec("pip") is not None
	except PackageNotFoundError:
		return False


@pytest.mark.skipif(not newest_setuptools(), reason="needs pip and setuptools 77 or newer")
def test_a_wheel_rates_reports_and_speaks_chinese(tmp_path):
	source = tmp_path / "source"
	shutil.copytree(
		ROOT / "cims", source / "cims", ignore=shutil.ignore_patterns("__pycache__", "node_modules")
	)
	for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
		shutil.copy(ROOT / name, source)
	pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
	subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(source)], check=True, capture_output=True)
	(wheel,) = tmp_path.glob("*.whl")
	with zipfile.ZipFile(wheel) as archive:
		archive.extractall(tmp_path / "site")
	sample = tmp_path / "site" / "cims" / "trust" / "sample" / "receivables.csv"
	page = tmp_path / "report.html"
	done = subprocess.run(
		[sys.executable, "-m", "cims.trust", "rate", str(sample), "--html", str(page), "--lang", "zh"],
		cwd=tmp_path, capture_output=True, text=True, encoding="utf-8",
		env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
		| {"PYTHONPATH": str(tmp_path / "site"), "PYTHONIOENCODING": "utf-8"},
	)  # fmt: skip
	assert done.returncode == 0, done.stderr
	assert page.exists() and "40" in done.stdout
	if (ROOT / "cims" / "translations" / "zh.csv").exists():
		assert "客户" in done.stdout
