"""CIMS beside ERPNext: how many customers it has that we don't, and adopting them."""

import frappe
from frappe import _

from cims import erpnext, permissions
from cims.erpnext import adoption, job
from cims.ratings.guard import require_role

ADOPTERS = (permissions.MANAGER, "System Manager")


@frappe.whitelist(methods=["GET", "POST"])
def state() -> dict:
	"""{"installed": whether this site has ERPNext, "customers": how many it has there, "missing": how many of them CIMS doesn't
	have, "running": whether they are being adopted now}."""
	require_role(ADOPTERS)
	if not erpnext.installed():
		return {"installed": False, "customers": 0, "missing": 0, "running": False}
	return {
		"installed": True,
		"customers": frappe.db.count(erpnext.CUSTOMER),
		"missing": adoption.missing(),
		"running": job.running(),
	}


@frappe.whitelist(methods=["POST"])
def adopt() -> dict:
	"""Give every customer of ERPNext one of ours, and bring all in line. Can be asked again and again.

	Returns {"running": false, "made", "linked", "changed", "gone"}; where they are many {"running": true}: then the event
	`cims_adoption_progress` says how far it is.
	"""
	require_role(ADOPTERS)
	if not erpnext.installed():
		frappe.throw(_("This site has no ERPNext. Install it first: bench --site SITE install-app erpnext."))
	outcome = job.start()
	return {"running": outcome is None, **(vars(outcome) if outcome else {})}
