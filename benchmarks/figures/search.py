"""Finding customers over HTTP, by eight kinds of query, against Frappe's own Link search and a LIKE list of the same table."""

import json
import random
from collections.abc import Iterator
from unittest.mock import patch

import measure
from measure import Figure, ms, percentile
from place import Place
from pypinyin import Style, lazy_pinyin

import frappe
from frappe.desk.search import search_widget

CUSTOMER = "CIMS Customer"
SAMPLES = 25
PEER_SAMPLES = 2
GOAL = 0.030
TIMES = 10


def figures(place: Place) -> Iterator[Figure]:
	mine, theirs, listed = [], [], []
	for kind, queries in kinds().items():
		if not search(place, queries[0]):
			raise SystemExit(f"Nothing was found by {kind}: {queries[0]}")
		took = [measure.seconds(lambda text=text: search(place, text)) for text in queries]
		mine += took
		here = percentile(took)
		yield Figure(f"search, {kind}, p95", here, ms(here), goal=f"under {ms(GOAL)}", reached=here < GOAL)
		theirs += [measure.seconds(lambda text=text: frappes_own(text)) for text in queries[:PEER_SAMPLES]]
		listed += [
			measure.seconds(lambda text=text: like_list(place, text)) for text in queries[:PEER_SAMPLES]
		]
	here = percentile(mine)
	for peer, times in (("Frappe's Link search, without HTTP", theirs), ("a LIKE list", listed)):
		there = percentile(times)
		yield Figure(
			"search, all kinds, p95", here, ms(here), peer, there, ms(there), there / here,
			f"{TIMES} times faster, under {ms(GOAL)}", there / here >= TIMES and here < GOAL,
		)  # fmt: skip


def search(place: Place, text: str) -> list[dict]:
	return place.http.call("cims.api.search.customers", text=text)["message"]["customers"]


def frappes_own(text: str):
	"""What a Link field asks, with no search of ours behind it; in this process, so without the cost of HTTP."""
	hooks = frappe.get_hooks()
	bare = frappe._dict({**hooks, "standard_queries": {}})

	def without_ours(hook=None, *args, **kwargs):
		return (
			(bare.get(hook) or [])
			if hook == "standard_queries"
			else bare
			if hook is None
			else hooks.get(hook, [])
		)

	with patch("frappe.get_hooks", without_ours):
		return search_widget(CUSTOMER, text)


def like_list(place: Place, text: str):
	"""What a list does with filters that look for a part of name, code, phone, mobile and e-mail."""
	fields = ("customer_name", "code", "phone", "mobile", "email")
	return place.http.call(
		"frappe.desk.reportview.get",
		doctype=CUSTOMER,
		fields=json.dumps([f"`tab{CUSTOMER}`.`{field}`" for field in ("name", *fields)]),
		or_filters=json.dumps([[CUSTOMER, field, "like", f"%{text}%"] for field in fields]),
		order_by=f"`tab{CUSTOMER}`.`modified` desc",
		start=0,
		page_length=20,
	)


def kinds() -> dict[str, list[str]]:
	"""Kind of query -> texts, taken from customers of this site; the same each time."""
	pick = random.Random(1)
	total = frappe.db.count(CUSTOMER)
	codes = [f"C-{pick.randint(1, total):06d}" for _ in range(SAMPLES * 12)]
	rows = frappe.get_all(
		CUSTOMER,
		{"name": ("in", codes)},
		["name", "customer_name", "mobile", "email", "city"],
		order_by="name",
		limit=0,
	)
	pick.shuffle(rows)
	chinese = [row for row in rows if row.customer_name.endswith("公司") and not row.customer_name.isascii()][
		:SAMPLES
	]
	latin = [row for row in rows if row.customer_name.isascii()][:SAMPLES]
	mobiles = [row for row in rows if row.mobile][:SAMPLES]
	# City, brand of three signs, trade and form: the generator's names.
	inner = [row.customer_name[2:7] for row in chinese]
	return {
		"the code": [row.name for row in rows[:SAMPLES]],
		"part of a phone number": [row.mobile[-8:] for row in mobiles],
		"Chinese inside a name": inner,
		"two Chinese words, swapped": [
			f"{row.customer_name[5:7]} {row.customer_name[2:5]}" for row in chinese
		],
		"pinyin": ["".join(lazy_pinyin(text)) for text in inner],
		"initials": ["".join(lazy_pinyin(text, style=Style.FIRST_LETTER)) for text in inner],
		"e-mail and Latin words": [row.email.split("@")[0] for row in latin[::2]]
		+ [row.customer_name[:12] for row in latin[1::2]],
		"a typing mistake": [mistyped(row.customer_name.split()[0], pick) for row in latin],
	}


def mistyped(word: str, pick: random.Random) -> str:
	"""The word with one letter replaced, not its first."""
	at = pick.randrange(1, max(len(word), 2))
	return word[:at] + ("x" if word[at : at + 1] != "x" else "y") + word[at + 1 :]
