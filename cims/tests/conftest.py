"""The site as the outside sees it: over real HTTP (`http`), and in a real Chromium (`browser_page`).

The server reads what is committed: commit what a test sets up, and roll back (or commit) before
looking in the database for what the server did.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from functools import cache, partial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSWORD = "Cims-tests-0nly"
CHROMIUM_FLAGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--no-first-run",
	"--no-proxy-server",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--host-resolver-rules=MAP *.localhost 127.0.0.1",
]


# --- the server ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def base_url():
	"""The site served as make run serves it, with a worker for its background jobs."""
	bench, port = Path(os.environ["CIMS_BENCH"]), free_port()
	environment = os.environ | {"SITE": os.environ["CIMS_TEST_SITE"], "HOST": "127.0.0.1", "PORT": str(port)}
	web = start(bench, environment, "-m", "gunicorn", "-c", str(ROOT / "scripts/gunicorn.conf.py"))
	bench_helper = ("-m", "frappe.utils.bench_helper", "frappe")
	worker = start(bench / "sites", environment, *bench_helper, "worker", "--queue", "short,default,long")
	try:
		wait_until_open(port, web)
		yield f"http://127.0.0.1:{port}"
	finally:
		stop(web, worker)


def start(folder: Path, environment: dict, *arguments: str) -> subprocess.Popen:
	# setpriv: gone with pytest, even if that is killed.
	command = ["setpriv", "--pdeathsig", "TERM", sys.executable, *arguments]
	return subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True)


def stop(*processes: subprocess.Popen) -> None:
	for process in processes:
		process.terminate()
	for process in processes:
		try:
			process.wait(10)
		except subprocess.TimeoutExpired:
			process.kill()


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def wait_until_open(port: int, web: subprocess.Popen) -> None:
	deadline = time.monotonic() + 60
	while time.monotonic() < deadline and web.poll() is None:
		try:
			socket.create_connection(("127.0.0.1", port), 1).close()
			return
		except OSError:
			time.sleep(0.2)
	raise RuntimeError("the web server does not start")


# --- users -----------------------------------------------------------------------------------------


def make_user(*roles: str, email: str | None = None) -> str:
	"""A user with exactly these roles, committed; the password is PASSWORD."""
	import frappe

	email = email or "-".join(roles).lower().replace(" ", "-") + "@example.com"
	if frappe.db.exists("User", email):
		user = frappe.get_doc("User", email)
	else:
		user = frappe.get_doc(doctype="User", email=email, first_name=" ".join(roles), new_password=PASSWORD)
		user.flags.update(no_welcome_mail=True, ignore_password_policy=True)
	user.set("roles", [{"role": role} for role in roles])
	user.save(ignore_permissions=True)
	frappe.db.commit()
	return email


@cache
def make_keys(user: str) -> tuple[str, str]:
	"""The API key and secret of a user, made once: new ones would lock out whoever still asks with the old."""
	import frappe
	from frappe.core.doctype.user.user import generate_keys

	secret = generate_keys(user)["api_secret"]
	frappe.db.commit()
	return frappe.db.get_value("User", user, "api_key"), secret


# --- REST ------------------------------------------------------------------------------------------


class Http:
	"""http.client("CIMS Viewer").get("/api/resource/ToDo"); http.guest for nobody in particular."""

	def __init__(self, base_url: str):
		self.base_url = base_url
		self.guest = self.session()
		self.make_user = make_user
		self.make_keys = make_keys

	def client(self, *roles: str):
		"""A requests.Session as a user with these roles, by token."""
		return self.client_of(make_user(*roles))

	def client_of(self, user: str):
		session = self.session()
		session.headers["Authorization"] = "token {}:{}".format(*make_keys(user))
		return session

	def session(self):
		import requests

		session = requests.Session()
		session.trust_env = False  # no proxy on the way to this machine
		session.headers["Accept"] = "application/json"
		plain = session.request
		session.request = lambda method, path, **options: plain(
			method, self.base_url + path, **{"timeout": 120, **options}
		)
		return session


@pytest.fixture(scope="session")
def http(base_url):
	return Http(base_url)


# --- the browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser():
	from playwright.sync_api import sync_playwright

	path = shutil.which("chromium") or shutil.which("google-chrome") or ""
	if not path or "/snap/" in path:
		path = None  # the one that Playwright installed
	with sync_playwright() as playwright:
		chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
		yield chromium
		chromium.close()


@pytest.fixture
def browser_page(browser, base_url, request):
	"""A page of its own; page.login(user) logs in through the form, as the Administrator by default."""
	context = browser.new_context(base_url=base_url, viewport={"width": 1440, "height": 900}, locale="en-US")
	page = context.new_page()
	page.login = partial(login, page)
	yield page
	if getattr(request.node, "failed", False):
		picture = ROOT / "out/browser" / f"{request.node.name}.png"
		page.screenshot(path=picture, full_page=True)
		print(f"{page.url} when it failed: {picture}")
	context.close()


def login(page, user: str = "Administrator", password: str | None = None) -> None:
	if password is None:
		password = os.environ.get("ADMIN_PASSWORD") or "admin" if user == "Administrator" else PASSWORD
	page.goto("/login")
	page.fill("#login_email", user)
	page.fill("#login_password", password)
	page.click(".for-login .btn-login")
	page.wait_for_url("**/app**", timeout=60_000)
	page.wait_for_selector(".layout-main-section", timeout=60_000)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
	report = yield
	item.failed = getattr(item, "failed", False) or report.failed
	return report
