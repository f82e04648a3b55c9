"""Rules at ERPNext's documents: which rule decides, what it stops, and who lets it pass."""

from contextlib import contextmanager

import frappe
import frappe.client
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from cims.erpnext.acting import decisions, exposure, rules
from cims.erpnext.acting.case import Case
from cims.erpnext.acting.gate import NotApproved
from cims.tests.conftest import make_user
from cims.tests.erpnext import documents, records, selling


def verdict(doc) -> str:
	return Case.of(doc).verdict.action


class TestRules(FrappeTestCase):
	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.delete("Trust Rule")
		frappe.cache.delete_value("cims_trust_rules")

	def test_without_rules_nothing_is_asked(self):
		customer, _code = selling.rated("D")
		rules.enabled()
		with self.assertQueryCount(0):
			rules.enabled()
		selling.order(customer, submit=True)

	def test_the_strictest_rule_that_holds_decides(self):
		customer, _code = selling.rated("C")
		selling.rule("Warn", "C")
		order = selling.order(customer)
		self.assertEqual(verdict(order), "Warn")
		selling.rule("Stop")
		self.assertEqual(verdict(order), "Stop")
		selling.rule("Ask for Approval", "C")
		self.assertEqual(verdict(order), "Stop")

	def test_a_companys_rules_take_the_place_of_those_for_all(self):
		customer, _code = selling.rated("C")
		order = selling.order(customer)
		selling.rule("Stop", "C")
		selling.rule("Nothing", "C", company=records.COMPANY)
		self.assertEqual(verdict(order), "Nothing")

	def test_the_unrated_need_a_rule_of_their_own(self):
		unrated, _code = selling.rated("NR")
		unknown = records.customer().name
		selling.rule("Stop")
		self.assertEqual(verdict(selling.order(unrated)), "Nothing")
		selling.rule("Ask for Approval", "NR")
		self.assertEqual(verdict(selling.order(unrated)), "Ask for Approval")
		self.assertEqual(verdict(selling.order(unknown)), "Ask for Approval")

	def test_each_kind_of_document_has_its_own(self):
		customer, _code = selling.rated("C")
		selling.rule("Stop", "C", at_sales_order=0, at_quotation=1, at_sales_invoice=1)
		selling.order(customer, submit=True)
		for doc in (selling.quotation(customer), selling.invoice(customer, submit=False)):
			self.assertRaises(NotApproved, selling.submit, doc)
		delivered = selling.delivery(customer)
		self.assertEqual(verdict(delivered), "Nothing")

	def test_a_leads_quotation_and_a_return_pass(self):
		customer, _code = selling.rated("C")
		sold = selling.invoice(customer)
		selling.rule("Stop", "C", at_sales_invoice=1)
		from erpnext.accounts.doctype.sales_invoice.sales_invoice import make_sales_return

		selling.submit(selling.save(make_sales_return(sold.name)))

	def test_amount_and_age_of_what_is_overdue(self):
		customer, _code = selling.rated("B")
		selling.invoice(customer, 3000, days_ago=100, credit_days=30)
		selling.invoice(customer, 500, days_ago=60, credit_days=30)
		selling.invoice(customer, 9000, days_ago=5, credit_days=30)
		owed = exposure.owed(customer, records.COMPANY)
		self.assertEqual((owed.balance, owed.overdue(), owed.overdue(60)), (12500, 3500, 3000))
		order = selling.order(customer)
		selling.rule("Stop", "B", overdue_amount=3500)
		self.assertEqual(verdict(order), "Nothing")
		selling.rule("Warn", "B", overdue_amount=2999, overdue_days=60)
		self.assertEqual(verdict(order), "Warn")
		selling.rule("Stop", "B", overdue_days=90)
		self.assertEqual(verdict(order), "Warn")
		selling.rule("Ask for Approval", "B", overdue_days=29)
		self.assertEqual(verdict(order), "Ask for Approval")

	def test_terms_are_due_one_by_one(self):
		customer, _code = selling.rated("B")
		doc = selling.invoice(customer, 1000, days_ago=70, submit=False)
		posted = doc.posting_date
		doc.payment_schedule = []
		for days, portion in ((10, 30), (40, 30), (90, 40)):
			doc.append("payment_schedule", {"due_date": add_days(posted, days), "invoice_portion": portion})
		selling.save(doc)
		selling.submit(doc)
		self.assertEqual(exposure.owed(customer, records.COMPANY).overdue(), 600)
		selling.payment(doc, 350)
		self.assertEqual(exposure.owed(customer, records.COMPANY).overdue(), 250)
		self.assertEqual(exposure.owed(customer, records.COMPANY).balance, 650)

	def test_which_exposures_count(self):
		customer, _code = selling.rated("B", limit=5000)
		selling.invoice(customer, 1000, days_ago=60)
		selling.invoice(customer, 2000)
		selling.order(customer, 4000, submit=True)
		doc = selling.order(customer, 500)
		nothing = {f"count_{what}": 0 for what in ("open", "overdue", "orders", "deliveries", "document")}

		def at_risk(**counts) -> float:
			frappe.db.delete("Trust Rule")
			selling.rule("Warn", "B", exposure_limit="Amount", exposure_amount=0.01, **{**nothing, **counts})
			return Case.of(doc).verdict.exposure

		self.assertEqual(at_risk(count_overdue=1), 1000)
		self.assertEqual(at_risk(count_open=1), 2000)
		self.assertEqual(at_risk(count_orders=1), 4000)
		self.assertEqual(at_risk(count_document=1), 500)
		self.assertEqual(at_risk(count_open=1, count_overdue=1, count_orders=1, count_document=1), 7500)
		frappe.db.delete("Trust Rule")
		selling.rule("Stop", "B", exposure_limit="Suggested Limit")
		self.assertEqual((verdict(doc), Case.of(doc).verdict.limit), ("Stop", 5000))

	def test_an_invoice_of_an_order_that_counts_adds_nothing(self):
		customer, _code = selling.rated("B")
		ordered = selling.order(customer, 4000, submit=True)
		from erpnext.selling.doctype.sales_order.sales_order import make_sales_invoice

		billed = make_sales_invoice(ordered.name)
		selling.save(billed)
		self.assertEqual(exposure.added(billed, with_orders=True, with_deliveries=True), 0)
		self.assertEqual(exposure.added(billed, with_orders=False, with_deliveries=True), 4000)
		self.assertEqual(exposure.orders(customer, records.COMPANY), 4000)

	def test_goods_delivered_and_not_billed_count(self):
		customer, _code = selling.rated("B")
		delivered = selling.delivery(customer, 800, submit=True)
		self.assertEqual(exposure.deliveries(customer, records.COMPANY, True), 800)
		from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice

		selling.submit(selling.save(make_sales_invoice(delivered.name)))
		self.assertEqual(exposure.deliveries(customer, records.COMPANY, True), 0)

	def test_a_rule_has_to_make_sense(self):
		for values in (
			{"grade": "ZZ"},
			{"company": "Nobody & Sons"},
			{"at_sales_order": 0},
			{"exposure_limit": "Amount"},
			{"grade": "NR", "exposure_limit": "Suggested Limit"},
		):
			with self.subTest(values), self.assertRaises(frappe.ValidationError):
				selling.rule("Stop", **{"grade": "C", **values})


