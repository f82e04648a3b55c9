"""The health of a site for Prometheus, in its text format."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

import frappe

import cims
from cims.operations import health
from cims.operations.figures import LEVELS, Figure

PREFIX = "cims_"
HELP = {
	"backup_age": "Since the newest backup was made",
	"backup_size": "The newest backup with its files",
	"curves_behind": "Curves that aren't filed by month yet",
	"database_answer": "Time that the database takes to answer",
	"database_size": "All tables with their indexes, as the server estimates them",
	"disk_free": "Free room on a disk",
	"drill_age": "Since the last restore drill began",
	"drill_duration": "How long the last restore drill took",
	"drill_passed": "1 if the last restore drill passed",
	"drill_rows_lost": "Rows that the last restore drill found missing in the backup",
	"errors_logged": "Errors logged within 24 hours",
	"failed_jobs": "Jobs that failed within 24 hours",
	"failed_scheduled_jobs": "Jobs of the scheduler that failed within 24 hours",
	"imports_stuck": "Imports that say they run though no job does them",
	"last_night": "Since everybody was rated last",
	"last_snapshot": "Since the last month end with quartiles",
	"queue_lag": "How long the first waiting job of a queue has waited",
	"queue_waiting": "Jobs that wait in a queue",
	"rating_lag": "How long the first customer with new evidence has waited for a rating",
	"ratings_waiting": "Customers with evidence that isn't in their rating yet",
	"redis_up": "1 if Redis answers",
	"scheduler_tick": "Since the scheduler last started a job",
	"table_rows": "Rows of a table, as the server estimates them",
	"table_size": "A table with its indexes",
	"workers": "Workers that serve a queue",
}
COUNTED = {
	"rating_runs": ("Runs that rated everybody, by how they ended", "Trust Run", "status"),
	"restore_drills": ("Restore drills, by how they ended", "Restore Drill", "status"),
	"imports": ("Imports, by kind", "CIMS Import", "kind"),
}


def exposition(accept: str) -> tuple[bytes, str]:
	"""All metrics in the form that the header Accept asks for, and its content type."""
	registry = CollectorRegistry()
	registry.register(SiteCollector())
	encode, content_type = choose_encoder(accept)
	return encode(registry), content_type


class SiteCollector:
	"""What prometheus_client asks for the metrics of the site we are connected to."""

	def describe(self) -> list[Metric]:
		"""Nothing is asked at registering."""
		return []

	def collect(self) -> Iterator[Metric]:
		# The help texts and labels are the same for everybody.
		before, frappe.local.lang = frappe.local.lang, "en"
		try:
			found = health.figures()
		finally:
			frappe.local.lang = before
		yield InfoMetricFamily(
			f"{PREFIX}app", "Version of CIMS", {"version": cims.__version__, "frappe": frappe.__version__}
		)
		yield _levels(found)
		yield from _gauges(found)
		yield from _counters()


def _levels(found: list[Figure]) -> Metric:
	"""The worst level of each kind of figure: 0 OK, 1 warning, 2 failing."""
	metric = GaugeMetricFamily(f"{PREFIX}health", "0 OK, 1 warning, 2 failing", labels=["check"])
	worst: dict[str, int] = {}
	for figure in found:
		if figure.group and figure.group != "tables":
			worst[figure.key] = max(worst.get(figure.key, 0), LEVELS.index(figure.level))
	for key, level in worst.items():
		metric.add_metric([key], level)
	return metric


def _gauges(found: list[Figure]) -> Iterator[Metric]:
	families: dict[str, Metric] = {}
	for figure in found:
		if figure.value is None:
			continue
		if figure.key not in families:
			help_text = HELP.get(figure.key) or figure.label
			families[figure.key] = GaugeMetricFamily(
				PREFIX + figure.key, help_text, labels=sorted(figure.labels), unit=figure.unit
			)
		families[figure.key].add_metric([figure.labels[name] for name in sorted(figure.labels)], figure.value)
	yield from families.values()


def _counters() -> Iterator[Metric]:
	"""What only ever grows, as the database knows it."""
	for name, (help_text, doctype, field) in COUNTED.items():
		metric = CounterMetricFamily(PREFIX + name, help_text, labels=[field])
		for value, number in frappe.db.sql(
			f"SELECT `{field}`, COUNT(*) FROM `tab{doctype}` GROUP BY `{field}`"
		):
			if value != "Running":
				metric.add_metric([value or ""], number)
		yield metric
	rated = frappe.db.sql("SELECT COALESCE(SUM(rated), 0) FROM `tabTrust Run`")[0][0]
	yield CounterMetricFamily(
		f"{PREFIX}customers_rated", "Ratings of customers by runs that rate everybody", value=float(rated)
	)
