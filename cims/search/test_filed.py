"""No mistake of one letter hides a word from the lists of the index, and what they are asked for leaves nobody out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cims.search import filed, grams, query

LETTERS = {True: "abcde", False: "中国平安保险"}


def held(text: str) -> dict[int, bytes]:
	every = grams.entries([text], [""], 1, ())
	return {key: bytes.fromhex(slots) for key, slots in grams.lists(every)}


@st.composite
def mistakes(draw):
	"""A word inside a longer one, and the same with one mistake."""
	ascii_ = draw(st.booleans())
	letter = st.sampled_from(LETTERS[ascii_])
	word = draw(st.text(letter, min_size=query.SHORTEST_MISTYPED[ascii_] + 1, max_size=14))
	at = draw(st.integers(0, len(word) - 1))
	one = draw(letter)
	wrong = draw(
		st.sampled_from(
			(
				word[:at] + one + word[at + 1 :],
				word[:at] + one + word[at:],
				word[:at] + word[at + 1 :],
				word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
			)
		)
	)
	return draw(st.text(letter, max_size=3)) + word + draw(st.text(letter, max_size=3)), wrong


@settings(deadline=None, max_examples=300)
@given(mistakes())
def test_one_mistake_leaves_all_keys_but_neighbours(given_):
	text, wrong = given_
	lists, word = held(text), filed._Mistyped(wrong)
	assert word.may_be(lists, np.array([0])).all()
	# In a short word a mistake may destroy every key.
	if len(word.keys) > word.destroyed:
		assert sum(key in lists for key in word.keys) >= word.least


@settings(deadline=None)
@given(st.lists(st.text("abc", min_size=2, max_size=7), min_size=1, max_size=4), st.data())
def test_each_part_of_each_word_is_filed(words, data):
	lists = held(" ".join(words))
	parts = []
	for word in words:
		start = data.draw(st.integers(0, len(word) - 2))
		parts.append(word[start : data.draw(st.integers(start + 2, len(word)))])
	keys = {key for part in parts for key in filed._keys(part)}
	spans = [grams.span(part) for part in parts if len(part) == 2]
	assert filed._having(lists, keys, spans).tolist() == [0]
