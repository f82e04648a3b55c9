"""Telling account managers when one of their customers is downgraded, comes on watch or recovers.

Ratings are written as sets of rows, by which no document event fires. So each row keeps what was last told of it; after a rating,
what differs is told through Frappe's Notifications, which a site may change, switch off or add to: event "Method", with the
methods below, on CIMS Customer. In a template, `doc.flags.trust` has before, after, watch and text. Many at once become one message.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

import frappe
from frappe import _
from frappe.desk.doctype.notification_log.notification_log import enqueue_create_notification
from frappe.utils import escape_html

from cims.ratings import policies, queue, sql, wording

CUSTOMER, NOTIFICATION = "CIMS Customer", "Notification"
DOWNGRADED, ON_WATCH, RECOVERED = "trust_downgraded", "trust_on_watch", "trust_recovered"
METHODS = (DOWNGRADED, ON_WATCH, RECOVERED)
# One manager is told of so many customers one by one; of more in one message.
ONE_BY_ONE = 10
NAMED = 20
AT_ONCE = 5000
JOB = "cims-tell"
# What a row says now, in the form in which it is kept as told: the grade, and a mark for watch.
SAYS = "CONCAT({0}.grade, IF({0}.watch, '!', ''))"
# Where we note that the alerts were brought, so that those whom somebody deletes stay away.
BROUGHT = "cims_alerts"
ALERTS = {
	"Customer Downgraded": DOWNGRADED,
	"Customer on Watch": ON_WATCH,
	"Customer Recovered": RECOVERED,
}


def bring() -> None:
	"""Make the Notifications, once; from then on they are the site's."""
	if frappe.db.get_default(BROUGHT):
		return
	for name, method in ALERTS.items():
		if frappe.db.exists(NOTIFICATION, name):
			continue
		frappe.get_doc(
			{
				"doctype": NOTIFICATION,
				"name": name,
				"enabled": 1,
				"channel": "System Notification",
				"document_type": CUSTOMER,
				"event": "Method",
				"method": method,
				"subject": "{{ doc.customer_name | e }}: {{ doc.flags.trust.text }}",
				"message_type": "HTML",
				"message": "<p>{{ doc.flags.trust.text }}</p>{% for reason in doc.flags.trust.reasons %}<p>{{ reason | e }}</p>{% endfor %}",
				"recipients": [{"receiver_by_document_field": "account_manager"}],
			}
		).insert(ignore_permissions=True)
	frappe.db.set_default(BROUGHT, "1")


@dataclass(frozen=True)
class Change:
	"""What has come of a customer since it was told last."""

	customer: str
	customer_name: str
	manager: str | None
	method: str
	before: str
	after: str
	watch: bool

	@property
	def text(self) -> str:
		if self.method == ON_WATCH:
			return _("on watch, grade {0}").format(self.after)
		if self.before == self.after:
			return _("no longer on watch, grade {0}").format(self.after)
		if self.method == DOWNGRADED:
			return _("downgraded from {0} to {1}").format(self.before, self.after)
		return _("recovered from {0} to {1}").format(self.before, self.after)


def add() -> None:
	"""Tell what has changed, in a job of its own, once the transaction has committed."""
	queue.add_once("cims.ratings.alerts.tell", JOB)


def tell(customers: Collection[str] | None = None) -> int:
	"""Job: tell what has changed of these customers (of all), and keep it as told. Returns of how many something was told."""
	told = 0
	while names := _news(customers):
		rows = _keep_as_told(names)
		changes = [change for row in rows if (change := _change(row))]
		if changes and frappe.db.exists(NOTIFICATION, {"enabled": 1, "method": ("in", METHODS)}):
			_tell(changes)
			told += len(changes)
		sql.commit()
		if not rows:
			# Another job is at these customers.
			break
	return told


def _news(customers: Collection[str] | None) -> list[str]:
	"""Customers of whom something else was told last than holds now."""
	if customers is not None and not customers:
		return []
	among = "" if customers is None else "AND r.name IN %(customers)s"
	return frappe.db.sql_list(
		f"""SELECT r.name FROM `tabTrust Rating` r
		WHERE r.told != {SAYS.format("r")} {among} ORDER BY r.name LIMIT {AT_ONCE}""",
		{"customers": list(customers or ())},
	)


