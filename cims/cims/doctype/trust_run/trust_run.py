from cims.ratings.guard import ReadOnlyDocument


class TrustRun(ReadOnlyDocument):
	"""One rating of everybody, in shards that any number of workers share: see `cims.ratings.runs`."""
