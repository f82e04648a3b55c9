"""Keys for what a site protects. They live in `site_config.json`, where Frappe keeps its own `encryption_key`: outside the
database, and part of Frappe's backup of the site's configuration.

A site has one key in use and, after a rotation, older ones that still open what they closed. Nothing uses such a key itself:
each purpose derives its own from it, by HKDF-SHA256 (RFC 5869), so that none says anything of another.
"""

import base64
import functools
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import frappe
from frappe import _
from frappe.installer import update_site_config

# In site_config.json: a list of {"id": "1", "key": 32 random bytes in base64}, the one in use first.
SETTING = "cims_protection_keys"


class MissingKey(frappe.ValidationError):
	"""The site's configuration lacks the key that something was protected with."""


@dataclass(frozen=True)
class Key:
	"""A key of the site; `id` is short, has no blanks, and is written beside what the key protects."""

	id: str
	secret: bytes

	def derive(self, purpose: str, length: int = 32) -> bytes:
		"""The key of this many bytes for one purpose, always the same."""
		return _derived(self.secret, purpose, length)


@functools.lru_cache(maxsize=64)
def _derived(secret: bytes, purpose: str, length: int) -> bytes:
	return HKDF(hashes.SHA256(), length, salt=None, info=f"cims/{purpose}".encode()).derive(secret)


def ring() -> tuple[Key, ...]:
	"""All keys of the site, the one in use first. Empty where there is none yet."""
	return tuple(
		Key(str(row["id"]), base64.urlsafe_b64decode(row["key"])) for row in frappe.conf.get(SETTING) or ()
	)


def current() -> Key:
	"""The key in use. Raises MissingKey where the site has none."""
	keys = ring()
	if not keys:
		raise MissingKey(_missing())
	return keys[0]


def by_id(key_id: str) -> Key:
	"""The key of this id. Raises MissingKey where the site no longer has it."""
	for key in ring():
		if key.id == key_id:
			return key
	raise MissingKey(_missing(key_id))


def ensure() -> None:
	"""Give the site its first key. To be called only where nothing is protected yet, or a lost key would go unnoticed."""
	if not ring():
		_keep([_new(())])


def add() -> Key:
	"""A new key, from now on the one in use; the older ones stay for what they protect."""
	older = frappe.conf.get(SETTING) or []
	_keep([_new(row["id"] for row in older), *older])
	return current()


def forget(key_id: str) -> None:
	"""Remove an older key, when nothing is protected by it any more."""
	if key_id == current().id:
		frappe.throw(_("Key {0} is in use and can't be removed.").format(key_id))
	_keep([row for row in frappe.conf.get(SETTING) if str(row["id"]) != key_id])


def _new(taken: Iterable) -> dict:
	return {"id": str(max((int(i) for i in taken), default=0) + 1), "key": Fernet.generate_key().decode()}


def _keep(rows: list[dict]) -> None:
	update_site_config(SETTING, rows, validate=False)
	frappe.conf[SETTING] = rows


def _missing(key_id: str = "") -> str:
	return _(
		"The key {0} that this site's data was protected with is not in its site_config.json. Put back {1} from the site_config_backup.json of a backup."
	).format(key_id, SETTING)
