"""Where a benchmark runs: a site of this bench, connected, served over HTTP, and the smallest one beside it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import measure
import requests

import frappe
from frappe.core.doctype.user.user import generate_keys

BENCH = Path(os.environ["CIMS_BENCH"])
USER = "benchmark@example.com"


@dataclass
class Place:
	"""site is connected. http: a session of a CIMS Manager on it, beside: the same on the smallest site, None where this is it."""

	site: str
	customers: int
	http: "Session"
	beside: "Session | None"


class Session(requests.Session):
	"""A user's session by token, kept alive."""

	def __init__(self, address: str, key: str, secret: str):
		super().__init__()
		self.trust_env = False  # no proxy on the way to this machine
		self.address = address
		self.headers.update(Accept="application/json", Authorization=f"token {key}:{secret}")

	def call(self, method: str, **arguments) -> dict:
		answer = self.post(f"{self.address}/api/method/{method}", json=arguments, timeout=300)
		answer.raise_for_status()
		return answer.json()


@contextmanager
def opened(site: str, customers: int, beside: str | None) -> Iterator[Place]:
	"""Both sites served, with a user on each; the first one connected."""
	with ExitStack() as stack:
		sessions = [
			Session(stack.enter_context(measure.served(BENCH, name)), *_keys(name)) if name else None
			for name in (beside, site)
		]
		frappe.init(site=site)
		frappe.connect()
		stack.callback(frappe.destroy)
		yield Place(site, customers, sessions[1], sessions[0])


def _keys(site: str) -> tuple[str, str]:
	"""Key and secret of a CIMS Manager on a site."""
	frappe.init(site=site)
	frappe.connect()
	try:
		if not frappe.db.exists("User", USER):
			user = frappe.get_doc(doctype="User", email=USER, first_name="Benchmark")
			user.flags.no_welcome_mail = True
			user.append_roles("CIMS Manager")
			user.insert()
		secret = generate_keys(USER)["api_secret"]
		frappe.db.commit()
		return frappe.db.get_value("User", USER, "api_key"), secret
	finally:
		frappe.destroy()
