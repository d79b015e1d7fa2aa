"""Keys looked up by their bytes, against a dictionary."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.key_index import KeyIndex
from profiles.text_bytes import bytes_of, rows_of_bytes, texts_of

NUMBERS = st.lists(st.text("0123X", min_size=3, max_size=3), unique=True)
TEXTS = st.lists(st.text(max_size=4), unique=True)


@given(st.one_of(NUMBERS, TEXTS), st.lists(st.one_of(st.none(), st.text("0123X", max_size=4))))
def test_every_key_is_found_where_it_stands_and_nothing_else(keys, others):
    wanted = [*keys[::-1], *others, *keys[1:]]
    places = {key: place for place, key in enumerate(keys)}

    found = KeyIndex.of(pl.Series(keys, dtype=pl.String)).find(pl.Series(wanted, dtype=pl.String))

    assert found.tolist() == [places.get(key, -1) for key in wanted]


@pytest.mark.parametrize("wanted", ["ab", "abc\0", "ab\0", "abcd"])
def test_a_key_is_not_found_by_another_that_only_pads_or_cuts_it(wanted):
    found = KeyIndex.of(pl.Series(["abc", "xyz"])).find(pl.Series([wanted]))

    assert found.tolist() == [-1]


def test_keys_that_end_in_a_zero_byte_are_told_apart():
    found = KeyIndex.of(pl.Series(["a\0", "a"])).find(pl.Series(["a", "a\0"]))

    assert found.tolist() == [1, 0]


@given(st.lists(st.text(max_size=30)), st.integers(0, 3))
def test_texts_are_the_bytes_of_their_encoding(texts, start):
    offsets, data = bytes_of(pl.Series(texts, dtype=pl.String)[start:])

    encoded = [text.encode() for text in texts[start:]]
    assert data.tobytes() == b"".join(encoded)
    assert (offsets[1:] - offsets[:-1]).tolist() == [len(text) for text in encoded]


@given(st.lists(st.text("abc", min_size=5, max_size=5), min_size=1))
def test_rows_of_bytes_are_made_texts_again(texts):
    rows = rows_of_bytes(pl.Series(texts))

    assert rows is not None
    assert texts_of(rows).to_list() == texts


def test_texts_of_several_lengths_are_no_rows():
    assert rows_of_bytes(pl.Series(["ab", "c"])) is None
    assert rows_of_bytes(pl.Series([], dtype=pl.String)) is None
