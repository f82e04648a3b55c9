"""Names without what makes no difference to who is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cims.duplicates.names import LONGEST, core, sound, sounds

SAME = [
	("Riverside Trading Co., Ltd.", "RIVERSIDE TRADING"),
	("Riverside Trading Limited", "Riverside Trading Co Ltd"),
	("Müller Maschinenbau GmbH & Co. KG", "Muller Maschinenbau"),
	("Telefónica S.A.", "Telefonica SA"),
	("Acme Inc.", "ACME, Incorporated"),
	("深圳市华为技术有限公司", "深圳华为技术"),
	("中国平安保险（集团）股份有限公司", "中国平安保险(集团)"),
	("廣州恆通貿易有限公司", "广州恒通贸易有限责任公司"),
]
DIFFERENT = [
	("Riverside Trading Ltd", "Riverside Foods Ltd"),
	("广州恒通贸易有限公司", "深圳恒通贸易有限公司"),
	("Limited", "Company"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_legal_form_and_spelling_make_no_difference(one, other):
	assert core(one) == core(other) != ""


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_stay_other(one, other):
	assert core(one) != core(other)


def test_a_legal_form_alone_is_a_name():
	assert core("有限公司") == "有限公司"
	assert core("Ltd") == "ltd"


def test_pinyin_sounds_as_its_characters():
	assert sound(core("恒通贸易有限公司")) == sound(core("Hengtong Maoyi Co., Ltd.")) == "hengtongmaoyi"


def test_too_little_is_no_key():
	assert sound("") is None
	assert sound(core("A B")) is None
	assert len(sound("x" * 200)) == LONGEST


@given(
	st.lists(
		st.lists(st.sampled_from([*"中国._ aB\n", "Ltd", "有限公司"]), max_size=8).map("".join),
		min_size=1,
		max_size=4,
	)
)
def test_many_at_once_are_as_each_alone(written):
	together = sounds([(name, None, "Company", None) for name in written])
	assert together == [[found] if (found := sound(core(name))) else [] for name in written]


def of_person(name: str, birth_date: str | None) -> list[str]:
	return sounds([("Riverside", "", "Company", None), (name, None, "Individual", birth_date)])[1]


def test_a_person_needs_a_birth_date():
	assert of_person("张伟", None) == []
	assert of_person("张伟", "1990-03-07") == of_person("Zhang Wei", "1990-03-07") != []
	assert of_person("张伟", "1990-03-07") != of_person("张伟", "1990-03-08")


def test_a_legal_name_sounds_too_where_it_is_another():
	assert sounds(
		[("恒通", "恒通有限公司", "Company", None), ("恒通", "深圳恒通有限公司", "Company", None)]
	) == [
		["hengtong"],
		["hengtong", "shenzhenhengtong"],
	]
