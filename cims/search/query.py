"""What was typed, as the words that a customer's text has to have, and how well a text fits it."""

import re
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from cims.customers import text as written
from cims.search.texts import CITY_READS, CONTACT, CONTACT_READS, LINES, READINGS, squeezed

MOST_WORDS = 8
LONGEST = 140
# In the order in which a hit counts: how the whole text fits one value or how it reads, or that its words do.
EQUAL, READS_EQUAL, BEGINS, READS_BEGIN, WORD, READS_INSIDE, INSIDE, SCATTERED, MISTYPED = range(9)
NAMES = ("customer_name", "legal_name")
# A hit in one of these says less about who is meant.
LOOSE = ("city", CONTACT, CITY_READS, CONTACT_READS)
_NUMBER = re.compile(r"\+?[\d\s()./-]+")
_DIGITS = re.compile(r"\D")
SHORTEST_NUMBER = 3
# A word that is shorter has too many that are one letter away.
SHORTEST_MISTYPED = {True: 4, False: 3}
SHORTEST_MISTYPED_NUMBER = 7


@dataclass(frozen=True)
class Sought:
	"""whole: the text, folded. words: each in the forms of which a customer's text has to have one."""

	whole: str
	words: tuple[tuple[str, ...], ...]

	@classmethod
	def of(cls, text: str) -> "Sought":
		whole = " ".join(written.fold(text[:LONGEST]).split())
		digits = _DIGITS.sub("", whole)
		if len(digits) >= SHORTEST_NUMBER and _NUMBER.fullmatch(whole):
			# Spaces, signs and the zero in front of an area code are not kept with a number.
			bare = digits.lstrip("0")
			forms = (digits, bare) if len(bare) >= SHORTEST_NUMBER else (digits,)
			return cls(digits, (tuple(dict.fromkeys(forms)),))
		found = list(dict.fromkeys(written.words(whole)))[:MOST_WORDS]
		return cls(whole, tuple((word,) for word in found))

	def read(self) -> "Sought":
		"""The same as it reads: finds names written with other characters of the same sound."""
		words = tuple(("".join(written.pinyin(word)),) for forms in self.words for word in forms[:1])
		return Sought("".join(word for (word,) in words), words)

	@property
	def parts(self) -> list[str]:
		"""Of each word the form that is a part of its others: who lacks it has none of them."""
		return [min(forms, key=len) for forms in self.words]

	@property
	def enough(self) -> bool:
		"""Whether there is a word to search for: one letter or digit alone would find everybody."""
		return any(len(form) > 1 or not form.isascii() for forms in self.words for form in forms)


@dataclass(frozen=True)
class Fit:
	"""How well a customer fits: level, and the line of its text that does."""

	level: int
	line: int

	@property
	def field(self) -> str:
		"""The customer's field that fits."""
		return READINGS.get(LINES[self.line], LINES[self.line])


def fit(sought: Sought, lines: list[str]) -> Fit | None:
	"""How the text with these lines fits, None where a word is missing."""
	text = "\n".join(lines)
	if not all(any(form in text for form in forms) for forms in sought.words):
		return None
	whole = (sought.whole, *sought.words[0]) if len(sought.words) == 1 else (sought.whole,)
	together = squeezed(sought.whole)
	# Signs are no part of how a name reads.
	reads = together if together == sought.whole.replace(" ", "") else ""
	best = Fit(SCATTERED, _line_of(sought.words[0], lines))
	for at, line in enumerate(lines):
		name = LINES[at]
		forms = (together,) if name == "code" else (reads,) if name in READINGS else whole
		for form in forms:
			if form and form in line and (level := _level(form, line, name)) < best.level:
				best = Fit(level, at)
	return best


def _level(form: str, line: str, name: str) -> int:
	if name in LOOSE:
		return READS_INSIDE if name in READINGS else INSIDE
	if name in READINGS:
		return READS_EQUAL if form == line else READS_BEGIN if line.startswith(form) else READS_INSIDE
	if form == line:
		return EQUAL
	if line.startswith(form):
		return BEGINS
	return WORD if name in NAMES and not line[line.index(form) - 1].isalnum() else INSIDE


def _line_of(forms: tuple[str, ...], lines: list[str]) -> int:
	return next(at for at, line in enumerate(lines) if any(form in line for form in forms))


def may_be_mistyped(word: str) -> bool:
	if word.isdigit():
		return len(word) >= SHORTEST_MISTYPED_NUMBER
	return len(word) >= SHORTEST_MISTYPED[word.isascii()]


def may_be_close(sought: Sought, texts: list[str]) -> list[int]:
	"""Which of the texts are worth a closer look, by rapidfuzz's view of all of them at once."""
	words = [forms[0] for forms in sought.words if may_be_mistyped(forms[0])]
	likeness = process.cdist(words, texts, scorer=fuzz.partial_ratio, dtype=np.uint8)
	return np.flatnonzero((likeness.T >= [_alike(word) for word in words]).all(axis=1)).tolist()


def _alike(word: str) -> float:
	"""How alike, of 100, a word and the like of it with one mistake are at least."""
	return 100 * (1 - 1 / len(word)) - 1


def close_fit(sought: Sought, lines: list[str]) -> Fit | None:
	"""As `fit`, with words of which one letter is wrong, missing, too much, or in its neighbour's place."""
	found = None
	for forms in sought.words:
		at = next((at for at, line in enumerate(lines) if forms[0] in line), None)
		if at is None and may_be_mistyped(forms[0]):
			at = next((at for at, line in enumerate(lines) if _close(forms[0], line)), None)
		if at is None:
			return None
		found = at if found is None else found
	return None if found is None else Fit(MISTYPED, found)


def _close(word: str, line: str) -> bool:
	"""Whether some part of the line is one edit away from the word: rapidfuzz finds the place, OSA measures."""
	if len(line) < len(word) - 1:
		return False
	alike = fuzz.partial_ratio_alignment(word, line, score_cutoff=_alike(word))
	if not alike:
		return False
	start, end = (alike.dest_start, alike.dest_end) if len(line) >= len(word) else (0, len(line))
	return any(
		OSA.distance(word, line[max(start + left, 0) : end + right], score_cutoff=1) <= 1
		for left in (0, -1, 1)
		for right in (0, -1, 1)
	)
