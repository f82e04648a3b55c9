import pytest
from hypothesis import given
from hypothesis import strategies as st

from cims.customers import text


@pytest.mark.parametrize(
	"one, other",
	[
		("中國平安", "中国平安"),
		("ＡＢＣ　１２３", "abc 123"),
		("Müller Straße", "muller strasse"),
		("Ørsted Łódź", "orsted lodz"),
		("臺灣積體電路", "台湾积体电路"),
	],
)
def test_fold_takes_ways_of_writing_for_one(one, other):
	assert text.fold(one) == text.fold(other) == other


@pytest.mark.parametrize(
	"written, syllables",
	[
		("中国平安", "zhong guo ping an"),
		("重慶長安", "chong qing chang an"),
		("浦东发展银行", "pu dong fa zhan yin hang"),
		("长沙银行", "chang sha yin hang"),
		("曾伟", "zeng wei"),
		("乐山", "le shan"),
		("解放军", "jie fang jun"),
		("单县", "shan xian"),
		("吕布", "lv bu"),
		("3M 中国", "3m zhong guo"),
		("Riverside Ltd.", "riverside ltd"),
		("", ""),
	],
)
def test_pinyin(written, syllables):
	assert text.pinyin(written) == syllables.split()


def test_initials():
	assert text.initials("中國平安保險") == "zgpabx"
	assert text.initials("Riverside 银行") == "ryh"


PARTS = st.sampled_from([*"中国重庆长沙银行曾单于乐山𠮷々é9", "ab", " ", "·", "_", "\n", "()"])


@given(st.lists(st.one_of(st.lists(PARTS, max_size=8).map("".join), st.text(max_size=8))))
def test_many_texts_read_as_each_alone(written):
	folded = [text.fold(one) for one in written]
	read, first = text.readings(folded)
	assert read == ["".join(text.pinyin(one)) for one in folded]
	assert first == [text.initials(one) for one in folded]


@given(st.text(), st.text())
def test_a_part_folds_to_a_part(one, other):
	assert text.fold(one) in text.fold(one + " " + other)


@given(st.text())
def test_folding_again_changes_nothing(written):
	folded = text.fold(written)
	assert text.fold(folded) == folded
