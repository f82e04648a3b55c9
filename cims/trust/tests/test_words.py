"""Every sentence of the engine, in English and in Chinese."""

import re
import string

import pytest

from cims.trust import cli, kinds, problems, reasons, report, words
from cims.trust.files import opening
from cims.trust.policy import DEFAULT_BANDS
from cims.trust.tests.conftest import ROOT

CHINESE = words.translator("zh")
needs_chinese = pytest.mark.skipif(
	not (words.TRANSLATIONS / "zh.csv").exists(), reason="there is no zh.csv yet"
)


def written_in_code() -> set[str]:
	"""The sentences that stand where they are shown."""
	found = set()
	for name in ("cli.py", "terminal.py", "output.py", "templates/report.html"):
		text = (ROOT / "cims" / "trust" / name).read_text(encoding="utf-8")
		found |= {
			one[1] for one in re.findall(r"""\b(?:_|translate)\(\s*(["'])((?:(?!\1)[^\\]|\\.)*)\1""", text)
		}
	return found


SENTENCES = sorted(
	{
		*reasons.TEXTS.values(),
		*reasons.LIFTS.values(),
		*problems.TEXTS.values(),
		problems.WHERE,
		problems.WHERE_ROW,
		*(what for _, what in opening.MAGIC),
		*(kind.label for kind in kinds.KINDS),
		*(band.word for band in DEFAULT_BANDS),
		*words.DIMENSIONS.values(),
		words.NOT_RATED,
		*cli.SHOWN.values(),
		*report.DESCRIPTIONS.values(),
		*written_in_code(),
	}
)


def places(text: str) -> list[str]:
	"""The figures that a sentence has places for."""
	return sorted(name for _, name, *_ in string.Formatter().parse(text) if name is not None)


@needs_chinese
@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_has_its_chinese_with_the_same_figures(sentence):
	chinese = CHINESE(sentence)
	assert chinese != sentence, "no translation"
	assert places(chinese) == places(sentence)


FIGURES = {
	"count": 3, "amount": 1234.5, "days": 4.5, "early": 12.0, "value": 66, "open_amount": 9.0, "open_count": 1,
	"overdue_amount": 8.0, "overdue_count": 1, "oldest": 31, "points": 44.0, "grade": "AA", "score": 777.0,
}  # fmt: skip


@pytest.mark.parametrize("translate", [str, CHINESE])
@pytest.mark.parametrize("code", reasons.TEXTS)
def test_every_reason_can_be_said(code, translate):
	said = reasons.text({"code": code, "figures": FIGURES}, translate, words.number, words.money)
	assert said and "{" not in said
	if "{amount}" in reasons.TEXTS[code]:
		assert "1,234" in said


def test_numbers_are_written_for_people():
	assert [words.number(value) for value in (3, 4.54, 45.4, 12345.6, -2.25)] == [
		"3",
		"4.5",
		"45",
		"12,346",
		"-2.2",
	]
	assert [words.signed(value) for value in (3.6, -2.5, 0.2, -0.4)] == ["+4", "−2", "0", "0"]
	assert words.one_line("a\x1b[31mb\u202ec\n") == "a [31mb c "
