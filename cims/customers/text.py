"""One form for all the ways in which a name is written, and how Chinese reads in pinyin.

Search and duplicates compare customers by these forms. `fold` works on characters one by one, so that a part of a text
folds to a part of its folded form. The readings are pypinyin's; its own segmentation takes 35 µs for a company's name,
so only those of its phrases are looked for in which a character reads differently than alone: 3 µs. Of many texts at
once (`readings`) only those that have such a phrase, or may be a person's name, are looked at one by one: 1 µs.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〇"
WORDS = re.compile(rf"([{HAN}]+)|[^\W_{HAN}]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_ACCENTED = re.compile("[\u00c0-\u036f\u1e00-\u1fff]")
# Letters of their own to Unicode, letters with a stroke to whoever types them.
_STROKES = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
# At the beginning of a person's name these read otherwise.
SURNAMES = {
	"单": "shan", "解": "xie", "仇": "qiu", "区": "ou", "查": "zha", "曾": "zeng", "盖": "ge", "朴": "piao",
	"缪": "miao", "乐": "yue", "覃": "qin", "尉迟": "yu chi", "万俟": "mo qi", "长孙": "zhang sun",
	"单于": "chan yu",
}  # fmt: skip
LONGEST_PERSON = 4
# Of many texts at once: what is no part of a word, and a word of which the initial is wanted.
_BETWEEN = re.compile(rf"(?:[^\w\n{HAN}]|_)+")
_WORD = re.compile(rf"([^\W_{HAN}])[^\W_{HAN}]+")


def fold(text: str) -> str:
	"""A text without what makes no difference to who is meant: width and compatibility forms (NFKC), capitals,
	traditional characters (simplified instead) and accents."""
	if text.isascii():
		return text.lower()
	text = unicodedata.normalize("NFKC", text).casefold().translate(_simplified())
	if _ACCENTED.search(text):
		bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
		text = unicodedata.normalize("NFC", bare).translate(_STROKES)
	return text


def words(folded: str) -> list[str]:
	"""The words of a folded text, without what stands between them: runs of Chinese, and runs of other letters and
	digits."""
	return [found.group() for found in WORDS.finditer(folded)]


def pinyin(text: str) -> list[str]:
	"""How a text reads: for each Chinese character its syllable without tone (ü is v), for each other word itself.

	>>> pinyin("重慶長安 Auto")
	['chong', 'qing', 'chang', 'an', 'auto']
	"""
	folded = fold(text)
	found: list[str] = []
	for match in WORDS.finditer(folded):
		if match.group(1):
			found += _syllables(match.group(), match.group() == folded)
		else:
			found.append(match.group())
	return found


def initials(text: str) -> str:
	"""The first letter of each syllable and word: 中国平安 is zgpa."""
	return "".join(word[0] for word in pinyin(text))


def readings(folded: Sequence[str]) -> tuple[list[str], list[str]]:
	"""How folded texts read, without spaces, and by initials: what `pinyin` and `initials` say of each, joined."""
	joined = "\n".join(folded)
	if not joined or joined.count("\n") >= len(folded):
		spoken = [pinyin(text) for text in folded]
		return ["".join(one) for one in spoken], ["".join([word[0] for word in one]) for one in spoken]
	full, short = _letters()
	read = _BETWEEN.sub("", joined).translate(full).split("\n")
	first = _BETWEEN.sub("", _WORD.sub(r"\1", joined)).translate(short).split("\n")
	for at in _particular(joined, folded):
		spoken = pinyin(folded[at])
		read[at], first[at] = "".join(spoken), "".join([word[0] for word in spoken])
	return read, first


def _particular(joined: str, folded: Sequence[str]) -> list[int]:
	"""The places of the texts in which a character may read differently than alone. joined: all of them, by line."""
	surnames, begins = _beginnings()
	codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)
	pairs = codes[:-1] << np.uint64(32) | codes[1:]
	maybe = np.flatnonzero(begins[np.searchsorted(begins[:-1], pairs)] == pairs)
	starts = np.concatenate(([0], np.flatnonzero(codes == ord("\n")) + 1))
	found = set((np.searchsorted(starts, maybe, "right") - 1).tolist())
	found.update(
		at for at, text in enumerate(folded) if text[:1] in surnames and 1 < len(text) <= LONGEST_PERSON
	)
	return sorted(found)


def _syllables(run: str, alone: bool) -> list[str]:
	"""The syllables of a run of Chinese; alone: nothing else is in the text, so it may be a person's name."""
	readings, phrases, lengths = _readings()
	found, at = [], 0
	if alone and (surname := _surname(run)):
		found = SURNAMES[surname].split()
		at = len(surname)
	while at < len(run):
		character = run[at]
		for length in lengths.get(character, ()):
			if phrase := phrases.get(run[at : at + length]):
				found += phrase
				at += length
				break
		else:
			found.append(readings.get(character, character))
			at += 1
	return found


def _surname(run: str) -> str | None:
	"""The surname that reads otherwise, where the run may be a person's name and isn't a word."""
	if not 1 < len(run) <= LONGEST_PERSON:
		return None
	if run[:2] in SURNAMES:
		return run[:2]
	word = any(run[:length] in PHRASES_DICT for length in range(2, len(run) + 1))
	return run[0] if run[0] in SURNAMES and not word else None


@cache
def _simplified() -> dict[int, str]:
	"""Each traditional character's simplified one, by OpenCC."""
	import opencc

	convert = opencc.OpenCC("t2s").convert
	ranges = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, 0x2FA20))
	characters = [chr(code) for codes in ranges for code in codes]
	simple = convert("\n".join(characters)).split("\n")
	return {ord(one): other for one, other in zip(characters, simple, strict=True) if one != other}


@cache
def _readings() -> tuple[dict[str, str], dict[str, list[str]], dict[str, list[int]]]:
	"""Character -> syllable; phrase -> syllables, where one of them isn't the character's own; character -> the
	lengths of the phrases that begin with it, longest first."""
	plain = cache(_toneless)
	readings = {chr(code): plain(read.partition(",")[0]) for code, read in PINYIN_DICT.items()}
	phrases = {}
	lengths = defaultdict(set)
	for phrase, read in PHRASES_DICT.items():
		syllables = [plain(options[0]) for options in read]
		if len(syllables) != len(phrase) or all(map(str.__eq__, map(readings.get, phrase), syllables)):
			continue
		phrases[phrase] = syllables
		lengths[phrase[0]].add(len(phrase))
	return readings, phrases, {first: sorted(found, reverse=True) for first, found in lengths.items()}


@cache
def _letters() -> tuple[dict[int, str], dict[int, str]]:
	"""Each Chinese character's syllable and the first letter of it, where nothing beside it makes it read otherwise."""
	alone = {ord(character): syllable for character, syllable in _readings()[0].items() if syllable}
	return alone, {code: syllable[0] for code, syllable in alone.items()}


@cache
def _beginnings() -> tuple[frozenset[str], np.ndarray]:
	"""The first characters of surnames that read otherwise, and the first two of phrases that do, in one number each."""
	pairs = {phrase[:2] for phrase in _readings()[1]}
	codes = sorted(ord(one) << 32 | ord(other) for one, other in pairs)
	return frozenset(name[0] for name in SURNAMES), np.array(codes, np.uint64)


def _toneless(syllable: str) -> str:
	bare = _ACCENTS.sub("", unicodedata.normalize("NFD", syllable).replace("u\u0308", "v"))
	return bare.replace("ɡ", "g")
