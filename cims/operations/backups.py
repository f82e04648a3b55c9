"""The backups that Frappe makes of a site, where it keeps them: sites/SITE/private/backups."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import frappe
from frappe import _
from frappe.utils.backups import BACKUP_ENCRYPTION_CONFIG_KEY

STAMP = "%Y%m%d_%H%M%S"
DATABASE = "-database"
TARS = ("-files", "-private-files")
# The key comes on its input, where no list of processes shows it.
GPG = ("gpg", "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase-fd", "0")


class BackupError(frappe.ValidationError):
	"""There is no backup, or it can't be read; the message says what to do."""


@dataclass(frozen=True)
class Backup:
	"""A backup's database, and what was saved beside it. taken_on: by the site's clock, as of the beginning of the dump."""

	database: Path
	taken_on: datetime
	encrypted: bool

	@property
	def name(self) -> str:
		return self.database.name

	@property
	def size(self) -> int:
		return self.database.stat().st_size

	@property
	def tars(self) -> list[Path]:
		"""The site's files, public and private, where they were saved along."""
		return [
			path
			for kind in TARS
			for path in self._beside(kind)
			if path.name.endswith((".tar", ".tgz"))
		]  # fmt: skip

	def config(self) -> dict | None:
		"""The site's configuration as it was saved, with its keys."""
		found = self._beside("-site_config_backup")
		return json.loads(found[0].read_text()) if found else None

	def _beside(self, kind: str) -> list[Path]:
		start = self.name.partition(DATABASE)[0]
		return sorted(self.database.parent.glob(f"{start}{kind}[.-]*"))


def newest() -> Backup:
	"""The newest whole backup of the site. Raises BackupError where there is none, with how to make one."""
	if found := all_of_them():
		return max(found, key=lambda backup: backup.taken_on)
	raise BackupError(
		_("There is no backup in {0}. Make one: bench --site {1} backup --with-files").format(
			_folder(), frappe.local.site
		)
	)


def all_of_them() -> list[Backup]:
	"""The site's whole backups; partial ones, of some tables, restore no site."""
	slug = frappe.local.site.replace(".", "_")
	found = []
	for path in _folder().glob(f"*-{slug}{DATABASE}*.sql.gz"):
		try:
			taken_on = datetime.strptime(path.name.partition("-")[0], STAMP)
		except ValueError:
			continue
		found.append(Backup(path, taken_on, path.name.partition(DATABASE)[2].startswith("-enc")))
	return found


def _folder() -> Path:
	return Path(frappe.get_site_path("private", "backups"))


def decrypted(path: Path, folder: Path) -> Path:
	"""An encrypted file of a backup in the clear, in `folder`; the backup itself stays as it is."""
	key = frappe.conf.get(BACKUP_ENCRYPTION_CONFIG_KEY)
	if not key:
		raise BackupError(
			_("The backup is encrypted, and {0} is missing in site_config.json.").format(
				BACKUP_ENCRYPTION_CONFIG_KEY
			)
		)
	if not shutil.which("gpg"):
		raise BackupError(_("The backup is encrypted, and the program gpg isn't installed."))
	plain = folder / path.name
	done = subprocess.run(
		[*GPG, "--homedir", _keyring(folder), "--output", plain, "--decrypt", path],
		input=key.encode(),
		capture_output=True,
	)
	if done.returncode:
		said = done.stderr.decode(errors="replace").strip().splitlines()
		raise BackupError(
			_("The backup {0} can't be decrypted with {1} of site_config.json: {2}").format(
				path.name, BACKUP_ENCRYPTION_CONFIG_KEY, said[-1] if said else "gpg"
			)
		)
	return plain


def _keyring(folder: Path) -> Path:
	"""gpg wants a folder of its own even where it needs no keys."""
	home = folder / "gpg"
	home.mkdir(mode=0o700, exist_ok=True)
	return home
