"""Codes give back the values they stand for, on both sides of where a code needs another byte."""

from datetime import date, timedelta

import polars as pl
import pytest

from language.coded import code_column, distinct_values
from language.column import NOT_APPLICABLE, Bounds
from language.types import Kind

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
