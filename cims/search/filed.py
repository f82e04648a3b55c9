"""Which customers the lists of the index name for the words sought: candidates, of whom their texts say more."""

from collections.abc import Iterable, Sequence

import numpy as np

import frappe

from cims.search import grams, query
from cims.search.query import Sought

# What a list is asked for by: a key, or the first and the last of a range of keys.
Want = int | tuple[int, int]
# Of fewer segments all lists are read at once; of more, those of one tell which keys are rare.
FEW_SEGMENTS = 4
# A customer who begins with what is sought counts two, the user's own one.
SCORES = 4
# Neighbouring keys that one mistake destroys at most: of three letters each, where two have changed places; of Chinese,
# the keys of two characters and of the three pairs that they are in.
DESTROYED = {True: 4, False: 5}
# So many of the best guesses at a mistyped word are worth a look.
GUESSES = 400


class Lists:
	"""The lists of the index that one search asks for, by segment, the latest first. What was asked for once stays."""

	def __init__(self):
		rows = frappe.db.sql("SELECT segment, customers FROM cims_search_segment ORDER BY segment DESC")
		self.sizes: dict[int, int] = dict(rows)
		self.held: dict[int, dict[int, bytes]] = {segment: {} for segment in self.sizes}
		self.asked: dict[int, set[Want]] = {segment: set() for segment in self.sizes}

	def ask(self, wants: Iterable[Want], among: Iterable[int] | None = None) -> None:
		"""Bring these lists of the segments, or of those `among` them."""
		wants = set(wants)
		segments = [segment for segment in among or self.sizes if wants - self.asked[segment]]
		if not segments:
			return
		new = wants - set.intersection(*(self.asked[segment] for segment in segments))
		keys = [want for want in new if isinstance(want, int)]
		spans = [want for want in new if not isinstance(want, int)]
		conditions = ["gram IN %s"] * bool(keys) + ["gram BETWEEN %s AND %s"] * len(spans)
		values = [keys] * bool(keys) + [bound for span in spans for bound in span]
		for segment, key, packed in frappe.db.sql(
			f"""SELECT segment, gram, slots FROM cims_search_posting
			WHERE segment IN %s AND ({" OR ".join(conditions)})""",
			[segments, *values],
		):
			self.held[segment][key] = packed
		for segment in segments:
			self.asked[segment] |= new

	def rarest(self, keys: Sequence[int]) -> set[int]:
		"""Those of the keys that leave hardly anybody but whom all of them do, by what the largest segment says."""
		if len(self.sizes) <= FEW_SEGMENTS:
			return set(keys)
		segment, size = max(self.sizes.items(), key=lambda one: one[1])
		self.ask(keys, [segment])
		counts = {key: grams.length(self.held[segment].get(key, b"")) for key in keys}
		left, taken = sum(self.sizes.values()), set()
		for key in sorted(counts, key=counts.get):
			taken.add(key)
			left *= (counts[key] + 0.5) / size
			if left < 1:
				break
		return taken


def exactly(lists: Lists, sought: Sought, user: str, few: int, most: int) -> list[int]:
	"""Ids of the customers that have the keys of every word: those first of whom a value begins with the first word,
	then the user's own, then the latest; `few` are in any order. One more than `most`, where there are more."""
	keys = {key for word in sought.parts for key in _keys(word)}
	spans = [grams.span(word) for word in sought.parts if _is_short(word)]
	for some, more in ((lists.rarest(keys), []), (keys, spans)):
		lists.ask(some.union(more))
		fitting = {segment: _having(held, some, more) for segment, held in lists.held.items()}
		if sum(map(len, fitting.values())) <= few:
			return [number for segment, slots in fitting.items() for number in _ids(segment, slots).tolist()]
	return _best_first(lists, fitting, grams.beginning(sought.words[0][0]), grams.owned_by(user), most + 1)


def nearly(lists: Lists, sought: Sought) -> list[int]:
	"""Ids of the customers that have so many keys of every word that one mistake may explain the others; those first
	that have most."""
	mistyped = [_Mistyped(word) for word in sought.parts if query.may_be_mistyped(word)]
	others = [word for word in sought.parts if not query.may_be_mistyped(word)]
	if not mistyped:
		return []
	keys = {key for word in others for key in _keys(word)}
	spans = [grams.span(word) for word in others if _is_short(word)]
	lists.ask(keys.union(spans, *(word.keys + word.ends for word in mistyped)))
	found = []
	for segment, held in lists.held.items():
		score = np.zeros(grams.SEGMENT, np.uint8)
		fitting = np.ones(grams.SEGMENT, bool)
		for word in mistyped:
			counts = _count(held, word.keys) + _count(held, word.ends)
			fitting &= counts >= word.least
			score += counts
		slots = _narrowed(held, [*keys, *spans], np.flatnonzero(fitting))
		for word in mistyped:
			slots = slots[word.may_be(held, slots)]
		if len(slots) > GUESSES:
			slots = slots[np.argpartition(score[slots], -GUESSES)[-GUESSES:]]
		found.append((score[slots], _ids(segment, slots)))
	return _highest(found, GUESSES)


