"""What a name comes down to when two of them are compared: without legal form, spelling habits and script."""

import re
from collections.abc import Sequence
from functools import cache

from cleanco.termdata import terms_by_country, terms_by_type

from cims.customers.text import fold, readings

# What a Chinese company is called after its own name, longest first (Company Law, art. 7, and what was there before it).
CHINESE_FORMS = (
	"股份有限公司", "有限责任公司", "股份合作公司", "有限合伙企业", "普通合伙企业", "个人独资企业", "分公司", "有限公司",
	"有限合伙", "普通合伙", "合伙企业", "个体工商户", "责任公司", "总公司", "股份", "公司", "有限",
)  # fmt: skip
LONGEST = 60
# Shorter ones say too little.
SHORTEST = 3
SHORTEST_FUZZY = 6
# Sorts behind every name of a company, so that the two kinds never stand next to each other.
PERSON = "~"

_han = re.compile(r"[\u3400-\u9fff]")
_no_word = re.compile(r"[\W_]+")
_between = re.compile(r"(?:[^\w\n]|_)+")
_initials = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_last_signs = {form[-1] for form in CHINESE_FORMS}
_chinese_form = re.compile(f"(?:{'|'.join(CHINESE_FORMS)})$")


def words(text: str) -> list[str]:
	"""The words of a name, folded; S.A. is one word."""
	folded = fold(text)
	if "." in folded:
		folded = _initials.sub("", folded)
	return _no_word.sub(" ", folded).split()


@cache
def legal_forms() -> frozenset[tuple[str, ...]]:
	"""The legal forms of the western countries, by cleanco, in words as `words` makes them."""
	listed = (
		term for terms in (terms_by_type, terms_by_country) for group in terms.values() for term in group
	)
	return frozenset(tuple(words(term)) for term in listed) - {()}


def core(name: str | None) -> str:
	"""A company's name without its legal form: "Riverside Co., Ltd." and "RIVERSIDE" are both "riverside"."""
	return _core(words(name or ""))


def _core(parts: list[str]) -> str:
	if not parts:
		return ""
	if _han.search("".join(parts)):
		return _chinese_core("".join(parts))
	forms = legal_forms()
	end = len(parts)
	while end > 1:
		size = next(
			(size for size in (1, 2, 3, 4) if size < end and tuple(parts[end - size : end]) in forms), 0
		)
		if not size:
			break
		end -= size
	return " ".join(parts[:end])


def _chinese_core(name: str) -> str:
	# 深圳市 and 深圳, 广东省 and 广东 are the same place.
	head = name[:2] + name[2:8].replace("省", "", 1).replace("市", "", 1)
	name = head + name[8:]
	short = _chinese_form.sub("", name) if name[-1] in _last_signs else name
	return short if len(short) >= 2 else name


def sound(name: str) -> str | None:
	"""A core as it sounds, in letters without spaces; the same for Chinese characters and their pinyin. None for too
	little to go by."""
	return next(iter(_of_company(readings([name])[0][0])), None)


def sounds(rows: Sequence[tuple]) -> list[list[str]]:
	"""The sounds of customers: none, one, or two where the legal name is another. rows: each one's name, legal name, type
	and birth date. All are folded and read at once.

	A person is looked for by the name with the birth date, for a name alone is that of thousands.
	"""
	persons = [row[2] != "Company" for row in rows]
	called = _split([row[0] or "" for row in rows])
	own = [" ".join(parts) if person else _core(parts) for parts, person in zip(called, persons, strict=True)]
	found = [
		_of_person(said, row[3]) if person else _of_company(said)
		for said, person, row in zip(readings(own)[0], persons, rows, strict=True)
	]
	others = [at for at, row in enumerate(rows) if not persons[at] and row[1] and row[1] != row[0]]
	legal = list(map(_core, _split([rows[at][1] for at in others])))
	for at, full, said in zip(others, legal, readings(legal)[0], strict=True):
		if full != own[at]:
			found[at] += [one for one in _of_company(said) if one not in found[at]]
	return found


def _of_company(spoken: str) -> list[str]:
	return [spoken[:LONGEST]] if len(spoken) >= SHORTEST else []


def _of_person(spoken: str, birth_date) -> list[str]:
	return [f"{PERSON}{one[: LONGEST - 12]}{birth_date}" for one in _of_company(spoken) if birth_date]


def _split(names: list[str]) -> list[list[str]]:
	"""The words of each name."""
	joined = "\n".join(names)
	if joined.count("\n") >= len(names):
		return list(map(words, names))
	folded = fold(joined)
	if "." in folded:
		folded = _initials.sub("", folded)
	return [line.split() for line in _between.sub(" ", folded).split("\n")]
