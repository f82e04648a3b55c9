"""How a customer's kept curve is packed into bytes, and back: the one place that knows the layout.

Layout of version 1, little-endian, columns one after the other, each with an entry for each of the n points by day:

	B version, B unused, H n, H columns of contributions, H bytes of names
	I[4][n]          score, low, high and confidence in millionths
	and the rest by raw zlib with the dictionary below:
	i[n]             day (since 1970-01-01)
	B[2][columns][n] contributions in tenths of a point, 16 bits: all their low bytes, then all their high ones, which
	                 packs better; those lost and then those gained, without the columns that are all zero
	B[4][n]          grade, cap and policy as places in the words; bit 0: rated, bit 1: a day on which the score moved
	names            JSON [words, factors lost, factors gained]
	marks            JSON {place of the point: its marks} without the outer brackets; empty without any

Figures are kept to the millionth and contributions to the tenth, as the engine's points are rounded before they come here:
nothing is lost. The same points always give the same bytes, so bytes can be compared.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

VERSION = 1
HEAD = struct.Struct("<BBHHH")
MILLION, TENTHS = 1_000_000, 10
FIGURES = ("score", "low", "high", "confidence")
CODES = ("grade", "cap", "policy")
COLUMNS = ("who", "day", *FIGURES, *CODES, "rated", "event")
RATED, EVENT = 1, 2
# What names and marks are mostly made of; changing it takes a new version.
DICTIONARY = (
	b'"conduct.fraud","conduct.breach","conduct.identity_verified","conduct.assessment","service.complaint_by",'
	b'"service.complaint_against","service.agent_rating","service.feedback","exposure.cleared","payment.written_off",'
	b'"payment.settled.early","payment.settled.prompt","doctype":"Trust Evidence","name":"","text_code":"reversed.'
	b'payment.settled.late","figures":{}}],"0":[{"kind":"exposure.overdue","points":-1.0,"doctype":null,"name":null,'
	b'"text_code":"exposure.overdue","figures":{}},{"kind":"trading.fulfilled","points":1.0,"doctype":"CIMS Order",'
	b'"name":"SO-2026-00000","text_code":"trading.fulfilled","figures":{"amount":1000.0,"days":0.0,"value":1.0}},{"kind":'
	b'"payment.settled","points":-10.0,"doctype":"CIMS Order","name":"SO-2025-00000","text_code":"payment.settled.late",'
	b'"figures":{"amount":[["A","AA","AAA","B","C","D","NR","POL-0001"],["payment.settled","payment.written_off",'
	b'"exposure.overdue","trading.fulfilled","trading.cancelled","trading.returned","payment.prior","exposure.prior",'
	b'"trading.prior","service.prior","conduct.prior"],["payment.settled"'
)


@dataclass
class Points:
	"""Points of the curves of some customers, in columns, ordered by customer and day; a customer has a day only once.

	who: place of the customer in a list that goes with it. day: since 1970-01-01. grade, cap, policy: places in `words`,
	where "" stands for no cap. event: a day on which the score moved, not a month end. lost, gained: contributions in tenths
	of a point, (points, factors), None for none. marks: place of the point -> its marks as JSON.
	"""

	who: np.ndarray
	day: np.ndarray
	score: np.ndarray
	low: np.ndarray
	high: np.ndarray
	confidence: np.ndarray
	grade: np.ndarray
	cap: np.ndarray
	policy: np.ndarray
	rated: np.ndarray
	event: np.ndarray
	words: Sequence[str]
	factors: Sequence[str] = ()
	lost: np.ndarray | None = None
	gained: np.ndarray | None = None
	marks: Mapping[int, str] = field(default_factory=dict)

	def __len__(self) -> int:
		return len(self.who)

	def where(self, rows: np.ndarray) -> "Points":
		"""Some of the points: a mask, or their places in the order wanted."""
		rows = np.flatnonzero(rows) if rows.dtype == bool else rows
		columns = {name: getattr(self, name)[rows] for name in COLUMNS}
		tables = {name: self.table(name)[rows] for name in ("lost", "gained")}
		marks = {}
		if self.marks:
			marks = {at: self.marks[row] for at, row in enumerate(rows.tolist()) if row in self.marks}
		return Points(**columns, words=self.words, factors=self.factors, **tables, marks=marks)

	def keys(self) -> np.ndarray:
		"""One number for each customer and day."""
		return np.asarray(self.who, dtype=np.int64) * 2**32 + self.day

	def table(self, name: str) -> np.ndarray:
		"""`lost` or `gained`, zero where there is none."""
		found = getattr(self, name)
		return np.zeros((len(self), len(self.factors)), dtype=np.int16) if found is None else found

	def named(self, name: str) -> list[str]:
		"""Grade, cap or policy of every point in words."""
		return [self.words[code] for code in getattr(self, name).tolist()]

	def contributions(self, at: int) -> str:
		"""What each factor lost and gained at one point, as JSON {factor: [lost, gained]} in points, without zeros."""
		pairs = zip(
			self.factors, self.table("lost")[at].tolist(), self.table("gained")[at].tolist(), strict=True
		)
		return dump(
			{name: [lost / TENTHS, gained / TENTHS] for name, lost, gained in pairs if lost or gained}
		)


def dump(plain) -> str:
	return json.dumps(plain, separators=(",", ":"))


def millionths(figures: np.ndarray) -> np.ndarray:
	"""Figures as they are kept. Raises ValueError for one that can't be: negative, 4294 or more, or no number."""
	scaled = np.rint(np.asarray(figures, dtype=float) * MILLION)
	if not ((scaled >= 0) & (scaled < 2**32)).all():
		raise ValueError("A figure of a curve is negative, too large, or not a number.")
	return scaled.astype("<u4")


