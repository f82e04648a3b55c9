"""The keys under which a text is filed, so that any part of it is found.

Of words in ASCII letters and digits, every three neighbours are a key, and the last two; of everything else, Chinese
first of all, every character and every two neighbours. Beside these stand the beginnings of the values that people
begin to type (BEGINS), and who looks after the customer (OWNED). All customers' keys of a segment are made at once, by
numpy: a text at a time costs ten times as much.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import zip_longest

import numpy as np

# A segment's customers are numbered from 0; that number takes the lowest bits beside a key.
SLOT_BITS = 15
SEGMENT = 1 << SLOT_BITS
BEGINS, OWNED = 1 << 32, 2 << 32
# More keys of a word are not asked for: what they let pass, its text does not.
MOST_PARTS = 8
NEWLINE = 10
SEPARATOR, ASCII, OTHER = 0, 1, 2
# From so many slots on, a bit for each slot of the segment is the shorter list.
BITMAP_BYTES = SEGMENT // 8
DENSE = BITMAP_BYTES // 2
_BEYOND = re.compile("[\U00010000-\U0010ffff]")


@cache
def _kinds() -> np.ndarray:
	"""What each character is: SEPARATOR, ASCII (letter or digit) or OTHER (letter or digit)."""
	alphanumeric = np.array([chr(code).isalnum() for code in range(0x10000)], np.uint8)
	alphanumeric[0xE000:0xF900] = 1
	alphanumeric[0x80:] *= OTHER
	return alphanumeric


def _codes(text: str) -> np.ndarray:
	"""The characters of a text in 16 bits each; those beyond, rare Chinese ones, share the places of private ones."""
	written = text.encode("utf-16-le", "replace")
	if len(written) != 2 * len(text):
		written = _BEYOND.sub(lambda one: chr(0xE000 + ord(one.group()) % 0x1900), text).encode(
			"utf-16-le", "replace"
		)
	return np.frombuffer(written, "<u2")


def entries(texts: Sequence[str], owners: Sequence[str], lines: int, begins: Sequence[int]) -> np.ndarray:
	"""Every (key, slot) of a segment as key << SLOT_BITS | slot, in order, each once; slots are places in `texts`.

	texts: folded, each of so many `lines`. begins: the lines whose beginning is filed too. owners: beside each text
	the user who looks after the customer, or nothing.
	"""
	codes = _codes("\n".join((*texts, "", "", "")))
	kinds = _kinds()[codes]
	slots = np.repeat(np.arange(len(texts), dtype="u2"), [len(text) + 1 for text in texts])
	found = [_entries(keys, slots[where]) for keys, where in _parts(codes, kinds, len(slots))]
	ends = np.flatnonzero(codes[: len(slots)] == NEWLINE)
	firsts = np.concatenate(([0], ends[:-1] + 1)).reshape(len(texts), lines)[:, begins].ravel()
	found += [_entries(keys + BEGINS, slots[places]) for keys, places in _beginnings(codes, kinds, firsts)]
	owned = [owned_by(owner) << SLOT_BITS | slot for slot, owner in enumerate(owners) if owner]
	found.append(np.array(owned, np.uint64))
	every = np.sort(np.concatenate(found))
	return every[np.flatnonzero(np.diff(every, prepend=~every[:1]))]


def _entries(keys: np.ndarray, slots: np.ndarray) -> np.ndarray:
	return keys.astype(np.uint64) << np.uint64(SLOT_BITS) | slots


def _parts(codes: np.ndarray, kinds: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
	"""Keys of every part, with where they are. The text goes on for two separators after `size`."""
	first, second, third = (codes[step : size + step].astype(np.uint32) for step in range(3))
	ascii_, other = kinds == ASCII, kinds == OTHER
	two = ascii_[:size] & ascii_[1 : size + 1]
	three = two & ascii_[2 : size + 2]
	yield _ascii(first, second, third)[three], three
	two &= ~three
	yield _ascii(first, second)[two], two
	one = other[:size]
	yield _other(first[one]), one
	two = one & other[1 : size + 1]
	yield _other(first, second)[two], two


def _beginnings(
	codes: np.ndarray, kinds: np.ndarray, firsts: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
	"""Keys of the first two and three characters (ASCII), or one and two, of the values that begin at `firsts`."""
	first, second, third = (codes[firsts + step].astype(np.int64) for step in range(3))
	one, two, three = (kinds[firsts + step] for step in range(3))
	where = (one == ASCII) & (two == ASCII)
	yield _ascii(first, second)[where], firsts[where]
	where &= three == ASCII
	yield _ascii(first, second, third)[where], firsts[where]
	where = one == OTHER
	yield _other(first)[where], firsts[where]
	where &= two == OTHER
	yield _other(first, second)[where], firsts[where]


def _ascii(first, second, third=0):
	return first << 14 | second << 7 | third


def _other(first, second=0):
	return first << 16 | second


def owned_by(user: str) -> int:
	return OWNED | zlib.crc32(user.lower().encode())


def parts(word: str) -> list[int]:
	"""Keys that every text has of which the word (folded, of one kind of letter) is a part: all of them, or some from all
	over a long word. Empty for a word of ASCII letters that is shorter than a key: see `span`."""
	codes = [int(code) for code in _codes(word)]
	size, key = (3, _ascii) if word.isascii() else (2, _other)
	if len(codes) < size:
		return [] if word.isascii() else [_other(codes[0])]
	places = np.linspace(0, len(codes) - size, min(len(codes) - size + 1, MOST_PARTS)).astype(int).tolist()
	return sorted({key(*codes[at : at + size]) for at in places})


def all_parts(word: str) -> list[int]:
	"""Every key of the word, in the order of their places, each once: a text close to it has most of them, and those that
	it hasn't are neighbours."""
	codes = [int(code) for code in _codes(word)]
	if word.isascii():
		return list(dict.fromkeys(_ascii(*codes[at : at + 3]) for at in range(len(codes) - 2)))
	both = zip_longest(map(_other, codes), map(_other, codes, codes[1:]))
	return list(dict.fromkeys(key for pair in both for key in pair if key is not None))


