"""The keys of a segment made at once are those of its texts one by one, and lists survive packing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cims.customers.text import fold, words
from cims.search import grams

LINES = 2
TEXT = st.text(st.sampled_from("abc01 -@中国平安𠮷éЯ"), max_size=12).map(fold)
TEXTS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8)


def index(texts, owners=None):
	"""Key -> slots, by the lists as they are stored."""
	joined = ["\n".join(lines) for lines in texts]
	every = grams.entries(joined, owners or [""] * len(texts), LINES, (0,))
	return {key: bytes.fromhex(slots) for key, slots in grams.lists(every)}


def slots(lists, keys):
	held = [lists[key] for key in keys if key in lists]
	return set(np.flatnonzero(grams.count(held) == len(set(keys))).tolist()) if held else set()


@settings(deadline=None)
@given(TEXTS, st.data())
def test_every_part_of_a_text_is_found(texts, data):
	lists = index(texts)
	slot = data.draw(st.integers(0, len(texts) - 1))
	for word in words("\n".join(texts[slot])):
		start = data.draw(st.integers(0, len(word) - 1))
		part = word[start : data.draw(st.integers(start + 1, len(word)))]
		if part.isascii() and len(part) < 3:
			if len(part) == 2:
				first, last = grams.span(part)
				assert any(slot in slots(lists, [key]) for key in lists if first <= key <= last)
		elif part.isascii() or not any(letter.isascii() for letter in part):
			assert slot in slots(lists, grams.parts(part))


@settings(deadline=None)
@given(TEXTS)
def test_only_texts_with_the_keys_are_found(texts):
	lists = index(texts)
	for number, one in enumerate(texts):
		for key in grams.parts("中国"):
			assert (number in slots(lists, [key])) == ("中国" in "\n".join(one))


@settings(deadline=None)
@given(TEXTS)
def test_beginnings(texts):
	found = slots(index(texts), [grams.beginning("ab")])
	assert found == {at for at, lines in enumerate(texts) if lines[0].startswith("ab")}


def test_whose_customers():
	lists = index([("a", "b")] * 3, ["One@example.com", "", "two@example.com"])
	assert slots(lists, [grams.owned_by("one@example.com")]) == {0}


@pytest.mark.parametrize("every", (1, 2, 17, 5000))
def test_lists_of_any_length_come_back(every):
	numbers = np.arange(0, grams.SEGMENT, every, dtype=np.uint64)
	entries = np.uint64(7 << grams.SLOT_BITS) | numbers
	((key, packed),) = grams.lists(entries)
	assert key == 7
	assert len(packed) // 2 <= grams.BITMAP_BYTES
	assert np.flatnonzero(grams.count([bytes.fromhex(packed)])).tolist() == numbers.tolist()