class _Mistyped:
	"""The keys of a word that may have a mistake. least: so many of them are left by any mistake, or it isn't found."""

	def __init__(self, word: str):
		self.keys = grams.all_parts(word)
		# They tell who comes first; where the word goes on, they are not there.
		self.ends = [grams.ending(word)] if word.isascii() else []
		self.destroyed = DESTROYED[word.isascii()]
		self.least = max(1, len(self.keys) - self.destroyed)

	def may_be(self, held: dict[int, bytes], slots: np.ndarray) -> np.ndarray:
		"""Which of the slots have all keys but some that are so near each other that one mistake destroys them all."""
		if len(self.keys) <= self.destroyed or not len(slots):
			return np.ones(len(slots), bool)
		missing = np.array([~_mask(held, key)[slots] for key in self.keys])
		first, last = missing.argmax(0), len(self.keys) - 1 - missing[::-1].argmax(0)
		return (last - first < self.destroyed) | ~missing.any(0)


def _is_short(word: str) -> bool:
	return word.isascii() and len(word) == 2


def _keys(word: str) -> list[int]:
	"""The keys of a word that is long enough to have one."""
	return [] if word.isascii() and len(word) < 3 else grams.parts(word)


def _mask(held: dict[int, bytes], want: Want) -> np.ndarray:
	"""Which slots of a segment have this key, or one of the range."""
	if isinstance(want, tuple):
		return grams.count(packed for key, packed in held.items() if want[0] <= key <= want[1]) > 0
	return grams.mask(held.get(want, b""))


def _count(held: dict[int, bytes], keys: Iterable[int]) -> np.ndarray:
	return grams.count(held[key] for key in keys if key in held)


def _having(held: dict[int, bytes], keys: Iterable[int], spans: Sequence[tuple[int, int]]) -> np.ndarray:
	"""The slots of a segment that have all the keys, and one of each range of keys."""
	keys = sorted(keys, key=lambda key: len(held.get(key, b"")))
	slots = np.flatnonzero(_mask(held, keys[0])) if keys else np.arange(grams.SEGMENT)
	return _narrowed(held, [*keys[1:], *spans], slots)


def _narrowed(held: dict[int, bytes], wants: Iterable[Want], slots: np.ndarray) -> np.ndarray:
	"""Those of the slots that have all that is wanted."""
	for want in wants:
		if not len(slots):
			break
		slots = slots[_mask(held, want)[slots]]
	return slots


def _best_first(
	lists: Lists, fitting: dict[int, np.ndarray], begins: int, owned: int, most: int
) -> list[int]:
	"""The ids of the fitting slots of each segment, those first that begin so, then those of this owner."""
	lists.ask((begins, owned))
	found, enough, held = [], 0, np.zeros(SCORES, int)
	for segment, slots in fitting.items():
		here = lists.held[segment]
		score = 2 * _mask(here, begins)[slots].astype(np.uint8) + _mask(here, owned)[slots]
		found.append((score[score >= enough], _ids(segment, slots[score >= enough])))
		# Once there are enough of the better ones, the others needn't be kept.
		held += np.bincount(score, minlength=SCORES)
		while enough < SCORES - 1 and held[enough + 1 :].sum() >= most:
			enough += 1
		if held[SCORES - 1] >= most:
			break
	return _highest(found, most)


def _ids(segment: int, slots: np.ndarray) -> np.ndarray:
	return slots.astype(np.int64) + (segment << grams.SLOT_BITS)


def _highest(found: Sequence[tuple[np.ndarray, np.ndarray]], most: int) -> list[int]:
	"""The ids with the highest scores, at most so many; of equals, the latest. found: scores, and ids beside them."""
	if not found:
		return []
	score, ids = (np.concatenate(part) for part in zip(*found, strict=True))
	return ids[np.lexsort((-ids, -score.astype(int)))[:most]].tolist()