class TestGate(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		# First, for making a user commits.
		cls.seller, cls.manager = make_user("Sales User"), make_user("Sales User", "CIMS Manager")

	def setUp(self):
		frappe.set_user("Administrator")
		frappe.db.delete("Trust Rule")
		frappe.cache.delete_value("cims_trust_rules")
		self.customer, self.code = selling.rated("C")

	def tearDown(self):
		frappe.set_user("Administrator")

	def decide(self, doc, decision: str, reason: str = "Paid by wire this morning") -> str:
		return decisions.take(Case.of(doc), decision, reason)

	def test_a_warning_is_said_and_holds_nobody_up(self):
		selling.rule("Warn", "C", message="Ask for a deposit.")
		frappe.clear_messages()
		order = selling.order(self.customer)
		said = [frappe.parse_json(message) for message in frappe.local.message_log]
		self.assertIn("Ask for a deposit.", said[0]["message"])
		self.assertIn("grade is C", said[0]["message"])
		frappe.clear_messages()
		selling.save(order)
		self.assertEqual(frappe.local.message_log, [])
		selling.submit(order)

	def test_what_needs_approval_waits_for_it(self):
		selling.rule("Ask for Approval", "C")
		order = selling.order(self.customer)
		with self.assertRaises(NotApproved) as refused:
			selling.submit(order)
		self.assertIn("CIMS Manager", str(refused.exception))
		self.decide(order.reload(), "Asked", "They pay on Friday")
		self.assertRaises(NotApproved, selling.submit, order)
		self.decide(order.reload(), "Approved")
		selling.submit(order)
		rows = frappe.get_all("Trust Decision", {"reference_name": order.name}, ["*"], order_by="decided_on")
		self.assertEqual([row.decision for row in rows], ["Asked", "Approved"])
		self.assertEqual(
			(rows[1].customer, rows[1].grade, rows[1].amount, rows[1].reason, rows[1].action),
			(self.code, "C", 1000, "Paid by wire this morning", "Ask for Approval"),
		)
		lines = [line["content"] for line in decisions.timeline("Sales Order", order.name)]
		self.assertEqual(len(lines), 2)
		self.assertTrue(any("They pay on Friday" in line for line in lines), lines)

	def test_approval_is_for_what_was_approved(self):
		selling.rule("Ask for Approval")
		order = selling.order(self.customer)
		self.decide(order, "Approved")
		order.items[0].qty = 2
		selling.save(order)
		self.assertRaises(NotApproved, selling.submit, order)
		order.reload()
		order.items[0].qty = 1
		selling.save(order)
		selling.rate(self.code, "D")
		self.assertIsNone(decisions.holding(Case.of(order)))
		selling.rate(self.code, "A")
		self.assertIsNotNone(decisions.holding(Case.of(order)))
		selling.rule("Stop")
		self.assertRaises(NotApproved, selling.submit, order)

	def test_a_rejection_takes_an_approval_back(self):
		selling.rule("Ask for Approval", "C")
		order = selling.order(self.customer)
		self.decide(order, "Approved")
		self.decide(order, "Rejected", "Not at this price")
		self.assertRaises(NotApproved, selling.submit, order)

	def test_only_the_role_overrides_a_stop_and_says_why(self):
		selling.rule("Stop", "C", decider="CIMS Manager")
		order = selling.order(self.customer)
		frappe.set_user(self.seller)
		self.assertRaises(frappe.PermissionError, self.decide, order, "Overridden")
		self.assertRaises(NotApproved, selling.submit, frappe.get_doc("Sales Order", order.name))
		frappe.set_user(self.manager)
		self.assertRaises(frappe.ValidationError, self.decide, order, "Approved")
		self.assertRaises(frappe.ValidationError, self.decide, order, "Overridden", "  ")
		self.decide(order, "Overridden")
		frappe.set_user(self.seller)
		selling.submit(frappe.get_doc("Sales Order", order.name))

	def test_who_may_not_see_ratings_is_told_no_grade(self):
		selling.rule("Stop", "C")
		order = selling.order(self.customer)
		frappe.set_user(self.seller)
		with self.assertRaises(NotApproved) as refused:
			selling.submit(frappe.get_doc("Sales Order", order.name))
		self.assertNotIn("grade", str(refused.exception))

	def test_what_was_submitted_does_not_grow_past_the_rules(self):
		order = selling.order(self.customer, submit=True)
		selling.rule("Ask for Approval", "C")
		from erpnext.controllers.accounts_controller import update_child_qty_rate

		def change(rate: float):
			item = order.items[0]
			row = {"docname": item.name, "item_code": item.item_code, "qty": 1, "rate": rate}
			documents.forget_defaults()
			update_child_qty_rate("Sales Order", frappe.as_json([row]), order.name)

		change(800)
		frappe.db.savepoint("growing")
		self.assertRaises(NotApproved, change, 1100)
		frappe.db.rollback(save_point="growing")
		self.decide(frappe.get_doc("Sales Order", order.name), "Approved")
		change(700)

	def test_decisions_are_for_ever(self):
		selling.rule("Ask for Approval", "C")
		order = selling.order(self.customer)
		decision = frappe.get_doc("Trust Decision", self.decide(order, "Approved"))
		decision.reason = "Something else"
		self.assertRaises(frappe.PermissionError, decision.save)
		self.assertRaises(frappe.PermissionError, decision.delete)
		self.assertRaises(frappe.LinkExistsError, frappe.delete_doc, "Trust Rule", decision.rule)
		frappe.delete_doc("Sales Order", order.name)
		self.assertTrue(frappe.db.exists("Trust Decision", decision.name))

	def test_who_decides_is_asked_and_who_sells_is_answered(self):
		selling.rule("Ask for Approval", "C")
		frappe.set_user(self.seller)
		order = selling.order(self.customer)
		self.decide(order, "Asked", "They pay on Friday")
		frappe.set_user(self.manager)
		self.decide(order, "Approved")
		told = frappe.get_all(
			"Notification Log", {"document_name": order.name}, ["for_user", "subject"], order_by="creation"
		)
		self.assertIn(self.manager, [row.for_user for row in told])
		self.assertEqual(told[-1].for_user, self.seller)

	def test_other_ways_to_submit_are_held_up_too(self):
		selling.rule("Stop", "C")
		order = selling.order(self.customer)
		documents.forget_defaults()
		self.assertRaises(NotApproved, frappe.client.submit, order.as_dict())
		with self.set_flag("in_import"):
			self.assertRaises(NotApproved, selling.submit, order.reload())

	@contextmanager
	def set_flag(self, name: str):
		frappe.flags[name] = True
		try:
			yield
		finally:
			frappe.flags[name] = False

	def test_a_company_renamed_keeps_its_rules(self):
		rule = selling.rule("Stop", "C", company=records.COMPANY)
		rules.company_renamed(None, None, records.COMPANY, "Another Name")
		self.assertEqual(frappe.db.get_value("Trust Rule", rule.name, "company"), "Another Name")


class TestDates(FrappeTestCase):
	def test_a_due_date_on_a_sunday_binds_on_monday(self):
		from frappe.utils import getdate

		customer, _code = selling.rated("B")
		monday = getdate(nowdate())
		while monday.weekday() != 0:
			monday = add_days(monday, -1)
		sunday = add_days(monday, -1)
		posted = add_days(sunday, -10)
		selling.invoice(customer, 100, days_ago=(getdate(nowdate()) - posted).days, credit_days=10)
		late = (getdate(nowdate()) - monday).days
		self.assertEqual(exposure.owed(customer, records.COMPANY).oldest(), late)
