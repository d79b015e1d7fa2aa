"""A frame's row as the reference reads it: exact numbers, and missing kept apart from not given."""

from datetime import date
from fractions import Fraction

import polars as pl
import pytest

from language.column import Bounds
from language.definition import Given
from language.frame import facts_of_row, flag_columns, prepare, types_of
from language.reference import NONE
from language.types import FactType

TYPES = {
    "paid": FactType.MONEY,
    "share": FactType.RATIO,
    "staff": FactType.INTEGER,
    "born": FactType.DATE,
    "size": FactType.TEXT,
}


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"paid": 12_345}, {"paid": Fraction(12_345, 100)}),
        ({"share": 0.055}, {"share": Fraction(55, 1000)}),
        ({"share": float("nan")}, {"share": None}),
        ({"share": float("-inf")}, {"share": None}),
        ({"staff": 7, "born": date(2000, 1, 2), "size": ""},
         {"staff": Fraction(7), "born": date(2000, 1, 2), "size": ""}),
        ({"staff": None}, {"staff": None}),
        ({"staff": None, "staff::none": False}, {"staff": None}),
        ({"staff": None, "staff::none": True}, {"staff": NONE}),
        ({"staff": None, "staff::given": False}, {}),
        ({"staff": None, "staff::given": True}, {"staff": None}),
        ({"staff": 7, "staff::given": False}, {}),
        ({"subject": "S1", "unheard": 5}, {}),
    ],
)  # fmt: skip
def test_a_row_is_read_exactly(row: dict[str, object], wanted: dict[str, object]) -> None:
    assert facts_of_row(row, TYPES) == wanted


def test_a_fact_has_a_column_for_given_and_one_for_what_does_not_apply() -> None:
    assert flag_columns(["staff", "size"]) == [
        "staff::given", "staff::none", "size::given", "size::none",
    ]  # fmt: skip
    given = Given(name="staff", type=FactType.INTEGER)
    assert types_of({"staff": given}) == {"staff": FactType.INTEGER}


@pytest.mark.parametrize(
    ("values", "whole", "bounds"),
    [
        ([0.5, None, 2.25], [50, None, 225], Bounds(low=50, high=225, scale=100)),
        ([float("nan"), 0.055, float("inf")], [None, 55, None],
         Bounds(low=55, high=55, scale=1000)),
        ([-3.0, 7.0], [-3, 7], Bounds(low=-3, high=7, scale=1)),
        ([-0.1, 0.0], [-1, 0], Bounds(low=-1, high=0, scale=10)),
        ([None, None], [None, None], Bounds(low=0, high=0, scale=1)),
        ([], [], Bounds(low=0, high=0, scale=1)),
        ([2.0**53], [2**53], Bounds(low=2**53, high=2**53, scale=1)),
        ([1e-9, 3e15], None, None), ([1 / 3], None, None),
    ],
)  # fmt: skip
def test_a_column_of_decimals_becomes_whole_numbers_by_the_smallest_power_of_ten(
    values: list[float | None], whole: list[int | None] | None, bounds: Bounds | None
) -> None:
    frame = pl.DataFrame({"share": values}, schema={"share": pl.Float64})
    prepared = prepare(frame, TYPES, frame.columns)
    assert prepared.known.bounds.get("share") == bounds
    assert prepared.unscalable == (frozenset({"share"}) if whole is None else frozenset())
    if whole is not None:
        assert prepared.frame["share"].to_list() == whole
        assert prepared.frame.schema["share"] == pl.Int64


def test_many_rows_are_scaled_by_what_a_late_one_needs() -> None:
    values = [1.5] * 5000 + [0.125]
    prepared = prepare(pl.DataFrame({"share": values}), TYPES, ["share"])
    assert prepared.known.bounds["share"] == Bounds(low=125, high=1500, scale=1000)
    assert prepared.frame["share"].to_list() == [1500] * 5000 + [125]


def test_money_comes_in_fen_and_other_kinds_have_no_bounds() -> None:
    frame = pl.DataFrame({"paid": [5, -7], "staff": [3, None], "size": ["a", None]})
    prepared = prepare(frame, TYPES, frame.columns)
    assert prepared.known.bounds == {
        "paid": Bounds(low=-7, high=5, scale=100), "staff": Bounds(low=3, high=3, scale=1),
    }  # fmt: skip
    assert prepared.known.columns >= {"paid", "staff", "size"}
    assert prepared.frame["size"].to_list() == ["a", None]
