"""Codes give back the values they stand for, on both sides of where a code needs another byte."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import polars as pl
import pytest

from language.coded import (
    MAX_CODES,
    Coded,
    code_column,
    code_columns,
    code_numbers,
    distinct_values,
)
from language.column import NOT_APPLICABLE, Bounds
from language.frame import prepare
from language.types import FactType, Kind

SIZES = [1, 2, 3, *range(250, 262)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [Kind.NUMBER, Kind.DATE, Kind.TEXT])
def test_a_code_stands_for_its_value(kind: Kind, size: int) -> None:
    by_kind: dict[Kind, list[object]] = {
        Kind.NUMBER: [n - 7 for n in range(size)],
        Kind.DATE: [date(2020, 1, 1) + timedelta(days=n) for n in range(size)],
        Kind.TEXT: [f"t{n:03}" for n in range(size)],
    }
    values = by_kind[kind]
    column = [*values, None, None, *reversed(values)]
    absent = [False] * size + [True, False] + [False] * size
    frame = pl.DataFrame({"x": column, "x" + NOT_APPLICABLE: absent})
    bounds = Bounds(low=-7, high=size - 8, scale=1) if kind is Kind.NUMBER else None
    coded = code_column(frame, "x", kind, bounds)
    assert coded is not None
    table = distinct_values(coded, "x")
    read = table[[int(code) for code in coded.codes]]
    assert read["x"].to_list() == column
    assert read["x" + NOT_APPLICABLE].to_list() == absent


def coded_of(kind: Kind, values: list[object], bounds: Bounds | None = None) -> Coded:
    coded = code_column(pl.DataFrame({"x": values}), "x", kind, bounds)
    assert coded is not None
    return coded


def test_there_are_as_many_codes_as_values_from_the_least_to_the_greatest() -> None:
    number = coded_of(Kind.NUMBER, [3, 5, None], Bounds(low=3, high=5, scale=100))
    assert (number.low, number.size, number.scale, number.wide) == (3, 3, 100, False)
    assert number.codes.tolist() == [0, 2, 4]  # what is missing stands beyond not applying
    day = coded_of(Kind.DATE, [date(1970, 1, 3), date(1970, 1, 6), None])
    assert (day.low, day.size, day.scale) == (2, 4, 1)
    assert day.codes.tolist() == [0, 3, 5]
    text = coded_of(Kind.TEXT, ["b", None, "a", "b"])
    assert (text.low, text.size, text.texts) == (0, 2, ("a", "b"))
    assert text.codes.tolist() == [1, 3, 0, 1]
    truth = coded_of(Kind.BOOLEAN, [True, False, None])
    assert (truth.low, truth.size, truth.codes.tolist()) == (0, 2, [1, 0, 3])
    for coded in (number, day, text, truth):
        assert coded.missing is not None
        assert not coded.may_not_apply
    whole = coded_of(Kind.NUMBER, [0, 0], Bounds(low=0, high=0, scale=1))
    assert (whole.size, whole.missing) == (1, None)
    nothing = coded_of(Kind.DATE, [None, None])
    assert (nothing.low, nothing.size) == (0, 1)


def test_numbers_of_too_many_values_are_their_own_codes_and_other_kinds_have_none() -> None:
    last = MAX_CODES - 3
    fits = coded_of(Kind.NUMBER, [0, last], Bounds(low=0, high=last, scale=1))
    assert (fits.wide, fits.codes.tolist()) == (False, [0, last])
    wide = coded_of(Kind.NUMBER, [7, last + 8, None], Bounds(low=7, high=last + 8, scale=1))
    assert (wide.wide, wide.codes.tolist()) == (True, [7, last + 8, 0])
    far = pl.DataFrame({"x": [date(1, 1, 1), date(9999, 1, 1)]})
    assert code_column(far, "x", Kind.DATE, None) is None
    absent = pl.DataFrame({"x": [0, last + 1, None], "x" + NOT_APPLICABLE: [False, False, True]})
    assert code_column(absent, "x", Kind.NUMBER, Bounds(low=0, high=last + 1, scale=1)) is None


def test_what_does_not_apply_is_not_what_is_missing() -> None:
    frame = pl.DataFrame({"x": [1, None, None, 2], "x" + NOT_APPLICABLE: [True, True, None, False]})
    coded = code_column(frame, "x", Kind.NUMBER, Bounds(low=1, high=2, scale=1))
    assert coded is not None
    assert coded.codes.tolist() == [0, 2, 3, 1]
    assert coded.may_not_apply
    only = frame.with_columns(pl.Series("x", [1, None, 1, 2]))
    coded = code_column(only, "x", Kind.NUMBER, Bounds(low=1, high=2, scale=1))
    assert coded is not None
    assert (coded.may_not_apply, coded.missing) == (True, None)


def test_only_columns_that_are_there_and_scale_are_coded() -> None:
    types = {"a": FactType.INTEGER, "b": FactType.NUMBER, "c": FactType.TEXT, "d": FactType.TEXT}
    frame = pl.DataFrame({"a": [1, 2], "b": [1e-9, 3e15], "c": ["x", "y"]})
    prepared = prepare(frame, types, types)
    with ThreadPoolExecutor(1) as executor:
        found = code_columns(prepared, types, ["a", "b", "c", "d"], executor)
    assert set(found) == {"a", "c"}
    assert code_numbers(pl.Series("n", [150, 250, None]), 100).low == 150  # type: ignore[union-attr]
