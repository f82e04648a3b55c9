"""The forecast on the site: refitted every month on the site's own receivables, kept with each rating for what is open."""

import json
from collections.abc import Sequence
from datetime import date

import numpy as np

import frappe
from frappe import _
from frappe.utils import flt, getdate, nowdate

from cims.ratings import policies, replay, sources, sql
from cims.ratings.calendar import site_calendar, today
from cims.trust import forecast as engine
from cims.trust.calendar import NEVER, to_date, to_day
from cims.trust.evidence import Receivable, Receivables, columns_of
from cims.trust.policy import Policy

FORECAST = "Trust Forecast"
CACHE = "cims_trust_forecast"
# A fit reads customers, evenly spread, until it has so many receivables.
MOST_RECEIVABLES = 300_000


def model() -> engine.Model | None:
	"""The last fit, None before the first."""
	plain = frappe.cache().get_value(CACHE, _load)
	return engine.Model.from_dict(plain) if plain else None


def forget_cached() -> None:
	"""The last fit is another one now; also the hook of `bench clear-cache`."""
	frappe.cache().delete_value(CACHE)


def _load() -> dict:
	found = frappe.get_all(FORECAST, ["coefficients"], order_by="fitted_on desc, creation desc", limit=1)
	return json.loads(found[0].coefficients) if found else {}


def refit() -> str | None:
	"""Scheduler, monthly: fit the model on what the site knows today. Returns the Trust Forecast's name, None where there
	is nothing to learn from."""
	day, calendar, policy = today(), site_calendar(), policies.active()
	known = _known(calendar)
	if not len(known) or not (known.settled <= day).any():
		return None
	return _keep(engine.fit(known, day, calendar, policy), day)


def first_fit() -> str | None:
	"""Fit the model if there is none yet, or none but the fallback for want of settled receivables."""
	found = model()
	return refit() if found is None or found.fallback else None


def _known(calendar) -> Receivables:
	"""The receivables to learn from, of whole customers."""
	customers = frappe.get_all("Trust Rating", pluck="name", order_by="name", limit=0)
	step = max(-(-len(customers) // replay.AT_ONCE), 1)
	parts, position, count = [], {}, 0
	for start in range(step):
		part = customers[start::step]
		position.update({name: len(position) + at for at, name in enumerate(part)})
		whole, _pieces = columns_of(sources.receivables(part) if part else [], position, calendar)
		parts.append(whole.where(whole.amount > 0))
		count += len(whole)
		if count >= MOST_RECEIVABLES:
			break
	return Receivables.join(parts)


def _keep(found: engine.Model, day: int) -> str:
	name = frappe.model.naming.make_autoname("FC-.#####")
	sql.insert(
		FORECAST,
		("name", "fitted_on", "settled", "late", "fallback", "usual_amount", "coefficients"),
		[
			(
				name,
				to_date(day),
				found.settled,
				found.late,
				int(found.fallback),
				found.usual_amount,
				json.dumps(found.to_dict()),
			)
		],
	)
	columns = {days: found.coefficients(days) for days in engine.SHOWN}
	rows = [
		(
			sql.new_name(),
			name,
			FORECAST,
			"lateness",
			at,
			factor,
			*(columns[days].get(factor, 0.0) for days in engine.SHOWN),
		)
		for at, factor in enumerate(engine.FEATURES, start=1)
		if any(factor in column for column in columns.values())
	]
	fields = (
		"name",
		"parent",
		"parenttype",
		"parentfield",
		"idx",
		"factor",
		*(f"late_{days}" for days in engine.SHOWN),
	)
	sql.insert(f"{FORECAST} Coefficient", fields, rows)
	forget_cached()
	frappe.db.after_commit.add(forget_cached)
	frappe.db.after_rollback.add(forget_cached)
	return name


def is_open(row: Receivable) -> bool:
	"""Whether something is still owed."""
	return row.amount > 0 and not row.settled_on and not row.written_off_on


def of_receivables(rows: list[Receivable], policy: Policy) -> dict[str, dict]:
	"""Key of each open receivable of one customer -> its forecast as of today, as `shown` takes it. rows: all of the
	customer's, since the forecast rests on them."""
	if not any(map(is_open, rows)):
		return {}
	found, day, table = model(), today(), sources.of_objects(rows, site_calendar())
	whole = table.whole
	asked = np.flatnonzero((whole.closed > day) & (whole.invoiced <= day) & (whole.amount > 0))
	if found is None or not len(asked):
		return {}
	known = whole.where((whole.invoiced <= day) & (whole.amount > 0))
	forecast = engine.predict(found, known, whole.where(asked), np.full(len(asked), day), policy)
	probable = np.column_stack([engine.probability_of(forecast, days) for days in engine.SHOWN])
	return {
		key: _plain(late, delay, forecast.fallback)
		for key, late, delay in zip(
			table.keys[asked].tolist(), probable.tolist(), forecast.delay.tolist(), strict=True
		)
	}


def _plain(late: Sequence[float], delay: Sequence[float], fallback: bool) -> dict:
	return {
		"p": {str(days): round(p, 4) for days, p in zip(engine.SHOWN, late, strict=False)},
		"delay": [int(days) for days in delay],
		"fallback": int(fallback),
	}


def shown(plain: dict | None, due_on: date) -> dict | None:
	"""A kept forecast as the panel shows it: probabilities, and days instead of delays."""
	if not plain:
		return None
	low, middle, high = (to_date(to_day(due_on) + days) for days in plain["delay"])
	return {
		"p": plain["p"],
		"expected_on": middle.isoformat(),
		"low_on": low.isoformat(),
		"high_on": high.isoformat(),
		"fallback": bool(plain["fallback"]),
	}


def forecast(
	customer: str,
	amount: float,
	due_on: date | str,
	invoiced_on: date | str | None = None,
	lateness: Sequence[int] = engine.SHOWN,
	doctype: str | None = None,
	name: str | None = None,
) -> dict:
	"""The forecast of a receivable of a customer, planned or open: as `shown`, with the probability of each lateness asked.

	doctype, name: an open receivable, whose amount and days are then those of the document. Raises ValidationError before
	the first fit, or when the receivable isn't open.
	"""
	frappe.has_permission("CIMS Customer", "read", doc=customer, throw=True)
	found = model()
	if found is None:
		frappe.throw(_("There is no forecast yet: no receivable has been settled on this site."))
	day, calendar = today(), site_calendar()
	receivables = sources.receivables([customer])
	if name:
		planned = next(
			(row for row in receivables if (row.source_doctype, row.reference) == (doctype, name)), None
		)
		if planned is None or planned.settled_on or planned.written_off_on:
			frappe.throw(_("{0} isn't open, so there is nothing to forecast.").format(name))
	else:
		start = getdate(invoiced_on or nowdate())
		planned = Receivable(customer, "", start, max(getdate(due_on), start), flt(amount))
	position = {customer: 0}
	known, _pieces = columns_of(receivables, position, calendar)
	asked, _pieces = columns_of([planned], position, calendar)
	known = known.where((known.invoiced <= day) & (known.amount > 0))
	answer = engine.predict(found, known, asked, np.array([day]), policies.active())
	plain = _plain((), answer.delay[0], answer.fallback)
	plain["p"] = {str(days): round(float(engine.probability_of(answer, days)[0]), 4) for days in lateness}
	return shown(plain, planned.due_on)
