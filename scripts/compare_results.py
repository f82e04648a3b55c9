"""Compare two folders of JUnit results of the same tests: compare_results.py BEFORE AFTER. Fails where a test that passed before
doesn't after, or where one wasn't run."""

import sys
from pathlib import Path
from xml.etree import ElementTree


def results(folder: Path) -> dict[str, str]:
	"""Test -> "passed", "failed" or "skipped"."""
	found = {}
	for path in sorted(folder.glob("*.xml")):
		for case in ElementTree.parse(path).iter("testcase"):
			name = f"{path.stem}: {case.get('classname')}.{case.get('name')}"
			kinds = {child.tag for child in case}
			found[name] = (
				"failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
			)
	return found


def main() -> int:
	before, after = (results(Path(folder)) for folder in sys.argv[1:3])
	doctypes = sorted({name.partition(":")[0] for name in before})
	if not before:
		print("No test was run.")
		return 1
	for doctype in doctypes:
		counts = [
			[kind for name, kind in found.items() if name.startswith(f"{doctype}: ")]
			for found in (before, after)
		]
		print(
			f"{doctype}: "
			+ ", then ".join(f"{len(kinds)} run, {kinds.count('failed')} failed" for kinds in counts)
		)
	worse = [name for name, kind in before.items() if kind == "passed" and after.get(name) != "passed"]
	for name in worse:
		print(f"passed before, {after.get(name, 'not run')} after: {name}")
	return bool(worse)


if __name__ == "__main__":
	sys.exit(main())
