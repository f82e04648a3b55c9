"""CIMS and ERPNext come together on a site, in whichever order, and part again."""

from cims import erpnext
from cims.erpnext import custom_fields, desk

APPS = ("cims", erpnext.APP)


def bring(app: str | None = None) -> None:
	"""Where both are there: what each needs for the other. Can run again and again.

	A hook of `after_app_install`, which says the app, and of `after_migrate`.
	"""
	if (app is None or app in APPS) and erpnext.installed():
		custom_fields.bring()
		desk.bring()


def take_away(app: str) -> None:
	"""One of the two goes: the other is as if it had never been there. A hook of `before_app_uninstall`."""
	if app in APPS and erpnext.installed():
		desk.take_away()
		custom_fields.take_away()
