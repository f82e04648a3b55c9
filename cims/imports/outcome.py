"""What becomes of a file's rows: counted, ten samples of each, and the rejected ones written to a file, as they come."""

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from frappe import _

from cims.imports.source import Chunk
from cims.trust.words import safe_cell

NEW, UPDATED, DUPLICATE, REJECTED = "new", "updated", "duplicate", "rejected"
OUTCOMES = (NEW, UPDATED, DUPLICATE, REJECTED)
WRITTEN = (NEW, UPDATED)
SAMPLES = 10


@dataclass
class Batch:
	"""Some rows of the file and what becomes of them, by their position in the chunk.

	notes: position -> sentences: why it is rejected, or what else there is to say. data: what the importer keeps.
	"""

	chunk: Chunk
	outcomes: list[str] = field(default_factory=list)
	notes: dict[int, list[str]] = field(default_factory=dict)
	data: object = None

	def __post_init__(self):
		self.outcomes = self.outcomes or [NEW] * len(self.chunk)

	def reject(self, at: int, why: str) -> None:
		if self.outcomes[at] != REJECTED:
			self.outcomes[at] = REJECTED
			self.notes[at] = []
		self.notes[at].append(why)

	def say(self, at: int, outcome: str, *notes: str) -> None:
		self.outcomes[at] = outcome
		self.notes[at] = [note for note in notes if note]

	def of(self, *outcomes: str) -> list[int]:
		"""The positions of the rows with these outcomes."""
		return [at for at, outcome in enumerate(self.outcomes) if outcome in outcomes]


class Tally:
	"""Counts, samples and rejected rows of a whole file. path: where the rejected rows go.

	It can be taken up again where it was (`kept`), after a run that was cut short.
	"""

	def __init__(self, headers: Sequence[str], path: Path | None, kept: dict | None = None):
		self.headers, self.path = headers, path
		self.counts = Counter((kept or {}).get("counts", {}))
		self.samples = (kept or {}).get("samples") or {outcome: [] for outcome in OUTCOMES}
		self.customers: list[list[str]] = (kept or {}).get("customers", [])
		self.customers_made: int = (kept or {}).get("customers_made", 0)
		self.first_reason: str = (kept or {}).get("first_reason", "")
		self._file = None
		self._size: int = (kept or {}).get("size", 0)

	def keep(self) -> dict:
		"""What has come so far, for a later run to go on from."""
		if self._file:
			self._file.flush()
			self._size = self._file.tell()
		return {
			"counts": dict(self.counts),
			"samples": self.samples,
			"customers": self.customers,
			"customers_made": self.customers_made,
			"first_reason": self.first_reason,
			"size": self._size,
			"path": self.path and self.path.name,
		}

	def add(self, batch: Batch, shown: Callable[[Batch, int], dict]) -> None:
		"""Count a batch. shown: what a person is shown of one of its rows, label -> text."""
		self.counts.update(batch.outcomes)
		for outcome in OUTCOMES:
			left = SAMPLES - len(self.samples[outcome])
			if left and self.counts[outcome]:
				self.samples[outcome] += [self._sample(batch, at, shown) for at in batch.of(outcome)[:left]]
		for at in batch.of(REJECTED):
			self._reject(batch, at)

	def _sample(self, batch: Batch, at: int, shown: Callable) -> dict:
		cells = shown(batch, at)
		if batch.outcomes[at] == REJECTED:
			cells = {
				header: text
				for header, text in zip(self.headers, batch.chunk.rows[at], strict=True)
				if header
			}
		return {"row": batch.chunk.numbers[at], "cells": cells, "note": "\n".join(batch.notes.get(at, ()))}

	def _reject(self, batch: Batch, at: int) -> None:
		number, why = batch.chunk.numbers[at], " ".join(" ".join(batch.notes[at]).splitlines())
		self.first_reason = self.first_reason or _("Row {0}: {1}").format(number, why)
		if not self.path:
			return
		if not self._file:
			self._open()
		self._writer.writerow([*map(safe_cell, batch.chunk.rows[at]), number, safe_cell(why)])

	def _open(self) -> None:
		self.path.parent.mkdir(parents=True, exist_ok=True)
		# What a run that was cut short has written beyond what it kept is written again.
		self._file = self.path.open("r+b" if self._size and self.path.exists() else "w+b")
		self._file.truncate(self._size)
		self._file.seek(self._size)
		self._file = _Text(self._file)
		self._writer = csv.writer(self._file)
		if not self._size:
			# A mark that makes spreadsheet programs read it as UTF-8.
			self._file.write("\ufeff")
			self._writer.writerow([*map(safe_cell, self.headers), _("Row"), _("Reason")])

	def close(self) -> None:
		if self._file:
			self._file.close()
			self._file = None

	@property
	def total(self) -> int:
		return sum(self.counts.values())


class _Text:
	"""A binary file that is written as UTF-8 and knows its size at any time."""

	def __init__(self, file):
		self.file = file

	def write(self, text: str) -> None:
		self.file.write(text.encode())

	def __getattr__(self, name: str):
		return getattr(self.file, name)
