"""The site's health: for load balancers, for people, for Prometheus, and a restore drill on demand."""

from werkzeug.wrappers import Response

import frappe

from cims import permissions
from cims.operations import drill, health
from cims.ratings.guard import require_role

MANAGERS = ("System Manager", permissions.MANAGER)
READERS = (*MANAGERS, permissions.MONITOR)


@frappe.whitelist(allow_guest=True, methods=["GET", "HEAD"])
def ok() -> Response:
	"""Says "ok" to anybody, and nothing else: the site answers and so does its database."""
	frappe.db.sql("SELECT 1")
	return Response("ok\n", content_type="text/plain; charset=utf-8")


@frappe.whitelist(methods=["GET"])
def status() -> dict:
	"""Every figure with its level and what to do (`health.status`)."""
	require_role(READERS)
	return health.status()


@frappe.whitelist(methods=["GET"])
def metrics() -> Response:
	"""The same for Prometheus, with counters, in the format that its header Accept asks for."""
	from cims.operations.metrics import exposition

	require_role(READERS)
	body, content_type = exposition(frappe.get_request_header("Accept") or "")
	return Response(body, content_type=content_type)


@frappe.whitelist(methods=["POST"])
def start_drill() -> dict:
	"""Let a worker restore the newest backup into a scratch site, and check it. What it finds is a Restore Drill."""
	require_role(MANAGERS[:1])
	drill.enqueue()
	return {"queued": True}
