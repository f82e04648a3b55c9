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
_initials = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_chinese_form = re.compile(f"(?:{'|'.join(CHINESE_FORMS)})$")


def words(text: str) -> list[str]:
	"""The words of a name, folded; S.A. is one word."""
	return _words(fold(text))


def _words(folded: str) -> list[str]:
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
	short = _chinese_form.sub("", name)
	return short if len(short) >= 2 else name


def sound(name: str) -> str | None:
	"""A core as it sounds, in letters without spaces; the same for Chinese characters and their pinyin. None for too
	little to go by."""
	return _enough(readings([name])[0][0])


def _enough(spoken: str) -> str | None:
	return spoken[:LONGEST] if len(spoken) >= SHORTEST else None


def sounds(rows: Sequence[tuple]) -> list[list[str]]:
	"""The sounds of customers: none, one, or two where the legal name is another. rows: each one's name, legal name, type
	and birth date. All are folded and read at once.

	A person is looked for by the name with the birth date, for a name alone is that of thousands.
	"""
	called, legally = (_split([row[at] or "" for row in rows]) for at in (0, 1))
	persons = {at for at, row in enumerate(rows) if row[2] != "Company"}
	own = [" ".join(parts) if at in persons else _core(parts) for at, parts in enumerate(called)]
	legal = ["" if at in persons else _core(parts) for at, parts in enumerate(legally)]
	found = []
	spoken = zip(own, legal, readings(own)[0], readings(legal)[0], rows, strict=True)
	for at, (mine, full, said, said_in_full, row) in enumerate(spoken):
		first = _enough(said)
		if at in persons:
			found.append([f"{PERSON}{first[: LONGEST - 12]}{row[3]}"] if first and row[3] else [])
			continue
		second = _enough(said_in_full) if row[1] and full != mine else None
		found.append(list(dict.fromkeys(one for one in (first, second) if one)))
	return found


def _split(names: list[str]) -> list[list[str]]:
	"""The words of each name."""
	joined = "\n".join(names)
	if joined.count("\n") >= len(names):
		return list(map(words, names))
	return list(map(_words, fold(joined).split("\n")))
