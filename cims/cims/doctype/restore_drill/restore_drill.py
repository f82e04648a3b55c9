from cims.ratings.guard import ReadOnlyDocument


class RestoreDrill(ReadOnlyDocument):
	"""One restore of a backup into a scratch site, and what it showed: see `cims.operations.drill`."""
