"""A restore drill in words, for the command line."""

from frappe.utils import cint

FIGURES = (
	"name", "status", "started_on", "finished_on", "seconds", "restore_seconds", "backup", "taken_on", "backup_size",
	"encrypted", "rows_restored", "rows_lost", "error",
)  # fmt: skip
MARKS = {"Passed": "✓", "Warning": "!", "Failed": "✗"}
NAMED = 10


def plain(drill) -> dict:
	"""A drill for a program."""
	return {field: drill.get(field) for field in FIGURES} | {
		"checks": [
			{"check": row.check_name, "outcome": row.outcome, "said": row.said} for row in drill.checks
		],
		"losses": [
			{
				"doctype": row.of_doctype,
				**{field: row.get(field) for field in ("lost", "changed", "deleted", "older")},
			}
			for row in drill.losses
		],
	}


def text(drill) -> str:
	"""A drill for a person at a terminal."""
	lines = [f"{drill.name} {drill.status}: {drill.seconds or 0:,.1f} s"]
	if drill.backup:
		lines.append(
			f"backup {drill.backup}, made {drill.taken_on:%Y-%m-%d %H:%M:%S}, {cint(drill.backup_size) / 1e6:,.1f} MB"
		)
	if drill.rows_restored:
		lines.append(f"restored {cint(drill.rows_restored):,} rows in {drill.restore_seconds:,.1f} s")
	lines += [f"  {MARKS[row.outcome]} {row.check_name}: {row.said}" for row in drill.checks]
	if drill.rows_lost is not None and drill.rows_restored:
		lines += _losses(drill)
	if drill.error:
		lines.append(drill.error)
	return "\n".join(lines)


def _losses(drill) -> list[str]:
	if not drill.losses:
		return ["since the backup: nothing was added, changed or deleted"]
	lines = [f"since the backup, and lost with it: {cint(drill.rows_lost):,} rows"]
	for row in drill.losses[:NAMED]:
		lines.append(
			f"  {row.of_doctype}: {row.lost:,} new, {row.changed:,} changed, {row.deleted:,} deleted"
			+ (f" ({row.older:,} of the new are dated before the backup)" if row.older else "")
		)
	if len(drill.losses) > NAMED:
		lines.append(f"  and {len(drill.losses) - NAMED} more DocTypes; all are in the record {drill.name}")
	return lines