def tenths(points: np.ndarray) -> np.ndarray:
	"""Contributions in points as they are kept. Raises ValueError for one beyond 3,276 points, or no number."""
	scaled = np.rint(np.asarray(points, dtype=float) * TENTHS)
	if not (np.abs(scaled) < 2**15).all():
		raise ValueError("A contribution to a curve is beyond 3,276 points, or not a number.")
	return scaled.astype("<i2")


def join(parts: Sequence[Points]) -> Points:
	"""Several sets of points of the same list of customers as one, ordered by customer and day."""
	parts = parts or [nothing()]
	words, factors = _union(part.words for part in parts), _union(part.factors for part in parts)
	columns = {}
	for name in COLUMNS:
		columns[name] = np.concatenate(
			[
				np.array([words[word] for word in part.words], dtype=np.int64)[getattr(part, name)]
				if name in CODES
				else getattr(part, name)
				for part in parts
			]
		)
	order = np.lexsort((columns["day"], columns["who"]))
	tables = {name: np.zeros((len(order), len(factors)), dtype=np.int16) for name in ("lost", "gained")}
	marks, start = {}, 0
	for part in parts:
		places = [factors[factor] for factor in part.factors]
		for name, table in tables.items():
			table[start : start + len(part), places] = part.table(name)
		marks.update((start + at, text) for at, text in part.marks.items())
		start += len(part)
	return Points(**columns, words=list(words), factors=list(factors), **tables, marks=marks).where(order)


def nothing() -> Points:
	"""No points."""
	whole = {name: np.zeros(0, dtype=np.int64) for name in ("who", "day", *CODES)}
	state = {name: np.zeros(0, dtype=bool) for name in ("rated", "event")}
	return Points(**whole, **{name: np.zeros(0) for name in FIGURES}, **state, words=[])


def _union(names) -> dict[str, int]:
	found: dict[str, int] = {}
	for name in (name for some in names for name in some):
		found.setdefault(name, len(found))
	return found


def pack(points: Points) -> Iterator[tuple[int, bytes]]:
	"""The curve of each customer who has points, as (place of the customer, bytes)."""
	if not len(points):
		return
	starts = np.flatnonzero(np.diff(points.who, prepend=points.who[0] - 1))
	ends = [*starts[1:].tolist(), len(points)]
	if max(end - start for start, end in zip(starts.tolist(), ends, strict=True)) >= 2**16:
		raise ValueError("A curve has more than 65,535 points.")
	group = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(points)))
	figures = np.vstack([millionths(getattr(points, name)) for name in FIGURES])
	days = np.asarray(points.day).astype("<i4")
	words, codes, used = _words(points, group, len(starts))
	state = RATED * np.asarray(points.rated, dtype=bool) + EVENT * np.asarray(points.event, dtype=bool)
	small = np.vstack([*codes, state]).astype(np.uint8)
	order = sorted(range(len(points.factors)), key=lambda at: points.factors[at])
	factors = [points.factors[at] for at in order]
	tables = [points.table(name)[:, order] for name in ("lost", "gained")]
	shares = np.ascontiguousarray(np.hstack(tables).T.astype("<i2"))
	shown = np.logical_or.reduceat(shares != 0, starts, axis=1).T
	halves = shares.view(np.uint8).reshape(*shares.shape, 2).transpose(2, 0, 1)
	marks, names = _marks(points, group, starts), {}
	for at, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
		key = used[at].tobytes() + shown[at].tobytes()
		if key not in names:
			names[key] = np.flatnonzero(shown[at]), _names(factors, words, used[at], shown[at])
		columns, text = names[key]
		rest = (days[start:end], halves[:, columns, start:end], small[:, start:end])
		yield (
			int(points.who[start]),
			HEAD.pack(VERSION, 0, end - start, len(columns), len(text))
			+ figures[:, start:end].tobytes()
			+ _squeezed(b"".join(part.tobytes() for part in rest) + text + marks.get(at, b"")),
		)


