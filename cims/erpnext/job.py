"""Adopting all of ERPNext's customers when somebody asks for it: at once where they are few, else in the background."""

import frappe
from frappe.utils.background_jobs import is_job_enqueued

from cims.erpnext import CUSTOMER, adoption

# So many are done within a request.
FEW = 2000
JOB = "cims_adoption"
PROGRESS = "cims_adoption_progress"


def start() -> adoption.Outcome | None:
	"""Adopt everybody. None: it is done in the background, which says how far it is to this user."""
	if frappe.db.count(CUSTOMER) <= FEW:
		return adoption.everybody()
	if not running():
		frappe.enqueue(
			run, queue="long", timeout=3600, job_id=JOB, now=frappe.flags.in_test, user=frappe.session.user
		)
	return None


def running() -> bool:
	return is_job_enqueued(JOB)


def run(user: str) -> None:
	def tell(**state) -> None:
		frappe.publish_realtime(PROGRESS, state, user=user)

	try:
		outcome = adoption.everybody(lambda done, total: tell(done=done, total=total))
	except Exception:
		tell(failed=True)
		raise
	tell(finished=True, **vars(outcome))
