"""The company that every test with ERPNext works in. The root conftest leaves this folder out on sites without ERPNext."""

import pytest

from cims.tests.erpnext import records


@pytest.fixture(scope="session", autouse=True)
def company() -> str:
	"""Made before the first test, and left for the next run."""
	return records.company()
