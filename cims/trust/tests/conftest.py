"""Settings of the engine's tests: they need neither a site nor Frappe."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine is slow at times; that is no failure.
settings.register_profile("cims", deadline=None, max_examples=60, derandomize=bool(os.environ.get("CI")))
settings.load_profile("cims")

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def data_file():
	"""A function: name of a public data set -> its path. Skips where the data are absent."""
	folder = Path(os.environ.get("CIMS_TEST_DATA") or ROOT.parent / "shared" / "data")

	def path(name: str) -> str:
		if not (folder / name).exists():
			pytest.skip(f"needs {name}; name its folder in CIMS_TEST_DATA")
		return str(folder / name)

	return path
