"""However it comes in, evidence of the same documents is the same: as they change, all at once, in columns or one by one."""

import random
from datetime import date, timedelta
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from cims.erpnext.evidence import live
from cims.ratings import sources, sql, store
from cims.ratings.calendar import site_calendar
from cims.tests.erpnext import documents as make
from cims.trust.calendar import NEVER

START = date(2025, 3, 3)
# What makes two rows say the same; the others tell how a row came in.
SAYS = (
	"customer", "dimension", "kind", "decays_from", "value", "weight", "amount", "days", "company", "source_doctype",
	"source_name",
)  # fmt: skip
IS = (*SAYS, "source_event", "occurred_on", "reversal")


class History:
	"""Documents of some customers at random, in the order of their days."""

	def __init__(self, seed: int, customers: int = 3):
		self.random = random.Random(seed)
		self.customers = [make.adopted() for _ in range(customers)]
		self.day = START
		self.owed: list[list] = []

	@property
	def codes(self) -> list[str]:
		return [code for _erp, code in self.customers]

	def go_on(self, steps: int, corrections: bool = False) -> None:
		"""corrections: also with what changes what was said before."""
		for _step in range(steps):
			self.day += timedelta(days=self.random.randrange(1, 9))
			acts = [self.invoice, self.invoice, self.pay, self.pay, self.pay_several]
			acts += [self.instalments, self.issue, self.order, self.at_the_till]
			if corrections:
				acts += [self.credit, self.lose, self.cancel_payment, self.part, self.dispute]
			self.random.choice(acts)()

	def invoice(self, due=None):
		erp, _code = self.random.choice(self.customers)
		amount = self.random.randrange(1, 50) * 100.0
		doc = make.invoice(erp, amount, self.day, due(amount) if due else self.day + timedelta(days=30))
		self.owed.append([erp, doc.name, amount])

	def instalments(self):
		days = [self.day + timedelta(days=20 * n) for n in (1, 2, 3)]
		self.invoice(lambda amount: list(zip(days, (amount / 4, amount / 4, amount / 2), strict=True)))

	def at_the_till(self):
		make.pos_invoice(self.customers[0][0], self.random.randrange(1, 9) * 10.0, self.day)

	def _some(self):
		"""An invoice of which something is owed, and a part of that."""
		if not (left := [one for one in self.owed if one[2] > 0.01]):
			return None, 0
		one = self.random.choice(left)
		part = one[2] if self.random.random() < 0.6 else round(one[2] * self.random.random(), 2) or one[2]
		one[2] = round(one[2] - part, 2)
		return one, part

	def pay(self):
		one, part = self._some()
		if one:
			make.payment(one[0], part, self.day, (one[1], part))

	def pay_several(self):
		erp = self.customers[0][0]
		several = [one for one in self.owed if one[0] == erp and one[2] > 0.01][:3]
		if several:
			make.payment(
				erp, sum(one[2] for one in several), self.day, *((one[1], one[2]) for one in several)
			)
			for one in several:
				one[2] = 0

	def credit(self):
		left = [
			one
			for one in self.owed
			if one[2] > 0.01 and not frappe.db.exists("Sales Invoice", {"return_against": one[1]})
		]
		if left:
			one = self.random.choice(left)
			part = round(one[2] / 2, 2)
			one[2] = round(one[2] - part, 2)
			make.credit_note(one[1], self.day, rate=part)

	def lose(self):
		one, part = self._some()
		if one:
			make.journal(one[0], one[1], part, self.day, "Write Off")

	def issue(self):
		make.issue(self.customers[-1][0], self.day, status=self.random.choice(["Open", "Closed"]))

	def order(self):
		doc = make.order(self.customers[-1][0], 500, self.day)
		if self.random.random() < 0.5:
			doc.reload().cancel()

	def _payment(self):
		found = frappe.get_all(
			"Payment Entry",
			{"party": ("in", [erp for erp, _code in self.customers]), "docstatus": 1},
			pluck="name",
			order_by="name",
		)
		return frappe.get_doc("Payment Entry", self.random.choice(found)) if found else None

	def cancel_payment(self):
		if doc := self._payment():
			for row in doc.references:
				next(one for one in self.owed if one[1] == row.reference_name)[2] += row.allocated_amount
			doc.cancel()

	def part(self):
		doc = self._payment()
		if doc and doc.references:
			row = doc.references[0]
			make.unreconcile(doc.name, row.reference_name)
			next(one for one in self.owed if one[1] == row.reference_name)[2] += row.allocated_amount

	def dispute(self):
		one, _part = self._some()
		if one and not frappe.db.exists("Receivable Dispute", {"reference_name": one[1]}):
			one[2] += _part
			frappe.get_doc(
				{
					"doctype": "Receivable Dispute",
					"reference_doctype": "Sales Invoice",
					"reference_name": one[1],
					"disputed_from": self.day,
					"reason": "Quantity",
				}
			).insert()


