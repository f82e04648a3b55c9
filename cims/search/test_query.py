"""What was typed, and which text fits it how well."""

import pytest

from cims.search import query, texts
from cims.search.query import Sought

PING_AN, RIVERSIDE = texts.compose(
	[
		(
			"C-000017", "中國平安", "中国平安保险(集团)股份有限公司", "+8675588881234", "+8613912345678",
			"service@pingan.example.com", "深圳市", "张伟 13800138000",
		),
		("R-2", "Riverside Trading", "Riverside Trading Ltd", "", "+442079460958", "info@riverside.example.com", "London", ""),
	]
)  # fmt: skip


def fits(text: str, customer: str = PING_AN):
	return query.fit(Sought.of(text), customer.split("\n"))


@pytest.mark.parametrize(
	("text", "field"),
	(
		("C-000017", "code"), ("c000017", "code"), ("0017", "code"),
		("中国平安", "customer_name"), ("平安 中国", "customer_name"), ("國平", "customer_name"),
		("平安 guo", "customer_name"), ("平安保险", "legal_name"), ("保险集团", None),
		("zhongguo pingan", "customer_name"), ("zhongguopingan", "customer_name"), ("zgpa", "customer_name"),
		("gpab", "customer_name"), ("ZHONG GUO PING AN", "customer_name"),
		("0755 8888", "phone"), ("+86 755-8888 1234", "phone"), ("(139) 1234", "mobile"),
		("pingan.example", "email"), ("service@pingan", "email"),
		("张伟", "contact"), ("zhangwei", "contact"), ("138 0013", "contact"), ("shenzhen", "city"), ("深圳", "city"),
		("平安 上海", None), ("88889", None),
	),
)  # fmt: skip
def test_what_fits(text, field):
	found = fits(text)
	assert (found and found.field) == field


def test_better_fits_come_before():
	texts_ = ("中国平安", "zgpabxjtgfyxgs", "中国", "平安", "平安 中国")
	levels = [fits(text).level for text in texts_]
	assert levels == sorted(levels)
	assert fits("riverside trading", RIVERSIDE).level == query.EQUAL
	assert fits("riv", RIVERSIDE).level < fits("trad", RIVERSIDE).level < fits("ading", RIVERSIDE).level


@pytest.mark.parametrize(
	("text", "close"),
	(
		("rivrside", True), ("rivberside", True), ("rivarside", True), ("irverside", True), ("riversied", True),
		("rvrsid", False), ("tradinh", True), ("riverside tradimg", True), ("rivarside tradimg", True),
		("ltx", False), ("xiverside", True), ("riversidx", True), ("+44 20 7946 0985", True), ("0959", False),
	),
)  # fmt: skip
def test_one_letter_may_be_wrong(text, close):
	assert (query.close_fit(Sought.of(text), RIVERSIDE.split("\n")) is not None) == close


@pytest.mark.parametrize(
	("text", "close"), (("中国平女", True), ("中平安", True), ("中安", False), ("中国人寿", False))
)
def test_one_chinese_character_may_be_wrong(text, close):
	assert (query.close_fit(Sought.of(text), PING_AN.split("\n")) is not None) == close


def test_a_number_is_sought_without_its_first_zeros_where_enough_is_left():
	assert Sought.of("0755 8888").parts == ["7558888"]
	assert Sought.of("007").parts == ["007"]


def test_what_is_enough_to_search_for():
	assert Sought.of("ab").enough and Sought.of("张").enough
	assert not any(Sought.of(text).enough for text in ("a", "7", "a b", "%%", "", "  "))
