"""Trust policies on the site: documents for people, `cims.trust.policy.Policy` for the engine.

One version is in force at a time. What has rated anyone is never edited: a change is a draft, and publishing it makes the
next version, with priors and the usual amount estimated from the site's own customers.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint, flt, now, strip

from cims.ratings import queue
from cims.ratings.calendar import today
from cims.ratings.guard import require_role
from cims.trust import kinds
from cims.trust.policy import Band, Dimension, HardEvent, Policy, PolicyError

POLICY = "Trust Policy"
DRAFT, PUBLISHED, RETIRED = "Draft", "Published", "Retired"
PUBLISHERS = ("CIMS Manager", "System Manager")
CACHE = "cims_trust_policy"
SEGMENT_FIELDS = {"Customer Group": "customer_group", "Customer Type": "customer_type", "Level": "level"}
# Plain figures that document and engine call by the same name.
NUMBERS = (
	"dead_band", "minimum_evidence", "credible_level", "usual_amount", "amount_cap", "watch_drop",
)  # fmt: skip
# Priors and the usual amount are estimated from at most so many customers and settled receivables.
MOST_CUSTOMERS = 5_000
MOST_AMOUNTS = 100_000
# From so many settled receivables on the first version is replaced by one that knows the site.
LEAST_SETTLED = 100


def engine_policy(doc: Any) -> Policy:
	"""The engine's policy of a Trust Policy document. Raises ValidationError, in the user's language, where it
	contradicts itself."""
	try:
		return Policy(
			version=doc.name or "draft",
			dimensions=tuple(
				Dimension(
					row.dimension, flt(row.weight), flt(row.half_life), flt(row.prior_mean), flt(row.prior_strength),
					bool(cint(row.learn_prior)),
				)
				for row in doc.dimensions
			),
			bands=tuple(
				Band(
					strip(row.grade), flt(row.floor), flt(row.ceiling), row.colour or "#808080", strip(row.word),
					cint(row.credit_days), flt(row.limit_factor),
				)
				for row in doc.bands
			),
			hard_events=tuple(HardEvent(row.kind, strip(row.cap), cint(row.hold_days)) for row in doc.hard_events),
			upgrade_confirmations=cint(doc.upgrade_confirmations),
			priors={(row.segment or "", row.dimension): flt(row.mean) for row in doc.priors},
			**{field: flt(doc.get(field)) for field in NUMBERS},
		)  # fmt: skip
	except PolicyError as e:
		frappe.throw(say(e), title=_("This Policy Can't Be Used"))


def say(error: PolicyError) -> str:
	"""What a PolicyError says, in the user's language."""
	return _(error.template).format(**error.figures)


def fields_of(policy: Policy) -> dict:
	"""An engine policy as the fields of a Trust Policy document."""
	return {
		"dimensions": [
			{
				"dimension": d.name, "weight": d.weight, "half_life": d.half_life, "prior_mean": d.prior_mean,
				"prior_strength": d.prior_strength, "learn_prior": int(d.learn_prior),
			}
			for d in policy.dimensions
		],
		"bands": [vars(band) for band in policy.bands],
		"hard_events": [vars(event) for event in policy.hard_events],
		"upgrade_confirmations": policy.upgrade_confirmations,
		**{field: getattr(policy, field) for field in NUMBERS},
	}  # fmt: skip


def active() -> Policy:
	"""The policy in force."""
	return Policy.from_dict(_active()["policy"])


def segment_field() -> str | None:
	"""The field of CIMS Customer by which the policy in force puts customers into segments."""
	return SEGMENT_FIELDS.get(_active()["segment_by"])


def segment_field_of(name: str | None) -> str | None:
	"""The same of any version, of the one in force for None."""
	return SEGMENT_FIELDS.get(frappe.db.get_value(POLICY, name, "segment_by")) if name else segment_field()


def by_name(name: str) -> Policy:
	"""Any version of the policy, drafts included."""
	return engine_policy(frappe.get_doc(POLICY, name))


def _active() -> dict:
	return frappe.cache().get_value(CACHE, _load)


def _load() -> dict:
	name = frappe.db.get_value(POLICY, {"status": PUBLISHED}, "name", order_by="version desc")
	doc = frappe.get_doc(POLICY, name) if name else install_default()
	return {"policy": engine_policy(doc).to_dict(), "segment_by": doc.segment_by}


def forget_active() -> None:
	"""The policy in force has changed: read it again, now and once the change is committed."""
	forget_cached()
	frappe.db.after_commit.add(forget_cached)
	frappe.db.after_rollback.add(forget_cached)


def forget_cached() -> None:
	"""Hook of `bench clear-cache`: a database that was restored or made anew has another policy."""
	frappe.cache().delete_value(CACHE)


def install_default():
	"""The engine's default policy, published as the first version, unless the site has one in force."""
	forget_active()
	if name := frappe.db.get_value(POLICY, {"status": PUBLISHED}, "name", order_by="version desc"):
		return frappe.get_doc(POLICY, name)
	doc = frappe.get_doc(
		{
			"doctype": POLICY,
			"title": _("Default"),
			"segment_by": "Customer Group",
			"learn_usual_amount": 1,
			**fields_of(Policy()),
		}
	)
	doc.insert(ignore_permissions=True)
	_put_in_force(doc, _("The policy that comes with the app."))
	return doc


