"""Our own checks of a restored site: see the hook `cims_restore_checks` in `cims.operations.restored`."""

import tarfile

import numpy as np

import frappe
from frappe import _
from frappe.utils.password import decrypt

from cims.operations.restored import FAILED, PASSED, WARNING, Finding, Restored
from cims.ratings import policies, replay
from cims.trust import rating
from cims.trust.calendar import to_day
from cims.trust.rating import DIGITS

SECRETS, RATINGS, NAMED = 50, 200, 5


def secrets(restored: Restored) -> Finding:
	"""A sample of what Frappe keeps encrypted is decrypted with the key that was saved along."""
	check = _("Encrypted values")
	rows = frappe.db.sql(
		"""SELECT doctype, name, fieldname, password FROM `__Auth` WHERE encrypted = 1
		ORDER BY CRC32(CONCAT(doctype, name, fieldname, %s)) LIMIT %s""",
		(restored.drill, SECRETS),
	)
	there = frappe.db.sql("SELECT COUNT(*) FROM `__Auth` WHERE encrypted = 1")[0][0]
	if not rows:
		return Finding(check, PASSED, _("The site keeps no encrypted values."))
	if not frappe.conf.get("encryption_key"):
		return Finding(
			check,
			FAILED,
			_(
				"{0} encrypted values are of no use: neither the backup's site_config.json nor the site's has an encryption_key."
			).format(there),
		)
	failed = [f"{doctype} {name} {field}" for doctype, name, field, value in rows if not _opens(value)]
	if failed:
		return Finding(
			check,
			FAILED,
			_("{0} of {1} sampled values can't be decrypted with the key that is kept: {2}").format(
				len(failed), len(rows), ", ".join(failed[:NAMED])
			),
		)
	return Finding(
		check,
		PASSED,
		_("{0} of {1} values were decrypted with the key that is kept.").format(len(rows), there),
	)


def _opens(value: str) -> bool:
	try:
		decrypt(value, frappe.conf.encryption_key)
	except Exception:
		frappe.clear_messages()
		return False
	return True


def ratings(restored: Restored) -> Finding:
	"""Ratings of a sample of customers, worked out again from the restored evidence, are those that were restored."""
	check = _("Ratings from evidence")
	policy = policies.active()
	rows = frappe.db.sql(
		"""SELECT name, as_of, score, computed_grade FROM `tabTrust Rating`
		WHERE dirty = 0 AND policy = %s AND as_of IS NOT NULL
		ORDER BY CRC32(CONCAT(name, %s)) LIMIT %s""",
		(policy.version, restored.drill, RATINGS),
		as_dict=True,
	)
	if not rows:
		return Finding(
			check, PASSED, _("There are no ratings under the policy in force that could be compared.")
		)
	wrong = [name for day in {row.as_of for row in rows} for name in _otherwise(rows, day, policy)]
	if wrong:
		return Finding(
			check,
			FAILED,
			_("{0} of {1} sampled ratings aren't what their evidence says: {2}").format(
				len(wrong), len(rows), ", ".join(sorted(wrong)[:NAMED])
			),
		)
	return Finding(
		check,
		PASSED,
		_("{0} sampled ratings were worked out again from the restored evidence.").format(len(rows)),
	)


def _otherwise(rows: list[dict], as_of, policy) -> list[str]:
	"""The customers rated on a day whose rating doesn't follow from the evidence."""
	kept = {row.name: row for row in rows if row.as_of == as_of}
	day = to_day(as_of)
	book = replay.open_book(sorted(kept), policy, policies.segment_field(), until=day)
	found = replay.run(book, day, policy, 0).ratings
	scores = np.where(found.grade == rating.UNRATED, 0.0, found.assessment.score).round(DIGITS)
	again = dict(zip(found.customers, zip(scores, found.grades, strict=True), strict=True))
	return [name for name, row in kept.items() if not _same(row, again.get(name))]


def _same(row: dict, again: tuple | None) -> bool:
	if again is None:
		return False
	score, grade = again
	return abs(row.score - score) < 2 * 10**-DIGITS and row.computed_grade == grade


def files(restored: Restored) -> Finding:
	"""Each file that the restored database names is in the backup."""
	check = _("Attached files")
	urls = set(
		frappe.db.sql_list(
			"""SELECT DISTINCT file_url FROM tabFile WHERE is_folder = 0
			AND (file_url LIKE '/files/%%' OR file_url LIKE '/private/files/%%')"""
		)
	)
	if not urls:
		return Finding(check, PASSED, _("The site has no attached files."))
	if not restored.tars:
		return Finding(
			check,
			WARNING,
			_(
				"The backup holds the database alone; {0} attached files are in none. Make backups with: bench --site {1} backup"
				" --with-files"
			).format(len(urls), restored.site),
		)
	missing = sorted(urls - {url for path in restored.tars for url in _in_tar(path)})
	if missing:
		return Finding(
			check,
			WARNING,
			_("{0} of {1} attached files are missing in the backup: {2}").format(
				len(missing), len(urls), ", ".join(missing[:NAMED])
			),
		)
	return Finding(check, PASSED, _("All {0} attached files are in the backup.").format(len(urls)))


def _in_tar(path: str):
	"""The addresses of the files in a backup of public or private files."""
	with tarfile.open(path) as tar:
		for member in tar:
			_site, folder, name = member.name.removeprefix("./").partition("/private/files/")
			if not folder:
				_site, folder, name = member.name.removeprefix("./").partition("/public/files/")
			yield folder.replace("/public", "") + name
