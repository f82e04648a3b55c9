"""A MariaDB that can be killed and whose disk can be filled: python volume.py FOLDER PORT [MEGABYTES]

Commands on stdin, a line each, answered by a line on stdout ("ok", or what went wrong). With MEGABYTES its data lie in a
volume of that size, visible in here only: run it under `unshare --user --map-root-user --mount`. All of it ends with stdin.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SETTINGS = """[mariadbd]
datadir = {folder}/data
tmpdir = {temporary}
socket = {folder}/mariadb.sock
pid-file = {folder}/mariadb.pid
port = {port}
bind-address = 127.0.0.1
skip-name-resolve
skip-grant-tables
character-set-server = utf8mb4
collation-server = utf8mb4_unicode_ci
character-set-client-handshake = FALSE
local-infile = 1
max-allowed-packet = 256M
innodb-buffer-pool-size = 64M
innodb-log-file-size = 16M
innodb-data-file-path = ibdata1:3M:autoextend
innodb-autoextend-increment = 1
"""


class Volume:
	def __init__(self, folder: Path, port: int):
		self.folder, self.saved, self.port = folder / "volume", folder / "saved", port
		# Not the machine's: a MariaDB that starts clears away the temporary tables of all others there.
		self.temporary = folder / "temporary"
		self.settings, self.log = self.folder / "mariadb.cnf", folder / "mariadb.log"
		self.server: subprocess.Popen | None = None

	def make(self, megabytes: int | None) -> None:
		self.folder.mkdir()
		self.saved.mkdir()
		self.temporary.mkdir()
		if megabytes:
			run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(self.folder))
		self.settings.write_text(
			SETTINGS.format(folder=self.folder, temporary=self.temporary, port=self.port)
		)
		run("mariadb-install-db", f"--defaults-file={self.settings}", *as_root(), "--skip-test-db")

	def start(self) -> None:
		"""Unless it runs: MariaDB survives a full disk, but not every one."""
		if self.server and self.server.poll() is None:
			return
		with open(self.log, "ab") as log:
			self.server = subprocess.Popen(
				["mariadbd", f"--defaults-file={self.settings}", *as_root()], stdout=log, stderr=log
			)
		deadline = time.monotonic() + 60
		while time.monotonic() < deadline and self.server.poll() is None:
			with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 10) as client:
				# The port answers a moment before MariaDB does.
				if client.recv(1):
					return
			time.sleep(0.05)
		raise RuntimeError("MariaDB does not start: " + self.log.read_text()[-2000:])

	def kill(self) -> None:
		"""As the machine's memory killer would: no farewell to anybody."""
		if self.server:
			self.server.kill()
			self.server.wait()
			self.server = None

	def stop(self) -> None:
		if self.server:
			self.server.terminate()
			self.server.wait(60)
			self.server = None

	def save(self, name: str) -> None:
		"""Keep what the database holds now under a name."""
		self.stop()
		self.copy(self.folder / "data", self.saved / name)
		self.start()

	def restore(self, name: str) -> None:
		self.kill()
		self.free()
		self.copy(self.saved / name, self.folder / "data")
		self.start()

	@staticmethod
	def copy(source: Path, target: Path) -> None:
		shutil.rmtree(target, ignore_errors=True)
		run("cp", "-a", str(source), str(target))

	def logs_elsewhere(self) -> None:
		"""Put Frappe's MyISAM tables, its log of errors, on another disk: on one that is full MariaDB lets their writers
		wait for a minute at a time."""
		self.stop()
		for path in (self.folder / "data").rglob("*.MY[DI]"):
			shutil.move(path, self.saved / path.name)
			path.symlink_to(self.saved / path.name)
		self.start()

	def fill(self) -> None:
		"""Leave nothing of the volume."""
		left = os.statvfs(self.folder)
		with open(self.folder / "filler", "wb") as filler:
			os.posix_fallocate(filler.fileno(), 0, left.f_bavail * left.f_frsize)

	def free(self) -> None:
		(self.folder / "filler").unlink(missing_ok=True)


def as_root() -> list[str]:
	"""MariaDB wants to be told that root, which is what one's own user is called in here, is meant."""
	return ["--user=root"] if os.getuid() == 0 else []


def run(*command: str) -> None:
	done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
	if done.returncode:
		raise RuntimeError(f"{command[0]}: {done.stdout[-500:]} {done.stderr[-500:]}")


def answer(act) -> None:
	try:
		act()
		print("ok", flush=True)
	except Exception as error:
		print(" ".join(str(error).split()) or repr(error), flush=True)


def main() -> None:
	folder, port, *megabytes = sys.argv[1:]
	volume = Volume(Path(folder), int(port))
	try:
		answer(lambda: volume.make(int(megabytes[0]) if megabytes else None))
		for line in sys.stdin:
			command, *arguments = line.split()
			answer(lambda: getattr(volume, command)(*arguments))
	finally:
		volume.kill()


if __name__ == "__main__":
	main()
