"""All works that the faults are tried on."""

from cims.customers import importing as customers_importing
from cims.ratings import replay
from cims.tests.faults.works import importing, merging, rebuilding, rerating

WORKS = (importing.WORK, importing.BY_BATCH, merging.MERGE, merging.UNDO, rerating.WORK, rebuilding.WORK)


def in_small_steps() -> None:
	"""What is done by the thousand is done by the hundred here, so that a small work has a middle."""
	customers_importing.FAST_AT_ONCE = 300
	replay.AT_ONCE = 70
