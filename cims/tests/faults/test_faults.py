"""Each long work broken in the middle by each fault: nothing half done is visible, and the next run ends where an
undisturbed one ends, with nothing lost and nothing doubled."""

import pytest

from cims.tests.faults.faults import FAULTS, DiskFull
from cims.tests.faults.works import difference
from cims.tests.faults.works.all import WORKS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_work_and_fault(stage, undisturbed, work, fault):
	if isinstance(fault, DiskFull) and not stage.database.is_small:
		pytest.skip("no small volume may be mounted here: unshare --user --map-root-user --mount is refused")
	clean = undisturbed(work)
	for moment in work.moments:
		stage.put(work)
		at = int(len(clean.statements) * moment)
		running = stage.begin(work, at)
		where = f"broken before change {at} of {len(clean.statements)}: {clean.statements[at]}"
		assert not work.half_done(clean.before, work.state(stage), clean.end), f"while it is done, {where}"
		fault.strike(stage, running)
		running.go_on()
		running.wait()
		fault.mend(stage)
		seen = work.state(stage)
		assert not work.half_done(clean.before, seen, clean.end), where
		stage.finish(work)
		assert not difference(clean.end, work.state(stage)), where
