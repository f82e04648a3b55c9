"""Where figures go: results.json, and RESULTS.md made from it. Each part is replaced as a whole when it is measured anew."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import chart

HERE = Path(__file__).parent
KEPT, SHOWN = HERE / "results.json", HERE / "RESULTS.md"


def machine(*libraries: str) -> dict[str, str]:
	"""What the figures were measured on."""
	processor = platform.processor()
	if Path("/proc/cpuinfo").exists():
		lines = Path("/proc/cpuinfo").read_text().splitlines()
		processor = next(
			(line.partition(":")[2].strip() for line in lines if line.startswith("model name")), processor
		)
	return {
		"processor": f"{processor}, {os.cpu_count()} cores",
		"system": f"{platform.system()} {platform.machine()}",
		"python": platform.python_version(),
		**{name: version(name) for name in libraries},
	}


def keep(part: str, result: dict) -> None:
	"""Keep the figures of a part (engine, site) and write RESULTS.md anew."""
	everything = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
	everything[part] = result
	KEPT.write_text(json.dumps(everything, indent="\t", ensure_ascii=False) + "\n", encoding="utf-8")
	SHOWN.write_text(
		"# Benchmark results\n\nWritten by `make bench`; README.md beside this file says how each figure is measured.\n"
		+ "".join(PARTS[name](everything[name]) for name in PARTS if name in everything),
		encoding="utf-8",
	)


def keep_figure(customers: int, figure: dict, day: str, on: dict, anew: bool) -> None:
	"""Keep a figure of a site of one size, in place of what was measured of the same work before; anew: nothing else stays."""
	everything = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
	sizes = {} if anew else everything.get("site", {}).get("sizes", {})
	kept = sizes.setdefault(str(customers), [])
	same = [
		at for at, one in enumerate(kept) if (one["work"], one["peer"]) == (figure["work"], figure["peer"])
	]
	if same:
		kept[same[0]] = figure
	else:
		kept.append(figure)
	keep("site", {"date": day, "machine": on, "sizes": sizes, "chart": chart.draw(sizes, HERE)})


def on(result: dict) -> str:
	"""The machine and the versions in words."""
	of = dict(result["machine"])
	libraries = ", ".join(
		f"{name} {number}" for name, number in of.items() if name not in ("processor", "system", "python")
	)
	return f"{of['processor']}, {of['system']}; Python {of['python']}, {libraries}."


def engine(result: dict) -> str:
	return f"""
## Engine

{result["receivables"]:,} receivables of {result["customers"]:,} customers ({result["megabytes"]:.0f} MB of CSV), median of
{result["runs"]} runs on {result["date"]}. {on(result)}

{result["table"]}

Goals: {result["goals"]}
"""


def site(result: dict) -> str:
	sizes = sorted(result["sizes"].items(), key=lambda size: -int(size[0]))
	return f"""
## Site

Measured on {result["date"]}. {on(result)} Five orders and ten rows of evidence for each customer.
{_chart(result)}{"".join(_of_size(int(size), found) for size, found in sizes)}"""


def _chart(result: dict) -> str:
	return f"\n![Cost against size]({result['chart']})\n" if result.get("chart") else ""


def _of_size(customers: int, figures: list[dict]) -> str:
	lines = [
		f"\n### {customers:,} customers\n",
		"| work | measured | peer in the same run | peer | ratio | must reach | reached |",
		"|---|---|---|---|---|---|---|",
	]
	for one in figures:
		reached = {True: "yes", False: "**no**", None: ""}[one["reached"]]
		cells = [
			one["work"],
			one["shown"],
			one["peer"],
			one["peer_shown"],
			one["ratio_shown"],
			one["goal"],
			reached,
		]
		lines.append("| " + " | ".join(cells) + " |")
	return "\n".join(lines) + "\n"


PARTS = {"engine": engine, "site": site}
