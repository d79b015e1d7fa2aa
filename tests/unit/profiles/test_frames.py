"""Data frames of three libraries hold the same after a way through each, and lose no digit."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from profiles.dataset import Column, ColumnType, Label
from profiles.errors import FrameRefused
from profiles.frames import (
    Form,
    cells_of,
    form_of,
    from_polars,
    in_units,
    read_frame,
    to_polars,
)
from profiles.typed_values import DTYPES

FORMS: tuple[Form, ...] = ("pandas", "polars", "arrow")
LABEL = Label(zh="列")


def column(name: str, kind: ColumnType, **more: Any) -> Column:
    return Column(name=name, type=kind, label=LABEL, unit="元" if kind == "money" else "", **more)


KINDS: tuple[ColumnType, ...] = (
    "boolean", "integer", "money", "ratio", "number", "date", "month", "year", "code", "text",
)  # fmt: skip
COLUMNS: dict[str, Column] = {kind: column(kind, kind) for kind in KINDS}
COLUMNS["tens_of_thousands"] = replace(column("tens_of_thousands", "money"), unit="万元")
DAYS = st.dates(date(1800, 1, 1), date(2999, 12, 31))
SIGNS = st.characters(min_codepoint=0x21, max_codepoint=0x9FFF, exclude_categories=["C", "Z"])
DECIMALS = st.integers(-(10**14), 10**14).map(lambda n: float(Decimal(n).scaleb(-6)))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(10**15) + 1, 10**15 - 1),
    "money": st.integers(-(10**15) + 1, 10**15 - 1),
    "ratio": DECIMALS,
    "number": DECIMALS | st.sampled_from([1e-7, 123456789012345.0, -0.000012, 5e-324 * 0]),
    "date": DAYS,
    "month": DAYS.map(lambda day: day.replace(day=1)),
    "year": DAYS.map(lambda day: day.replace(month=1, day=1)),
    "code": st.text("ABCXYZ0189-", min_size=1, max_size=18),
    "text": st.text(SIGNS, min_size=1, max_size=30),
}


@st.composite
def held_frames(draw: st.DrawFn) -> pl.DataFrame:
    """A frame as conditions read it, with nulls in every column."""
    height = draw(st.integers(0, 6))
    return pl.DataFrame(
        [
            pl.Series(
                name,
                draw(st.lists(st.none() | VALUES[held.type], min_size=height, max_size=height)),
                dtype=DTYPES[held.type],
            )
            for name, held in COLUMNS.items()
        ]
    )


@pytest.mark.parametrize("form", FORMS)
@settings(deadline=None, max_examples=60)
@given(held=held_frames())
def test_every_type_with_nulls_survives_the_way_out_and_back(
    form: Form, held: pl.DataFrame
) -> None:
    out = from_polars(in_units(held, COLUMNS), form)
    assert form_of(out) == form
    back = to_polars(out, COLUMNS)
    assert back.set_aside == ()
    assert_frame_equal(back.frame, held, check_exact=True)


def test_pandas_columns_come_out_backed_by_arrow_so_that_integers_stay_integers() -> None:
    held = pl.DataFrame({"integer": [9007199254740993, None], "code": ["007", None]})
    out = from_polars(held, "pandas")
    assert [str(dtype) for dtype in out.dtypes] == ["int64[pyarrow]", "large_string[pyarrow]"]
    assert out["integer"].iloc[0] == 9007199254740993
    assert out["integer"].isna().tolist() == [False, True]


def test_money_is_yuan_outside_and_fen_inside() -> None:
    frame = pd.DataFrame({"money": [1200, None, 3]}, dtype="Int64")
    assert to_polars(frame, COLUMNS).frame["money"].to_list() == [120000, None, 300]
    floats = pd.DataFrame({"money": [0.1, 1234567.89, float("nan")]})
    assert to_polars(floats, COLUMNS).frame["money"].to_list() == [10, 123456789, None]
    held = pl.DataFrame({"money": [-1, None, 10**14]})
    yuan = [Decimal("-0.01"), None, Decimal(10**12)]
    assert in_units(held, COLUMNS)["money"].to_list() == yuan


def test_money_of_a_column_in_wan_is_written_in_wan() -> None:
    held = pl.DataFrame({"tens_of_thousands": [1, None, 12_345_678_901]})
    written = [Decimal("0.000001"), None, Decimal("12345.678901")]
    assert in_units(held, COLUMNS)["tens_of_thousands"].to_list() == written


@pytest.mark.parametrize("kind", ["boolean", "date", "month", "code", "text"])
@pytest.mark.parametrize("form", FORMS)
def test_floats_are_refused_where_a_lost_digit_is_another_value(
    kind: ColumnType, form: Form
) -> None:
    # what pandas makes of a column of numbers of which one is missing
    read = pd.DataFrame({kind: [310104199001011234, None]})
    assert str(read[kind].dtype) == "float64"
    assert int(read[kind].iloc[0]) != 310104199001011234
    frame = {"pandas": read, "polars": pl.from_pandas(read), "arrow": pa.Table.from_pandas(read)}
    with pytest.raises(FrameRefused, match=f'column "{kind}" holds floating.*dtype='):
        to_polars(frame[form], COLUMNS)


def test_an_identifier_is_refused_as_float_even_if_it_is_declared_a_number() -> None:
    columns = {"who": column("who", "integer", identifier="resident_id")}
    with pytest.raises(FrameRefused, match="who"):
        to_polars(pl.DataFrame({"who": [1.0]}), columns)


def test_a_bad_cell_is_missing_and_counted_and_costs_no_good_one() -> None:
    columns = {
        "size": column("size", "code", values=("micro", "small")),
        "age": column("age", "integer", at_least="0", at_most="130"),
    }
    frame = pl.DataFrame({"size": ["micro", "giant", None], "age": [1.0, 200.0, 1.5], "x": [1] * 3})
    read = to_polars(frame, columns)
    assert read.frame.rows() == [("micro", 1, 1), (None, None, 1), (None, None, 1)]
    told = [(aside.column, aside.cells) for aside in read.set_aside]
    assert told == [("size", 1), ("age", 1), ("age", 1)]
    assert "giant" not in " ".join(map(str, read.set_aside))


def test_infinity_is_no_number_and_nan_is_missing() -> None:
    frame = pl.DataFrame({"number": [float("inf"), float("nan"), 2.5]})
    read = to_polars(frame, COLUMNS)
    assert read.frame["number"].to_list() == [None, None, 2.5]
    assert [aside.cells for aside in read.set_aside] == [1]


def test_columns_that_cannot_be_read_are_named_together() -> None:
    mixed = pd.DataFrame({"mixed": [1, "a"], "listed": [[1], [2]], 5: [1, 2]})
    with pytest.raises(FrameRefused) as refused:
        read_frame(mixed, "june")
    text = str(refused.value)
    assert 'june: column "mixed" mixes types' in text
    assert 'column "listed" holds List(Int64)' in text
    assert "a column is named 5" in text
    twice = pa.table([[1], [2]], names=["a", "a"])
    with pytest.raises(FrameRefused, match='"a" stands twice'):
        read_frame(twice)


@pytest.mark.parametrize("frame", [[1], {"a": [1]}, None, pl.LazyFrame({"a": [1]})])
def test_what_is_no_table_is_refused(frame: Any) -> None:
    with pytest.raises(FrameRefused, match="is no pandas, Polars or Arrow table"):
        form_of(frame)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_written_as_the_decimal_it_is_without_exponent(value: float) -> None:
    (text,) = cells_of(pl.Series([value]))
    assert "e" not in text.lower()
    assert float(text) == value


def test_an_index_of_pandas_is_no_column_and_needs_not_be_unique() -> None:
    frame = pd.DataFrame({"code": ["a", "b"]}, index=[7, 7])
    assert read_frame(frame).to_dict(as_series=False) == {"code": ["a", "b"]}
