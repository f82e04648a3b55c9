"""The stage that all fault tests share, and for each work what it does when nothing disturbs it."""

import os
from dataclasses import dataclass
from functools import cache

import pytest

from cims.tests.faults.stage import Stage
from cims.tests.faults.works import State, Work


@dataclass(frozen=True)
class Undisturbed:
	"""What a work changes, statement by statement, and the states around it."""

	statements: list[str]
	before: State
	end: State


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
	made = Stage(tmp_path_factory.mktemp("faults"))
	try:
		made.open()
		yield made
	finally:
		made.close()


@pytest.fixture(scope="session")
def undisturbed(stage):
	"""undisturbed(work): found out once."""

	@cache
	def run(work: Work) -> Undisturbed:
		stage.put(work)
		before = work.state(stage)
		stage.database.rows("DELETE FROM `tabError Log`")
		statements = stage.whole(work)
		stage.finish(work)
		errors = stage.database.rows("SELECT method, error FROM `tabError Log`")
		assert not errors, f"undisturbed it fails: {errors[0][0]}\n{errors[0][1]}"
		end = work.state(stage)
		assert work.changed(before, end) == work.changes
		return Undisturbed(statements, before, end)

	return run
