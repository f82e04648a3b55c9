"""What breaks while a work stands before one of its statements, and what somebody then does about it."""

from abc import ABC, abstractmethod

from cims.tests.faults.stage import Running, Stage
from cims.tests.faults.works import AFTER, GROWING, WITHIN


class Fault(ABC):
	"""strike: while the work stands still. mend: once its process has ended. name: of the test. moments: at which ones."""

	name = ""
	moments = (WITHIN, AFTER)

	@abstractmethod
	def strike(self, stage: Stage, work: Running) -> None:
		"""Break it."""

	def mend(self, stage: Stage) -> None:
		"""Nothing has to be done where nothing else than the work broke."""


class WorkerKilled(Fault):
	name = "worker killed"

	def strike(self, stage, work):
		work.kill()

	def mend(self, stage):
		stage.later()
		# A new worker looks first for what a dead one had begun.
		stage.work_off()


class MariaDBKilled(Fault):
	name = "MariaDB killed"

	def strike(self, stage, work):
		stage.database.tell("kill")

	def mend(self, stage):
		stage.database.tell("start")


class RedisKilled(Fault):
	"""Cache and queue, with all that was in them."""

	name = "Redis killed"

	def strike(self, stage, work):
		stage.kill_redis()

	def mend(self, stage):
		stage.start_redis()


class DiskFull(Fault):
	name = "disk full"
	moments = (GROWING,)

	def strike(self, stage, work):
		stage.database.fill()

	def mend(self, stage):
		assert stage.database.has_lacked_space(), "the disk was full, and nothing was missing"
		stage.database.tell("free")
		stage.database.tell("start")


class ConnectionDropped(Fault):
	"""Only this one: the next one would be answered."""

	name = "connection dropped"

	def strike(self, stage, work):
		stage.database.rows(f"KILL CONNECTION {work.connection}")


FAULTS = (WorkerKilled(), MariaDBKilled(), RedisKilled(), DiskFull(), ConnectionDropped())
