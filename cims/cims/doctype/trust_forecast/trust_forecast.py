from cims.ratings.guard import ReadOnlyDocument


class TrustForecast(ReadOnlyDocument):
	"""One fit of the payment forecast: see `cims.ratings.forecasts`."""
