"""gunicorn, for make run and for the tests: one site, whatever name it is called by."""

import os

bind = f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ['PORT']}"
chdir = "sites"
wsgi_app = "frappe.app:application_with_statics()"
workers = 2
worker_class = "gthread"
threads = 8
timeout = 300  # an import or a report may take a while
graceful_timeout = 3
accesslog = None


def post_worker_init(worker):
	import frappe.app

	frappe.app._site = os.environ["SITE"]
