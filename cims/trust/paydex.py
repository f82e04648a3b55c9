"""Days beyond terms to a payment value: the points of D&B's PAYDEX, piecewise linear, divided by 100.

Source: Dun & Bradstreet, "PAYDEX Score" (30 days early = 100, prompt = 80, 30 days late = 50, 120 late = 20);
beyond 120 days D&B's bands fall to 0, here at three days a point.
"""

import numpy as np

# (days beyond terms, PAYDEX points)
POINTS = (
	(-30, 100),
	(-20, 90),
	(0, 80),
	(15, 70),
	(22, 60),
	(30, 50),
	(60, 40),
	(90, 30),
	(120, 20),
	(180, 0),
)
PROMPT = 0.80

_DAYS = np.array([days for days, _ in POINTS], dtype=float)
_VALUES = np.array([points for _, points in POINTS], dtype=float) / 100


def value(days_beyond_terms):
	"""Payment value in [0, 1] for days beyond terms (negative: early). Scalars and arrays alike."""
	return np.interp(days_beyond_terms, _DAYS, _VALUES)


def severity(days_overdue):
	"""How bad an open receivable's age is: 0 on the due date, 1 from 180 days overdue."""
	return 1 - value(np.maximum(days_overdue, 0)) / PROMPT
