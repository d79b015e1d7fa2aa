import hashlib
import json
import struct
from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from profiles.content import hash_content, sort_rows

ROWS = st.lists(
    st.tuples(
        st.none() | st.text(max_size=3),
        st.none() | st.integers(-3, 3),
        st.none() | st.sampled_from([0.0, -0.0, 0.1, 1.5]),
        st.none() | st.booleans(),
        st.none() | st.dates(date(2024, 1, 1), date(2024, 1, 5)),
    ),
    max_size=6,
)
SCHEMA = {"t": pl.String, "i": pl.Int64, "f": pl.Float64, "b": pl.Boolean, "d": pl.Date}


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@given(ROWS, ROWS)
def test_hashes_agree_exactly_when_the_contents_do(one, other):
    assert (hash_content(frame(one)) == hash_content(frame(other))) == (one == other)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing_once_they_are_sorted(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert hash_content(sort_rows(frame(rows))) == hash_content(sort_rows(frame(shuffled)))


def test_the_way_the_file_was_written_means_nothing(tmp_path):
    rows = frame([("佛山", 1, 0.1, True, date(2024, 1, 1)), (None, None, None, None, None)] * 50)
    rows.write_parquet(tmp_path / "a", compression="zstd", row_group_size=7)
    rows.rechunk().write_parquet(tmp_path / "b", compression="uncompressed", statistics=False)
    hashes = {hash_content(pl.read_parquet(tmp_path / name)) for name in "ab"}
    assert hashes == {hash_content(rows)}


def test_names_and_types_are_part_of_the_content():
    empty = pl.DataFrame(schema={"a": pl.Int64})
    assert len({hash_content(f) for f in (empty, empty.rename({"a": "b"}), frame([]))}) == 3
    assert hash_content(empty) != hash_content(pl.DataFrame(schema={"a": pl.Date}))


def test_the_hash_is_that_of_the_bytes_described():
    layout = [["t", "text"], ["i", "integer"], ["f", "number"], ["b", "boolean"], ["d", "date"]]
    written = json.dumps([layout, 2]).encode()
    second_is_null = b"\x40"
    days = (date(2024, 1, 1) - date(1970, 1, 1)).days
    for values in (
        b"p" + struct.pack("<II", 6, 0) + "佛山".encode(),
        struct.pack("<qq", 1, 0),
        struct.pack("<dd", 0.1, 0.0),
        b"\x80",
        struct.pack("<qq", days, 0),
    ):
        written += second_is_null + values
    rows = frame([("佛山", 1, 0.1, True, date(2024, 1, 1)), (None, None, None, None, None)])
    assert hash_content(rows) == hashlib.sha256(written).hexdigest()


def test_texts_that_repeat_are_hashed_by_their_runs():
    texts = ["a", "a", "佛山", "佛山", "佛山", None]
    written = json.dumps([[["t", "text"]], 6]).encode()
    written += b"\x04" + b"r" + struct.pack("<III", 2, 3, 1)
    written += struct.pack("<III", 1, 6, 0) + "a佛山".encode()
    rows = pl.DataFrame({"t": texts})
    assert hash_content(rows) == hashlib.sha256(written).hexdigest()


@given(st.lists(st.sampled_from(["", "a", "ab", "b", None]), max_size=12), st.data())
def test_other_texts_have_another_hash(texts, data):
    other = data.draw(st.lists(st.sampled_from(["", "a", "ab", "b", None]), max_size=12))
    one, two = (pl.DataFrame({"t": pl.Series(t, dtype=pl.String)}) for t in (texts, other))
    assert (hash_content(one) == hash_content(two)) == (texts == other)
