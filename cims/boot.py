"""What every page of the desk knows of us from the start."""

from cims import erpnext, lists
from cims.ratings import panel, policies


def add(bootinfo) -> None:
	"""The grades of the policy in force, so that lists can show them in their colours; what the lists offer; whether the site
	has ERPNext."""
	bootinfo.cims = {
		"bands": panel.bands(policies.active()),
		"lists": lists.offered(),
		"erpnext": erpnext.installed(),
	}
