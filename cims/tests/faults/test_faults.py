"""Each long work broken in the middle by each fault: nothing half done is visible, and the next run ends where an
undisturbed one ends, with nothing lost and nothing doubled."""

import pytest

from cims.tests.faults.faults import FAULTS, DiskFull
from cims.tests.faults.works import difference, moments
from cims.tests.faults.works.all import WORKS


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.name)
def test_work_and_fault(stage, undisturbed, work, fault):
	if isinstance(fault, DiskFull) and not stage.database.is_small:
		pytest.skip("no small volume may be mounted here: unshare --user --map-root-user --mount is refused")
	clean = undisturbed(work)
	for moment in fault.moments:
		at = moments(work, clean.statements)[moment]
		where = f"broken before {clean.statements[at]} ({at} of {len(clean.statements)})"
		stage.put(work)
		running = stage.begin(work, at)
		assert not work.half_done(clean.before, work.state(stage), clean.end), f"while it is done, {where}"
		fault.strike(stage, running)
		running.go_on()
		running.wait()
		fault.mend(stage)
		assert not work.half_done(clean.before, work.state(stage), clean.end), where
		stage.finish(work)
		assert not difference(clean.end, work.state(stage)), where


@pytest.mark.parametrize("work", [work for work in WORKS if work.jobs], ids=lambda work: work.name)
def test_job_lost_with_redis(stage, undisturbed, work):
	"""Redis killed with the job in it, before any worker came to it."""
	clean = undisturbed(work)
	stage.put(work)
	stage.call(work.function(work.start))
	stage.kill_redis()
	stage.start_redis()
	stage.finish(work)
	assert not difference(clean.end, work.state(stage))