def _words(points: Points, group: np.ndarray, count: int) -> tuple[list[str], list[np.ndarray], np.ndarray]:
	"""All words in order, the columns of codes within the words that each customer uses, and which those are."""
	place = {word: at for at, word in enumerate(sorted(set(points.words)))}
	places = np.array([place[word] for word in points.words], dtype=np.int64)
	columns = [places[getattr(points, name)] for name in CODES]
	used = np.zeros((count, len(place)), dtype=bool)
	for column in columns:
		used[group, column] = True
	if used.sum(axis=1).max() > 2**8:
		raise ValueError("A curve has more than 256 different grades and policies.")
	local = np.cumsum(used, axis=1) - 1
	return list(place), [local[group, column] for column in columns], used


def _names(factors: Sequence[str], words: Sequence[str], used: np.ndarray, shown: np.ndarray) -> bytes:
	def those(names: Sequence[str], there: np.ndarray) -> list[str]:
		return [name for name, is_there in zip(names, there.tolist(), strict=True) if is_there]

	half = len(factors)
	return dump([those(words, used), those(factors, shown[:half]), those(factors, shown[half:])]).encode()


def _marks(points: Points, group: np.ndarray, starts: np.ndarray) -> dict[int, bytes]:
	texts: dict[int, list[str]] = {}
	for at in sorted(at for at, text in points.marks.items() if text):
		texts.setdefault(int(group[at]), []).append(f'"{at - starts[group[at]]}":{points.marks[at]}')
	return {customer: ",".join(found).encode() for customer, found in texts.items()}


def _squeezed(rest: bytes) -> bytes:
	packer = zlib.compressobj(1, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
	return packer.compress(rest) + packer.flush()


class Unpacked(NamedTuple):
	"""One curve's columns as they lie in the bytes."""

	who: int
	figures: np.ndarray
	days: np.ndarray
	shares: np.ndarray
	small: np.ndarray
	names: list[list[str]]
	marks: bytes


def unpack(curves: Sequence[tuple[int, bytes]], figures_only: bool = False) -> Points:
	"""The points of curves, given as (place of the customer, bytes) in the order of the places; without bytes, no points.

	figures_only: without contributions and marks, for who reads thousands. Raises ValueError for bytes of another version.
	"""
	parts = [_unpacked(who, packed) for who, packed in curves if packed]
	words = _union(part.names[0] for part in parts)
	factors = {} if figures_only else _union(part.names[1] + part.names[2] for part in parts)
	counts = [len(part.days) for part in parts]
	total = sum(counts)
	shares = np.zeros((2, total, len(factors)), dtype=np.int16)
	codes = np.zeros((4, total), dtype=np.int64)
	marks, start = {}, 0
	for part, count in zip(parts, counts, strict=True):
		end = start + count
		named, lost, gained = part.names
		codes[:3, start:end] = np.array([words[word] for word in named])[part.small[:3]]
		codes[3, start:end] = part.small[3]
		if not figures_only:
			shares[0, start:end, [factors[name] for name in lost]] = part.shares[: len(lost)]
			shares[1, start:end, [factors[name] for name in gained]] = part.shares[len(lost) :]
			if part.marks:
				found = json.loads(b"{" + part.marks + b"}")
				marks.update((start + int(at), dump(text)) for at, text in found.items())
		start = end
	figures = np.hstack([part.figures for part in parts]) if parts else np.zeros((4, 0))
	return Points(
		who=np.repeat(np.array([part.who for part in parts], dtype=np.int64), counts),
		day=np.concatenate([part.days for part in parts]).astype(np.int64)
		if parts
		else np.zeros(0, dtype=np.int64),
		**{name: figures[at] / MILLION for at, name in enumerate(FIGURES)},
		**{name: codes[at] for at, name in enumerate(CODES)},
		rated=(codes[3] & RATED) > 0,
		event=(codes[3] & EVENT) > 0,
		words=list(words),
		factors=list(factors),
		lost=shares[0],
		gained=shares[1],
		marks=marks,
	)


def _unpacked(who: int, packed: bytes) -> Unpacked:
	version, _unused, n, columns, text = HEAD.unpack_from(packed)
	if version != VERSION:
		raise ValueError(
			f"A curve is packed in version {version}; this app knows version {VERSION}. Update the app."
		)
	figures = np.frombuffer(packed, "<u4", 4 * n, HEAD.size).reshape(4, n)
	rest = zlib.decompressobj(-12, DICTIONARY).decompress(packed[HEAD.size + 16 * n :])
	halves = np.frombuffer(rest, np.uint8, 2 * columns * n, 4 * n).reshape(2, columns, n).astype("<u2")
	at = 4 * n + 2 * columns * n
	return Unpacked(
		who,
		figures,
		np.frombuffer(rest, "<i4", n),
		(halves[0] | halves[1] << 8).astype("<u2").view("<i2"),
		np.frombuffer(rest, np.uint8, 4 * n, at).reshape(4, n),
		_read_names(rest[at + 4 * n : at + 4 * n + text]),
		rest[at + 4 * n + text :],
	)


@lru_cache(maxsize=4096)
def _read_names(text: bytes) -> list[list[str]]:
	return json.loads(text)
