"""Trust policies: a new version, what it would change, and putting it in force."""

import frappe

from cims.api import arguments
from cims.ratings import policies, previews


@frappe.whitelist(methods=["POST"])
def new_version(based_on: str = "") -> str:
	"""A draft that begins as a copy of another version. Returns its name.

	```
	curl -X POST -H "Authorization: token KEY:SECRET" -d based_on=POL-0001 https://SITE/api/method/cims.api.policies.new_version
	```
	"""
	arguments.required(based_on=based_on)
	return policies.new_version(based_on).name


@frappe.whitelist(methods=["POST"])
def preview(policy: str = "", changes: dict | str | None = None) -> dict:
	"""What a version would change if it were published (`cims.ratings.previews.preview`), of many customers for a sample.

	policy: its name. changes: the version's fields as they would be, to see the effect before anything is saved.
	"""
	return previews.preview(_asked(policy, changes))


@frappe.whitelist(methods=["POST"])
def preview_all(policy: str = "", changes: dict | str | None = None) -> str:
	"""The same for all customers, by a job. Returns the job's ID, to be asked for with `preview_result`."""
	return previews.preview_later(_asked(policy, changes))


@frappe.whitelist(methods=["GET", "POST"])
def preview_result(job: str = "") -> dict | None:
	"""What a job of `preview_all` has found, None until it has."""
	arguments.required(job=job)
	return previews.result(job)


@frappe.whitelist(methods=["POST"])
def publish(policy: str = "", reason: str = "") -> str:
	"""Put a draft in force as the next version and rate everybody anew; the reason is kept with it. Returns its name.

	```
	curl -X POST -H "Authorization: token KEY:SECRET" -d policy=POL-0002 --data-urlencode "reason=Payment counts more" \\
		https://SITE/api/method/cims.api.policies.publish
	```
	"""
	arguments.required(policy=policy)
	return policies.publish(policy, reason)


def _asked(policy: str, changes: dict | str | None) -> dict | str:
	arguments.required(policy=policy)
	return (
		{**(arguments.parsed(changes, "changes") if isinstance(changes, str) else changes), "name": policy}
		if changes
		else policy
	)
