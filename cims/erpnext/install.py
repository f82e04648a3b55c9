"""CIMS and ERPNext come together on a site, in whichever order, and part again."""

from frappe.utils import update_progress_bar

from cims import erpnext
from cims.erpnext import adoption, custom_fields, desk, sight

APPS = ("cims", erpnext.APP)


def bring(app: str | None = None) -> None:
	"""Where both are there: what each needs for the other, and a customer of ours for each of ERPNext's. Can run again and
	again.

	A hook of `after_app_install`, which says the app, and of `after_migrate`.
	"""
	if (app is None or app in APPS) and erpnext.installed():
		custom_fields.bring()
		desk.bring()
		sight.hide_orders()
		adoption.everybody(
			lambda done, total: update_progress_bar("Adopting ERPNext's customers", done - 1, total)
		)


def take_away(app: str) -> None:
	"""One of the two goes: the other is as if it had never been there. A hook of `before_app_uninstall`."""
	if app not in APPS or not erpnext.installed():
		return
	sight.show_orders()
	desk.take_away()
	custom_fields.take_away()
