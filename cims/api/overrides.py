"""Deciding on overrides of a grade. Asking for one is inserting a Trust Override."""

import frappe

from cims.api import arguments
from cims.ratings import overrides


@frappe.whitelist(methods=["POST"])
def approve(override: str = "", note: str | None = None) -> None:
	"""Put an override in force; not by whoever asked for it.

	```
	curl -X POST -H "Authorization: token KEY:SECRET" -d override=OVR-00001 https://SITE/api/method/cims.api.overrides.approve
	```
	"""
	arguments.required(override=override)
	overrides.approve(override, note)


@frappe.whitelist(methods=["POST"])
def reject(override: str = "", note: str = "") -> None:
	"""Turn an override down and say why; not by whoever asked for it."""
	arguments.required(override=override, note=note)
	overrides.reject(override, note)


@frappe.whitelist(methods=["POST"])
def withdraw(override: str = "", note: str | None = None) -> None:
	"""End an override, before it was decided on or after; by whoever asked for it or may approve."""
	arguments.required(override=override)
	overrides.withdraw(override, note)
