"""The kinds of evidence: what each one is, which dimension it speaks to, and what it is worth.

This registry is the one home of these facts. A kind's name is stable: it is stored with every row of evidence
and is never reused with another meaning.
"""

from dataclasses import dataclass

PAYMENT = "payment"
EXPOSURE = "exposure"
TRADING = "trading"
SERVICE = "service"
CONDUCT = "conduct"

DIMENSIONS = (PAYMENT, EXPOSURE, TRADING, SERVICE, CONDUCT)


@dataclass(frozen=True)
class Kind:
	"""One kind of evidence.

	name: stable identifier, `dimension.event`.
	dimension: the dimension of trust that it speaks to.
	label: English text, to be translated when shown.
	value: 0 (as bad as it can be) to 1 (as good), or None where each row brings its own.
	weight: how much one such event counts against one settled receivable of the usual amount.
	loss_code, gain_code: reason codes for the points that it costs and earns.
	manual: people (not documents) record it.
	"""

	name: str
	dimension: str
	label: str
	value: float | None
	weight: float
	loss_code: str
	gain_code: str
	manual: bool = False


SETTLED = "payment.settled"
WRITTEN_OFF = "payment.written_off"
LATE_OPEN = "payment.overdue"
CURRENT = "exposure.current"
OVERDUE = "exposure.overdue"
FULFILLED = "trading.fulfilled"
CANCELLED = "trading.cancelled"
RETURNED = "trading.returned"
COMPLAINT_AGAINST = "service.complaint_against"
COMPLAINT_BY = "service.complaint_by"
FRAUD = "conduct.fraud"
ASSESSMENT = "conduct.assessment"
# Worked out for the day asked about from what is open then; never stored as rows.
OF_THE_DAY = (LATE_OPEN, CURRENT, OVERDUE)

KINDS = (
	Kind(SETTLED, PAYMENT, "Receivable settled", None, 1.0, "P01", "P11"),
	Kind(WRITTEN_OFF, PAYMENT, "Receivable written off", 0.0, 3.0, "P02", "P11"),
	# These three are worked out for the day asked about; they are never stored as rows.
	Kind(LATE_OPEN, PAYMENT, "Open past its due date", None, 1.0, "X01", "X11"),
	Kind(CURRENT, EXPOSURE, "Open and within terms", 1.0, 1.0, "X01", "X11"),
	Kind(OVERDUE, EXPOSURE, "Open and overdue", 0.0, 1.0, "X01", "X11"),
	Kind(FULFILLED, TRADING, "Order fulfilled", 1.0, 1.0, "T01", "T11"),
	Kind(CANCELLED, TRADING, "Order cancelled by the customer", 0.0, 1.0, "T02", "T11"),
	Kind(RETURNED, TRADING, "Goods returned", 0.2, 1.0, "T03", "T11"),
	Kind(
		COMPLAINT_AGAINST,
		SERVICE,
		"Complaint against the customer upheld",
		0.0,
		1.5,
		"S01",
		"S11",
		True,
	),
	Kind(COMPLAINT_BY, SERVICE, "Customer's own complaint upheld", 0.9, 0.5, "S02", "S11", True),
	Kind("service.agent_rating", SERVICE, "Agent's rating of the customer", None, 1.0, "S03", "S12", True),
	Kind("service.feedback", SERVICE, "Customer's feedback", None, 0.5, "S04", "S13", True),
	Kind("conduct.identity_verified", CONDUCT, "Identity verified", 1.0, 3.0, "C01", "C11", True),
	Kind("conduct.breach", CONDUCT, "Contract breached", 0.0, 3.0, "C02", "C11", True),
	Kind(FRAUD, CONDUCT, "Fraud established", 0.0, 10.0, "C03", "C11", True),
	Kind("conduct.claim_refused", CONDUCT, "Insurance claim refused", 0.0, 2.0, "C04", "C11", True),
	Kind(ASSESSMENT, CONDUCT, "Assessment by staff", None, 1.0, "C05", "C12", True),
)

CODE = {kind.name: code for code, kind in enumerate(KINDS)}
BY_NAME = {kind.name: kind for kind in KINDS}


def kind_of(name: str) -> Kind:
	"""The kind called `name`. Raises ValueError that lists the kinds there are."""
	try:
		return BY_NAME[name]
	except KeyError:
		raise ValueError(f"Unknown kind of evidence {name!r}. Known kinds: {', '.join(BY_NAME)}.") from None
