"""One customer from quotation to late payment, credit note, dispute and recovery, on a real ERPNext site, day by day.

The figures are worked out here by hand, from the formula in docs/trust-model.md and the default policy, without the engine.
"""

from datetime import date, timedelta
from itertools import pairwise
from math import log2

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.erpnext.evidence import live
from cims.ratings import policies, replay
from cims.tests.erpnext import documents as make
from cims.trust.calendar import to_day
from cims.trust.policy import Policy

QUOTED = date(2026, 3, 2)
# Invoice, due date and payment: paid on the day.
A, A_DUE, A_PAID = date(2026, 3, 9), date(2026, 4, 14), date(2026, 4, 14)
# Three times the usual amount; a third is credited a week after the due date; the rest comes 30 days late.
B, B_DUE, B_CREDIT, B_PAID = date(2026, 4, 15), date(2026, 5, 13), date(2026, 5, 20), date(2026, 6, 12)
# 29 days late, 14 of which were in dispute.
C, C_DUE, C_FROM, C_TO, C_PAID = (
	date(2026, 6, 15), date(2026, 7, 15), date(2026, 7, 20), date(2026, 8, 3), date(2026, 8, 13),
)  # fmt: skip
# Recovery: two days early, and on the day.
D, D_DUE, D_PAID = date(2026, 8, 17), date(2026, 9, 16), date(2026, 9, 14)
E, E_DUE, E_PAID = date(2026, 9, 17), date(2026, 10, 16), date(2026, 10, 16)
END = date(2026, 10, 30)

# log2(1 + amount / usual amount), the usual amount being 10,000.
ONE, TWO_THIRDS_OF_B, ALL_OF_B = 1.0, log2(1 + 2), 2.0


def value(late: float) -> float:
	"""D&B's points: 30 days early 100, 20 early 90, prompt 80, 15 late 70, 22 late 60, 30 late 50, 60 late 40."""
	points = [(-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40)]
	for (early, high), (later, low) in pairwise(points):
		if early <= late <= later:
			return (high - (high - low) * (late - early) / (later - early)) / 100
	raise AssertionError(late)


def faded(day: date, since: date, half_life: float) -> float:
	return 2 ** (-(day - since).days / half_life)


def by_hand(day: date) -> float:
	"""The score at the end of a day."""
	# (known from, due, weight, days late) of what was settled by then
	settled = [
		(A_PAID, A_DUE, ONE, 0),
		(B_PAID, B_DUE, TWO_THIRDS_OF_B, 30),
		(C_PAID, C_DUE, ONE, 29 - 14),
		(D_PAID, D_DUE, ONE, -2),
		(E_PAID, E_DUE, ONE, 0),
	]
	settled = [(due, weight, late) for known, due, weight, late in settled if known <= day]
	# (due, weight, days late by that day) of what is open
	still = [
		(A, A_PAID, A_DUE, ONE),
		# Of B, a third by amount goes with the credit note, two thirds with the payment.
		(B, B_CREDIT, B_DUE, ALL_OF_B / 3),
		(B, B_PAID, B_DUE, ALL_OF_B * 2 / 3),
		(C, C_PAID, C_DUE, ONE),
		(D, D_PAID, D_DUE, ONE),
		(E, E_PAID, E_DUE, ONE),
	]
	in_dispute = max((min(day, C_TO) - C_FROM).days, 0)
	still = [
		(due, weight, max((day - due).days, 0) - (in_dispute if due == C_DUE else 0))
		for invoiced, closed, due, weight in still
		if invoiced <= day < closed
	]

	r = s = good = bad = 0.0
	for due, weight, late in settled:
		left = weight * faded(day, due, 365)
		r, s, good = r + left * value(late), s + left * (1 - value(late)), good + left
	for due, weight, late in still:
		left, severity = weight * faded(day, due, 365), 1 - value(late) / 0.8
		if late > 0:
			r, s = r + left * value(late), s + left * (1 - value(late))
		good, bad = good + max(left - weight * severity, 0), bad + weight * severity
	payment = (r + 5 * 0.70) / (r + s + 5)
	good = min(good, 5)
	exposure = (good + 3 * 0.85) / (good + bad + 3)
	sold = sum(faded(day, invoiced, 540) for invoiced in (A, B, C, D, E) if invoiced <= day)
	trading = (sold + 5 * 0.80) / (sold + 5)
	complaint = 0.5 * faded(day, C_TO, 365) if day >= C_TO else 0.0
	service = (0.9 * complaint + 5 * 0.75) / (complaint + 5)
	return 400 * payment + 200 * exposure + 150 * trading + 150 * service + 100 * 0.70


