"""How alike two customers are, and why: one definition for the check before saving and for the search through all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from math import prod

from rapidfuzz.distance import Levenshtein

from frappe import _
from frappe.utils import formatdate

from cims.duplicates import names

# What is compared. A decision about two customers holds until one of these changes.
FIELDS = (
	"name", "customer_name", "legal_name", "customer_type", "phone", "mobile", "email", "credit_code", "resident_id",
	"birth_date", "city", "address_line", "website",
)  # fmt: skip
# In per cent: from here on two customers are likely one.
LIKELY = 50
# What speaks for one customer, in itself, for companies and for persons. What says little alone adds to the rest.
WEIGHTS = {
	"credit_code": (0.97, 0.97),
	"resident_id": (0.97, 0.97),
	"phone": (0.6, 0.6),
	"email": (0.6, 0.6),
	"name": (0.65, 0.25),
	"sound": (0.45, 0.2),
	"spelling": (0.42, 0.15),
	"birth_date": (0.0, 0.45),
	"website": (0.4, 0.2),
	"address_line": (0.35, 0.35),
	"city": (0.15, 0.05),
}
# What is left of the likeness where this speaks against it.
AGAINST = {"other_credit_code": 0.35, "other_resident_id": 0.2, "other_birth_date": 0.4, "other_type": 0.6}


@dataclass(frozen=True)
class Likeness:
	"""score: in per cent. why: what speaks for and against it, [code, this one's value, the other's value]."""

	score: int
	why: tuple[tuple[str, str, str], ...]

	@property
	def likely(self) -> bool:
		return self.score >= LIKELY


def compare(one, other) -> Likeness:
	"""Compare two customers, rows or documents with `FIELDS`."""
	person = one["customer_type"] != "Company" and other["customer_type"] != "Company"
	unlike, why, against = 1.0, [], 1.0
	for code, mine, theirs in _same(one, other, person):
		unlike *= 1 - WEIGHTS[code][person]
		why.append((code, mine, theirs))
	if not why:
		return Likeness(0, ())
	for code, mine, theirs in _different(one, other):
		against *= AGAINST[code]
		why.append((code, mine, theirs))
	return Likeness(round(100 * (1 - unlike) * against), tuple(why))


def possible(one, other) -> bool:
	"""Whether two customers can come out as likely one at all, by what speaks against it: a quick look before `compare`."""
	return 100 * prod(AGAINST[code] for code, _mine, _theirs in _different(one, other)) >= LIKELY


def _same(one, other, person: bool):
	for field in ("credit_code", "resident_id", "email"):
		if one[field] and other[field] and one[field].casefold() == other[field].casefold():
			yield field, one[field], other[field]
	shared = {one["phone"], one["mobile"]} & {other["phone"], other["mobile"]} - {None, ""}
	if shared:
		number = min(shared)
		yield "phone", number, number
	if name := _names(one, other, person):
		yield name
	for field in ("birth_date",) if person else ():
		if one[field] and str(one[field]) == str(other[field]):
			yield field, str(one[field]), str(other[field])
	for field in ("website", "address_line", "city"):
		mine, theirs = names.words(one[field] or ""), names.words(other[field] or "")
		if mine and mine == theirs:
			yield field, one[field], other[field]


def _names(one, other, person: bool):
	"""How the names agree, the best of what there is; None where they don't."""
	mine, theirs = _called(one, person), _called(other, person)
	for core in mine:
		if core in theirs:
			return "name", mine[core], theirs[core]
	heard, said = {names.sound(core): core for core in mine}, {names.sound(core): core for core in theirs}
	for spoken in heard:
		if spoken and spoken in said:
			return "sound", mine[heard[spoken]], theirs[said[spoken]]
	for spoken in heard:
		for answer in said:
			if spoken and answer and near(spoken, answer):
				return "spelling", mine[heard[spoken]], theirs[said[answer]]
	return None


def _called(customer, person: bool) -> dict[str, str]:
	"""Core -> the name as it is written."""
	if person:
		written = {" ".join(names.words(customer["customer_name"] or "")): customer["customer_name"]}
	else:
		written = {
			names.core(name): name for name in (customer["legal_name"], customer["customer_name"]) if name
		}
	return {core: name for core, name in written.items() if core}


def edits(length: int) -> int:
	"""How many letters may be mistyped in a name of so many."""
	return 0 if length < names.SHORTEST_FUZZY else 1 if length < 14 else 2


def near(one: str, other: str) -> bool:
	"""Whether two sounds differ by a typing mistake only."""
	allowed = edits(min(len(one), len(other)))
	return bool(allowed) and Levenshtein.distance(one, other, score_cutoff=allowed) <= allowed


def _different(one, other):
	for field in ("credit_code", "resident_id", "birth_date"):
		if one[field] and other[field] and str(one[field]).casefold() != str(other[field]).casefold():
			yield f"other_{field}", str(one[field]), str(other[field])
	if one["customer_type"] != other["customer_type"]:
		yield "other_type", one["customer_type"], other["customer_type"]


def fingerprint(one, other) -> str:
	"""Changes when anything changes by which the two are compared; the same whichever comes first."""
	sides = sorted([str(row[field] or "") for field in FIELDS] for row in (one, other))
	return blake2b(json.dumps(sides).encode(), digest_size=12).hexdigest()


def dump(why: Sequence[Sequence[str]]) -> str:
	return json.dumps(why, ensure_ascii=False, separators=(",", ":"))


def sentences(why: Sequence[Sequence[str]], hidden: Sequence[str] = ()) -> list[dict]:
	"""The reasons as {"code", "text", "against"}, in the user's language. hidden: fields whose values the user may not see."""
	texts = _texts()
	found = []
	for code, mine, theirs in why:
		values = [_shown(code, value) for value in (mine, theirs)]
		if code.removeprefix("other_") in hidden:
			values = ["•••", "•••"]
		elif code == "phone" and {"phone", "mobile"} & set(hidden):
			values = ["•••", "•••"]
		if code == "name" and mine == theirs:
			code = "same_name"
		text = texts[code].format(*values)
		# "L.L.C." ends a sentence by itself.
		text = text[:-1] if text.endswith("..") else text
		found.append({"code": code, "text": text, "against": code.startswith("other_")})
	return found


def _shown(code: str, value: str) -> str:
	if code.endswith("birth_date"):
		return formatdate(date.fromisoformat(value))
	return _(value, context="CIMS Customer") if code == "other_type" else value


def _texts() -> dict[str, str]:
	return {
		"credit_code": _("They have the same unified social credit code, {0}."),
		"resident_id": _("They have the same resident ID, {0}."),
		"phone": _("They have the same telephone number, {0}."),
		"email": _("They have the same e-mail address, {0}."),
		"same_name": _("They have the same name, {0}."),
		"name": _("Their names are the same but for legal form and spelling: {0}, {1}."),
		"sound": _("Their names sound the same: {0}, {1}."),
		"spelling": _("Their names differ by a letter or two: {0}, {1}."),
		"birth_date": _("They were born on the same day, {0}."),
		"website": _("They have the same website, {0}."),
		"address_line": _("They have the same address, {0}."),
		"city": _("They are in the same city, {0}."),
		"other_credit_code": _("Against it: their credit codes differ, {0} and {1}."),
		"other_resident_id": _("Against it: their resident IDs differ, {0} and {1}."),
		"other_birth_date": _("Against it: their birth dates differ, {0} and {1}."),
		"other_type": _("Against it: one is a company and the other a person."),
	}
