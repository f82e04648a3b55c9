"""What cims.api answers, refuses and keeps, over HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe

from cims.tests import records
from cims.tests.rest.conftest import remove

METHOD = "/api/method/cims.api."
ROLES = ("CIMS Manager", "CIMS Sales", "CIMS Service", "CIMS Viewer", "CIMS Auditor")
READING = ("rating.get", "rating.panel", "curve.get", "compare.get", "search.customers", "evidence.feed")


def arguments_of(name: str, code: str) -> dict:
	if name.startswith("compare"):
		return {"customers": code}
	if name.startswith("search"):
		return {"text": code}
	return {"customer": code}


def said(answer) -> str:
	"""What the server says went wrong."""
	body = answer.json()
	messages = [json.loads(message)["message"] for message in json.loads(body.get("_server_messages", "[]"))]
	return " ".join([*messages, body.get("exception", "")])


def ask(session, function: str, /, **arguments):
	return session.get(METHOD + function, params=arguments)


def send(session, function: str, /, **arguments):
	return session.post(METHOD + function, json=arguments)


def ok(answer):
	assert answer.status_code == 200, answer.text
	return answer.json()["message"]


# --- who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", READING)
def test_every_role_of_ours_may_read(who, rated_customers, role, name):
	ok(ask(who(role), name, **arguments_of(name, rated_customers[0])))


@pytest.mark.parametrize("name", READING)
def test_nobody_else_may(http, who, rated_customers, name):
	for session in (http.guest, who("Blogger")):
		assert ask(session, name, **arguments_of(name, rated_customers[0])).status_code == 403


def test_a_wrong_key_is_401(http):
	session = http.session()
	session.headers["Authorization"] = "token wrong:key"
	assert ask(session, "rating.get", customer="C-000001").status_code == 401


@pytest.fixture
def walled_off(http, rated_customers):
	"""A sales user who may see the first customer only."""
	user = http.make_user("CIMS Sales", email="walled-off@example.com")
	wall = frappe.get_doc(
		{
			"doctype": "User Permission",
			"user": user,
			"allow": "CIMS Customer",
			"for_value": rated_customers[0],
			"apply_to_all_doctypes": 1,
		}
	).insert()
	frappe.db.commit()
	yield http.client_of(user)
	wall.delete()
	frappe.db.commit()


@pytest.mark.parametrize("name", ("rating.get", "rating.panel", "curve.get", "compare.get"))
def test_another_s_customer_is_refused(walled_off, rated_customers, name):
	mine, theirs = rated_customers
	ok(ask(walled_off, name, **arguments_of(name, mine)))
	assert ask(walled_off, name, **arguments_of(name, theirs)).status_code == 403


def test_another_s_customer_is_in_no_list(walled_off, rated_customers):
	found = ok(ask(walled_off, "search.customers", text="side Ltd"))["customers"]
	assert [row["code"] for row in found] == [rated_customers[0]]
	items = ok(ask(walled_off, "evidence.feed", limit=1000))["items"]
	assert {item["customer"] for item in items} == {rated_customers[0]}


@pytest.mark.parametrize("role", ("CIMS Viewer", "CIMS Auditor"))
@pytest.mark.parametrize(
	"name",
	(
		"evidence.add",
		"evidence.record",
		"evidence.take_back",
		"imports.create",
		"customers.archive",
		"policies.publish",
	),
)
def test_readers_write_nothing(who, rated_customers, role, name):
	code = rated_customers[0]
	arguments = {
		"evidence.add": {"items": [event(code)]},
		"evidence.record": {"customer": code, "kind": "conduct.identity_verified"},
		"evidence.take_back": {
			"evidence": frappe.get_value("Trust Evidence", {"customer": code}),
			"note": "No.",
		},
		"imports.create": {"kind": "Receivables", "file_url": "/files/none.csv"},
		"customers.archive": {"customer": code},
		"policies.publish": {
			"policy": frappe.get_value("Trust Policy", {"status": "Published"}),
			"reason": "No.",
		},
	}[name]
	assert send(who(role), name, **arguments).status_code == 403


@pytest.mark.parametrize("doctype", ("Trust Evidence", "Trust Rating", "Trust Snapshot"))
def test_what_was_worked_out_can_t_be_written_by_anyone(who, rated_customers, doctype):
	manager = who("CIMS Manager", "System Manager")
	name = frappe.get_all(doctype, {"customer": rated_customers[0]}, pluck="name", limit=1)[0]
	path = f"/api/resource/{doctype}/{name}"
	assert manager.get(path).status_code == 200
	assert manager.put(path, json={"score": 1000, "value": 1}).status_code == 403
	assert manager.delete(path).status_code in (403, 417)
	assert manager.post(f"/api/resource/{doctype}", json={"customer": rated_customers[0]}).status_code == 403


# --- wrong arguments --------------------------------------------------------------------------------


@pytest.mark.parametrize(
	("name", "arguments", "status", "words"),
	(
		("rating.get", {}, 417, "customer is missing"),
		("rating.get", {"customer": "NO-SUCH"}, 404, "NO-SUCH"),
		("rating.get", {"customer": "{code}", "as_of": "31/12/2025"}, 417, "as_of must be a date such as"),
		("rating.get", {"customer": "{code}", "as_of": "2999-01-01"}, 417, "future"),
		("rating.panel", {}, 417, "customer is missing"),
		("rating.panel", {"customer": "NO-SUCH"}, 404, "NO-SUCH"),
		("curve.get", {"customer": "{code}", "months": "many"}, 417, "months"),
		("curve.get", {"customer": "{code}", "months": 121}, 417, "between 1 and 120"),
		("compare.get", {}, 417, "customers is missing"),
		("compare.get", {"customers": ",".join(map(str, range(11)))}, 417, "11 customers are too many"),
		("compare.get", {"customers": "[1, 2"}, 417, "isn't valid JSON"),
		("compare.get", {"customers": "{code},NO-SUCH"}, 404, "NO-SUCH"),
		("search.customers", {}, 417, "text is missing"),
		("search.customers", {"text": "x"}, 417, "at least 2"),
		("search.customers", {"text": "xy", "limit": 51}, 417, "between 1 and 50"),
		("evidence.feed", {"cursor": "!"}, 417, "cursor"),
		("evidence.feed", {"limit": 0}, 417, "between 1 and 1,000"),
		("imports.get", {"name": "IMP-0"}, 404, "IMP-0"),
		("imports.template", {"kind": "Everything"}, 417, "Receivables, Orders, Customers"),
		("evidence.add", {}, 403, ""),
	),
)
def test_wrong_arguments_are_named(who, rated_customers, name, arguments, status, words):
	arguments = {key: str(value).replace("{code}", rated_customers[0]) for key, value in arguments.items()}
	answer = ask(who("CIMS Manager"), name, **arguments)
	assert answer.status_code == status, answer.text
	assert words.replace("1,000", "1000") in said(answer)


@pytest.mark.parametrize(
	("change", "words"),
	(
		({"customer": None}, "customer is missing"),
		({"source": ""}, "source is missing"),
		({"event": None}, "event is missing"),
		({"occurred_on": None}, "occurred_on is missing"),
		({"occurred_on": "yesterday"}, "must be a date"),
		({"occurred_on": "2999-01-01"}, "future"),
		({"value": None}, "needs a value between 0"),
		({"value": 1.5}, "needs a value between 0"),
		({"value": "0.5"}, "value must be a number"),
		({"kind": "payment.settled"}, "isn't evidence that people record"),
		({"kind": "service.nothing"}, "service.agent_rating"),
		({"wieght": 3}, "unknown keys wieght"),
		({"event": "x:reversed"}, "must not end in"),
		({"event": "x" * 121}, "120 characters"),
	),
)
def test_a_wrong_item_is_named_and_nothing_is_kept(who, rated_customers, change, words):
	code = rated_customers[0]
	good, bad = event(code), event(code) | change
	answer = send(who("CIMS Service"), "evidence.add", items=[good, bad])
	assert answer.status_code == 417, answer.text
	assert "Item 2" in said(answer) and words in said(answer)
	assert not kept(good)


def test_an_item_of_an_unknown_customer(who):
	answer = send(who("CIMS Service"), "evidence.add", items=event("NO-SUCH"))
	assert answer.status_code == 404


# --- ratings and curves -----------------------------------------------------------------------------


def test_the_rating_is_that_of_the_form(who, rated_customers):
	viewer = who("CIMS Viewer")
	one = ok(ask(viewer, "rating.get", customer=rated_customers[0]))
	panel = ok(ask(viewer, "rating.panel", customer=rated_customers[0]))["rating"]
	for field in (
		"grade",
		"score",
		"low",
		"high",
		"confidence",
		"change_90d",
		"evidence_count",
		"days_beyond_terms",
		"policy",
	):
		assert one[field] == panel[field], field
	assert one["low"] < one["score"] < one["high"]


def test_a_customer_without_evidence_is_not_rated(who, created):
	code = records.customer().name
	created.append(code)
	frappe.db.commit()
	found = ok(ask(who("CIMS Viewer"), "rating.get", customer=code))
	assert (found["grade"], found["score"], found["low"], found["as_of"]) == ("NR", None, None, None)
	assert ok(ask(who("CIMS Viewer"), "curve.get", customer=code))["points"] == []


def test_a_past_day_knows_nothing_of_later(who, rated_customers):
	viewer = who("CIMS Viewer")
	now = ok(ask(viewer, "rating.get", customer=rated_customers[1]))
	then = ok(
		ask(
			viewer,
			"rating.get",
			customer=rated_customers[1],
			as_of=frappe.utils.add_days(frappe.utils.nowdate(), -200),
		)
	)
	assert then["evidence_count"] < now["evidence_count"]
	before = ok(ask(viewer, "rating.get", customer=rated_customers[1], as_of="2001-01-01"))
	assert (before["grade"], before["score"], before["evidence_count"]) == ("NR", None, 0)


def test_the_late_one_lies_below(who, rated_customers):
	found = ok(ask(who("CIMS Viewer"), "compare.get", customers=json.dumps(rated_customers)))
	prompt, late = found["curves"]
	assert [prompt["customer"], late["customer"]] == rated_customers
	assert prompt["score"] > late["score"]
	assert prompt["points"][-1]["score"] == pytest.approx(prompt["score"], abs=0.1)


def test_sentences_come_in_the_language_asked_for(http, rated_customers):
	# Frappe settles the language before it knows whose token it is: what counts is what the program asks for.
	client = http.client_of(http.make_user("CIMS Viewer", email="chinese-reader@example.com"))
	client.headers["Accept-Language"] = "zh"
	reasons = ok(ask(client, "rating.get", customer=rated_customers[0]))["reasons"]
	assert any("\u4e00" <= sign <= "\u9fff" for sign in reasons["costs"][0]["text"])


# --- search -----------------------------------------------------------------------------------------


FOUND = "Z9-FIND-100%"
ALIKE = {"QQ-77": "Other", "XQQ-77X": "Another", "QQ-77-1": "Third"}


@pytest.fixture(scope="module")
def sought(created):
	frappe.set_user("Administrator")
	remove([FOUND])
	doc = records.customer(
		code=FOUND,
		customer_name="Zürich Kontor_West",
		legal_name="苏州工业园区长江精密机械有限公司",
		phone="+86 755 8888 1234",
		mobile="+86 139 1234 5678",
		email="buying@kontor-west.example.com",
	)
	created.append(doc.name)
	frappe.db.commit()
	return doc.name


@pytest.mark.parametrize(
	("text", "matched"),
	(
		("z9-find", "code"),
		("FIND-100%", "code"),
		("Kontor", "customer_name"),
		("tor_We", "customer_name"),
		("长江精密", "legal_name"),
		("8888 1234", "phone"),
		("139-1234", "mobile"),
		("+86 139 1234 5678", "mobile"),
		("@kontor-west", "email"),
		("zurich", "customer_name"),
		("west 长江", "customer_name"),
		("changjiangjingmi", "customer_name"),
		("cjjm", "customer_name"),
		("長江精密", "legal_name"),
		("Kontir", "customer_name"),
		("Kontro", "customer_name"),
		("长江晶密", "customer_name"),
		("长江精秘机械", "customer_name"),
	),
)
def test_any_part_finds_the_customer(who, sought, text, matched):
	found = ok(ask(who("CIMS Viewer"), "search.customers", text=text))["customers"]
	assert [(row["code"], row["matched"]) for row in found] == [(sought, matched)]


def test_signs_that_the_database_reads_otherwise(who, sought):
	viewer = who("CIMS Viewer")
	for text in ("%%", "__", "Kon%tal", "' OR 7=7 UNION SELECT --"):
		assert ok(ask(viewer, "search.customers", text=text)) == {"customers": [], "more": False}


def test_one_chinese_character_is_enough_and_one_letter_is_not(who, sought):
	assert FOUND in [
		row["code"] for row in ok(ask(who("CIMS Viewer"), "search.customers", text="密"))["customers"]
	]


def test_the_limit_holds_and_says_so(who, created):
	for number in range(4):
		created.append(records.customer(customer_name=f"Many Brothers {number}").name)
	frappe.db.commit()
	found = ok(ask(who("CIMS Viewer"), "search.customers", text="many broth", limit=3))
	assert (len(found["customers"]), found["more"]) == (3, True)


def test_the_best_comes_first(who, created):
	remove(list(ALIKE))
	for code, name in ALIKE.items():
		created.append(records.customer(code=code, customer_name=name).name)
	frappe.db.commit()
	found = ok(ask(who("CIMS Viewer"), "search.customers", text="qq-77"))["customers"]
	assert [row["code"] for row in found] == ["QQ-77", "QQ-77-1", "XQQ-77X"]


# --- the evidence feed ------------------------------------------------------------------------------


def event(code: str, **values) -> dict:
	return {
		"customer": code,
		"kind": "service.agent_rating",
		"value": 0.6,
		"occurred_on": "2025-05-05",
		"source": "test",
		"event": frappe.generate_hash(length=12),
		**values,
	}


def kept(item: dict) -> list[str]:
	frappe.db.rollback()
	return frappe.get_all(
		"Trust Evidence", {"source_name": item["source"], "source_event": item["event"]}, pluck="name"
	)


def test_reported_twice_is_kept_once(who, rated_customers):
	service, item = who("CIMS Service"), event(rated_customers[0])
	first = ok(send(service, "evidence.add", items=item))
	second = ok(send(service, "evidence.add", items=[item]))
	assert first[0]["created"] and not second[0]["created"]
	assert kept(item) == [first[0]["name"]] == [second[0]["name"]]
	row = frappe.get_doc("Trust Evidence", first[0]["name"])
	assert (row.customer, row.dimension, row.value, row.source_doctype or "") == (
		rated_customers[0],
		"service",
		0.6,
		"",
	)


def test_reported_differently_is_refused(who, rated_customers):
	service, item = who("CIMS Service"), event(rated_customers[0])
	ok(send(service, "evidence.add", items=item))
	for change in ({"value": 0.1}, {"customer": rated_customers[1]}, {"occurred_on": "2025-05-06"}):
		answer = send(service, "evidence.add", items=[event(rated_customers[0]), item | change])
		assert answer.status_code == 409, answer.text
		assert item["event"] in said(answer)


def test_threads_that_report_the_same_event(http, who, rated_customers):
	"""Every request is answered, all with the same row, and exactly one of them made it."""
	session = who("CIMS Service")
	item = event(rated_customers[0])
	authorization = session.headers["Authorization"]

	def report(_number):
		own = http.session()
		own.headers["Authorization"] = authorization
		return send(own, "evidence.add", items=[item, event(rated_customers[1])])

	with ThreadPoolExecutor(6) as pool:
		answers = list(pool.map(report, range(6)))
	results = [ok(answer)[0] for answer in answers]
	assert {result["name"] for result in results} == set(kept(item))
	assert sum(result["created"] for result in results) == 1
	count = frappe.db.count("Trust Evidence", {"customer": rated_customers[0], "source_event": item["event"]})
	assert count == 1


def test_the_rating_follows(who, rated_customers):
	from cims.ratings import rerate

	code = rated_customers[1]
	ok(send(who("CIMS Manager"), "evidence.add", items=event(code, kind="conduct.fraud", value=None)))
	frappe.db.rollback()
	rerate.rate(code)
	frappe.db.commit()
	assert ok(ask(who("CIMS Viewer"), "rating.get", customer=code))["grade"] == "D"
	fraud = frappe.get_value("Trust Evidence", {"customer": code, "kind": "conduct.fraud"})
	ok(send(who("CIMS Manager"), "evidence.take_back", evidence=fraud, note="It was somebody else."))
	again = send(who("CIMS Manager"), "evidence.take_back", evidence=fraud, note="It was somebody else.")
	assert again.status_code == 417


def test_sales_may_assess_and_no_more(who, rated_customers):
	sales = who("CIMS Sales")
	ok(send(sales, "evidence.add", items=event(rated_customers[0], kind="conduct.assessment")))
	assert send(sales, "evidence.add", items=event(rated_customers[0])).status_code == 403


def test_the_feed_gives_every_row_once_page_by_page(who, rated_customers):
	auditor = who("CIMS Auditor")
	names, cursor, more = [], None, True
	while more:
		page = ok(
			ask(
				auditor,
				"evidence.feed",
				limit=7,
				customer=rated_customers[0],
				**({"cursor": cursor} if cursor else {}),
			)
		)
		names += [item["name"] for item in page["items"]]
		cursor, more = page["cursor"], page["more"]
		assert len(page["items"]) <= 7
	frappe.db.rollback()
	assert len(names) == len(set(names))
	assert set(names) == set(
		frappe.get_all("Trust Evidence", {"customer": rated_customers[0]}, pluck="name", limit=0)
	)


def test_the_feed_goes_on_with_what_is_new(who, rated_customers):
	auditor = who("CIMS Auditor")
	mine = {"customer": rated_customers[0], "limit": 1000}
	before = ok(ask(auditor, "evidence.feed", **mine))
	new = ok(send(who("CIMS Service"), "evidence.add", items=event(rated_customers[0])))[0]["name"]
	page = ok(
		ask(auditor, "evidence.feed", **mine, **({"cursor": before["cursor"]} if before["cursor"] else {}))
	)
	assert page["items"][-1]["name"] == new


# --- imports ----------------------------------------------------------------------------------------


FILE = "Customer,Invoice Number,Invoice Date,Due Date,Amount,Settled Date\n{code},R-1,2025-01-15,2025-02-14,100,2025-02-20\n"


def bring(session, content: bytes, **values):
	return session.post(
		METHOD + "imports.create",
		data={"kind": "Receivables", **values},
		files={"file": ("file.csv", content)},
	)


def test_a_file_is_checked_and_imported_by_the_worker(who, rated_customers):
	import time

	sales = who("CIMS Sales")
	content = FILE.format(code=rated_customers[0]).encode()
	found = ok(bring(sales, content, currency="CNY"))
	assert (found["status"], found["rows_new"]) == ("Checked", 1)
	assert found["samples"]["new"][0]["cells"]["Invoice Number"] == "R-1"
	frappe.db.rollback()
	assert not frappe.db.exists("CIMS Order", {"order_no": "R-1"})
	started = ok(send(sales, "imports.start", name=found["name"]))
	assert started["status"] == "Importing"
	deadline = time.monotonic() + 90
	while (found := ok(ask(sales, "imports.get", name=found["name"])))["status"] == "Importing":
		assert time.monotonic() < deadline, found
		time.sleep(0.5)
	assert (found["status"], found["error"]) == ("Imported", None)
	frappe.db.rollback()
	assert frappe.db.get_value("CIMS Order", {"order_no": "R-1"}, "payment_status") == "Paid"
	assert send(sales, "imports.start", name=found["name"]).status_code == 417


def test_a_bad_file_says_so(who):
	found = ok(bring(who("CIMS Sales"), b"%PDF-1.4 ...", currency="CNY"))
	assert found["status"] == "Failed"
	assert "PDF" in found["error"]
	answer = bring(who("CIMS Sales"), b"")
	assert answer.status_code == 417
	assert "0 bytes" in said(answer)


def test_a_mapping_and_an_unknown_kind(who, rated_customers):
	text = FILE.format(code=rated_customers[0]).replace("Invoice Number", "Beleg")
	sales = who("CIMS Sales")
	assert "Invoice Number" in ok(bring(sales, text.encode(), currency="CNY"))["error"]
	fields = ("customer", "invoice", "invoice_date", "due_date", "amount", "settled_date")
	headers = text.split("\n")[0].split(",")
	mapping = json.dumps(dict(zip(fields, headers, strict=True)))
	assert ok(bring(sales, text.encode(), mapping=mapping, currency="CNY"))["status"] == "Checked"
	assert bring(sales, text.encode(), mapping="{").status_code == 417
	assert bring(sales, text.encode(), kind="Everything").status_code == 417


@pytest.mark.parametrize("role", ("CIMS Service", "CIMS Viewer", "CIMS Auditor", "Blogger"))
def test_others_import_nothing(who, role):
	assert bring(who(role), FILE.format(code="X").encode()).status_code == 403


def test_guests_import_nothing(http):
	assert bring(http.guest, FILE.format(code="X").encode()).status_code == 403


# --- Frappe's own resource API ----------------------------------------------------------------------


def test_documents_by_token(http, who, created):
	sales = who("CIMS Sales")
	made = sales.post(
		"/api/resource/CIMS Customer", json={"customer_name": "By Token Ltd", "customer_type": "Company"}
	)
	assert made.status_code == 200, made.text
	code = made.json()["data"]["name"]
	created.append(code)
	order = {
		"customer": code, "order_date": "2025-01-15", "currency": "CNY", "docstatus": 1,
		"items": [{"item_name": "Steel pipe", "qty": 2, "rate": 50}],
	}  # fmt: skip
	made = sales.post("/api/resource/CIMS Order", json=order)
	assert made.status_code == 200, made.text
	assert made.json()["data"]["grand_total"] == 100
	assert (
		who("CIMS Viewer").put(f"/api/resource/CIMS Customer/{code}", json={"notes": "x"}).status_code == 403
	)
	assert who("CIMS Viewer").get(f"/api/resource/CIMS Customer/{code}").status_code == 200
	assert who("Blogger").get(f"/api/resource/CIMS Customer/{code}").status_code == 403
	assert http.guest.get(f"/api/resource/CIMS Customer/{code}").status_code == 403