class TestOneCustomer(FrappeTestCase):
	def setUp(self):
		self.erp, self.code = make.adopted()
		self.scores: dict[date, float] = {}

	def test_day_by_day(self):
		story = [
			(A, self.sell),
			(A_PAID, lambda: self.pay("A", 10_000, A_PAID)),
			(B, lambda: self.invoice("B", 30_000, B, B_DUE)),
			(B_CREDIT, lambda: make.credit_note(self.B, B_CREDIT, rate=10_000)),
			(B_PAID, lambda: self.pay("B", 20_000, B_PAID)),
			(C, lambda: self.invoice("C", 10_000, C, C_DUE)),
			(C_FROM, self.dispute),
			(C_TO, self.settle_dispute),
			(C_PAID, lambda: self.pay("C", 10_000, C_PAID)),
			(D, lambda: self.invoice("D", 10_000, D, D_DUE)),
			(D_PAID, lambda: self.pay("D", 10_000, D_PAID)),
			(E, lambda: self.invoice("E", 10_000, E, E_DUE)),
			(E_PAID, lambda: self.pay("E", 10_000, E_PAID)),
			(END, None),
		]
		for (day, happens), (until, _next) in pairwise(story):
			happens()
			live.work()
			# What is to come isn't there yet.
			self.follow(day, until)
		self.turns()
		# And nothing of what came later leaks into the days before.
		seen, self.scores = self.scores, {}
		self.follow(A, END)
		for day, score in seen.items():
			self.assertAlmostEqual(self.scores[day], score, 6, str(day))

	def follow(self, day: date, until: date) -> None:
		while day < until:
			self.scores[day] = self.score(day)
			self.assertAlmostEqual(self.scores[day], by_hand(day), 5, str(day))
			day += timedelta(days=1)

	def score(self, day: date) -> float:
		return replay.rate_as_of(self.code, to_day(day), Policy(), policies.segment_field()).score

	def turns(self) -> None:
		"""Four days with all of their figures, as a person would check them; and the way that it goes between them."""
		scores = self.scores
		# A paid on the day: payment (0.8 + 3.5) / 6, exposure (1 + 2.55) / 4; it was sold 36 days ago.
		sold = 2 ** (-36 / 540)
		self.assertAlmostEqual(
			scores[A_PAID],
			400 * 4.3 / 6 + 200 * 3.55 / 4 + 150 * (sold + 4) / (sold + 5) + 112.5 + 70,
			5,
		)
		self.assertAlmostEqual(scores[A_PAID], 771.477, 3)
		# The longer B is late, the lower, by 42 points in all; the credit note leaves less of it, the payment nothing.
		late = [B_DUE + timedelta(days=n) for n in range(1, (B_PAID - B_DUE).days)]
		self.assertEqual([scores[day] for day in late], sorted((scores[day] for day in late), reverse=True))
		self.assertGreater(scores[late[0]] - scores[late[-1]], 42)
		self.assertGreater(scores[B_PAID], scores[late[-1]] + 15)
		# In dispute the clock of C stands at 5 days: severity 1 - (80 - 10 / 3) / 80 on the first day as on the last.
		first, last = scores[C_FROM], scores[C_TO - timedelta(days=1)]
		self.assertLess(abs(first - last), 1.5)
		self.assertGreater(last - scores[C_PAID - timedelta(days=1)], 3)
		self.assertGreater(scores[C_PAID], scores[C_PAID - timedelta(days=1)])
		# Recovery.
		self.assertGreater(scores[D_PAID], scores[C_PAID])
		self.assertGreater(scores[E_PAID], scores[D_PAID])

	def sell(self) -> None:
		"""From a quotation by way of an order."""
		from erpnext.selling.doctype.quotation.quotation import make_sales_order
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		quotation = make.quotation(self.erp, 10_000, QUOTED)
		order = make.mapped(make_sales_order, quotation.name)
		order.update({"transaction_date": QUOTED, "delivery_date": A})
		order.payment_schedule = []
		order = make.submitted(order)
		doc = make.mapped(make_sales_invoice, order.name)
		doc.update({"set_posting_time": 1, "posting_date": A, "due_date": A_DUE, "payment_schedule": []})
		self.A = make.submitted(doc).name

	def invoice(self, label: str, amount: float, on: date, due: date) -> None:
		setattr(self, label, make.invoice(self.erp, amount, on, due).name)

	def pay(self, label: str, amount: float, on: date) -> None:
		make.payment(self.erp, amount, on, (getattr(self, label), amount))

	def dispute(self) -> None:
		self.disputed = frappe.get_doc(
			{
				"doctype": "Receivable Dispute",
				"reference_doctype": "Sales Invoice",
				"reference_name": self.C,
				"disputed_from": C_FROM,
				"reason": "Damaged on arrival",
			}
		).insert()

	def settle_dispute(self) -> None:
		"""The customer was right."""
		self.disputed.disputed_to = C_TO
		self.disputed.save()
		make.issue(self.erp, C_TO, status="Closed")
