"""The health of a site: every figure with its level, whatever of the site is out of order.

Figures come from functions f() -> Figure, or several; other parts add theirs by the hook `cims_health_checks`. One that can't
be asked is itself a figure that fails, and the others are still told.
"""

from collections.abc import Iterator

import frappe
from frappe import _
from frappe.translate import MERGED_TRANSLATION_KEY, get_all_translations
from frappe.utils import now

import cims
from cims.operations import services, state
from cims.operations.figures import DATA, FAILING, JOBS, RATINGS, SERVICES, Figure, worst

CHECKS = {
	services.database: SERVICES,
	services.redis_cache: SERVICES,
	services.redis_queue: SERVICES,
	services.workers: SERVICES,
	services.scheduler: SERVICES,
	services.queues: JOBS,
	services.failed_jobs: JOBS,
	services.failed_scheduled_jobs: JOBS,
	services.errors: JOBS,
	state.stuck_imports: JOBS,
	state.ratings_waiting: RATINGS,
	state.night: RATINGS,
	state.snapshot: RATINGS,
	state.curves_behind: RATINGS,
	state.backup: DATA,
	state.drill: DATA,
	state.tables: DATA,
	state.disks: DATA,
}


def figures() -> list[Figure]:
	_keep_translations()
	checks = dict(CHECKS)
	for path in frappe.get_hooks("cims_health_checks"):
		checks[frappe.get_attr(path)] = DATA
	return [figure for check, group in checks.items() for figure in _asked(check, group)]


def _keep_translations() -> None:
	"""Read the translations once for this request: without Redis, Frappe reads all files again for each sentence."""
	kept = frappe.local.cache.setdefault(frappe.cache.make_key(MERGED_TRANSLATION_KEY), {})
	kept[frappe.local.lang] = get_all_translations(frappe.local.lang)


def status() -> dict:
	"""{site, version, checked_at, level: the worst of all, figures: [Figure as a dict]} in the language of the request."""
	shown = [figure for figure in figures() if figure.group]
	return {
		"site": frappe.local.site,
		"version": cims.__version__,
		"checked_at": now(),
		"level": worst(figure.level for figure in shown),
		"figures": [figure.plain() for figure in shown],
	}


def _asked(check, group: str) -> Iterator[Figure]:
	try:
		found = check()
		yield from [found] if isinstance(found, Figure) else list(found)
	except Exception as error:
		frappe.clear_messages()
		yield Figure(
			check.__name__,
			group,
			_name(check),
			FAILING,
			_("can't be told: {0}").format(frappe.utils.strip_html(str(error)) or type(error).__name__),
			advice=_("What it depends on is out of order; see the services above."),
		)


def _name(check) -> str:
	"""What a figure that can't be asked is called."""
	names = {
		"workers": _("Workers"),
		"queues": _("Queues"),
		"failed_jobs": _("Failed jobs in 24 hours"),
		"stuck_imports": _("Imports"),
	}
	return names.get(check.__name__, check.__name__)