def _keep_as_told(names: list[str]) -> list[frappe._dict]:
	"""Note what holds now as told, and return what was told before: of each customer to one job only."""
	says = SAYS.format("r")
	rows = frappe.db.sql(
		f"""SELECT r.name, r.grade, r.watch, r.told FROM `tabTrust Rating` r
		WHERE r.name IN %(names)s AND r.told != {says} FOR UPDATE""",
		{"names": names},
		as_dict=True,
	)
	if not rows:
		return []
	names = [row.name for row in rows]
	frappe.db.sql(
		f"UPDATE `tabTrust Rating` r SET r.told = {says} WHERE r.name IN %(names)s", {"names": names}
	)
	people = {
		row.name: row
		for row in frappe.get_all(
			CUSTOMER, {"name": ("in", names)}, ["name", "customer_name", "account_manager"], limit=0
		)
	}
	return [row.update(people[row.name]) for row in rows if row.name in people]


def _change(row: frappe._dict) -> Change | None:
	"""What to tell; None where a customer was or is not rated, or was renamed by a policy."""
	before, watched = row.told.rstrip("!"), row.told.endswith("!")
	order = policies.active().grades
	if before not in order or row.grade not in order:
		return None
	lost = order.index(row.grade) - order.index(before)
	if lost > 0:
		method = DOWNGRADED
	elif row.watch and not watched:
		method = ON_WATCH
	elif lost < 0 or watched:
		method = RECOVERED
	else:
		return None
	return Change(
		row.name, row.customer_name, row.account_manager, method, before, row.grade, bool(row.watch)
	)


def _tell(changes: Iterable[Change]) -> None:
	by_manager: dict[str | None, list[Change]] = defaultdict(list)
	for change in changes:
		by_manager[change.manager].append(change)
	for manager, found in by_manager.items():
		with _language_of(manager):
			if len(found) <= ONE_BY_ONE:
				for change in found:
					_tell_one(change)
			elif manager:
				_tell_many(manager, found)


@contextmanager
def _language_of(user: str | None):
	before = frappe.local.lang
	frappe.local.lang = (user and frappe.db.get_value("User", user, "language")) or before
	try:
		yield
	finally:
		frappe.local.lang = before


def _tell_one(change: Change) -> None:
	"""Run the Notifications of a customer. One whose template fails is logged, and holds up no other."""
	doc = frappe.get_doc(CUSTOMER, change.customer)
	doc.flags.trust = frappe._dict(
		vars(change), text=change.text, reasons=_reasons(change.customer) if change.watch else []
	)
	said = len(frappe.local.message_log)
	try:
		doc.run_notifications(change.method)
	except frappe.ValidationError:
		frappe.log_error(title=f"Notification {change.method}: {change.customer}")
		del frappe.local.message_log[said:]


def _reasons(customer: str) -> list[str]:
	"""Why a customer is on watch, as sentences."""
	from cims.ratings import current

	return current.ratings([customer])[0]["watch"]


def _tell_many(manager: str, changes: list[Change]) -> None:
	"""One message to one manager, which names the worst of it."""
	counts = {method: sum(change.method == method for change in changes) for method in METHODS}
	sentences = {
		DOWNGRADED: _("{0} downgraded"),
		ON_WATCH: _("{0} on watch"),
		RECOVERED: _("{0} recovered"),
	}
	parts = [sentences[method].format(wording.number(count)) for method, count in counts.items() if count]
	changes.sort(key=lambda change: METHODS.index(change.method))
	lines = [f"<li>{escape_html(change.customer_name)}: {change.text}</li>" for change in changes[:NAMED]]
	if len(changes) > NAMED:
		lines.append("<li>{}</li>".format(_("and {0} more").format(wording.number(len(changes) - NAMED))))
	message = {
		"type": "Alert",
		"document_type": CUSTOMER,
		"document_name": changes[0].customer,
		"subject": _("Your customers: {0}").format(", ".join(parts)),
		"from_user": frappe.session.user,
		"email_content": f"<ul>{''.join(lines)}</ul>",
		"link": "/app/query-report/Trust%20Movements",
	}
	enqueue_create_notification([manager], message)
