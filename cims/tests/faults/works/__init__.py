"""The long works that are broken in the middle: each prepared, started and gone on with as a user or the scheduler would.

Its functions run in the site's processes; a `Work` is what the test knows of it. A state is what the database holds that counts, past names and dates that may differ: for each table the rows
of each unit, which is what has to be whole at any moment: an order with its payment, a customer with its curve.
"""

from collections import defaultdict
from dataclasses import dataclass

WITHIN, AFTER, GROWING = "within", "after", "growing"
State = dict[str, dict[str, list[tuple]]]


@dataclass(frozen=True)
class Part:
	"""Tables that are written together. at_once: all units in one transaction, else each unit by itself."""

	tables: tuple[str, ...]
	at_once: bool


@dataclass(frozen=True, eq=False)
class Work:
	"""module: of its functions. queries: table -> SELECT of what counts there, the unit first; look: the function that adds
	to this what only the product can read. parts: what may be seen only as it was, or as it will be; changes: how many units
	of these the work changes, so that it is known to do something where nothing breaks it.

	prepare, start, afterwards: functions too; start leaves it to the jobs whose methods match `jobs`, or `request` does it
	at once; afterwards the user and the scheduler look after it, time and again. grows: the beginning of the statement
	that needs more space, where that isn't any in its largest transaction.
	"""

	name: str
	module: str
	queries: dict[str, str]
	parts: tuple[Part, ...]
	changes: int
	jobs: str | None = None
	request: str | None = None
	look: str | None = None
	prepare: str = "prepare"
	start: str = "start"
	afterwards: tuple[str, ...] = ("again",)
	grows: str = ""

	def function(self, name: str) -> str:
		return f"works.{self.module}.{name}"

	def state(self, stage) -> State:
		seen = {table: units(stage.database.rows(query)) for table, query in self.queries.items()}
		return seen | (stage.call(self.function(self.look)) if self.look else {})

	def changed(self, before: State, end: State) -> int:
		"""How many units of its parts differ."""
		return sum(
			before[table].get(unit) != end[table].get(unit)
			for table in {table for part in self.parts for table in part.tables}
			for unit in {*before[table], *end[table]}
		)

	def half_done(self, before: State, seen: State, end: State) -> list[str]:
		"""What is visible that is neither as it was nor as it will be."""
		found = []
		for part in self.parts:
			if part.at_once:
				ways = [{table: state[table] for table in part.tables} for state in (before, end)]
				if {table: seen[table] for table in part.tables} not in ways:
					found.append(f"{', '.join(part.tables)}: {difference(before, seen, part.tables)}")
				continue
			names = {name for table in part.tables for state in (before, seen, end) for name in state[table]}
			for name in sorted(names):
				was, is_now, will_be = (
					[state[table].get(name) for table in part.tables] for state in (before, seen, end)
				)
				if is_now not in (was, will_be):
					found.append(f"{name}: {was} -> {is_now} -> {will_be}"[:1000])
		return found


def moments(work: Work, statements: list[str]) -> dict[str, int]:
	"""Where a work is broken, as numbers of its statements: in the middle of the transaction that changes most, right after
	that was committed, and before it takes more space, which it does as it goes on."""
	commits = [at for at, statement in enumerate(statements) if statement.upper().startswith("COMMIT")]
	begins = [0, *(at + 1 for at in commits)]
	begin, commit = max(zip(begins, commits, strict=False), key=lambda span: span[1] - span[0])
	growing = next(at for at, statement in enumerate(statements) if statement.startswith(work.grows))
	return {
		WITHIN: (begin + commit + 1) // 2,
		AFTER: commit + 1,
		GROWING: growing if work.grows else begin + 1,
	}


def units(rows) -> dict[str, list[tuple]]:
	found = defaultdict(list)
	for unit, *row in rows:
		found[unit].append(tuple(row))
	return {unit: sorted(rows, key=repr) for unit, rows in found.items()}


def difference(expected: State, seen: State, tables=None) -> str:
	"""What is missing, too much or other in a state, shortly."""
	lines = []
	for table in tables or expected:
		for unit in sorted(set(expected[table]) | set(seen[table])):
			one, other = expected[table].get(unit), seen[table].get(unit)
			if one != other:
				lines.append(f"{table} {unit}: expected {one}, is {other}"[:600])
	return f"{len(lines)} differ: " + "; ".join(lines[:5]) if lines else ""
