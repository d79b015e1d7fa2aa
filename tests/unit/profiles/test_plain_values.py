"""What is read in the quick way is what is read from the text with care: same values, same words.

A space before a cell keeps it from the quick way, and a cell alone in its column from being read
once for many.
"""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.dataset import Column, Label
from profiles.typed_values import Parsed, parse_column, write_texts

DIGITS = st.text(alphabet="0123456789", max_size=18)
WRITTEN = st.one_of(
    DIGITS,
    st.builds("{}.{}".format, DIGITS, DIGITS),
    st.builds("{}{}".format, st.sampled_from(["-", "+", "0", "00", " "]), DIGITS),
    st.text(alphabet="0123456789.,+-eE_ infa%", max_size=16),
)


def column_of(kind: str, **options: object) -> Column:
    return Column(name="x", type=kind, label=Label(zh="甲"), **options)  # type: ignore[arg-type]


def told(parsed: Parsed) -> list[list[tuple[str, str | None]]]:
    """For each row its complaints."""
    return [
        [
            (complaint.reason, None if complaint.words is None else complaint.words[row])
            for complaint in parsed.complaints
            if complaint.rows[row]
        ]
        for row in range(len(parsed.values))
    ]


def assert_same(one: Parsed, other: Parsed) -> None:
    assert one.values.dtype == other.values.dtype
    assert one.values.to_list() == other.values.to_list()
    assert told(one) == told(other)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("integer", {}),
        ("integer", {"at_least": "10", "at_most": "5000", "required": True}),
        ("money", {}),
        ("money", {"unit": "万元", "at_least": "0", "at_most": "1000"}),
        ("number", {}),
        ("ratio", {"at_most": "1"}),
    ],
)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.none() | WRITTEN, max_size=20))
def test_numbers_read_quickly_are_those_read_with_care(kind, options, texts):
    column = column_of(kind, **options)
    slow = [None if text is None else f" {text}" for text in texts]
    assert_same(
        parse_column(column, pl.Series("x", texts, dtype=pl.String)),
        parse_column(column, pl.Series("x", slow, dtype=pl.String)),
    )


@pytest.mark.parametrize(
    ("kind", "options", "cells"),
    [
        ("boolean", {}, ["是", "maybe", None, "N", "是", "", "maybe"]),
        ("date", {"required": True}, ["2024-05-01", "20240501", "no", None, "2024-02-30", "no"]),
        ("month", {}, ["2024-05", "2024-13", "2024年5月", None, "2024-05"]),
        ("year", {}, ["2024", "24", "2024年度", " ", "2024"]),
        ("code", {"values": ("a", "b")}, ["a", "c", "ａ", None, "c"]),
        ("code", {"system": "GB/T 2260"}, ["佛山市", "nowhere", "440600", None, "佛山市"]),
        ("code", {"system": "other"}, ["x", "x", "y\0", None]),
    ],
)
def test_a_cell_is_read_alike_alone_and_among_many(kind, options, cells):
    column = column_of(kind, **options)
    together = parse_column(column, pl.Series("x", cells, dtype=pl.String))
    alone = [parse_column(column, pl.Series("x", [cell], dtype=pl.String)) for cell in cells]
    assert together.values.to_list() == [one.values[0] for one in alone]
    assert told(together) == [told(one)[0] for one in alone]


MOMENTS = [datetime(2024, 5, 1), datetime(2024, 5, 1, 1), datetime(2024, 5, 1, 0, 0, 0, 5)]
NEW_YEARS = st.builds(date, st.integers(1799, 1801), st.integers(1, 2), st.integers(1, 2))
TYPED: list[tuple[str, dict[str, object], pl.DataType, st.SearchStrategy[object]]] = [
    ("boolean", {}, pl.Boolean(), st.booleans()),
    ("boolean", {"required": True}, pl.Int8(), st.integers(0, 3)),
    ("date", {}, pl.Date(), st.dates(date(1700, 1, 1), date(9999, 12, 31))),
    ("date", {"required": True}, pl.Date(), st.dates(date(1799, 12, 1), date(1800, 2, 1))),
    ("month", {}, pl.Date(), st.dates(date(1799, 12, 1), date(1800, 3, 1))),
    ("year", {}, pl.Date(), NEW_YEARS),
    ("date", {}, pl.Datetime("us"), st.sampled_from(MOMENTS)),
    ("date", {}, pl.Int32(), st.integers(20240101, 20240131)),
    ("month", {}, pl.Int32(), st.integers(202400, 202414)),
    ("year", {}, pl.Int16(), st.integers(1790, 2030)),
    ("integer", {"at_least": "-5"}, pl.Int64(), st.integers(-10, 10)),
    ("integer", {}, pl.Int64(), st.integers(-(2**63), 2**63 - 1)),
    ("integer", {}, pl.UInt64(), st.integers(0, 2**64 - 1)),
    ("integer", {}, pl.Float64(), st.floats(width=32)),
    ("money", {}, pl.Int64(), st.integers(-(10**15), 10**15)),
    ("money", {"unit": "万元", "at_most": "900"}, pl.Int32(), st.integers(-1000, 1000)),
    ("money", {}, pl.Decimal(20, 3), st.decimals(-(10**9), 10**9, places=3)),
    ("money", {}, pl.Float64(), st.floats(-1e13, 1e13)),
    ("number", {}, pl.Int64(), st.integers(-(10**16), 10**16)),
    ("number", {}, pl.Float64(), st.floats()),
    ("ratio", {"at_most": "1"}, pl.Float32(), st.floats(-1, 2, width=32)),
    ("text", {}, pl.Int64(), st.integers(0, 10**12)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "dtype", "drawn"), TYPED)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_typed_cells_are_read_as_the_texts_that_say_the_same(kind, options, dtype, drawn, data):
    cells = pl.Series("x", data.draw(st.lists(st.none() | drawn, max_size=12)), dtype=dtype)
    column = column_of(kind, **options)
    before = cells.to_list()
    texts = pl.Series("x", [f" {text}" if text else text for text in write_texts(cells)])
    assert_same(parse_column(column, cells), parse_column(column, texts.cast(pl.String)))
    assert str(cells.to_list()) == str(before)


def test_money_of_a_decimal_column_is_exact_to_the_fen():
    cells = pl.Series("x", [Decimal("0.29"), Decimal("1234567.10"), None], dtype=pl.Decimal(12, 2))
    assert parse_column(column_of("money"), cells).values.to_list() == [29, 123456710, None]