def new_version(based_on: str, title: str | None = None):
	"""A draft that starts out as a copy of another version. Returns the saved document."""
	source = frappe.get_doc(POLICY, based_on)
	source.check_permission("read")
	draft = frappe.copy_doc(source)
	draft.based_on = source.name
	draft.title = title or _("Based on {0}").format(source.title or source.name)
	draft.insert()
	return draft


def publish(name: str, reason: str) -> str:
	"""Put a draft in force: estimate its priors, give it the next number, retire the one before, rate everybody anew.

	Returns its name. Needs the role CIMS Manager or System Manager, and a reason.
	"""
	require_role(PUBLISHERS)
	if not (reason or "").strip():
		frappe.throw(_("Say why this policy is published; the reason is kept with the version."))
	doc = frappe.get_doc(POLICY, name, for_update=True)
	if doc.status != DRAFT:
		frappe.throw(
			_("{0} has been published already. Make a new version of it and publish that.").format(
				frappe.bold(name)
			)
		)
	learned, counts = learn(engine_policy(doc), doc.segment_by, usual_amount=bool(doc.learn_usual_amount))
	doc.usual_amount = learned.usual_amount
	doc.set("priors", _prior_rows(learned, counts))
	_put_in_force(doc, reason.strip())
	queue.add_everyone(curve=True, user=frappe.session.user, version=name)
	return doc.name


def _put_in_force(doc, reason: str) -> None:
	policy = frappe.qb.DocType(POLICY)
	before = frappe.get_all(POLICY, {"status": PUBLISHED}, pluck="name")
	if before:
		frappe.qb.update(policy).set(policy.status, RETIRED).set(policy.retired_on, now()).where(
			policy.name.isin(before)
		).run()
	last = frappe.get_all(POLICY, fields=["max(version) as version"])[0].version
	doc.flags.publishing = True
	doc.update(
		{
			"status": PUBLISHED, "version": cint(last) + 1, "published_on": now(), "published_by": frappe.session.user,
			"reason": reason,
		}
	)  # fmt: skip
	doc.save(ignore_permissions=True)
	doc.flags.publishing = False
	for name in before:
		frappe.clear_document_cache(POLICY, name)
	forget_active()


def learn(
	policy: Policy, segment_by: str, usual_amount: bool = True
) -> tuple[Policy, dict[tuple[str, str], int]]:
	"""The policy with the usual amount (if wanted) and the priors of this site, and how many customers each prior rests on.

	From a sample of at most `MOST_CUSTOMERS` customers, evenly spread, the same every time.
	"""
	from cims.ratings import replay

	if usual_amount:
		policy = with_usual_amount(policy)
	names = frappe.get_all("Trust Rating", pluck="name", order_by="name", limit=0)
	if len(names) > MOST_CUSTOMERS:
		names = names[:: -(-len(names) // MOST_CUSTOMERS)]
	return replay.learn(names, policy, SEGMENT_FIELDS.get(segment_by), today())


def with_usual_amount(policy: Policy) -> Policy:
	"""The policy with the median amount of the receivables that were settled last, rounded to two digits, as the usual
	one; as it is where too few were."""
	amounts = sorted(
		flt(amount)
		for amount in frappe.get_all(
			"Trust Evidence",
			{"kind": kinds.SETTLED, "reversal": 0, "amount": (">", 0)},
			pluck="amount",
			order_by="occurred_on desc",
			limit=MOST_AMOUNTS,
		)
	)
	if len(amounts) < LEAST_SETTLED:
		return policy
	return replace(policy, usual_amount=float(f"{amounts[len(amounts) // 2]:.2g}"))


def learn_first() -> str | None:
	"""Replace the policy that came with the app by a version that knows this site, as soon as there is enough to know.

	Happens once, after the first receivables came in; the returned version, if any, is in force. Whoever has published a
	policy of their own is left alone.
	"""
	active()
	first = frappe.get_all(POLICY, {"status": PUBLISHED, "version": 1}, ["name"], limit=1)
	if not first or frappe.db.count(POLICY, {"status": ("!=", DRAFT)}) > 1:
		return None
	settled = frappe.get_all(
		"Trust Evidence",
		{"kind": kinds.SETTLED, "reversal": 0},
		pluck="name",
		limit=LEAST_SETTLED,
		order_by=None,
	)
	if len(settled) < LEAST_SETTLED:
		return None
	frappe.db.get_value(POLICY, first[0].name, "name", for_update=True)
	draft = frappe.copy_doc(frappe.get_doc(POLICY, first[0].name))
	draft.based_on = first[0].name
	draft.title = _("Default, estimated from this site")
	draft.insert(ignore_permissions=True)
	learned, counts = learn(engine_policy(draft), draft.segment_by)
	draft.usual_amount = learned.usual_amount
	draft.set("priors", _prior_rows(learned, counts))
	_put_in_force(
		draft, _("Priors and the usual amount were estimated from the first receivables of this site.")
	)
	return draft.name


def _prior_rows(policy: Policy, counts: Mapping[tuple[str, str], int]) -> list[dict]:
	return [
		{
			"segment": segment,
			"dimension": dimension,
			"mean": mean,
			"customers": counts.get((segment, dimension), 0),
		}
		for (segment, dimension), mean in sorted(policy.priors.items())
	]
