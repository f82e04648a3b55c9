"""Cost against size: what a piece of work takes on sites of several sizes, both axes by powers of ten."""

from pathlib import Path

NAME = "cost.svg"
# Work -> how it is called in the chart; those that a run measured are drawn.
DRAWN = {
	"search, all kinds, p95": "search (p95)",
	"list of customers, unfiltered, p95": "page of the list (p95)",
	"import of customers, fast lane": "import, fast lane",
	"find all duplicate candidates": "duplicate candidates",
	"re-rate all, one worker": "re-rating, one worker",
	"re-rate all, two workers": "re-rating, two workers",
}


def draw(sizes: dict[str, dict], folder: Path) -> str | None:
	"""Draw what has been measured at two sizes or more. Returns the picture's name, None without any."""
	found = {label: _points(work, sizes) for work, label in DRAWN.items()}
	found = {label: points for label, points in found.items() if len(points) > 1}
	if not found:
		return None
	import matplotlib

	matplotlib.use("svg")
	matplotlib.rcParams["svg.hashsalt"] = "cims"
	from matplotlib import pyplot

	figure, axes = pyplot.subplots(figsize=(8, 4.8), layout="constrained")
	for (label, points), marker in zip(found.items(), "osD^vPX*", strict=False):
		axes.plot(*zip(*points, strict=True), marker=marker, label=label)
	axes.set(xscale="log", yscale="log", xlabel="customers", ylabel="seconds")
	axes.grid(True, which="major", alpha=0.3)
	axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
	figure.savefig(folder / NAME, metadata={"Date": None})
	pyplot.close(figure)
	return NAME


def _points(work: str, sizes: dict[str, dict]) -> list[tuple[int, float]]:
	"""(customers, seconds) of a piece of work."""
	return sorted(
		(int(size), one["seconds"] if one.get("seconds") else one["value"])
		for size, found in sizes.items()
		for one in found
		if one["work"] == work
	)