def kept(codes: list[str], fields=IS) -> list[tuple]:
	rows = frappe.get_all("Trust Evidence", {"customer": ("in", codes)}, ["name", "reverses", *IS], limit=0)
	back = {row.reverses for row in rows if row.reversal}
	standing = [row for row in rows if not row.reversal and row.name not in back]
	return sorted(tuple(row[field] for field in fields) for row in (rows if fields == IS else standing))


def anew(codes: list[str]) -> None:
	"""The evidence of these customers from their documents alone."""
	frappe.db.delete("Trust Evidence", {"customer": ("in", codes)})
	frappe.db.delete("Trust Rating", {"customer": ("in", codes)})
	store.backfill(codes, rate=False)


class TestLiveIsBackfilled(FrappeTestCase):
	def test_the_same_rows(self):
		for seed in (1, 2):
			history = History(seed)
			for _ in range(4):
				history.go_on(8)
				live.work()
			followed = kept(history.codes)
			self.assertGreater(len(followed), 20)
			anew(history.codes)
			self.assertEqual(kept(history.codes), followed, f"seed {seed}")

	def test_after_corrections_the_same_stands(self):
		"""What was said before and taken back is there only where somebody followed."""
		history = History(3)
		for _ in range(5):
			history.go_on(6, corrections=True)
			live.work()
		self.assertEqual(store.backfill(history.codes, rate=False), 0)
		followed = kept(history.codes, SAYS)
		self.assertTrue(
			frappe.db.exists("Trust Evidence", {"customer": ("in", history.codes), "reversal": 1})
		)
		anew(history.codes)
		self.assertEqual(kept(history.codes, SAYS), followed)

	def test_in_columns_or_one_by_one(self):
		history = History(4)
		history.go_on(30, corrections=True)
		calendar = site_calendar()
		one_by_one = sources.evidence(history.codes, calendar)
		for customers in (history.codes, sql.Run(sorted(history.codes))):
			with patch.object(sources, "FEW", 0):
				columns = sources.evidence_columns(customers, calendar)
				rows = list(zip(*columns.values(), strict=True))
				table = sources.table(customers, calendar)
			said = [
				tuple(
					{"decays_from": row.decays_from or row.occurred_on, "days": row.days or 0.0}.get(
						field, getattr(row, field)
					)
					for field in sources.EVIDENCE
				)
				for row in one_by_one
			]
			rows = [
				tuple(
					(value or row[2])
					if field == "decays_from"
					else (value or 0.0)
					if field == "days"
					else value
					for field, value in zip(sources.EVIDENCE, row, strict=True)
				)
				for row in rows
			]
			if isinstance(customers, sql.Run):
				# A range of names: others' customers lie in it too.
				rows = [row for row in rows if row[0] in history.codes]
			self.assertEqual(sorted(rows), sorted(said))
			position = {name: at for at, name in enumerate(customers)}
			objects = sources.of_objects(sources.receivables(customers), calendar, position)
			self.assertEqual(_open_keys(table), _open_keys(objects))
			self.assertAlmostEqual(table.pieces.amount.sum(), objects.pieces.amount.sum())


def _open_keys(table) -> list[str]:
	return sorted(table.keys[table.whole.closed == NEVER].tolist())
