"""How a month of many customers' points is packed into bytes, and back: the one place that knows the layout.

Layout of version 1, little-endian, columns one after the other, each with an entry for each of the n points by day and
customer:

	B version, B unused, H bytes of words, I n
	I[n]  score in millionths
	and the rest by raw zlib:
	H[n]  place of the customer in the block
	B[n]  day of the month
	B[n]  grade as a place in the words
	B[n]  policy as a place in the words
	B[n]  bit 0: rated, bit 1: a day on which the score moved
	words JSON list of the grades and policies
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cims.ratings.curve_format import EVENT, MILLION, RATED, dump, millionths

VERSION = 1
HEAD = struct.Struct("<BBHI")
# How many customers share one block: 2 to the power of this. Their places in it take 16 bits.
BITS = 13
SIZE = 1 << BITS


@dataclass
class Standings:
	"""Points of many customers, by day and customer, without what only a customer's own curve shows.

	number: the customer's, as in `curve_tables`. day: since 1970-01-01. grade, policy: places in `words`. event: as in Points.
	"""

	number: np.ndarray
	day: np.ndarray
	score: np.ndarray
	grade: np.ndarray
	policy: np.ndarray
	rated: np.ndarray
	event: np.ndarray
	words: Sequence[str]

	def __len__(self) -> int:
		return len(self.number)

	def where(self, rows: np.ndarray) -> "Standings":
		"""Some of the points: a mask, or their places in the order wanted."""
		return Standings(**{name: getattr(self, name)[rows] for name in COLUMNS}, words=self.words)


CODES = ("grade", "policy")
COLUMNS = ("number", "day", "score", *CODES, "rated", "event")


def join(parts: Sequence[Standings]) -> Standings:
	"""Several sets of points as one, by day and customer."""
	place: dict[str, int] = {}
	for word in (word for part in parts for word in part.words):
		place.setdefault(word, len(place))
	places = [np.array([place[word] for word in part.words], dtype=np.int16) for part in parts]
	columns = {}
	for name in COLUMNS:
		columns[name] = np.concatenate(
			[
				codes[getattr(part, name)] if name in CODES else getattr(part, name)
				for part, codes in zip(parts, places, strict=True)
			]
		)
	found = Standings(**columns, words=list(place))
	return found.where(np.lexsort((found.number, found.day)))


def nobody() -> Standings:
	columns = {name: np.zeros(0, dtype=np.int64) for name in ("number", "day", *CODES)}
	return Standings(
		**columns, score=np.zeros(0), rated=np.zeros(0, dtype=bool), event=np.zeros(0, dtype=bool), words=[]
	)


def pack(points: Standings, month: int) -> bytes:
	"""The points of one month and block. month: its first day."""
	used = np.unique(np.concatenate([points.grade, points.policy]))
	words = sorted({points.words[code] for code in used.tolist()})
	if len(words) > 2**8:
		raise ValueError("A month has more than 256 different grades and policies.")
	place = {word: at for at, word in enumerate(words)}
	codes = np.array([place.get(word, 0) for word in points.words], dtype=np.uint8)
	names = dump(words).encode()
	rest = (
		(points.number & (SIZE - 1)).astype("<u2"),
		(points.day - month + 1).astype(np.uint8),
		codes[points.grade],
		codes[points.policy],
		(RATED * points.rated + EVENT * points.event).astype(np.uint8),
	)
	packer = zlib.compressobj(1, zlib.DEFLATED, -15)
	packed = packer.compress(b"".join(column.tobytes() for column in rest) + names) + packer.flush()
	return HEAD.pack(VERSION, 0, len(names), len(points)) + millionths(points.score).tobytes() + packed


def unpack(packed: bytes, month: int, block: int) -> Standings:
	"""The points of a month and block. Raises ValueError for bytes of another version."""
	version, _unused, names, n = HEAD.unpack_from(packed)
	if version != VERSION:
		raise ValueError(
			f"A month is packed in version {version}; this app knows version {VERSION}. Update the app."
		)
	score = np.frombuffer(packed, "<u4", n, HEAD.size)
	rest = zlib.decompress(packed[HEAD.size + 4 * n :], -15)
	day, grade, policy, state = np.frombuffer(rest, np.uint8, 4 * n, 2 * n).reshape(4, n)
	return Standings(
		number=(block << BITS) + np.frombuffer(rest, "<u2", n).astype(np.int64),
		day=day.astype(np.int64) + month - 1,
		score=score / MILLION,
		grade=grade.astype(np.int16),
		policy=policy.astype(np.int16),
		rated=(state & RATED) > 0,
		event=(state & EVENT) > 0,
		words=json.loads(rest[6 * n : 6 * n + names]),
	)