def ending(word: str) -> int:
	"""The key of the texts in which a word ends as this one of ASCII letters does."""
	return _ascii(*map(int, _codes(word[-2:])))


def span(word: str) -> tuple[int, int]:
	"""The first and the last key of the texts of which a word of one or two ASCII letters is a part."""
	codes = [int(code) for code in _codes(word)]
	if len(codes) == 1:
		return _ascii(codes[0], 0), _ascii(codes[0], 127, 127)
	return _ascii(*codes), _ascii(*codes, 127)


def beginning(word: str) -> int:
	"""The key of the texts with a value that begins with the word, or with its first letters where it is longer."""
	codes = [int(code) for code in _codes(word)]
	return BEGINS | (_ascii(*codes[:3]) if word.isascii() and len(codes) > 1 else _other(*codes[:2]))


def lists(every: np.ndarray) -> Iterator[tuple[int, str]]:
	"""Of `entries`: each key with its slots, packed and in hex: two bytes a slot, or a bit for each slot of a segment,
	whatever is shorter."""
	if not len(every):
		return
	keys = every >> np.uint64(SLOT_BITS)
	slots = (every & np.uint64(SEGMENT - 1)).astype("<u2")
	cuts = np.flatnonzero(keys[1:] != keys[:-1]) + 1
	starts = np.concatenate(([0], cuts))
	hexed = slots.tobytes().hex()
	ends = (*cuts.tolist(), len(every))
	for key, start, end in zip(keys[starts].tolist(), starts.tolist(), ends, strict=True):
		if end - start < DENSE:
			yield key, hexed[4 * start : 4 * end]
		else:
			bits = np.zeros(SEGMENT, np.uint8)
			bits[slots[start:end]] = 1
			yield key, np.packbits(bits).tobytes().hex()


def length(packed: bytes) -> int:
	"""How many slots a packed list names."""
	return int.from_bytes(packed).bit_count() if len(packed) == BITMAP_BYTES else len(packed) // 2


def mask(packed: bytes) -> np.ndarray:
	"""Which slots of a segment a packed list names."""
	if len(packed) == BITMAP_BYTES:
		return np.unpackbits(np.frombuffer(packed, np.uint8)).view(bool)
	named = np.zeros(SEGMENT, bool)
	named[np.frombuffer(packed, "<u2")] = True
	return named


def count(packed: Iterable[bytes]) -> np.ndarray:
	"""How many of the packed lists name each slot of a segment."""
	counts = np.zeros(SEGMENT, np.uint8)
	for data in packed:
		if len(data) == BITMAP_BYTES:
			counts += np.unpackbits(np.frombuffer(data, np.uint8))
		else:
			counts[np.frombuffer(data, "<u2")] += 1
	return counts
