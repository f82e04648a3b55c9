"""A scratch site: a database of its own and a folder where no web server, worker or scheduler looks for sites.

It lies in the folder of the site that it is a copy of. Its database is always called the same, so whoever comes after a
killed run knows what to remove.
"""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import frappe

from cims.operations.server import PREFIX, Server

FOLDER, SITE = "restore-drill", "scratch"


class ScratchError(frappe.ValidationError):
	"""What was to be done in the scratch site failed; the message is what it said."""


class Scratch:
	"""The scratch site of the site that we are connected to."""

	def __init__(self, server: Server):
		self.server = server
		self.folder = Path(frappe.get_site_path(FOLDER)).resolve()
		self.database = PREFIX + hashlib.sha256(frappe.conf.db_name.encode()).hexdigest()[:16]
		self.password = secrets.token_urlsafe(24)

	def make(self, config: dict) -> None:
		"""config: of the site, with the keys that its data is encrypted with."""
		self.remove()
		site = self.folder / SITE
		site.mkdir(parents=True, mode=0o700)
		for name in ("locks", "logs"):
			(site / name).mkdir()
		sites = Path(frappe.local.sites_path).resolve()
		for name in ("common_site_config.json", "apps.txt"):
			(self.folder / name).symlink_to(sites / name)
		own = {
			"db_name": self.database,
			"db_password": self.password,
			"pause_scheduler": 1,
			"mute_emails": 1,
			"maintenance_mode": 1,
		}
		path = site / "site_config.json"
		path.touch(mode=0o600)
		path.write_text(json.dumps({**config, **own}))
		self.server.create(self.database, self.password)

	def remove(self) -> bool:
		"""Take everything of it away, also what a killed run has left. Returns whether there was anything."""
		there = self.folder.exists()
		shutil.rmtree(self.folder, ignore_errors=True)
		return self.server.drop(self.database) or there

	def run(self, what: str, **asked):
		"""Do something in the scratch site (a function of `cims.operations.restored`), in a process of its own: nothing of that
		site mixes with this one. Returns its answer; raises ScratchError with what went wrong."""
		answer = self.folder / "answer.json"
		answer.unlink(missing_ok=True)
		request = {
			"do": what,
			"asked": asked,
			"sites": str(self.folder),
			"site": SITE,
			"language": frappe.local.lang,
		}
		done = subprocess.run(
			[sys.executable, "-m", "cims.operations.restored", str(answer)],
			input=json.dumps(request, default=str).encode(),
			# Frappe finds the folders of logs from where it is called.
			cwd=self.folder,
			env=os.environ | {"NO_COLOR": "1"},
			capture_output=True,
		)
		if not answer.exists():
			said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
			raise ScratchError(said[-1] if said else f"{what}: {done.returncode}")
		found = json.loads(answer.read_text())
		if error := found.get("error"):
			raise ScratchError(error)
		return found["answer"]
